package account_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

func openSignUp(p *people, limit account.Limit) *account.SignUp {
	open := func() idp.Settings {
		s := idp.DefaultSettings()
		s.Signup = idp.SignupOpen
		return s
	}
	return account.NewSignUp(account.SignUpOptions{
		Users: account.NewUsers(account.UsersOptions{
			Users: p.Users, Roles: p.Roles, Sessions: p.Sessions, Grants: p.Grants, Passwords: p.passwords, Settings: open,
			Now: func() time.Time { return *p.now.Load() },
		}),
		Throttles: p.Throttles, Browsers: p.browsers, Network: limit,
	})
}

func TestSignUpTellsOfUsernamesAndNotOfAddresses(t *testing.T) {
	p := newPeople(t, nil)
	owner := p.add(t, "ada")
	signUp := openSignUp(p, account.Limit{})
	register := func(username, email string) (*idp.User, error) {
		before := p.hashes.Load()
		u, err := signUp.Register(t.Context(), &idp.User{Username: username, Email: email, Roles: []string{idp.RoleAdmin}}, goodPassword, "192.0.2.1")
		var invalid *idp.InvalidError
		if ran := p.hashes.Load() - before; ran != 1 && !errors.As(err, &invalid) {
			t.Errorf("%s %s: %d hashes ran; how long the answer takes must not tell", username, email, ran)
		} else if errors.As(err, &invalid) && ran != 0 {
			t.Errorf("%s %s: a hash ran for what is refused", username, email)
		}
		return u, err
	}
	t.Run("a free address", func(t *testing.T) {
		u, err := register("grace", "Grace@Example.com")
		if err != nil || u.Email != "grace@example.com" || u.EmailVerified || len(u.Roles) != 1 || u.Roles[0] != idp.RoleUser {
			t.Fatalf("%+v %v", u, err)
		}
	})
	t.Run("a taken address", func(t *testing.T) {
		u, err := register("eve", owner.Email)
		if err != nil || u.Username != "eve" || u.Email != "" {
			t.Fatalf("%+v %v", u, err)
		}
		if still, err := p.Users.UserByLogin(t.Context(), owner.Email); err != nil || still.ID != owner.ID {
			t.Errorf("the address leads to %+v %v", still, err)
		}
	})
	for name, c := range map[string]struct{ username, email string }{
		"a taken username":                   {"ada", "new@example.com"},
		"a taken username and taken address": {"ada", owner.Email},
	} {
		t.Run(name, func(t *testing.T) {
			var taken *idp.ConflictError
			if _, err := register(c.username, c.email); !errors.As(err, &taken) || taken.Field != "username" {
				t.Errorf("%v", err)
			}
		})
	}
	for name, c := range map[string]struct{ username, email string }{
		"a taken address as username": {owner.Email, owner.Email},
		"a free address as username":  {"new@example.com", "new@example.com"},
		"another address as username": {"new@example.com", "other@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			var invalid *idp.InvalidError
			if _, err := register(c.username, c.email); !errors.As(err, &invalid) || len(invalid.Faults) != 1 || invalid.Faults[0].Field != "username" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSignUpIsBoundedByNetwork(t *testing.T) {
	p := newPeople(t, nil)
	signUp := openSignUp(p, account.Limit{Tries: 3, Window: time.Hour})
	var throttled *account.ThrottledError
	for i := range 10 { // what is mistyped does not count
		_, err := signUp.Register(t.Context(), &idp.User{Username: fmt.Sprint("short", i)}, "short", "192.0.2.1")
		if err == nil || errors.As(err, &throttled) {
			t.Fatalf("%v", err)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made, refused := 0, 0
	for i := range 8 {
		wg.Go(func() {
			_, err := signUp.Register(t.Context(), &idp.User{Username: fmt.Sprint("many", i)}, goodPassword, "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			var full *account.ThrottledError
			switch {
			case err == nil:
				made++
			case errors.As(err, &full):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 3 || refused != 5 {
		t.Errorf("%d made, %d refused", made, refused)
	}
	if _, err := signUp.Register(t.Context(), &idp.User{Username: "elsewhere"}, goodPassword, "198.51.100.1"); err != nil {
		t.Errorf("another network: %v", err)
	}
	// A name that is taken has been told: it counts.
	for range 2 {
		_, _ = signUp.Register(t.Context(), &idp.User{Username: "elsewhere"}, goodPassword, "198.51.100.1")
	}
	if _, err := signUp.Register(t.Context(), &idp.User{Username: "late"}, goodPassword, "198.51.100.1"); !errors.As(err, &throttled) {
		t.Errorf("after two taken names: %v", err)
	}
}

func TestSignUpClosed(t *testing.T) {
	p := newPeople(t, nil)
	signUp := account.NewSignUp(account.SignUpOptions{Users: p.users, Throttles: p.Throttles, Browsers: p.browsers})
	if _, err := signUp.Register(t.Context(), &idp.User{Username: "ada"}, goodPassword, "192.0.2.1"); !errors.Is(err, account.ErrSignupClosed) {
		t.Errorf("%v", err)
	}
	if p.hashes.Load() != 0 {
		t.Error("a hash ran")
	}
}
