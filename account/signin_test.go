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

func TestSignInThrottlesLogins(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for _, login := range []string{"ada", "nobody"} {
		for n := range 10 {
			if err := p.try(t, login, "wrong password", n); err != account.ErrBadCredentials { //nolint:errorlint // bare
				t.Fatalf("%s, try %d: %v", login, n, err)
			}
		}
		for _, password := range []string{"wrong password", goodPassword} {
			before := p.hashes.Load()
			err := p.try(t, login, password, 11)
			var throttled *account.ThrottledError
			if !errors.As(err, &throttled) || !errors.Is(err, account.ErrBadCredentials) {
				t.Fatalf("%s: %v", login, err)
			}
			if throttled.Wait <= 14*time.Minute || throttled.Wait > 15*time.Minute {
				t.Errorf("%s: wait %v", login, throttled.Wait)
			}
			if runs := p.hashes.Load() - before; runs != 1 {
				t.Errorf("%s: %d hashes ran", login, runs)
			}
		}
	}
	// The address has its own counter: that one account has two logins must not show.
	if err := p.try(t, "ada@example.com", goodPassword, 12); err != nil {
		t.Error(err)
	}
}

func TestThrottleEnds(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) {
		l.Account = account.Limit{Tries: 1, Window: 200 * time.Millisecond}
	})
	p.add(t, "ada")
	_ = p.try(t, "ada", "wrong password", 1)
	var throttled *account.ThrottledError
	if err := p.try(t, "ada", goodPassword, 2); !errors.As(err, &throttled) {
		t.Fatal(err)
	}
	time.Sleep(throttled.Wait + 20*time.Millisecond)
	if err := p.try(t, "ada", goodPassword, 3); err != nil {
		t.Error(err)
	}
}

func TestSignInThrottlesNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		limits account.Limits
		used   string // the address that uses the tries up
		hit    []string
		free   []string
	}{
		"IPv4": {
			account.Limits{Network: account.Limit{Tries: 2, Window: time.Hour}},
			"192.0.2.7",
			[]string{"192.0.2.7", "::ffff:192.0.2.7"},
			[]string{"192.0.2.8", "", "2001:db8::1"},
		},
		"IPv4 wide": {
			account.Limits{WideNetwork: account.Limit{Tries: 2, Window: time.Hour}},
			"192.0.2.7",
			[]string{"192.0.2.8", "192.0.2.255"},
			[]string{"192.0.3.7"},
		},
		"IPv6": {
			account.Limits{Network: account.Limit{Tries: 2, Window: time.Hour}},
			"2001:db8:1:2::3",
			[]string{"2001:db8:1:2:ffff::9", "2001:db8:1:2::3%eth0"},
			[]string{"2001:db8:1:3::3"},
		},
		"IPv6 wide": {
			account.Limits{WideNetwork: account.Limit{Tries: 2, Window: time.Hour}},
			"2001:db8:1:2::3",
			[]string{"2001:db8:1:ff::9"},
			[]string{"2001:db8:2:2::3"},
		},
		"no address": {
			account.Limits{Network: account.Limit{Tries: 2, Window: time.Hour}},
			"",
			[]string{"not an address"},
			[]string{"192.0.2.8"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, func(_ *stores, l *account.Limits) { *l = c.limits })
			p.add(t, "ada")
			from := func(ip, login, password string) error {
				_, err := p.signIn.WithPassword(t.Context(), account.Attempt{Login: login, Password: password, IP: ip})
				return err
			}
			_ = from(c.used, "one", "wrong password")
			_ = from(c.used, "two", "wrong password")
			before := p.hashes.Load()
			var throttled *account.ThrottledError
			for _, ip := range c.hit {
				if err := from(ip, "ada", goodPassword); !errors.As(err, &throttled) {
					t.Errorf("%s: %v", ip, err)
				}
			}
			if runs := p.hashes.Load() - before; runs != 0 {
				t.Errorf("%d hashes ran for a throttled network", runs)
			}
			for _, ip := range c.free {
				if err := from(ip, "ada", goodPassword); err != nil {
					t.Errorf("%s: %v", ip, err)
				}
			}
		})
	}
}

// A success takes its own tries back, and only those.
func TestSuccessTakesBackOneTry(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) {
		l.Account = account.Limit{Tries: 3, Window: time.Hour}
		l.Network = account.Limit{Tries: 5, Window: time.Hour}
	})
	p.add(t, "ada")
	p.add(t, "mallory")
	from := func(login, password string) error {
		_, err := p.signIn.WithPassword(t.Context(), account.Attempt{Login: login, Password: password, IP: "192.0.2.7"})
		return err
	}
	for range 20 { // never throttled by successes
		if err := from("mallory", goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	var throttled *account.ThrottledError
	tries := 0
	for _, victim := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if err := from(victim, "wrong password"); errors.As(err, &throttled) {
			break
		}
		tries++
		_ = from("mallory", goodPassword) // in the hope to wipe the counter
	}
	if tries != 5 {
		t.Errorf("%d tries got through where 5 are allowed", tries)
	}

	// The owner's successes from strange browsers give strangers no new guesses.
	tries = 0
	for n := range 8 {
		if err := p.try(t, "ada", "wrong password", n); errors.As(err, &throttled) {
			break
		}
		tries++
		_ = p.try(t, "ada", goodPassword, 100+n)
	}
	if tries != 3 {
		t.Errorf("%d guesses got through where 3 are allowed", tries)
	}
}

