package account

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"gatehouse/idp"
)

const changeTries = 5

// Update lets change edit a copy of the user and stores it. ID, times, sign-in
// facts, password and the wish to be deleted cannot be changed so. change may
// run several times, on a fresh copy each, when somebody else changes the user
// at the same moment; an error of its own comes back as it is. Sessions and
// grants end when the user may no longer sign in. idp.ErrLastAdmin when nobody
// could administer any more; idp.ErrStale when the others did not stop.
func (s *Users) Update(ctx context.Context, idOrLogin string, change func(*idp.User) error) (*idp.User, error) {
	return s.UpdateIf(ctx, idOrLogin, time.Time{}, change)
}

// UpdateIf is Update for a user who was read before: idp.ErrStale when the
// user's UpdatedAt is no longer ifUnchangedSince. Zero makes it Update.
func (s *Users) UpdateIf(ctx context.Context, idOrLogin string, ifUnchangedSince time.Time,
	change func(*idp.User) error,
) (*idp.User, error) {
	return s.alter(ctx, idOrLogin, alteration{since: ifUnchangedSince, change: change, check: s.checkChange})
}

func (s *Users) checkChange(ctx context.Context, before, after *idp.User) error {
	after.DeleteAt = before.DeleteAt
	if slices.Equal(before.Roles, after.Roles) {
		return after.Validate()
	}
	stored, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return err
	}
	return allFaults(after.Validate(), s.giveRoles(ctx, after, stored))
}

// SetDisabled disables the user, which ends sessions and grants, or enables
// the user again. idp.ErrLastAdmin as with Update.
func (s *Users) SetDisabled(ctx context.Context, idOrLogin string, disabled bool) error {
	change := disable
	if !disabled {
		change = func(u *idp.User) error { u.Status = idp.UserActive; return nil }
	}
	_, err := s.alter(ctx, idOrLogin, alteration{change: change})
	return err
}

// SetStatusIf is SetDisabled of a user who was read before, as in UpdateIf,
// and only while may, asked about the user as stored at that moment, returns
// nil; its error comes back as it is.
func (s *Users) SetStatusIf(ctx context.Context, idOrLogin string, ifUnchangedSince time.Time,
	status idp.UserStatus, may func(*idp.User) error,
) (*idp.User, error) {
	return s.alter(ctx, idOrLogin, alteration{since: ifUnchangedSince, change: func(u *idp.User) error {
		if err := may(u.Clone()); err != nil {
			return err
		}
		u.Status = status
		return nil
	}})
}

func disable(u *idp.User) error {
	u.Status = idp.UserDisabled
	return nil
}

// alteration is one way to change a user.
type alteration struct {
	since  time.Time // the version that the caller knows; zero for any
	change func(*idp.User) error
	// check looks at the outcome; nil lets all pass: an old record that
	// today's rules would refuse can still be disabled.
	check func(ctx context.Context, before, after *idp.User) error
}

// alter reads, changes and writes until nobody else was faster. What is as it
// was is not written: the log would tell of a change that was none.
func (s *Users) alter(ctx context.Context, idOrLogin string, a alteration) (*idp.User, error) {
	before, err := s.Find(ctx, idOrLogin)
	for range changeTries {
		if err != nil {
			return nil, err
		}
		if !a.since.IsZero() && !before.UpdatedAt.Equal(a.since) {
			return nil, idp.ErrStale
		}
		var after *idp.User
		if after, err = s.changed(ctx, before, a); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(before, after) {
			return after, s.endIfShut(ctx, after)
		}
		after.UpdatedAt = later(s.now(), before.UpdatedAt)
		err = s.o.Users.UpdateUser(ctx, after, before.UpdatedAt)
		if err == nil {
			return after, s.endIfShut(ctx, after)
		}
		if !errors.Is(err, idp.ErrStale) {
			return nil, err
		}
		before, err = s.byID(ctx, before.ID)
	}
	return nil, errors.Join(idp.ErrStale, err)
}

func (s *Users) changed(ctx context.Context, before *idp.User, a alteration) (*idp.User, error) {
	after := before.Clone()
	if err := a.change(after); err != nil {
		return nil, err
	}
	after.ID, after.CreatedAt, after.UpdatedAt = before.ID, before.CreatedAt, before.UpdatedAt
	after.PasswordHash, after.Permissions = before.PasswordHash, before.Permissions
	after.LastLoginAt, after.LastChangeAt = before.LastLoginAt, before.LastChangeAt
	after.FailedAuthAt, after.FailedAuthCount = before.FailedAuthAt, before.FailedAuthCount
	tidy(after)
	if a.check == nil {
		return after, nil
	}
	return after, a.check(ctx, before, after)
}

func (s *Users) endIfShut(ctx context.Context, u *idp.User) error {
	if u.MayAuthenticate(s.now()) {
		return nil
	}
	return s.endAccess(ctx, u.ID, "")
}

// Unlock lets the user try again at once: the counters of failed tries are
// cleared, and the failures on the record, which make it look locked.
func (s *Users) Unlock(ctx context.Context, idOrLogin string) error {
	u, err := s.Find(ctx, idOrLogin)
	if err != nil {
		return err
	}
	if s.o.ForgetTries != nil {
		if err := s.o.ForgetTries(ctx, u); err != nil {
			return err
		}
	}
	return s.o.Users.Unlock(ctx, u.ID)
}
