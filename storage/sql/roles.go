package sqlstore

import (
	"context"

	"gatehouse/idp"
)

// Roles keeps roles; it is an idp.RoleStore.
type Roles struct{ db aggregate }

// NewRoles returns the role store of the database.
func NewRoles(db *DB) *Roles { return &Roles{aggregate{db, "roles"}} }

func roleInto(r *idp.Role) scanner {
	return into(&r.ID, &r.Name, &r.Description, timeTo{&r.CreatedAt})
}

// EnsureRole implements idp.RoleStore. An ID that is not a UUID is an *idp.InvalidError on "id".
func (s *Roles) EnsureRole(ctx context.Context, r *idp.Role) (*idp.Role, error) {
	if !isID(r.ID) {
		return nil, invalid("id", "must be a UUID in lower case")
	}
	stored := new(idp.Role)
	err := s.db.do(ctx, "EnsureRole", func() error {
		// The update changes nothing; it is there so that the row comes back.
		return first(ctx, s.db.write, roleInto(stored), `INSERT INTO roles (id, name, description, created_at)
			VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET name = excluded.name
			RETURNING id, name, description, created_at`,
			r.ID, r.Name, r.Description, s.db.dialect.at(r.CreatedAt))
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// ListRoles implements idp.RoleStore.
func (s *Roles) ListRoles(ctx context.Context) ([]*idp.Role, error) {
	return records[idp.Role]{s.db, roleInto}.list(ctx, "ListRoles",
		`SELECT id, name, description, created_at FROM roles ORDER BY name`)
}

// DeleteRole implements idp.RoleStore.
func (s *Roles) DeleteRole(ctx context.Context, name string) error {
	if !storable(name) {
		return idp.ErrNotFound
	}
	return s.db.do(ctx, "DeleteRole", func() error {
		n, err := s.db.write.exec(ctx, `DELETE FROM roles WHERE name = $1`, name)
		switch {
		case err != nil && s.db.dialect.explain(err) == faultForeignKey:
			return &idp.ConflictError{Field: "name"}
		case err == nil && n == 0:
			return idp.ErrNotFound
		}
		return err
	})
}
