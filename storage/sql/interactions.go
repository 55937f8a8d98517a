package sqlstore

import (
	"context"

	"gatehouse/idp"
)

// Interactions keeps sign-ins in progress; it is an idp.InteractionStore.
type Interactions struct{ db aggregate }

// NewInteractions returns the interaction store of the database.
func NewInteractions(db *DB) *Interactions { return &Interactions{aggregate{db, "interactions"}} }

// CreateInteraction implements idp.InteractionStore.
func (s *Interactions) CreateInteraction(ctx context.Context, in *idp.Interaction) error {
	in.Version = 1
	return s.db.do(ctx, "CreateInteraction", func() error {
		_, err := s.db.write.exec(ctx, `INSERT INTO interactions (id, version, data, expires_at) VALUES ($1, $2, $3, $4)`,
			in.ID, in.Version, asJSON(in), s.db.dialect.at(in.ExpiresAt))
		return err
	})
}

// Interaction implements idp.InteractionStore.
func (s *Interactions) Interaction(ctx context.Context, id string) (*idp.Interaction, error) {
	if !storable(id) {
		return nil, idp.ErrNotFound
	}
	in := new(idp.Interaction)
	err := s.db.do(ctx, "Interaction", func() error {
		var version int64
		err := first(ctx, s.db.read, into(jsonTo{in}, &version),
			`SELECT data, version FROM interactions WHERE id = $1 AND expires_at > @now`, id)
		in.Version = version // the column is what counts
		return err
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

// UpdateInteraction implements idp.InteractionStore.
func (s *Interactions) UpdateInteraction(ctx context.Context, in *idp.Interaction) error {
	if !storable(in.ID) {
		return idp.ErrNotFound
	}
	err := s.db.do(ctx, "UpdateInteraction", func() error {
		n, err := s.db.write.exec(ctx, `UPDATE interactions SET version = version + 1, data = $3, expires_at = $4
			WHERE id = $1 AND version = $2 AND expires_at > @now`,
			in.ID, in.Version, asJSON(in), s.db.dialect.at(in.ExpiresAt))
		if err == nil && n == 0 {
			return staleOr404(ctx, s.db.write, `SELECT 1 FROM interactions WHERE id = $1 AND expires_at > @now`, in.ID)
		}
		return err
	})
	if err == nil {
		in.Version++
	}
	return err
}

// staleOr404 says why a guarded update changed nothing: the row that query finds
// is another than the caller knows (idp.ErrStale), or there is none (idp.ErrNotFound).
func staleOr404(ctx context.Context, r runner, query string, args ...any) error {
	var one int
	if err := first(ctx, r, into(&one), query, args...); err != nil {
		return err
	}
	return idp.ErrStale
}
