package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// mayAuthenticate is idp.User.MayAuthenticate by the database's clock.
const mayAuthenticate = `status = 'active' AND (expires_at IS NULL OR expires_at > @now)`

// ableMembers are the users u who hold the role named $1 and may authenticate.
const ableMembers = `users u JOIN user_roles m ON m.user_id = u.id JOIN roles r ON r.id = m.role_id
	WHERE r.name = $1 AND ` + mayAuthenticate

// held is what a user was when a transaction took hold of it.
type held struct {
	admin bool       // held idp.RoleAdmin and might authenticate
	until *time.Time // ExpiresAt
}

// stays reports whether an administrator is still one as u, and for as long.
func (h held) stays(u *idp.User) bool {
	sooner := u.ExpiresAt != nil && (h.until == nil || u.ExpiresAt.Before(*h.until))
	return u.HasRole(idp.RoleAdmin) && u.Status == idp.UserActive && !sooner
}

// hold begins a change of a user: it locks the row, so that no other writer
// comes between, and takes the roles away. idp.ErrNotFound when there is no
// such user, idp.ErrStale when it changed since (a zero since is any time).
func (s *Users) hold(ctx context.Context, tx runner, id string, since time.Time) (held, error) {
	var h held
	var unchanged, able bool
	// An update that changes nothing is a lock that both databases know.
	err := first(ctx, tx, into(&unchanged, &able, timePtrTo{&h.until}), `UPDATE users SET updated_at = updated_at
		WHERE id = $1 RETURNING updated_at = coalesce($2, updated_at), `+mayAuthenticate+`, expires_at`,
		id, s.db.dialect.at(since))
	if err != nil {
		return held{}, err
	}
	if !unchanged {
		return held{}, idp.ErrStale
	}
	// A statement of its own: one that waited for the row would see the roles as they were before.
	_, err = each(ctx, tx, func(scan func(...any) error) error {
		var role string
		err := scan(&role)
		h.admin = h.admin || able && role == idp.RoleAdmin
		return err
	}, `DELETE FROM user_roles WHERE user_id = $1 RETURNING (SELECT name FROM roles WHERE id = role_id)`, id)
	return h, err
}

// anotherAdmin is idp.ErrLastAdmin unless somebody else is an administrator
// than the user on whom the transaction has hold, and who has no role any more.
//
// Whoever is about to lose the role holds its row to the end of the
// transaction, so they pass one at a time, and each sees that those before are
// gone. An update holds it, not SELECT … FOR UPDATE: where the operator chose a
// stricter isolation, waiting for it fails and the verb starts again, instead
// of going on with what was true before the wait.
func anotherAdmin(ctx context.Context, tx runner) error {
	_, err := tx.exec(ctx, `UPDATE roles SET description = description WHERE name = $1`, idp.RoleAdmin)
	if err != nil {
		return err
	}
	var others int
	err = first(ctx, tx, into(&others), `SELECT count(*) FROM `+ableMembers, idp.RoleAdmin)
	if err == nil && others == 0 {
		return idp.ErrLastAdmin
	}
	return err
}
