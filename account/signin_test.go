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

func TestSignInWithUsernameOrEmail(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	for _, login := range []string{"ada", " ADA ", "ada@example.com", "Ada@Example.COM"} {
		u, err := p.signIn.WithPassword(t.Context(), account.Attempt{Login: login, Password: goodPassword, IP: "::1"})
		if err != nil || u.ID != ada.ID {
			t.Errorf("%q: %v %v", login, u, err)
		}
	}
}

// countingUsers counts the lookups, in which a difference would show too.
type countingUsers struct {
	idp.UserStore
	lookups atomic.Int64
}

func (c *countingUsers) UserByLogin(ctx context.Context, login string) (*idp.User, error) {
	c.lookups.Add(1)
	return c.UserStore.UserByLogin(ctx, login)
}

// One answer, one hash, whoever it was and whatever was wrong.
func TestSignInRefusesAllAlike(t *testing.T) {
	counting := &countingUsers{}
	p := newPeople(t, func(s *stores, _ *account.Limits) {
		counting.UserStore = s.Users
		s.Users = counting
	})
	p.add(t, "ada")
	p.add(t, "disabled")
	if err := p.users.SetDisabled(t.Context(), "disabled", true); err != nil {
		t.Fatal(err)
	}
	p.add(t, "expired")
	expire := func(u *idp.User) error { u.ExpiresAt = ptr(time.Now().Add(-time.Hour)); return nil }
	if _, err := p.users.Update(t.Context(), "expired", expire); err != nil {
		t.Fatal(err)
	}
	for _, u := range []*idp.User{
		{Username: "no-password"},
		{Username: "pw-of-nobody", PasswordHash: "{SHA}unknown"},
	} {
		u.ID, u.Status, u.CreatedAt = "00000000-0000-4000-8000-00000000000"+string(rune('0'+len(u.Username)%10)), idp.UserActive, time.Now()
		u.UpdatedAt = u.CreatedAt
		if err := p.Users.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for name, c := range map[string]struct{ login, password string }{
		"unknown":             {"nobody", goodPassword},
		"wrong":               {"ada", "violet engine toe"},
		"empty password":      {"ada", ""},
		"NUL in password":     {"ada", goodPassword + "\x00"},
		"broken password":     {"ada", "\xff\xfe"},
		"disabled, right":     {"disabled", goodPassword},
		"disabled, wrong":     {"disabled", "violet engine toe"},
		"expired, right":      {"expired", goodPassword},
		"without password":    {"no-password", ""},
		"hash of no form":     {"pw-of-nobody", goodPassword},
		"nothing":             {"", ""},
		"NUL in login":        {"ada\x00", goodPassword},
		"broken login":        {"\xff\xfe", goodPassword},
		"a megabyte of login": {strings.Repeat("a", 1<<20), goodPassword},
	} {
		t.Run(name, func(t *testing.T) {
			n++
			before, lookups := p.hashes.Load(), counting.lookups.Load()
			err := p.try(t, c.login, c.password, n)
			if err != account.ErrBadCredentials { //nolint:errorlint // the very same value: nothing in it may differ
				t.Errorf("answer is %v", err)
			}
			if runs := p.hashes.Load() - before; runs != 1 {
				t.Errorf("%d hashes ran", runs)
			}
			if n := counting.lookups.Load() - lookups; n > 1 {
				t.Errorf("%d lookups were made", n)
			}
		})
	}
}

// The medians are compared with the hash: one that was left out, or spent
// twice, would make a difference of the whole.
func TestSignInTakesTheSameTime(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) {
		l.Account = account.Limit{Tries: 10_000, Window: time.Hour}
		l.Network, l.WideNetwork = l.Account, l.Account
	})
	slow := account.NewPasswords(account.HashParams{MemoryKiB: 4096, Time: 2, Threads: 1}, 2, nil)
	p.users = account.NewUsers(account.UsersOptions{
		Users: p.Users, Roles: p.Roles, Sessions: p.Sessions, Grants: p.Grants, Passwords: slow,
	})
	signIn := account.NewSignIn(account.SignInOptions{
		Users: p.Users, Throttles: p.Throttles, Passwords: slow, Browsers: p.browsers,
		Limits: account.Limits{
			Account: account.Limit{Tries: 10_000, Window: time.Hour},
			Network: account.Limit{Tries: 10_000, Window: time.Hour}, WideNetwork: account.Limit{Tries: 10_000, Window: time.Hour},
		},
	})
	p.add(t, "ada")
	p.add(t, "disabled")
	if err := p.users.SetDisabled(t.Context(), "disabled", true); err != nil {
		t.Fatal(err)
	}
	kinds := []account.Attempt{
		{Login: "nobody", Password: goodPassword},
		{Login: "ada", Password: "violet engine toe"},
		{Login: "disabled", Password: goodPassword},
	}
	const rounds = 31
	took := make([][]time.Duration, len(kinds))
	for range rounds {
		for i, a := range kinds { // in turns, so that what else the machine does falls on all
			start := time.Now()
			if _, err := signIn.WithPassword(t.Context(), a); !errors.Is(err, account.ErrBadCredentials) {
				t.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
		}
	}
	if err := signIn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	medians := make([]time.Duration, len(kinds))
	for i := range took {
		slices.Sort(took[i])
		medians[i] = took[i][rounds/2]
	}
	if spread := slices.Max(medians) - slices.Min(medians); spread > slices.Max(medians)/3 {
		t.Errorf("medians of unknown, wrong and disabled: %v", medians)
	}
}

