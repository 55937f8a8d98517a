package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/idp"
)

const changeTries = 5

// Update lets change edit a copy of the user and stores it. ID, times, sign-in
// facts and password cannot be changed so. change may run several times, on a
// fresh copy each, when somebody else changes the user at the same moment; an
// error of its own comes back as it is. Sessions and grants end when the user
// may no longer sign in. idp.ErrLastAdmin when nobody could administer any
// more; idp.ErrStale when the others did not stop.
func (s *Users) Update(ctx context.Context, idOrLogin string, change func(*idp.User) error) (*idp.User, error) {
	return s.alter(ctx, idOrLogin, change, func(before, after *idp.User) error {
		var roles error
		if !slices.Equal(before.Roles, after.Roles) {
			roles = s.checkRoles(ctx, after.Roles)
		}
		return allFaults(after.Validate(), roles)
	})
}

// SetDisabled disables the user, which ends sessions and grants, or enables
// the user again. idp.ErrLastAdmin as with Update.
func (s *Users) SetDisabled(ctx context.Context, idOrLogin string, disabled bool) error {
	change := disable
	if !disabled {
		change = func(u *idp.User) error { u.Status = idp.UserActive; return nil }
	}
	_, err := s.alter(ctx, idOrLogin, change, nil)
	return err
}

func disable(u *idp.User) error {
	u.Status = idp.UserDisabled
	return nil
}

// alter is Update with a check of its own, or none: an old record that today's
// rules would refuse can still be disabled.
func (s *Users) alter(ctx context.Context, idOrLogin string, change func(*idp.User) error,
	check func(before, after *idp.User) error,
) (*idp.User, error) {
	before, err := s.Find(ctx, idOrLogin)
	for range changeTries {
		if err != nil {
			return nil, err
		}
		var after *idp.User
		if after, err = s.changed(before, change, check); err != nil {
			return nil, err
		}
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

func (s *Users) changed(before *idp.User, change func(*idp.User) error,
	check func(before, after *idp.User) error,
) (*idp.User, error) {
	after := clone(before)
	if err := change(after); err != nil {
		return nil, err
	}
	after.ID, after.CreatedAt, after.PasswordHash = before.ID, before.CreatedAt, before.PasswordHash
	after.LastLoginAt, after.LastChangeAt = before.LastLoginAt, before.LastChangeAt
	after.FailedAuthAt, after.FailedAuthCount = before.FailedAuthAt, before.FailedAuthCount
	after.UpdatedAt = s.now()
	if !after.UpdatedAt.After(before.UpdatedAt) {
		// It is the version too: two within a microsecond must not look the same.
		after.UpdatedAt = before.UpdatedAt.Add(time.Microsecond)
	}
	tidy(after)
	if check == nil {
		return after, nil
	}
	return after, check(before, after)
}

func (s *Users) endIfShut(ctx context.Context, u *idp.User) error {
	if u.MayAuthenticate(s.now()) {
		return nil
	}
	return s.endAccess(ctx, u.ID, "")
}
