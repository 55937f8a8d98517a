package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// UsersOptions is what Users needs; all but Policy and Now must be set.
type UsersOptions struct {
	Users     idp.UserStore
	Roles     idp.RoleStore
	Sessions  idp.SessionStore
	Grants    idp.GrantStore
	Passwords *Passwords
	Policy    Policy
	Now       func() time.Time
}

// Users administers people. Whoever is named by idOrLogin is found by ID
// first, then by username or email address; idp.ErrNotFound when nobody is.
// What is wrong with the input comes back as *idp.InvalidError, every fault at
// once, or *idp.ConflictError, and then nothing has changed.
type Users struct{ o UsersOptions }

// NewUsers fills in the defaults.
func NewUsers(o UsersOptions) *Users {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Users{o: o}
}

// Find returns a user as the store has it now, not from a cache.
func (s *Users) Find(ctx context.Context, idOrLogin string) (*idp.User, error) {
	login := idp.NormalizeLogin(idOrLogin)
	if !canBeLogin(login) {
		return nil, idp.ErrNotFound
	}
	if id, err := uuid.Parse(login); err == nil {
		u, err := s.byID(ctx, id.String())
		if !errors.Is(err, idp.ErrNotFound) {
			return u, err
		}
	}
	return s.o.Users.UserByLogin(ctx, login)
}

// byID asks a second time by username, because the answer by ID may come from a cache.
func (s *Users) byID(ctx context.Context, id string) (*idp.User, error) {
	u, err := s.o.Users.User(ctx, id)
	if err != nil {
		return nil, err
	}
	fresh, err := s.o.Users.UserByLogin(ctx, u.Username)
	switch {
	case errors.Is(err, idp.ErrNotFound) || err == nil && fresh.ID != id:
		return u, nil // renamed a moment ago
	case err != nil:
		return nil, err
	}
	return fresh, nil
}

// Create adds a user with a password, or with a hash that was made elsewhere
// (u.PasswordHash, with an empty password), or with neither; then nobody can
// sign in to it yet. It chooses ID and times; without roles the user gets
// idp.RoleUser. u is left as it is; the stored user comes back.
func (s *Users) Create(ctx context.Context, u *idp.User, password string) (*idp.User, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	n := clone(u)
	n.ID, n.CreatedAt = id.String(), s.now()
	n.UpdatedAt = n.CreatedAt
	n.LastLoginAt, n.LastChangeAt, n.FailedAuthAt, n.FailedAuthCount = nil, nil, nil, 0
	if len(n.Roles) == 0 {
		n.Roles = []string{idp.RoleUser}
	}
	tidy(n)
	rolesErr := s.checkRoles(ctx, n.Roles)
	if err := allFaults(n.Validate(), rolesErr, s.checkPassword(n, password)); err != nil {
		return nil, err
	}
	if password != "" {
		if n.PasswordHash, err = s.o.Passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	if err := s.o.Users.CreateUser(ctx, n); err != nil {
		return nil, err
	}
	return n, nil
}

func (s *Users) checkPassword(u *idp.User, password string) error {
	switch {
	case password != "":
		return s.o.Policy.CheckAssigned(password, u)
	case u.PasswordHash != "" && !s.o.Passwords.Understands(u.PasswordHash):
		return &idp.InvalidError{Faults: []idp.Fault{{
			Field: "password_hash", Message: "must be argon2id in PHC form, or bcrypt, of bearable cost",
		}}}
	}
	return nil
}

// checkRoles makes the built-in roles when they are missing and reports the others.
func (s *Users) checkRoles(ctx context.Context, names []string) error {
	stored, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return err
	}
	missing := &idp.InvalidError{}
	for _, name := range names {
		switch {
		case slices.ContainsFunc(stored, func(r *idp.Role) bool { return r.Name == name }):
		case name == idp.RoleAdmin || name == idp.RoleUser:
			if err := s.ensureRole(ctx, name); err != nil {
				return err
			}
		default:
			missing.Faults = append(missing.Faults, idp.Fault{Field: "roles", Message: "there is no role " + name})
		}
	}
	if len(missing.Faults) > 0 {
		return missing
	}
	return nil
}

func (s *Users) ensureRole(ctx context.Context, name string) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return err
	}
	_, err = s.o.Roles.EnsureRole(ctx, &idp.Role{ID: id.String(), Name: name, CreatedAt: s.now()})
	return err
}

// SetPassword replaces the password by one that an administrator chose, and
// ends the user's sessions and grants.
func (s *Users) SetPassword(ctx context.Context, idOrLogin, password string) error {
	u, err := s.Find(ctx, idOrLogin)
	if err != nil {
		return err
	}
	if err := s.o.Policy.CheckAssigned(password, u); err != nil {
		return err
	}
	return s.setPassword(ctx, u.ID, password, "")
}

// ChangePassword replaces the password by one that the person chose, and ends
// the person's grants and sessions but the one with the digest keep ("" for
// none). Whether the old password was right is for the caller to ask SignIn.
func (s *Users) ChangePassword(ctx context.Context, userID, password, keep string) error {
	u, err := s.byID(ctx, userID)
	if err != nil {
		return err
	}
	if err := s.o.Policy.Check(password, u); err != nil {
		return err
	}
	return s.setPassword(ctx, u.ID, password, keep)
}

func (s *Users) setPassword(ctx context.Context, id, password, keep string) error {
	hash, err := s.o.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.o.Users.SetPasswordHash(ctx, id, hash, s.now()); err != nil {
		return err
	}
	return s.endAccess(ctx, id, keep)
}

// endAccess goes on after a failure, so that one store's absence does not
// leave open what another could close.
func (s *Users) endAccess(ctx context.Context, id, keep string) error {
	_, sessions := s.o.Sessions.DeleteUserSessions(ctx, id, keep)
	return errors.Join(sessions, s.o.Grants.RevokeUser(ctx, id, ""))
}

// Delete removes a user for good, after the sessions and grants.
// idp.ErrLastAdmin when nobody else could administer. The user is disabled first: so nobody
// signs in meanwhile, and a Delete that failed half-way can be done again.
func (s *Users) Delete(ctx context.Context, idOrLogin string) error {
	u, err := s.alter(ctx, idOrLogin, disable, nil)
	if err != nil {
		return err
	}
	return s.o.Users.DeleteUser(ctx, u.ID)
}

// now is cut to what every store keeps.
func (s *Users) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// clone makes a user that can be changed; one from a store may be shared.
func clone(u *idp.User) *idp.User {
	c := *u
	c.Roles = slices.Clone(u.Roles)
	return &c
}

// tidy brings the record into the form in which it is kept.
func tidy(u *idp.User) {
	u.Normalize()
	for i, r := range u.Roles {
		u.Roles[i] = strings.TrimSpace(r)
	}
	slices.Sort(u.Roles)
	u.Roles = slices.Compact(u.Roles)
	if u.ExpiresAt != nil {
		at := u.ExpiresAt.UTC().Truncate(time.Microsecond)
		u.ExpiresAt = &at
	}
}

// allFaults gathers the faults of several checks into one *idp.InvalidError.
// Any other error, such as that of a store, goes before.
func allFaults(checks ...error) error {
	all := &idp.InvalidError{}
	for _, err := range checks {
		var invalid *idp.InvalidError
		switch {
		case err == nil:
		case errors.As(err, &invalid):
			all.Faults = append(all.Faults, invalid.Faults...)
		default:
			return err
		}
	}
	if len(all.Faults) == 0 {
		return nil
	}
	return all
}
