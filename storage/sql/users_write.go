package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/idp"
)

const (
	userInsert = `INSERT INTO users (id, username, email, name, claims, status, password_hash, created_at, updated_at,
		expires_at, last_login_at, last_change_at, failed_auth_at, failed_auth_count, delete_at, name_key, search, role_list) VALUES `
	userWidth = 18
)

func (s *Users) values(u *idp.User) []any {
	d := &s.db.dialect
	return []any{
		u.ID, u.Username, u.Email, u.Name, asJSON(claimsOf(u)), string(u.Status), u.PasswordHash, d.at(u.CreatedAt), d.at(u.UpdatedAt),
		d.atPtr(u.ExpiresAt), d.atPtr(u.LastLoginAt), d.atPtr(u.LastChangeAt), d.atPtr(u.FailedAuthAt), u.FailedAuthCount,
		d.atPtr(u.DeleteAt), searchText(u.Name), userSearch(u), roleList(u),
	}
}

// roleList is how the users who hold a role are found: its name between two line ends.
func roleList(u *idp.User) string {
	if len(u.Roles) == 0 {
		return ""
	}
	return clean("\n" + strings.Join(slices.Compact(slices.Sorted(slices.Values(u.Roles))), "\n") + "\n")
}

func userSearch(u *idp.User) string { return searchText(u.Username, u.Email, u.Name) }

// CreateUser implements idp.UserStore. An ID that is not a UUID is an *idp.InvalidError on "id".
func (s *Users) CreateUser(ctx context.Context, u *idp.User) error {
	if !isID(u.ID) {
		return invalid("id", "must be a UUID in lower case")
	}
	return s.db.transact(ctx, "CreateUser", func(tx runner) error {
		if _, err := tx.exec(ctx, userInsert+tuples(1, userWidth), s.values(u)...); err != nil {
			return err
		}
		if err := s.addRoles(ctx, tx, u); err != nil {
			return err
		}
		return s.db.record(ctx, tx, userCreated(ctx, u))
	})
}

// UpdateUser implements idp.UserStore.
func (s *Users) UpdateUser(ctx context.Context, u *idp.User, ifUnchangedSince time.Time) error {
	if !isID(u.ID) {
		return idp.ErrNotFound
	}
	d := &s.db.dialect
	return s.db.transact(ctx, "UpdateUser", func(tx runner) error {
		before, err := s.hold(ctx, tx, u.ID, ifUnchangedSince)
		if err != nil {
			return err
		}
		if err := before.takeRoles(ctx, tx); err != nil {
			return err
		}
		if before.admin() && !before.stays(u) {
			if err := anotherAdmin(ctx, tx); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, `UPDATE users SET username = $2, email = $3, name = $4, claims = $5, status = $6,
			updated_at = $7, expires_at = $8, delete_at = $9, name_key = $10, search = $11, role_list = $12
			WHERE id = $1`,
			u.ID, u.Username, u.Email, u.Name, asJSON(claimsOf(u)), string(u.Status),
			d.at(u.UpdatedAt), d.atPtr(u.ExpiresAt), d.atPtr(u.DeleteAt), searchText(u.Name), userSearch(u), roleList(u))
		if err != nil {
			return err
		}
		if err := s.addRoles(ctx, tx, u); err != nil {
			return err
		}
		return s.db.record(ctx, tx, userUpdated(ctx, before.User, u)...)
	})
}

// DeleteUser implements idp.UserStore. Consents go by foreign key. The log
// keeps the name and nothing else of what the user was.
func (s *Users) DeleteUser(ctx context.Context, id string, ifUnchangedSince time.Time) error {
	return s.delete(ctx, "DeleteUser", id, ifUnchangedSince, nil)
}

// DeleteDueUser implements idp.UserStore.
func (s *Users) DeleteDueUser(ctx context.Context, id string) error {
	return s.delete(ctx, "DeleteDueUser", id, time.Time{}, func(tx runner) error {
		var due bool
		err := first(ctx, tx, into(&due), `SELECT coalesce(delete_at <= @now, false) FROM users WHERE id = $1`, id)
		if err == nil && !due {
			return idp.ErrStale
		}
		return err
	})
}