func TestKnownBrowserIsNotLockedOut(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) {
		l.Account = account.Limit{Tries: 2, Window: time.Hour}
		l.Browser = account.Limit{Tries: 3, Window: time.Hour}
		l.Network = account.Limit{Tries: 4, Window: time.Hour}
	})
	ada, mallory := p.add(t, "ada"), p.add(t, "mallory")
	known := p.browsers.Add("", ada.ID)
	var throttled *account.ThrottledError

	// A stranger uses up the login, and everything behind the owner's own address.
	for n := range 4 {
		_, _ = p.signIn.WithPassword(t.Context(), account.Attempt{Login: "ada", Password: "x", IP: "192.0.2.7"})
		_ = p.try(t, "ada", "wrong password", n)
	}
	home := account.Attempt{Login: "ada", Password: goodPassword, IP: "192.0.2.7"}
	if _, err := p.signIn.WithPassword(t.Context(), home); !errors.As(err, &throttled) {
		t.Fatalf("the stranger was not throttled: %v", err)
	}
	home.KnownBrowser = known
	for range 5 {
		if _, err := p.signIn.WithPassword(t.Context(), home); err != nil {
			t.Fatalf("the owner's browser is locked out: %v", err)
		}
	}
	// The owner's success did not open the login to strangers again.
	if err := p.try(t, "ada", "wrong password", 50); !errors.As(err, &throttled) {
		t.Errorf("a stranger may guess again: %v", err)
	}
	// Nobody borrows the privilege for somebody else.
	if err := p.try(t, "ada", goodPassword, 51, p.browsers.Add("", mallory.ID)); !errors.As(err, &throttled) {
		t.Errorf("with the cookie of another: %v", err)
	}
	// The browser has its limit too, and guesses from it leave the login's tries alone.
	for n := range 3 {
		if err := p.try(t, "mallory", "wrong password", n, p.browsers.Add(known, mallory.ID)); err != account.ErrBadCredentials { //nolint:errorlint // bare
			t.Fatal(err)
		}
		if err := p.try(t, "ada", "wrong password", n, known); err != account.ErrBadCredentials { //nolint:errorlint // bare
			t.Fatal(err)
		}
	}
	if err := p.try(t, "ada", goodPassword, 53, known); !errors.As(err, &throttled) {
		t.Errorf("the browser has no limit: %v", err)
	}
	if err := p.try(t, "mallory", goodPassword, 54); err != nil {
		t.Errorf("mistakes in a known browser count for the login: %v", err)
	}
}

// Who once held the old password could have gathered cookies of many browsers.
func TestPasswordChangeForgetsKnownBrowsers(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) {
		l.Account = account.Limit{Tries: 1, Window: time.Hour}
	})
	ada := p.add(t, "ada")
	old := p.browsers.Add("", ada.ID)
	p.forward(2 * time.Second)
	if err := p.users.SetPassword(t.Context(), "ada", "another good one"); err != nil {
		t.Fatal(err)
	}
	_ = p.try(t, "ada", "wrong password", 1)
	var throttled *account.ThrottledError
	if err := p.try(t, "ada", "another good one", 2, old); !errors.As(err, &throttled) {
		t.Errorf("a browser from before is still known: %v", err)
	}
	if err := p.try(t, "ada", "another good one", 3, p.browsers.Add(old, ada.ID)); err != nil {
		t.Errorf("a browser from after is not: %v", err)
	}
}

// The race that the limit exists for: many guesses at one moment.
func TestConcurrentGuessesKeepTheLimit(t *testing.T) {
	for name, login := range map[string]string{"existing": "ada", "unknown": "nobody", "known browser": "ada"} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			ada := p.add(t, "ada")
			cookie := ""
			if name == "known browser" {
				cookie = p.browsers.Add("", ada.ID)
			}
			var guessed, throttled atomic.Int64
			var wg sync.WaitGroup
			for n := range 50 {
				wg.Go(func() {
					var wait *account.ThrottledError
					switch err := p.try(t, login, "wrong password", n, cookie); {
					case errors.As(err, &wait):
						throttled.Add(1)
					case errors.Is(err, account.ErrBadCredentials):
						guessed.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if guessed.Load() != 10 || throttled.Load() != 40 {
				t.Errorf("%d guesses, %d throttled", guessed.Load(), throttled.Load())
			}
		})
	}
}

// Many right passwords at once are no attack.
func TestConcurrentSuccessesDoNotThrottleEachOther(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			if err := p.try(t, "ada", goodPassword, n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
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
		if left, err := p.sessions.List(t.Context(), p.stored(t, "ada").ID); err != nil || len(left) != 0 {
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