func TestSignInNotesFacts(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for n := range 3 {
		_ = p.try(t, "ada", "wrong password", n)
	}
	p.close(t) // everything is written when Close returns
	u := p.stored(t, "ada")
	if u.FailedAuthCount != 3 || u.FailedAuthAt == nil || u.LastLoginAt != nil {
		t.Fatalf("after failures: %+v", u)
	}
	// After Close nothing is lost of a success, and nothing breaks.
	if err := p.try(t, "ada", goodPassword, 4); err != nil {
		t.Fatal(err)
	}
	_ = p.try(t, "ada", "wrong password", 5)
	if u = p.stored(t, "ada"); u.LastLoginAt == nil || u.FailedAuthCount != 0 || u.LastChangeAt != nil {
		t.Fatalf("after a success: %+v", u)
	}
}

func TestSuccessIsNotedAfterTheFailuresBeforeIt(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for n := range 3 {
		_ = p.try(t, "ada", "wrong password", n)
	}
	if err := p.try(t, "ada", goodPassword, 4); err != nil {
		t.Fatal(err)
	}
	p.close(t)
	if u := p.stored(t, "ada"); u.LastLoginAt == nil || u.FailedAuthCount != 0 {
		t.Fatalf("%+v", u)
	}
}

func TestSignInRenewsOldHashes(t *testing.T) {
	p := newPeople(t, nil)
	made, err := bcrypt.GenerateFromPassword([]byte("imported password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.users.Create(t.Context(), &idp.User{Username: "ada", PasswordHash: string(made)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := p.try(t, "ada", "imported passwort", 1); !errors.Is(err, account.ErrBadCredentials) {
		t.Fatal(err)
	}
	if u := p.stored(t, "ada"); u.PasswordHash != string(made) {
		t.Fatal("a wrong password renewed the hash")
	}
	if err := p.try(t, "ada", "imported password", 2); err != nil {
		t.Fatal(err)
	}
	u := p.stored(t, "ada")
	if p.passwords.NeedsRehash(u.PasswordHash) || u.LastChangeAt != nil {
		t.Errorf("%+v", u)
	}
	if err := p.try(t, "ada", "imported password", 3); err != nil {
		t.Errorf("with the new hash: %v", err)
	}
}

// hookedUsers runs a hook after the first lookup, while the password is looked at.
type hookedUsers struct {
	idp.UserStore
	once sync.Once
	hook func()
	on   atomic.Bool
}

func (h *hookedUsers) UserByLogin(ctx context.Context, login string) (*idp.User, error) {
	u, err := h.UserStore.UserByLogin(ctx, login)
	if h.on.Load() {
		h.once.Do(func() { h.on.Store(false); h.hook() })
	}
	return u, err
}

// What an administrator does while a sign-in waits for its hash holds for it.
func TestSignInLosesAgainstAChangeMeanwhile(t *testing.T) {
	for name, change := range map[string]func(context.Context, *account.Users) error{
		"disabled": func(ctx context.Context, u *account.Users) error { return u.SetDisabled(ctx, "ada", true) },
		"password": func(ctx context.Context, u *account.Users) error {
			return u.SetPassword(ctx, "ada", "another good one")
		},
		"deleted": func(ctx context.Context, u *account.Users) error { return u.Delete(ctx, "ada") },
		"replaced": func(ctx context.Context, u *account.Users) error {
			if err := u.Delete(ctx, "ada"); err != nil {
				return err
			}
			_, err := u.Create(ctx, &idp.User{Username: "ada"}, goodPassword)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			hooked := &hookedUsers{}
			p := newPeople(t, func(s *stores, _ *account.Limits) {
				hooked.UserStore = s.Users
				s.Users = hooked
			})
			p.add(t, "ada")
			hooked.hook = func() {
				if err := change(t.Context(), p.users); err != nil {
					t.Error(err)
				}
			}
			hooked.on.Store(true)
			if err := p.try(t, "ada", goodPassword, 1); !errors.Is(err, account.ErrBadCredentials) {
				t.Errorf("answer is %v", err)
			}
		})
	}
}

