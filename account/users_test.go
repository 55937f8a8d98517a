package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"gatehouse/account"
	"gatehouse/idp"
)

func TestCreate(t *testing.T) {
	p := newPeople(t, nil)
	given := &idp.User{
		Username: " Ada ", Email: "Ada@Example.com", Name: "Ada Lovelace", Roles: []string{"User", "Admin", "User"},
		ID: "chosen by the caller", FailedAuthCount: 7, LastLoginAt: ptr(time.Now()),
	}
	u, err := p.users.Create(t.Context(), given, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	if given.Username != " Ada " || len(given.Roles) != 3 {
		t.Errorf("the argument was changed: %+v", given)
	}
	stored := p.stored(t, "ada")
	if stored.ID != u.ID || len(u.ID) != 36 || stored.Email != "ada@example.com" || !slices.Equal(stored.Roles, []string{"Admin", "User"}) {
		t.Errorf("%+v", stored)
	}
	if stored.Status != idp.UserActive || stored.FailedAuthCount != 0 || stored.LastLoginAt != nil || stored.LastChangeAt != nil {
		t.Errorf("%+v", stored)
	}
	if strings.Contains(stored.PasswordHash, goodPassword) || p.passwords.NeedsRehash(stored.PasswordHash) {
		t.Errorf("hash %q", stored.PasswordHash)
	}
	if bob := p.add(t, "bob"); !slices.Equal(bob.Roles, []string{idp.RoleUser}) {
		t.Errorf("roles without a wish: %v", bob.Roles)
	}
}

func TestCreateReportsEveryFault(t *testing.T) {
	p := newPeople(t, nil)
	hashes := p.hashes.Load()
	_, err := p.users.Create(t.Context(), &idp.User{
		Username: "a b", Email: "nowhere", Roles: []string{"Pilot"}, Zoneinfo: "Mars/Olympus",
	}, "short")
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("answer is %v", err)
	}
	var fields []string
	for _, f := range invalid.Faults {
		fields = append(fields, f.Field)
	}
	slices.Sort(fields)
	if want := []string{"email", "password", "roles", "username", "zoneinfo"}; !slices.Equal(fields, want) {
		t.Errorf("faults on %v, want %v", fields, want)
	}
	if p.hashes.Load() != hashes {
		t.Error("a refused password was hashed")
	}
	for name, c := range map[string]struct {
		user     idp.User
		password string
		field    string
	}{
		"unknown hash": {idp.User{Username: "a", PasswordHash: "{SHA}x"}, "", "password_hash"},
		"plain hash":   {idp.User{Username: "a", PasswordHash: "violet engine tea"}, "", "password_hash"},
		"NUL":          {idp.User{Username: "a\x00", PasswordHash: ""}, "", "username"},
		"long":         {idp.User{Username: "a"}, strings.Repeat("violet ", 200), "password"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := p.users.Create(t.Context(), &c.user, c.password); !errors.As(err, &invalid) || invalid.Faults[0].Field != c.field {
				t.Errorf("answer is %v", err)
			}
		})
	}
}

