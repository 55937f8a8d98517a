package account_test

import (
	"errors"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestUpdateIf(t *testing.T) {
	p := newPeople(t, nil)
	read := p.add(t, "ada")
	rename := func(name string) func(*idp.User) error {
		return func(u *idp.User) error { u.Name = name; return nil }
	}
	first, err := p.users.UpdateIf(t.Context(), read.ID, read.UpdatedAt, rename("Ada"))
	if err != nil || first.Name != "Ada" || !first.UpdatedAt.After(read.UpdatedAt) {
		t.Fatalf("%+v %v", first, err)
	}
	if _, err := p.users.UpdateIf(t.Context(), read.ID, read.UpdatedAt, rename("Countess")); !errors.Is(err, idp.ErrStale) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := p.users.UpdateIf(t.Context(), "nobody", read.UpdatedAt, rename("x")); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if u := p.stored(t, "ada"); u.Name != "Ada" {
		t.Errorf("name %q", u.Name)
	}
	// Somebody else is faster, between the reading and the writing: no second try with what was not seen.
	runs := 0
	_, err = p.users.UpdateIf(t.Context(), read.ID, first.UpdatedAt, func(u *idp.User) error {
		runs++
		if _, err := p.users.Update(t.Context(), read.ID, rename("Lovelace")); err != nil {
			t.Error(err)
		}
		return rename("Countess")(u)
	})
	if !errors.Is(err, idp.ErrStale) || runs != 1 {
		t.Errorf("%v after %d runs", err, runs)
	}
	if u, err := p.users.UpdateIf(t.Context(), read.ID, time.Time{}, rename("At last")); err != nil || u.Name != "At last" {
		t.Errorf("of any version: %v", err)
	}
}

func TestUpdateOfNothingIsNoChange(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	before := p.stored(t, "ada")
	after, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Username = " ADA "; return nil })
	if err != nil || !after.UpdatedAt.Equal(before.UpdatedAt) || after.Username != "ada" {
		t.Fatalf("%+v %v", after, err)
	}
	if got := p.stored(t, "ada"); !got.UpdatedAt.Equal(before.UpdatedAt) {
		t.Errorf("written at %v", got.UpdatedAt)
	}
}

// What a change writes beyond its reach stays as it was, and power follows from the roles alone.
func TestUpdateCannotReachEverything(t *testing.T) {
	p := newPeople(t, nil)
	before := p.add(t, "ada")
	after, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error {
		u.ID, u.PasswordHash, u.FailedAuthCount = "x", "x", 7
		u.DeleteAt, u.LastLoginAt, u.LastChangeAt, u.FailedAuthAt = ptr(time.Now()), ptr(time.Now()), ptr(time.Now()), ptr(time.Now())
		u.CreatedAt, u.UpdatedAt = time.Now().Add(time.Hour), time.Now().Add(time.Hour)
		u.Permissions = idp.Permissions{Admin: true}
		u.Nickname = "A"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stored := p.stored(t, "ada")
	for _, u := range []*idp.User{after, stored} {
		if u.ID != before.ID || u.PasswordHash == "x" || u.DeleteAt != nil || u.LastLoginAt != nil || u.FailedAuthAt != nil ||
			u.FailedAuthCount != 0 || !u.CreatedAt.Equal(before.CreatedAt) || u.UpdatedAt.After(time.Now().Add(time.Minute)) ||
			u.Permissions.Any() || u.Nickname != "A" {
			t.Errorf("%+v", u)
		}
	}
	after, err = p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Roles = []string{idp.RoleAdmin}; return nil })
	if err != nil || !after.Permissions.Admin || !p.stored(t, "ada").Permissions.Admin {
		t.Errorf("%+v %v", after, err)
	}
	p.add(t, "root", idp.RoleAdmin)
	after, err = p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Roles = []string{idp.RoleUser}; return nil })
	if err != nil || after.Permissions.Any() || p.stored(t, "ada").Permissions.Any() {
		t.Errorf("%+v %v", after, err)
	}
}

func TestQuery(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	p.add(t, "bob")
	page, err := p.users.Query(t.Context(), idp.UserQuery{ListQuery: idp.ListQuery{Text: "AD"}})
	if err != nil || len(page.Items) != 1 || page.Items[0].Username != "ada" || page.Total != 1 {
		t.Errorf("%+v %v", page, err)
	}
}

func TestUnlock(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	p.add(t, "bob")
	home := p.browsers.Add("", ada.ID)
	lock := func(cookie string) {
		for n := range 21 {
			for _, login := range []string{"ada", "ada@example.com", "bob"} {
				if err := p.try(t, login, "wrong password", n, cookie); err == nil {
					t.Fatal("a wrong password is right")
				}
			}
		}
	}
	lock(home)
	for _, cookie := range []string{"", home} {
		if err := p.try(t, "ada", goodPassword, 50, cookie); err == nil {
			t.Fatal("not locked out")
		}
	}
	if err := p.users.Unlock(t.Context(), "nobody"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := p.users.Unlock(t.Context(), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	for n, login := range []string{"ada", "ada@example.com"} {
		for _, cookie := range []string{"", home} { // also where the owner used the browser's own tries up
			if err := p.try(t, login, goodPassword, 60+n, cookie); err != nil {
				t.Errorf("%s, cookie %t: %v", login, cookie != "", err)
			}
		}
	}
	if err := p.try(t, "bob", goodPassword, 70); err == nil {
		t.Error("somebody else was unlocked too")
	}
	// The limit begins anew; it is not gone.
	lock("")
	if err := p.try(t, "ada", goodPassword, 80); err == nil {
		t.Error("no limit any more")
	}
}

func TestUnlockClearsTheFailures(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	for range idp.LockedFailures {
		if err := p.Users.RecordSignIn(t.Context(), ada.ID, time.Now(), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.users.Unlock(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if u := p.stored(t, "ada"); u.FailedAuthCount != 0 {
		t.Errorf("%d failures", u.FailedAuthCount)
	}
}
