package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

// promoting makes an administrator of whoever is to be changed, in the moment before.
type promoting struct {
	idp.UserStore
	t *testing.T
}

func (p promoting) promote(id string) {
	p.t.Helper()
	u, err := p.User(p.t.Context(), id)
	if err != nil || u.Permissions.Admin {
		return
	}
	before := u.UpdatedAt
	u.Roles, u.Status, u.UpdatedAt = []string{idp.RoleAdmin}, idp.UserActive, before.Add(time.Millisecond)
	if err := p.UpdateUser(p.t.Context(), u, before); err != nil {
		p.t.Error(err)
	}
}

func (p promoting) SetPasswordHash(ctx context.Context, id, hash string, at, since time.Time) error {
	p.promote(id)
	return p.UserStore.SetPasswordHash(ctx, id, hash, at, since)
}

func (p promoting) DeleteUser(ctx context.Context, id string, since time.Time) error {
	p.promote(id)
	return p.UserStore.DeleteUser(ctx, id, since)
}

// Whoever is given a permission while they are changed is out of reach of who
// may change only people without one.
func TestReachIsAskedInTheMomentOfTheChange(t *testing.T) {
	beyond := errors.New("beyond reach")
	reach := func(u *idp.User) error {
		if u.Permissions.Any() {
			return beyond
		}
		return nil
	}
	p := newPeople(t, func(s *stores, _ *account.Limits) { s.Users = promoting{s.Users, t} })
	p.add(t, "root", idp.RoleAdmin)
	p.add(t, "ada")
	p.add(t, "bob")
	if err := p.users.SetPasswordIf(t.Context(), "ada", "another engine tea", reach); !errors.Is(err, beyond) {
		t.Errorf("set a password: %v", err)
	}
	if err := p.try(t, "ada", goodPassword, 1); err != nil {
		t.Errorf("the password of before: %v", err)
	}
	if err := p.users.DeleteIf(t.Context(), "bob", reach); !errors.Is(err, beyond) {
		t.Errorf("delete: %v", err)
	}
	if u := p.stored(t, "bob"); u.Status != idp.UserActive {
		t.Errorf("bob is %s", u.Status)
	}
	// Who reaches everybody is not kept from it by a change in between.
	all := func(*idp.User) error { return nil }
	p.add(t, "eve")
	p.add(t, "dan")
	if err := p.users.SetPasswordIf(t.Context(), "eve", "another engine tea", all); err != nil {
		t.Error(err)
	}
	if err := p.try(t, "eve", "another engine tea", 2); err != nil {
		t.Error(err)
	}
	if err := p.users.DeleteIf(t.Context(), "dan", all); err != nil {
		t.Error(err)
	}
}

// resetting sets another password in the moment before a person's own is kept.
type resetting struct {
	idp.UserStore
	hash string
}

func (r resetting) SetPasswordHash(ctx context.Context, id, hash string, at, since time.Time) error {
	if err := r.UserStore.SetPasswordHash(ctx, id, r.hash, at, time.Time{}); err != nil {
		return err
	}
	return r.UserStore.SetPasswordHash(ctx, id, hash, at.Add(time.Millisecond), since)
}

// Who knows the old password does not undo that an administrator has just set another.
func TestOwnChangeDoesNotUndoAReset(t *testing.T) {
	hash, err := account.NewPasswords(cheap, 1, nil).Hash(t.Context(), "another engine tea")
	if err != nil {
		t.Fatal(err)
	}
	p := newPeople(t, func(s *stores, _ *account.Limits) { s.Users = resetting{s.Users, hash} })
	ada := p.add(t, "ada")
	for name, err := range map[string]error{
		"change":  p.users.ChangePassword(t.Context(), ada.ID, "a thief's engine tea", ""),
		"replace": p.users.ReplacePassword(t.Context(), ada.ID, "a thief's engine tea"),
	} {
		if !errors.Is(err, idp.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.try(t, "ada", "another engine tea", 1); err != nil {
		t.Errorf("the administrator's: %v", err)
	}
}