func TestCreateConflicts(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for field, u := range map[string]*idp.User{
		"username": {Username: "ADA"},
		"email":    {Username: "other", Email: "ADA@example.com"},
	} {
		var conflict *idp.ConflictError
		if _, err := p.users.Create(t.Context(), u, goodPassword); !errors.As(err, &conflict) || conflict.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestCreateWithoutPasswordAndWithImportedHash(t *testing.T) {
	p := newPeople(t, nil)
	if _, err := p.users.Create(t.Context(), &idp.User{Username: "invited"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := p.try(t, "invited", "", 1); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("signed in without a password: %v", err)
	}
	made, err := bcrypt.GenerateFromPassword([]byte("from elsewhere"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.users.Create(t.Context(), &idp.User{Username: "moved", PasswordHash: string(made)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := p.try(t, "moved", "from elsewhere", 1); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	// A name that looks like somebody's ID must not stand for that person.
	if _, err := p.users.Create(t.Context(), &idp.User{Username: ada.ID}, goodPassword); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ada.ID, strings.ToUpper(ada.ID), "ada", " Ada", "ADA@example.com"} {
		if u, err := p.users.Find(t.Context(), name); err != nil || u.ID != ada.ID {
			t.Errorf("%q: %v %v", name, u, err)
		}
	}
	for _, name := range []string{"", "nobody", "a\x00", "\xff", strings.Repeat("a", 10_000), "00000000-0000-4000-8000-000000000000"} {
		if u, err := p.users.Find(t.Context(), name); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%.20q: %v %v", name, u, err)
		}
	}
}

func TestUpdate(t *testing.T) {
	p := newPeople(t, nil)
	before := p.add(t, "ada")
	expires := p.now.Load().Add(time.Hour)
	after, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error {
		u.Name, u.Username, u.Email = " Ada L. ", "Countess", "c@example.com"
		u.Roles = []string{"Admin"}
		u.ExpiresAt = &expires
		u.ID, u.PasswordHash, u.FailedAuthCount, u.LastLoginAt = "x", "y", 9, &expires
		u.CreatedAt = expires
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	u := p.stored(t, "countess")
	if u.ID != before.ID || u.PasswordHash != before.PasswordHash || u.FailedAuthCount != 0 || u.LastLoginAt != nil || !u.CreatedAt.Equal(before.CreatedAt) {
		t.Errorf("changed what cannot be: %+v", u)
	}
	if u.Name != "Ada L." || u.Email != "c@example.com" || !slices.Equal(u.Roles, []string{"Admin"}) || !u.ExpiresAt.Equal(expires.Truncate(time.Microsecond)) {
		t.Errorf("did not change: %+v", u)
	}
	if !u.UpdatedAt.After(before.UpdatedAt) || !after.UpdatedAt.Equal(u.UpdatedAt) {
		t.Errorf("updated at %v, %v", u.UpdatedAt, after.UpdatedAt)
	}
	own := errors.New("not today")
	for name, c := range map[string]struct {
		change func(*idp.User) error
		want   func(error) bool
	}{
		"own error": {func(*idp.User) error { return own }, func(err error) bool { return errors.Is(err, own) }},
		"faults": {func(u *idp.User) error { u.Email, u.Roles = "x", []string{"Pilot"}; return nil }, func(err error) bool {
			var invalid *idp.InvalidError
			return errors.As(err, &invalid) && len(invalid.Faults) == 2
		}},
	} {
		if _, err := p.users.Update(t.Context(), "countess", c.change); !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again := p.stored(t, "countess"); !again.UpdatedAt.Equal(u.UpdatedAt) || again.Email != u.Email {
		t.Errorf("a refused change left something: %+v", again)
	}
	if _, err := p.users.Update(t.Context(), "nobody", func(*idp.User) error { return nil }); !errors.Is(err, idp.ErrNotFound) {
		t.Error(err)
	}
}

func TestConcurrentUpdatesLoseNothing(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	var wg sync.WaitGroup
	var done atomic.Int64
	for range 8 {
		wg.Go(func() {
			_, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Name += "x"; return nil })
			if err == nil {
				done.Add(1)
			} else if !errors.Is(err, idp.ErrStale) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(p.stored(t, "ada").Name); int64(n) != done.Load() || n == 0 {
		t.Errorf("%d updates succeeded, %d are there", done.Load(), n)
	}
}

// grant makes a live grant of the user.
func (p *people) grant(t *testing.T, userID string) {
	t.Helper()
	g := &idp.Grant{
		ID: strings.ReplaceAll(account.GeneratePassword(), "-", "x") + "abcdefghi", State: idp.GrantActive,
		ClientID: "c", UserID: userID, Scope: "openid", Generation: 1, Facts: idp.Facts{Offline: true},
	}
	if err := p.Grants.CreateGrant(t.Context(), g, time.Hour, time.Hour); err != nil {
		t.Fatal(err)
	}
}

// access counts what is live.
func (p *people) access(t *testing.T, userID string) (sessions, grants int) {
	t.Helper()
	s, err := p.Sessions.ListSessions(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	g, err := p.Grants.ListUserGrants(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return len(s), len(g)
}

func TestWhatEndsAccess(t *testing.T) {
	for name, c := range map[string]struct {
		act   func(context.Context, *account.Users, *idp.Session) error
		keeps int // sessions
		live  bool
	}{
		"disable": {act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			return u.SetDisabled(ctx, "ada", true)
		}},
		"disable by update": {act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			_, err := u.Update(ctx, "ada", func(u *idp.User) error { u.Status = idp.UserDisabled; return nil })
			return err
		}},
		"expire by update": {act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			_, err := u.Update(ctx, "ada", func(u *idp.User) error { u.ExpiresAt = ptr(time.Now().Add(-time.Second)); return nil })
			return err
		}},
		"set password": {act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			return u.SetPassword(ctx, "ada", "another good one")
		}},
		"change password": {keeps: 1, act: func(ctx context.Context, u *account.Users, s *idp.Session) error {
			return u.ChangePassword(ctx, s.UserID, "another good one", s.Digest)
		}},
		"delete": {act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			return u.Delete(ctx, "ada")
		}},
		"rename": {keeps: 2, live: true, act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			_, err := u.Update(ctx, "ada", func(u *idp.User) error { u.Name = "Ada"; return nil })
			return err
		}},
		"enable": {keeps: 2, live: true, act: func(ctx context.Context, u *account.Users, _ *idp.Session) error {
			return u.SetDisabled(ctx, "ada", false)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			ada, bob := p.add(t, "ada"), p.add(t, "bob")
			p.begin(t, bob, account.BeginOptions{})
			p.grant(t, bob.ID)
			p.begin(t, ada, account.BeginOptions{})
			_, current := p.begin(t, ada, account.BeginOptions{})
			p.grant(t, ada.ID)
			if err := c.act(t.Context(), p.users, current); err != nil {
				t.Fatal(err)
			}
			grants := 0
			if c.live {
				grants = 1
			}
			if s, g := p.access(t, ada.ID); s != c.keeps || g != grants {
				t.Errorf("%d sessions and %d grants are left", s, g)
			}
			if s, g := p.access(t, bob.ID); s != 1 || g != 1 {
				t.Errorf("another user has %d sessions and %d grants", s, g)
			}
		})
	}
}

func TestSetPassword(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	if err := p.users.SetPassword(t.Context(), "ada", "violet77"); err != nil {
		t.Fatalf("assigned by an administrator: %v", err)
	}
	if u := p.stored(t, "ada"); u.LastChangeAt == nil || !u.UpdatedAt.Equal(*u.LastChangeAt) {
		t.Errorf("%+v", u)
	}
	if err := errors.Join(p.try(t, "ada", "violet77", 1)); err != nil {
		t.Error(err)
	}
	if err := p.try(t, "ada", goodPassword, 2); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("the old password: %v", err)
	}
	var invalid *idp.InvalidError
	for name, err := range map[string]error{
		"assigned, short":    p.users.SetPassword(t.Context(), "ada", "violet7"),
		"chosen, short":      p.users.ChangePassword(t.Context(), ada.ID, "violet77", ""),
		"none":               p.users.SetPassword(t.Context(), "ada", ""),
		"the own address":    p.users.SetPassword(t.Context(), "ada", "ada@example.com"),
		"control characters": p.users.SetPassword(t.Context(), "ada", "violet\x00engine"),
	} {
		if !errors.As(err, &invalid) || invalid.Faults[0].Field != "password" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"set":    p.users.SetPassword(t.Context(), "nobody", goodPassword),
		"change": p.users.ChangePassword(t.Context(), "00000000-0000-4000-8000-000000000000", goodPassword, ""),
	} {
		if !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenGrants cannot revoke.
type brokenGrants struct{ idp.GrantStore }

func (brokenGrants) RevokeUser(context.Context, string, string) error { return idp.ErrUnavailable }

// What could not be ended is said, the rest is ended, and again is possible.
func TestDeleteWithAStoreAwayCanBeRepeated(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	p.begin(t, ada, account.BeginOptions{})
	p.grant(t, ada.ID)
	broken := account.NewUsers(account.UsersOptions{
		Users: p.Users, Roles: p.Roles, Sessions: p.Sessions, Grants: brokenGrants{p.Grants}, Passwords: p.passwords,
	})
	if err := broken.Delete(t.Context(), "ada"); !errors.Is(err, idp.ErrUnavailable) {
		t.Fatal(err)
	}
	if u := p.stored(t, "ada"); u.Status != idp.UserDisabled {
		t.Errorf("%+v", u)
	}
	if s, _ := p.access(t, ada.ID); s != 0 {
		t.Error("sessions are left")
	}
	if err := p.users.Delete(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if _, g := p.access(t, ada.ID); g != 0 {
		t.Error("grants are left")
	}
	if err := p.users.Delete(t.Context(), "ada"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}
