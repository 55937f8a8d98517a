package account_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

func TestLastAdmin(t *testing.T) {
	takePower := map[string]func(context.Context, *account.Users, string) error{
		"disable": func(ctx context.Context, u *account.Users, name string) error { return u.SetDisabled(ctx, name, true) },
		"delete":  func(ctx context.Context, u *account.Users, name string) error { return u.Delete(ctx, name) },
		"role": func(ctx context.Context, u *account.Users, name string) error {
			_, err := u.Update(ctx, name, func(u *idp.User) error { u.Roles = []string{idp.RoleUser}; return nil })
			return err
		},
		"expire": func(ctx context.Context, u *account.Users, name string) error {
			_, err := u.Update(ctx, name, func(u *idp.User) error { u.ExpiresAt = ptr(time.Now().Add(time.Hour)); return nil })
			return err
		},
	}
	for name, take := range takePower {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			p.add(t, "user")
			root := p.add(t, "root", idp.RoleAdmin)
			p.add(t, "former", idp.RoleAdmin)
			if err := p.users.SetDisabled(t.Context(), "former", true); err != nil {
				t.Fatal(err)
			}
			p.begin(t, root, account.BeginOptions{})
			if err := take(t.Context(), p.users, "root"); !errors.Is(err, idp.ErrLastAdmin) {
				t.Fatalf("answer is %v", err)
			}
			if u := p.stored(t, "root"); !u.MayAuthenticate(time.Now()) || !u.HasRole(idp.RoleAdmin) || u.ExpiresAt != nil {
				t.Errorf("%+v", u)
			}
			if s, _ := p.access(t, root.ID); s != 1 {
				t.Error("a refused change ended the session")
			}
			if _, err := p.users.Update(t.Context(), "root", func(u *idp.User) error { u.Name = "Root"; return nil }); err != nil {
				t.Errorf("a harmless change: %v", err)
			}
			p.add(t, "second", idp.RoleAdmin)
			if err := take(t.Context(), p.users, "root"); err != nil {
				t.Errorf("with another administrator: %v", err)
			}
		})
	}
}

// Two administrators disable each other at the same moment, at one instance
// and at two: somebody must be left.
func TestLastAdminRace(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "race.db")
	instance := func() *account.Users {
		s := openURL(t, url)
		return account.NewUsers(account.UsersOptions{
			Users: s.Users, Roles: s.Roles, Sessions: s.Sessions, Grants: s.Grants,
			Passwords: account.NewPasswords(cheap, 1, nil),
		})
	}
	one, two := instance(), instance()
	store := openURL(t, url).Users
	for _, name := range []string{"a", "b"} {
		if _, err := one.Create(t.Context(), &idp.User{Username: name, Roles: []string{idp.RoleAdmin}}, goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	for name, pair := range map[string][2]*account.Users{"one instance": {one, one}, "two instances": {one, two}} {
		t.Run(name, func(t *testing.T) {
			for range 25 {
				var wg sync.WaitGroup
				for i, victim := range []string{"a", "b"} {
					wg.Go(func() {
						if err := pair[i].SetDisabled(t.Context(), victim, true); err != nil && !errors.Is(err, idp.ErrLastAdmin) {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if n, err := store.CountUsersWithRole(t.Context(), idp.RoleAdmin); err != nil || n < 1 {
					t.Fatalf("%d administrators are left, %v", n, err)
				}
				for _, victim := range []string{"a", "b"} {
					if err := one.SetDisabled(t.Context(), victim, false); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
