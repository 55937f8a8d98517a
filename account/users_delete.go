package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/idp"
)

// DeletionWait is how long a person may still change their mind after asking
// for the account to be deleted.
const DeletionWait = 14 * 24 * time.Hour

// dueBatch bounds one DeleteDue; the next goes on.
const dueBatch = 100

// Delete removes a user for good, after the sessions and grants.
// idp.ErrLastAdmin when nobody else could administer. The user is disabled first: so nobody
// signs in meanwhile, and a Delete that failed half-way can be done again.
func (s *Users) Delete(ctx context.Context, idOrLogin string) error {
	u, err := s.alter(ctx, idOrLogin, alteration{change: disable})
	if err != nil {
		return err
	}
	return s.o.Users.DeleteUser(ctx, u.ID, time.Time{})
}

// RequestDeletion notes that the person wants the account deleted, which
// DeleteDue does after DeletionWait. Until then the account works. Asking
// again moves nothing. idp.ErrLastAdmin when nobody else can administer.
func (s *Users) RequestDeletion(ctx context.Context, userID string) (*idp.User, error) {
	return s.alter(ctx, userID, alteration{change: func(u *idp.User) error {
		if err := s.notLastAdmin(ctx, u); err != nil || u.DeleteAt != nil {
			return err
		}
		at := s.now().Add(DeletionWait)
		u.DeleteAt = &at
		return nil
	}})
}

// IsLastAdmin reports whether nobody else may administer, as the store has it now.
func (s *Users) IsLastAdmin(ctx context.Context, u *idp.User) (bool, error) {
	err := s.notLastAdmin(ctx, u)
	if errors.Is(err, idp.ErrLastAdmin) {
		return true, nil
	}
	return false, err
}

// notLastAdmin is a courtesy at the time of asking. That the last one stays is
// decided when the account is deleted, by the store.
func (s *Users) notLastAdmin(ctx context.Context, u *idp.User) error {
	if !u.HasRole(idp.RoleAdmin) || !u.MayAuthenticate(s.now()) {
		return nil
	}
	n, err := s.o.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	if err == nil && n <= 1 {
		return idp.ErrLastAdmin
	}
	return err
}

// CancelDeletion takes the wish back. Nothing changes when there was none.
func (s *Users) CancelDeletion(ctx context.Context, userID string) (*idp.User, error) {
	return s.alter(ctx, userID, alteration{change: func(u *idp.User) error {
		u.DeleteAt = nil
		return nil
	}})
}

// DeleteDue deletes the accounts whose wait is over and returns how many. The
// store looks at the time once more in the transaction that deletes, so a
// CancelDeletion that came first wins. It goes on after a failure; of the last
// administrator, who stays, the error says idp.ErrLastAdmin.
func (s *Users) DeleteDue(ctx context.Context) (int, error) {
	ids, err := s.o.Users.DueUsers(ctx, dueBatch)
	if err != nil {
		return 0, err
	}
	act := idp.ActOf(ctx)
	act.Reason = "asked for by the person"
	ctx = idp.WithAct(ctx, act)
	deleted := 0
	var errs []error
	for _, id := range ids {
		err := s.o.Users.DeleteDueUser(ctx, id)
		switch {
		case err == nil:
			deleted++
			// Without the user they are dead already; this takes them out of the lists.
			err = s.endAccess(ctx, id, "")
		case errors.Is(err, idp.ErrStale) || errors.Is(err, idp.ErrNotFound):
			err = nil // taken back, or done by another instance
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("delete user %s: %w", id, err))
		}
	}
	return deleted, errors.Join(errs...)
}
