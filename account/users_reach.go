package account

import (
	"context"
	"errors"

	"gatehouse/idp"
)

// DeleteIf is Delete for a user whom allowed lets pass, as with SetStatusIf.
// Whoever is changed between being disabled and deleted is asked about again.
func (s *Users) DeleteIf(ctx context.Context, idOrLogin string, allowed func(*idp.User) error) error {
	for range changeTries {
		u, err := s.alter(ctx, idOrLogin, alteration{change: func(u *idp.User) error {
			if err := allowed(u); err != nil {
				return err
			}
			return disable(u)
		}})
		if err != nil {
			return err
		}
		if err = s.o.Users.DeleteUser(ctx, u.ID, u.UpdatedAt); !errors.Is(err, idp.ErrStale) {
			return err
		}
	}
	return idp.ErrStale
}

// SetPasswordIf is SetPassword for a user whom allowed lets pass, as with
// SetStatusIf: a hash takes its time, in which somebody may be given a role.
func (s *Users) SetPasswordIf(ctx context.Context, idOrLogin, password string, allowed func(*idp.User) error) error {
	hash := ""
	for range changeTries {
		u, err := s.Find(ctx, idOrLogin)
		if err != nil {
			return err
		}
		if err := allowed(u.Clone()); err != nil {
			return err
		}
		if err := s.policy().CheckAssigned(password, u); err != nil {
			return err
		}
		if hash == "" {
			if hash, err = s.o.Passwords.Hash(ctx, password); err != nil {
				return err
			}
		}
		err = s.o.Users.SetPasswordHash(ctx, u.ID, hash, later(s.now(), u.UpdatedAt), u.UpdatedAt)
		if err == nil {
			return s.endAccess(ctx, u.ID, "")
		}
		if !errors.Is(err, idp.ErrStale) {
			return err
		}
	}
	return idp.ErrStale
}

// Named returns the users of the IDs, for lists that name them; who is gone is
// missing. It may be a moment old.
func (s *Users) Named(ctx context.Context, ids []string) (map[string]*idp.User, error) {
	found := map[string]*idp.User{}
	for _, id := range ids {
		if _, known := found[id]; known {
			continue
		}
		u, err := s.o.Users.User(ctx, id)
		switch {
		case errors.Is(err, idp.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			found[id] = u
		}
	}
	return found, nil
}
