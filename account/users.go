package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// UsersOptions is what Users needs; the first five must be set.
type UsersOptions struct {
	Users     idp.UserStore
	Roles     idp.RoleStore
	Sessions  idp.SessionStore
	Grants    idp.GrantStore
	Passwords *Passwords
	Settings  func() idp.Settings // nil means idp.DefaultSettings
	// ForgetTries clears the counters that hold the user's sign-ins back, as
	// KnownBrowsers.ForgetTries does; nil clears none.
	ForgetTries func(ctx context.Context, u *idp.User) error
	Now         func() time.Time
}

// Users administers people. Whoever is named by idOrLogin is found by ID
// first, then by username or email address; idp.ErrNotFound when nobody is.
// What is wrong with the input comes back as *idp.InvalidError, every fault at
// once, or *idp.ConflictError, and then nothing has changed.
//
// Who may change whom, and give which role, is for the caller to decide by
// idp.Permissions: inside the change that Update takes, where the user is as
// the store has it at that moment.
type Users struct{ o UsersOptions }

// NewUsers fills in the defaults.
func NewUsers(o UsersOptions) *Users {
	if o.Settings == nil {
		o.Settings = idp.DefaultSettings
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Users{o: o}
}

// Query finds and sorts people. Errors as idp.UserStore.QueryUsers.
func (s *Users) Query(ctx context.Context, q idp.UserQuery) (idp.Page[*idp.User], error) {
	return s.o.Users.QueryUsers(ctx, q)
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

// SetPassword replaces the password by one that an administrator chose, and
// ends the user's sessions and grants.
func (s *Users) SetPassword(ctx context.Context, idOrLogin, password string) error {
	return s.SetPasswordIf(ctx, idOrLogin, password, func(*idp.User) error { return nil })
}

// ChangePassword replaces the password by one that the person chose, and ends
// the person's grants and sessions but the one with the digest keep ("" for
// none). Whether the old password was right is for the caller to ask SignIn.
func (s *Users) ChangePassword(ctx context.Context, userID, password, keep string) error {
	u, err := s.byID(ctx, userID)
	if err != nil {
		return err
	}
	if err := s.policy().Check(password, u); err != nil {
		return err
	}
	if err := s.hashPassword(ctx, u, password); err != nil {
		return err
	}
	return s.endAccess(ctx, u.ID, keep)
}

// ReplacePassword is ChangePassword that ends nothing: the person trusts every
// device and app that is signed in.
func (s *Users) ReplacePassword(ctx context.Context, userID, password string) error {
	u, err := s.byID(ctx, userID)
	if err != nil {
		return err
	}
	if err := s.policy().Check(password, u); err != nil {
		return err
	}
	return s.hashPassword(ctx, u, password)
}

// hashPassword is for a person's own password: one that was set by somebody else
// meanwhile stays, idp.ErrStale, whatever the old one proved.
func (s *Users) hashPassword(ctx context.Context, u *idp.User, password string) error {
	hash, err := s.o.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.o.Users.SetPasswordHash(ctx, u.ID, hash, later(s.now(), u.UpdatedAt), u.UpdatedAt)
}

// endAccess goes on after a failure, so that one store's absence does not
// leave open what another could close.
func (s *Users) endAccess(ctx context.Context, id, keep string) error {
	_, sessions := s.o.Sessions.DeleteUserSessions(ctx, id, keep)
	return errors.Join(sessions, s.o.Grants.RevokeUser(ctx, id, ""))
}

func (s *Users) policy() Policy { return Policy{MinLength: s.o.Settings().PasswordMinLength} }

// now is cut to what every store keeps.
func (s *Users) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// tidy brings the record into the form in which it is kept. The names of roles
// stay as they are: whoever decides who may give a role has looked at them, and
// " Admin" must not become another name behind that look.
func tidy(u *idp.User) {
	u.Normalize()
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
