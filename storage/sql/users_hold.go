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

// held is a user as a transaction found it that has hold of its row.
type held struct {
	*idp.User      // its roles only after takeRoles
	able      bool // may authenticate
}

// admin reports whether the user is an administrator.
func (h held) admin() bool { return h.able && h.HasRole(idp.RoleAdmin) }

// stays reports whether an administrator is still one as u, and for as long.
func (h held) stays(u *idp.User) bool {
	sooner := u.ExpiresAt != nil && (h.ExpiresAt == nil || u.ExpiresAt.Before(*h.ExpiresAt))
	return u.HasRole(idp.RoleAdmin) && u.Status == idp.UserActive && !sooner
}

// hold begins a change of a user: it locks the row, so that no other writer
// comes between. idp.ErrNotFound when there is no such user, idp.ErrStale when it
// changed since (a zero since is any time).
func (s *Users) hold(ctx context.Context, tx runner, id string, since time.Time) (held, error) {
	h := held{User: new(idp.User)}
	var c claims
	var unchanged bool
	// An update that changes nothing is a lock that both databases know.
	err := first(ctx, tx, into(append(userMembersInto(h.User, &c), &unchanged, &h.able)...),
		`UPDATE users SET updated_at = updated_at WHERE id = $1
		RETURNING `+userColumns+`, updated_at = coalesce($2, updated_at), `+mayAuthenticate, id, s.db.dialect.at(since))
	if err != nil {
		return held{}, err
	}
	if !unchanged {
		return held{}, idp.ErrStale
	}
	c.copyTo(h.User)
	return h, nil
}

// takeRoles takes the roles away from a user on whom the transaction has hold,
// and notes which they were. It is a statement of its own: one that waited for
// the row would see the roles as they were before.
func (h held) takeRoles(ctx context.Context, tx runner) error {
	var roles [][2]string
	_, err := each(ctx, tx, func(scan func(...any) error) error {
		var role [2]string
		err := scan(&role[0], &role[1])
		roles = append(roles, role)
		return err
	}, `DELETE FROM user_roles WHERE user_id = $1
		RETURNING (SELECT name FROM roles WHERE id = role_id), (SELECT permission FROM roles WHERE id = role_id)`, h.ID)
	setRoles(h.User, roles)
	return err
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
