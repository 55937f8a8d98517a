package server

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// WithRoles makes the roles that are missing and then calls change. A role is
// a name that applications read, so naming one for a person is enough to have
// it. When change fails, the roles made here go again; otherwise it returns them.
func (a *Admin) WithRoles(ctx context.Context, names []string, change func() error) (made []string, err error) {
	stored, err := a.stores.Roles.ListRoles(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		role := &idp.Role{Name: name, CreatedAt: a.now().UTC()}
		known := slices.ContainsFunc(stored, func(r *idp.Role) bool { return r.Name == name })
		if known || role.Validate() != nil {
			continue // a bad name is reported with the person's other faults
		}
		id, err := uuid.NewRandom()
		if err != nil {
			return nil, errors.Join(err, a.dropRoles(ctx, made))
		}
		role.ID = id.String()
		if _, err := a.stores.Roles.EnsureRole(ctx, role); err != nil {
			return nil, errors.Join(err, a.dropRoles(ctx, made))
		}
		made = append(made, name)
	}
	if err := change(); err != nil {
		return nil, errors.Join(err, a.dropRoles(ctx, made))
	}
	return made, nil
}

// dropRoles removes roles again, unless somebody holds them by now.
func (a *Admin) dropRoles(ctx context.Context, names []string) error {
	var errs []error
	for _, name := range names {
		var held *idp.ConflictError
		if err := a.stores.Roles.DeleteRole(ctx, name); err != nil && !errors.Is(err, idp.ErrNotFound) && !errors.As(err, &held) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