func TestSignInWhileDisabledEndsWithNoSession(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for range 20 {
		if err := p.users.SetDisabled(t.Context(), "ada", false); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				u, err := p.signIn.WithPassword(t.Context(), account.Attempt{Login: "ada", Password: goodPassword, IP: "::1"})
				if err == nil {
					_, _, err = p.sessions.Begin(t.Context(), u, account.BeginOptions{})
				}
				if err != nil && !errors.Is(err, account.ErrBadCredentials) {
					t.Errorf("%d: %v", n, err)
				}
			})
		}
		wg.Go(func() {
			if err := p.users.SetDisabled(t.Context(), "ada", true); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if left, err := p.Sessions.ListSessions(t.Context(), p.stored(t, "ada").ID); err != nil || len(left) != 0 {
			t.Fatalf("%d sessions of a disabled user are left, %v", len(left), err)
		}
	}
}

func TestSignInRefusesTooLongWithoutHashing(t *testing.T) {
	p := newPeople(t, nil)
	for _, login := range []string{"ada", "nobody"} {
		err := p.try(t, login, strings.Repeat("x", 1025), 1)
		var invalid *idp.InvalidError
		if !errors.As(err, &invalid) || !errors.Is(err, account.ErrBadCredentials) {
			t.Errorf("answer is %v", err)
		}
	}
	if p.hashes.Load() != 0 {
		t.Error("a hash ran")
	}
}

type failingUsers struct{ idp.UserStore }

func (failingUsers) UserByLogin(context.Context, string) (*idp.User, error) {
	return nil, idp.ErrUnavailable
}

type failingThrottles struct {
	idp.ThrottleStore
	try, forgive error
}

func (f failingThrottles) Try(ctx context.Context, a ...idp.Attempt) (time.Duration, error) {
	if f.try != nil {
		return 0, f.try
	}
	return f.ThrottleStore.Try(ctx, a...)
}

func (f failingThrottles) Forgive(ctx context.Context, keys ...string) error {
	if f.forgive != nil {
		return f.forgive
	}
	return f.ThrottleStore.Forgive(ctx, keys...)
}

func TestSignInWithAStoreAway(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stores, *account.Limits)
		want   error
	}{
		"users": {func(s *stores, _ *account.Limits) { s.Users = failingUsers{s.Users} }, idp.ErrUnavailable},
		"throttles": {func(s *stores, _ *account.Limits) {
			s.Throttles = failingThrottles{s.Throttles, idp.ErrUnavailable, nil}
		}, idp.ErrUnavailable},
		"throttles, after the yes": {func(s *stores, _ *account.Limits) {
			s.Throttles = failingThrottles{s.Throttles, nil, idp.ErrUnavailable}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, c.change)
			ada := p.add(t, "ada")
			for _, cookie := range []string{"", p.browsers.Add("", ada.ID)} {
				if err := p.try(t, "ada", goodPassword, 1, cookie); !errors.Is(err, c.want) || errors.Is(err, account.ErrBadCredentials) {
					t.Errorf("answer is %v", err)
				}
			}
		})
	}
}

func TestSignInHonoursContext(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.signIn.WithPassword(ctx, account.Attempt{Login: "ada", Password: goodPassword})
	if err == nil || errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("answer is %v", err)
	}
}

// stuckUsers never gets a fact written.
type stuckUsers struct {
	idp.UserStore
	stuck chan struct{}
}

func (s stuckUsers) RecordSignIn(ctx context.Context, _ string, _ time.Time, _ bool) error {
	select {
	case <-s.stuck:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A slow store delays neither the refusals nor, for long, the shutdown.
func TestFactsDoNotHoldAnybodyUp(t *testing.T) {
	stuck := make(chan struct{})
	p := newPeople(t, func(s *stores, l *account.Limits) {
		s.Users = stuckUsers{s.Users, stuck}
		l.Account = account.Limit{Tries: 10_000, Window: time.Hour}
	})
	p.add(t, "ada")
	start := time.Now()
	for n := range 20 {
		if err := p.try(t, "ada", "wrong password", n); !errors.Is(err, account.ErrBadCredentials) {
			t.Fatal(err)
		}
	}
	if err := p.try(t, "ada", goodPassword, 21); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.signIn.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	close(stuck)
}
