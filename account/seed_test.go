package account_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

func TestSeed(t *testing.T) {
	p := newPeople(t, nil)
	first, err := p.users.Seed(t.Context(), account.SeedOptions{Email: "root@example.com"})
	if err != nil || !first.Created || first.Username != "admin" || len(first.GeneratedPassword) < 20 {
		t.Fatalf("%+v %v", first, err)
	}
	roles, err := p.Roles.ListRoles(t.Context())
	if err != nil || len(roles) != 2 || roles[0].Name != idp.RoleAdmin || roles[1].Name != idp.RoleUser {
		t.Errorf("%v %v", roles, err)
	}
	if u := p.stored(t, "admin"); !u.HasRole(idp.RoleAdmin) || u.Email != "root@example.com" {
		t.Errorf("%+v", u)
	}
	if err := p.try(t, "admin", first.GeneratedPassword, 1); err != nil {
		t.Errorf("with the generated password: %v", err)
	}
	hash := p.stored(t, "admin").PasswordHash
	for _, o := range []account.SeedOptions{{}, {Username: "other", Password: "another good one"}, {Password: "short"}} {
		again, err := p.users.Seed(t.Context(), o)
		if err != nil || again != (account.SeedResult{}) {
			t.Errorf("again with %+v: %+v %v", o, again, err)
		}
	}
	if p.stored(t, "admin").PasswordHash != hash {
		t.Error("seeding again changed the password")
	}
}

func TestSeedWithGivenPassword(t *testing.T) {
	p := newPeople(t, nil)
	var invalid *idp.InvalidError
	for _, password := range []string{"short", "password", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if r, err := p.users.Seed(t.Context(), account.SeedOptions{Password: password}); !errors.As(err, &invalid) || r.Created {
			t.Errorf("%q: %+v %v", password, r, err)
		}
	}
	r, err := p.users.Seed(t.Context(), account.SeedOptions{Username: "Root", Password: goodPassword})
	if err != nil || !r.Created || r.Username != "root" || r.GeneratedPassword != "" {
		t.Fatalf("%+v %v", r, err)
	}
	if err := p.try(t, "root", goodPassword, 1); err != nil {
		t.Error(err)
	}
}

// Whoever registered the name first must not become administrator by it.
func TestSeedPromotesNobody(t *testing.T) {
	for name, o := range map[string]account.SeedOptions{
		"username": {Username: "mallory"},
		"email":    {Username: "root", Email: "mallory@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			p.add(t, "mallory")
			r, err := p.users.Seed(t.Context(), o)
			var conflict *idp.ConflictError
			if !errors.As(err, &conflict) || conflict.Field != name || r != (account.SeedResult{}) {
				t.Fatalf("%+v %v", r, err)
			}
			if !strings.Contains(err.Error(), `"mallory`) || !strings.Contains(err.Error(), "not an active administrator") {
				t.Errorf("not clear: %v", err)
			}
			if u := p.stored(t, "mallory"); u.HasRole(idp.RoleAdmin) {
				t.Error("was promoted")
			}
		})
	}
}

func TestSeedRace(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "race.db")
	var instances []*account.Users
	for range 4 {
		s := openURL(t, url)
		instances = append(instances, account.NewUsers(account.UsersOptions{
			Users: s.Users, Roles: s.Roles, Sessions: s.Sessions, Grants: s.Grants,
			Passwords: account.NewPasswords(cheap, 1, nil), Now: time.Now,
		}))
	}
	results := make([]account.SeedResult, len(instances))
	var wg sync.WaitGroup
	for i, u := range instances {
		wg.Go(func() {
			var err error
			if results[i], err = u.Seed(t.Context(), account.SeedOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	made := 0
	for _, r := range results {
		if r.Created {
			made++
		}
		if r.Created != (r.GeneratedPassword != "") {
			t.Errorf("a password that opens nothing was returned: %+v", r)
		}
	}
	if made != 1 {
		t.Errorf("%d instances made the first administrator", made)
	}
}

// racingUsers lets somebody else act right after the first count.
type racingUsers struct {
	idp.UserStore
	once sync.Once
	then func()
}

func (r *racingUsers) CountUsersWithRole(ctx context.Context, role string) (int, error) {
	count, err := r.UserStore.CountUsersWithRole(ctx, role)
	r.once.Do(r.then)
	return count, err
}

// Another instance makes the administrator between our count and our insert.
func TestSeedFindsTheWinner(t *testing.T) {
	p := newPeople(t, nil)
	racing := &racingUsers{UserStore: p.Users, then: func() {
		if r, err := p.users.Seed(t.Context(), account.SeedOptions{}); err != nil || !r.Created {
			t.Errorf("the winner: %+v %v", r, err)
		}
	}}
	users := account.NewUsers(account.UsersOptions{
		Users: racing, Roles: p.Roles, Sessions: p.Sessions, Grants: p.Grants, Passwords: p.passwords,
	})
	if r, err := users.Seed(t.Context(), account.SeedOptions{}); err != nil || r != (account.SeedResult{}) {
		t.Errorf("the loser: %+v %v", r, err)
	}
}
