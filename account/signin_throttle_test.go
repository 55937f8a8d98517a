package account_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/account"
)

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
			want := int64(10)
			p := newPeople(t, nil)
			ada := p.add(t, "ada")
			cookie := ""
			if name == "known browser" {
				cookie = p.browsers.Add("", ada.ID)
				want = 20 // its own, and then those of strangers
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
			if guessed.Load() != want || throttled.Load() != 50-want {
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