// delete deletes a user once the transaction has hold of it and check, if any, lets it.
func (s *Users) delete(ctx context.Context, op, id string, since time.Time, check func(tx runner) error) error {
	if !isID(id) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, op, func(tx runner) error {
		before, err := s.hold(ctx, tx, id, since)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(tx); err != nil {
				return err
			}
		}
		if err := before.takeRoles(ctx, tx); err != nil {
			return err
		}
		if before.admin() {
			if err := anotherAdmin(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `DELETE FROM users WHERE id = $1`, id); err != nil {
			return err
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionUserDelete, userTarget(before.User), nil))
	})
}

// SetPasswordHash implements idp.UserStore.
func (s *Users) SetPasswordHash(ctx context.Context, id, hash string, at, ifUnchangedSince time.Time) error {
	if !isID(id) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "SetPasswordHash", func(tx runner) error {
		before, err := s.hold(ctx, tx, id, ifUnchangedSince)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE users SET password_hash = $2, last_change_at = $3, updated_at = $3 WHERE id = $1`,
			id, hash, s.db.dialect.at(at))
		if err != nil {
			return err
		}
		change := idp.Change{Field: "password", After: secretSet}
		if before.PasswordHash != "" {
			change.Before, change.After = secretSet, secretChanged
		}
		if hash == "" {
			change.After = secretRemoved
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionUserPassword, userTarget(before.User), []idp.Change{change}))
	})
}

// RehashPassword implements idp.UserStore.
func (s *Users) RehashPassword(ctx context.Context, id, old, hash string) error {
	if !isID(id) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "RehashPassword",
		`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, id, old, hash))
}

// RecordSignIn implements idp.UserStore. The event has the user for its actor
// when the sign-in worked, and nobody when it did not.
func (s *Users) RecordSignIn(ctx context.Context, id string, at time.Time, ok bool) error {
	if !isID(id) {
		return nil
	}
	query := `UPDATE users SET failed_auth_at = $2, failed_auth_count = failed_auth_count + 1 WHERE id = $1 RETURNING username`
	if ok {
		query = `UPDATE users SET last_login_at = $2, failed_auth_count = 0 WHERE id = $1 RETURNING username`
	}
	return s.db.transact(ctx, "RecordSignIn", func(tx runner) error {
		u := idp.User{ID: id}
		err := first(ctx, tx, into(&u.Username), query, id, s.db.dialect.at(at))
		if err != nil {
			return absentIsFine(err)
		}
		e := event(ctx, idp.ActionSignIn, userTarget(&u), nil)
		e.ActorKind, e.ActorID, e.ActorName = idp.ActorNobody, "", ""
		e.Result = idp.AuditRefused
		if ok {
			e.ActorKind, e.ActorID, e.ActorName = idp.ActorUser, u.ID, u.Username
			e.Result = idp.AuditOK
		}
		return s.db.record(ctx, tx, e)
	})
}

// Unlock implements idp.UserStore.
func (s *Users) Unlock(ctx context.Context, id string) error {
	if !isID(id) {
		return idp.ErrNotFound
	}
	return s.db.transact(ctx, "Unlock", func(tx runner) error {
		before, err := s.hold(ctx, tx, id, time.Time{})
		if err != nil {
			return err
		}
		// Recorded with nothing to reset too: the caller forgets the tries that throttles count.
		var changes []idp.Change
		if before.FailedAuthCount > 0 {
			if _, err := tx.exec(ctx, `UPDATE users SET failed_auth_count = 0 WHERE id = $1`, id); err != nil {
				return err
			}
			changes = []idp.Change{{Field: "failed_auth_count", Before: fmt.Sprint(before.FailedAuthCount), After: "0"}}
		}
		return s.db.record(ctx, tx, event(ctx, idp.ActionUserUnlock, userTarget(before.User), changes))
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
	return &idp.InvalidError{Faults: []idp.Fault{idp.NewFault("roles", "there is no role %q", name)}}
}

func invalid(field, message string) *idp.InvalidError {
	return &idp.InvalidError{Faults: []idp.Fault{{Field: field, Message: message}}}
}

func absentIsFine(err error) error {
	if errors.Is(err, idp.ErrNotFound) {
		return nil
	}
	return err
}
