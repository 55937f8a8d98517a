package account

import (
	"context"
	"errors"

	"gatehouse/idp"
)

// SetDisabledIf is SetDisabled for a user whom allowed lets pass: it is asked
// about the user as the store has them at the moment of the change, and what
// it returns comes back.
func (s *Users) SetDisabledIf(ctx context.Context, idOrLogin string, disabled bool, allowed func(*idp.User) error) error {
	_, err := s.alter(ctx, idOrLogin, alteration{change: func(u *idp.User) error {
		if err := allowed(u); err != nil {
			return err
		}
		u.Status = idp.UserActive
		if disabled {
			u.Status = idp.UserDisabled
		}
		return nil
	}})
	return err
}

// DeleteIf is Delete for a user whom allowed lets pass, as with SetDisabledIf.
func (s *Users) DeleteIf(ctx context.Context, idOrLogin string, allowed func(*idp.User) error) error {
	u, err := s.alter(ctx, idOrLogin, alteration{change: func(u *idp.User) error {
		if err := allowed(u); err != nil {
			return err
		}
		return disable(u)
	}})
	if err != nil {
		return err
	}
	return s.o.Users.DeleteUser(ctx, u.ID)
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
