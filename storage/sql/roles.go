package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Roles keeps roles; it is an idp.RoleStore.
type Roles struct{ db aggregate }

// NewRoles returns the role store of the database.
func NewRoles(db *DB) *Roles { return &Roles{aggregate{db, "roles"}} }

const roleColumns = `id, name, description, permission, created_at, coalesce(updated_at, created_at)`

func roleInto(r *idp.Role) scanner {
	return into(&r.ID, &r.Name, &r.Description, &r.Permission, timeTo{&r.CreatedAt}, timeTo{&r.UpdatedAt})
}

// Role implements idp.RoleStore.
func (s *Roles) Role(ctx context.Context, name string) (*idp.Role, error) {
	if !storable(name) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Role]{s.db, roleInto}.one(ctx, "Role", `SELECT `+roleColumns+` FROM roles WHERE name = $1`, name)
}

// ListRoles implements idp.RoleStore.
func (s *Roles) ListRoles(ctx context.Context) ([]*idp.Role, error) {
	return records[idp.Role]{s.db, roleInto}.list(ctx, "ListRoles", `SELECT `+roleColumns+` FROM roles ORDER BY name`)
}

// CountMembers implements idp.RoleStore.
func (s *Roles) CountMembers(ctx context.Context) (map[string]int, error) {
	var members map[string]int
	err := s.db.do(ctx, "CountMembers", func() error {
		members = map[string]int{}
		_, err := each(ctx, s.db.read, func(scan func(...any) error) error {
			var name string
			var n int
			err := scan(&name, &n)
			members[name] = n
			return err
		}, `SELECT r.name, m.n FROM (SELECT role_id, count(*) AS n FROM user_roles GROUP BY role_id) m JOIN roles r ON r.id = m.role_id`)
		return err
	})
	return members, err
}

// EnsureRole implements idp.RoleStore. An ID that is not a UUID is an *idp.InvalidError on "id".
func (s *Roles) EnsureRole(ctx context.Context, r *idp.Role) (*idp.Role, error) {
	if !isID(r.ID) {
		return nil, invalid("id", "must be a UUID in lower case")
	}
	stored := new(idp.Role)
	err := s.db.transact(ctx, "EnsureRole", func(tx runner) error {
		made, err := s.insert(ctx, tx, r, ` ON CONFLICT (name) DO NOTHING`)
		if err != nil {
			return err
		}
		err = first(ctx, tx, roleInto(stored), `SELECT `+roleColumns+` FROM roles WHERE name = $1`, r.Name)
		if err != nil || !made {
			return err
		}
		return s.db.record(ctx, tx, roleCreated(ctx, stored))
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// CreateRole implements idp.RoleStore. An ID that is not a UUID is an *idp.InvalidError on "id".
func (s *Roles) CreateRole(ctx context.Context, r *idp.Role) error {
	if !isID(r.ID) {
		return invalid("id", "must be a UUID in lower case")
	}
	return s.db.transact(ctx, "CreateRole", func(tx runner) error {
		if _, err := s.insert(ctx, tx, r, ``); err != nil {
			return err
		}
		return s.db.record(ctx, tx, roleCreated(ctx, r))
	})
}

// insert reports whether a role was made.
func (s *Roles) insert(ctx context.Context, tx runner, r *idp.Role, onConflict string) (bool, error) {
	d := &s.db.dialect
	n, err := tx.exec(ctx, `INSERT INTO roles (id, name, description, permission, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)`+onConflict,
		r.ID, r.Name, r.Description, string(permission(r)), d.at(r.CreatedAt), d.at(r.UpdatedAt))
	return n > 0, err
}

// permission is what a role is stored with: a built-in one has its own, whatever the caller says.
func permission(r *idp.Role) idp.Permission {
	if r.BuiltIn() {
		return idp.BuiltInPermission(r.Name)
	}
	return r.Permission
}

func roleCreated(ctx context.Context, r *idp.Role) *idp.AuditEvent {
	return event(ctx, idp.ActionRoleCreate, roleTarget(r), diff(roleMembers(new(idp.Role)), roleMembers(r)))
}

// UpdateRole implements idp.RoleStore.
func (s *Roles) UpdateRole(ctx context.Context, r *idp.Role, ifUnchangedSince time.Time) error {
	if !storable(r.Name) {
		return idp.ErrNotFound
	}
	d := &s.db.dialect
	return s.db.transact(ctx, "UpdateRole", func(tx runner) error {
		before := new(idp.Role)
		err := first(ctx, tx, roleInto(before),
			`UPDATE roles SET description = description WHERE name = $1 RETURNING `+roleColumns, r.Name)
		if err != nil {
			return err
		}
		if !ifUnchangedSince.IsZero() && !before.UpdatedAt.Equal(ifUnchangedSince.Truncate(time.Microsecond)) {
			return idp.ErrStale
		}
		after := *before
		after.Description, after.Permission = r.Description, permission(r)
		_, err = tx.exec(ctx, `UPDATE roles SET description = $2, permission = $3, updated_at = $4 WHERE name = $1`,
			r.Name, after.Description, string(after.Permission), d.at(r.UpdatedAt))
		if err != nil {
			return err
		}
		changes := diff(roleMembers(before), roleMembers(&after))
		return s.db.record(ctx, tx, update(ctx, idp.ActionRoleUpdate, roleTarget(before), changes)...)
	})
}

// DeleteRole implements idp.RoleStore.
func (s *Roles) DeleteRole(ctx context.Context, name string) error {
	if !storable(name) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "DeleteRole", func(tx runner) error {
		before := new(idp.Role)
		err := first(ctx, tx, roleInto(before), `DELETE FROM roles WHERE name = $1 RETURNING `+roleColumns, name)
		if err != nil {
			if s.db.dialect.explain(err) == faultForeignKey {
				return &idp.ConflictError{Field: "name"}
			}
			return err
		}
		changes := diff(roleMembers(before), roleMembers(new(idp.Role)))
		return s.db.record(ctx, tx, event(ctx, idp.ActionRoleDelete, roleTarget(before), changes))
	})
}
