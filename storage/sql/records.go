package sqlstore

import "context"

// records reads what a store keeps, one kind of it.
type records[T any] struct {
	db   aggregate
	into func(*T) scanner
}

// one runs the verb op, whose statement gives at most one row; idp.ErrNotFound when it gives none.
func (r records[T]) one(ctx context.Context, op, text string, args ...any) (*T, error) {
	found := new(T)
	err := r.db.do(ctx, op, func() error { return first(ctx, r.db.read, r.into(found), text, args...) })
	if err != nil {
		return nil, err
	}
	return found, nil
}

// list runs the verb op and returns every row of its statement.
func (r records[T]) list(ctx context.Context, op, text string, args ...any) ([]*T, error) {
	all := []*T{}
	err := r.db.do(ctx, op, func() error {
		all = all[:0] // it may be tried again
		_, err := each(ctx, r.db.read, func(scan func(...any) error) error {
			one := new(T)
			all = append(all, one)
			return r.into(one)(scan)
		}, text, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
