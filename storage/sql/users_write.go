package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/idp"
)

// CreateUser implements idp.UserStore. An ID that is not a UUID is an *idp.InvalidError on "id".
func (s *Users) CreateUser(ctx context.Context, u *idp.User) error {
	if !isID(u.ID) {
		return invalid("id", "must be a UUID in lower case")
	}
	d := &s.db.dialect
	return s.db.do(ctx, "CreateUser", func() error {
		return s.db.write.transact(ctx, func(tx runner) error {
			_, err := tx.exec(ctx, `INSERT INTO users (id, username, email, name, claims, status, password_hash,
				created_at, updated_at, expires_at, last_login_at, last_change_at, failed_auth_at, failed_auth_count)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
				u.ID, u.Username, u.Email, u.Name, asJSON(claimsOf(u)), string(u.Status), u.PasswordHash,
				d.at(u.CreatedAt), d.at(u.UpdatedAt), d.atPtr(u.ExpiresAt), d.atPtr(u.LastLoginAt),
				d.atPtr(u.LastChangeAt), d.atPtr(u.FailedAuthAt), u.FailedAuthCount)
			if err != nil {
				return err
			}
			return s.addRoles(ctx, tx, u)
		})
	})
}

// UpdateUser implements idp.UserStore.
func (s *Users) UpdateUser(ctx context.Context, u *idp.User, ifUnchangedSince time.Time) error {
	if !isID(u.ID) {
		return idp.ErrNotFound
	}
	d := &s.db.dialect
	return s.db.do(ctx, "UpdateUser", func() error {
		return s.db.write.transact(ctx, func(tx runner) error {
			before, err := s.hold(ctx, tx, u.ID, ifUnchangedSince)
			if err != nil {
				return err
			}
			if before.admin && !before.stays(u) {
				if err := anotherAdmin(ctx, tx); err != nil {
					return err
				}
			}
			_, err = tx.exec(ctx, `UPDATE users SET username = $2, email = $3, name = $4, claims = $5, status = $6,
				updated_at = $7, expires_at = $8 WHERE id = $1`,
				u.ID, u.Username, u.Email, u.Name, asJSON(claimsOf(u)), string(u.Status), d.at(u.UpdatedAt), d.atPtr(u.ExpiresAt))
			if err != nil {
				return err
			}
			return s.addRoles(ctx, tx, u)
		})
	})
}

// DeleteUser implements idp.UserStore. Consents go by foreign key.
func (s *Users) DeleteUser(ctx context.Context, id string) error {
	if !isID(id) {
		return idp.ErrNotFound
	}
	return s.db.do(ctx, "DeleteUser", func() error {
		return s.db.write.transact(ctx, func(tx runner) error {
			before, err := s.hold(ctx, tx, id, time.Time{})
			if err == nil && before.admin {
				err = anotherAdmin(ctx, tx)
			}
			if err != nil {
				return err
			}
			_, err = tx.exec(ctx, `DELETE FROM users WHERE id = $1`, id)
			return err
		})
	})
}

// addRoles makes the user a member of its roles, all of which must exist.
func (s *Users) addRoles(ctx context.Context, tx runner, u *idp.User) error {
	names := slices.Compact(slices.Sorted(slices.Values(u.Roles)))
	missing := new(idp.InvalidError)
	for _, name := range names {
		var n int64
		var err error
		if storable(name) {
			n, err = tx.exec(ctx, `INSERT INTO user_roles (user_id, role_id) SELECT $1, id FROM roles WHERE name = $2`, u.ID, name)
		}
		switch {
		case err != nil && s.db.dialect.explain(err) == faultForeignKey:
			// The role went away after it was found; the transaction is over.
			return noRole(name)
		case err != nil:
			return err
		case n == 0:
			missing.Faults = append(missing.Faults, noRole(name).Faults...)
		}
	}
	if len(missing.Faults) > 0 {
		return missing
	}
	return nil
}

func noRole(name string) *idp.InvalidError {
	return invalid("roles", fmt.Sprintf("there is no role %q", name))
}

func invalid(field, message string) *idp.InvalidError {
	return &idp.InvalidError{Faults: []idp.Fault{{Field: field, Message: message}}}
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

func absentIsFine(err error) error {
	if errors.Is(err, idp.ErrNotFound) {
		return nil
	}
	return err
}
