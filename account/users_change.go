package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/idp"
)

const (
	changeTries = 5
	undoTime    = 5 * time.Second
)

// Update lets change edit a copy of the user and stores it. ID, times, sign-in
// facts and password cannot be changed so. change may run several times, on a
// fresh copy each, when somebody else changes the user at the same moment; an
// error of its own comes back as it is. Sessions and grants end when the user
// may no longer sign in. ErrLastAdmin when nobody could administer any more;
// idp.ErrStale when the others did not stop.
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
// the user again. ErrLastAdmin as with Update.
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
		err = s.store(ctx, before, after)
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

// store writes the change unless it takes the last administrator's powers.
//
// The count and the write are two transactions. So it counts before, to refuse
// without touching anything, and again after, for the case that somebody in
// another process does the same to somebody else at this moment: whoever
// writes last sees that nobody is left, and takes the own change back.
func (s *Users) store(ctx context.Context, before, after *idp.User) error {
	if !losesAdmin(before, after, s.now()) {
		return s.o.Users.UpdateUser(ctx, after, before.UpdatedAt)
	}
	s.admins.Lock()
	defer s.admins.Unlock()
	n, err := s.o.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	if err != nil {
		return err
	}
	if n <= 1 {
		return ErrLastAdmin
	}
	if err := s.o.Users.UpdateUser(ctx, after, before.UpdatedAt); err != nil {
		return err
	}
	// The caller may go away now, but not leave the house without a key.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	n, err = s.o.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	switch {
	case err != nil: // unknown is not enough
		return errors.Join(err, s.undo(ctx, before))
	case n == 0:
		return errors.Join(ErrLastAdmin, s.undo(ctx, before))
	}
	return nil
}

// undo gives the user back what made it an administrator who can sign in.
func (s *Users) undo(ctx context.Context, before *idp.User) error {
	err := idp.ErrStale
	for i := 0; i < changeTries && errors.Is(err, idp.ErrStale); i++ {
		var now *idp.User
		if now, err = s.byID(ctx, before.ID); err != nil {
			return err
		}
		back := clone(now)
		back.Status, back.Roles, back.ExpiresAt = before.Status, slices.Clone(before.Roles), before.ExpiresAt
		back.UpdatedAt = now.UpdatedAt.Add(time.Microsecond)
		err = s.o.Users.UpdateUser(ctx, back, now.UpdatedAt)
	}
	return err
}

// losesAdmin reports whether an administrator who can sign in cannot any
// more, or only for a shorter time.
func losesAdmin(before, after *idp.User, now time.Time) bool {
	if !isAdmin(before, now) {
		return false
	}
	sooner := after.ExpiresAt != nil && (before.ExpiresAt == nil || after.ExpiresAt.Before(*before.ExpiresAt))
	return !isAdmin(after, now) || sooner
}

func isAdmin(u *idp.User, now time.Time) bool {
	return u.HasRole(idp.RoleAdmin) && u.MayAuthenticate(now)
}
