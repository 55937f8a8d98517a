package storagetest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"gatehouse/idp"
)

const (
	// short is a life that a test waits for.
	short = 150 * time.Millisecond
	// resolution covers what a backend's clock may be coarser than, and a
	// small difference between its clock and ours.
	resolution = 20 * time.Millisecond
)

// Sessions holds a SessionStore to its contract, races included.
func Sessions(t *testing.T, open func(t *testing.T) idp.SessionStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.SessionStore)
	}{
		{"QuerySessions and CountSessions", testQuerySessions}, // first: it wants an empty store
		{"CreateSession", testCreateSession},
		{"Session", testSession},
		{"TouchSession", testTouchSession},
		{"DeleteSession", testDeleteSession},
		{"ListSessions", testListSessions},
		{"DeleteUserSessions", testDeleteUserSessions},
		{"races", testSessionRaces},
		{"context", testSessionContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// newSession is a session with every member set.
func newSession(user string) *idp.Session {
	now := time.Now().UTC()
	return &idp.Session{
		Digest: randomID() + randomID(), ID: randomID(), UserID: user, AuthTime: now.Add(-time.Minute),
		AMR: []string{"pwd", "otp"}, ACR: "1", Remember: true, UserAgent: `Mozilla/5.0 "é"`, IP: "2001:db8::1",
		CreatedAt: now.Add(-time.Second), LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
}

func makeSession(t *testing.T, s idp.SessionStore, user string, change func(*idp.Session)) *idp.Session {
	t.Helper()
	x := newSession(user)
	if change != nil {
		change(x)
	}
	noError(t, s.CreateSession(t.Context(), x, ""))
	return x
}

func noSession(t *testing.T, s idp.SessionStore, x *idp.Session) {
	t.Helper()
	_, err := s.Session(t.Context(), x.Digest)
	wantError(t, err, idp.ErrNotFound)
}

func hasSession(t *testing.T, s idp.SessionStore, want *idp.Session) {
	t.Helper()
	got, err := s.Session(t.Context(), want.Digest)
	noError(t, err)
	sameSession(t, got, want)
}

func testCreateSession(t *testing.T, s idp.SessionStore) {
	t.Run("keeps every member", func(t *testing.T) {
		hasSession(t, s, makeSession(t, s, randomID(), nil))
		hasSession(t, s, makeSession(t, s, randomID(), func(x *idp.Session) {
			x.AMR, x.ACR, x.Remember, x.UserAgent, x.IP = nil, "", false, "", ""
		}))
	})
	t.Run("deletes the one it replaces", func(t *testing.T) {
		user := randomID()
		for _, old := range []*idp.Session{makeSession(t, s, user, nil), makeSession(t, s, randomID(), nil)} {
			next := newSession(user)
			next.ID = old.ID // the same person keeps the public id
			noError(t, s.CreateSession(t.Context(), next, old.Digest))
			noSession(t, s, old)
			hasSession(t, s, next)
			list, err := s.ListSessions(t.Context(), old.UserID)
			noError(t, err)
			for _, x := range list {
				if x.Digest == old.Digest {
					t.Error("the replaced session is still listed")
				}
			}
		}
	})
	t.Run("the one it replaces may be absent", func(t *testing.T) {
		x := newSession(randomID())
		noError(t, s.CreateSession(t.Context(), x, "absent"))
		hasSession(t, s, x)
	})
}

func testSession(t *testing.T, s idp.SessionStore) {
	for _, digest := range []string{"", "absent", "a'b\"c{d}*", "ключ"} {
		if _, err := s.Session(t.Context(), digest); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("Session(%q) = %v, want ErrNotFound", digest, err)
		}
	}
	t.Run("past its end or its idle end", func(t *testing.T) {
		end := time.Now().UTC().Add(short)
		absolute := makeSession(t, s, randomID(), func(x *idp.Session) { x.ExpiresAt = end })
		idle := makeSession(t, s, randomID(), func(x *idp.Session) { x.IdleExpiresAt = end })
		time.Sleep(short + resolution)
		for _, x := range []*idp.Session{absolute, idle} {
			noSession(t, s, x)
			list, err := s.ListSessions(t.Context(), x.UserID)
			noError(t, err)
			if len(list) != 0 {
				t.Error("an expired session is listed")
			}
		}
	})
}

func testTouchSession(t *testing.T, s idp.SessionStore) {
	t.Run("moves the idle end on", func(t *testing.T) {
		x := makeSession(t, s, randomID(), func(x *idp.Session) { x.IdleExpiresAt = time.Now().UTC().Add(short) })
		x.LastSeenAt = x.LastSeenAt.Add(90 * time.Second)
		x.IdleExpiresAt = x.IdleExpiresAt.Add(2 * time.Hour)
		noError(t, s.TouchSession(t.Context(), x.Digest, x.LastSeenAt, x.IdleExpiresAt))
		time.Sleep(short + resolution)
		hasSession(t, s, x)
	})
	t.Run("does not move the absolute end", func(t *testing.T) {
		x := makeSession(t, s, randomID(), func(x *idp.Session) { x.ExpiresAt = time.Now().UTC().Add(short) })
		noError(t, s.TouchSession(t.Context(), x.Digest, time.Now(), time.Now().Add(time.Hour)))
		time.Sleep(short + resolution)
		noSession(t, s, x)
	})
	t.Run("can end it", func(t *testing.T) {
		x := makeSession(t, s, randomID(), nil)
		noError(t, s.TouchSession(t.Context(), x.Digest, time.Now(), time.Now().Add(-time.Second)))
		noSession(t, s, x)
	})
	t.Run("never brings one back", func(t *testing.T) {
		x := makeSession(t, s, randomID(), func(x *idp.Session) { x.IdleExpiresAt = time.Now().UTC().Add(short) })
		y := makeSession(t, s, randomID(), nil)
		noError(t, s.DeleteSession(t.Context(), y.Digest))
		time.Sleep(short + resolution)
		for _, dead := range []*idp.Session{x, y, newSession(randomID())} {
			noError(t, s.TouchSession(t.Context(), dead.Digest, time.Now(), time.Now().Add(time.Hour)))
			noSession(t, s, dead)
		}
	})
}

func testDeleteSession(t *testing.T, s idp.SessionStore) {
	user := randomID()
	x, other := makeSession(t, s, user, nil), makeSession(t, s, user, nil)
	for range 2 { // no error when absent
		noError(t, s.DeleteSession(t.Context(), x.Digest))
		noSession(t, s, x)
	}
	hasSession(t, s, other)
}

func testListSessions(t *testing.T, s idp.SessionStore) {
	user := randomID()
	var all []*idp.Session
	for i := range 4 {
		all = append(all, makeSession(t, s, user, func(x *idp.Session) {
			x.LastSeenAt = x.LastSeenAt.Add(-time.Duration(i) * time.Minute)
		}))
	}
	makeSession(t, s, randomID(), nil)
	noError(t, s.DeleteSession(t.Context(), all[1].Digest))
	all[3].LastSeenAt = time.Now().UTC().Add(time.Minute) // seen last, made first
	noError(t, s.TouchSession(t.Context(), all[3].Digest, all[3].LastSeenAt, all[3].IdleExpiresAt))

	list, err := s.ListSessions(t.Context(), user)
	noError(t, err)
	want := []*idp.Session{all[3], all[0], all[2]}
	if len(list) != len(want) {
		t.Fatalf("%d sessions, want %d", len(list), len(want))
	}
	for i := range want {
		sameSession(t, list[i], want[i])
	}
	if list, err = s.ListSessions(t.Context(), randomID()); err != nil || len(list) != 0 {
		t.Errorf("a stranger's list is %v, %v", list, err)
	}
}

func testDeleteUserSessions(t *testing.T, s idp.SessionStore) {
	user := randomID()
	kept, a, b := makeSession(t, s, user, nil), makeSession(t, s, user, nil), makeSession(t, s, user, nil)
	stranger := makeSession(t, s, randomID(), nil)
	gone := makeSession(t, s, user, nil)
	noError(t, s.DeleteSession(t.Context(), gone.Digest))

	removed, err := s.DeleteUserSessions(t.Context(), user, kept.Digest)
	noError(t, err)
	if want := []string{a.ID, b.ID}; !sameSet(removed, want) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	noSession(t, s, a)
	noSession(t, s, b)
	hasSession(t, s, kept)
	hasSession(t, s, stranger)
	list, err := s.ListSessions(t.Context(), user)
	noError(t, err)
	if len(list) != 1 || list[0].Digest != kept.Digest {
		t.Errorf("the list holds %d sessions, want the kept one", len(list))
	}

	removed, err = s.DeleteUserSessions(t.Context(), user, "")
	noError(t, err)
	if !slices.Equal(removed, []string{kept.ID}) {
		t.Errorf("removed %v, want %v", removed, kept.ID)
	}
	noSession(t, s, kept)
	if removed, err = s.DeleteUserSessions(t.Context(), user, ""); err != nil || len(removed) != 0 {
		t.Errorf("a second time removed %v, %v", removed, err)
	}
	hasSession(t, s, makeSession(t, s, user, nil)) // the person can sign in again
}

func testSessionRaces(t *testing.T, s idp.SessionStore) {
	t.Run("a touch never brings back what is deleted", func(t *testing.T) {
		for range rounds {
			x := makeSession(t, s, randomID(), nil)
			errs := race(racers, func(i int) error {
				if i == racers/5 {
					return s.DeleteSession(t.Context(), x.Digest)
				}
				return s.TouchSession(t.Context(), x.Digest, time.Now(), time.Now().Add(time.Hour))
			})
			tally(t, errs)
			noSession(t, s, x)
		}
	})
	t.Run("each session that is made during DeleteUserSessions is listed or fails", func(t *testing.T) {
		for range rounds {
			const makers = 5
			user := randomID()
			made := make([]*idp.Session, makers)
			for i := range made {
				made[i] = newSession(user)
			}
			errs := race(makers+1, func(i int) error {
				if i == makers {
					_, err := s.DeleteUserSessions(t.Context(), user, "")
					return err
				}
				return s.CreateSession(t.Context(), made[i], "")
			})
			tally(t, errs, idp.ErrUnavailable)
			noError(t, errs[makers])
			_, err := s.DeleteUserSessions(t.Context(), user, "")
			noError(t, err)
			for _, x := range made {
				noSession(t, s, x)
			}
		}
	})
}

func testSessionContext(t *testing.T, s idp.SessionStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := newSession(randomID())
	cancelled(t, map[string]func() error{
		"CreateSession":      func() error { return s.CreateSession(ctx, x, "") },
		"Session":            func() error { _, err := s.Session(ctx, x.Digest); return err },
		"TouchSession":       func() error { return s.TouchSession(ctx, x.Digest, time.Now(), time.Now()) },
		"DeleteSession":      func() error { return s.DeleteSession(ctx, x.Digest) },
		"QuerySessions":      func() error { _, err := s.QuerySessions(ctx, idp.SessionQuery{}); return err },
		"CountSessions":      func() error { _, err := s.CountSessions(ctx); return err },
		"ListSessions":       func() error { _, err := s.ListSessions(ctx, x.UserID); return err },
		"DeleteUserSessions": func() error { _, err := s.DeleteUserSessions(ctx, x.UserID, ""); return err },
	})
}

func sameSession(t *testing.T, got, want *idp.Session) {
	t.Helper()
	g, w := *got, *want
	for _, x := range []*idp.Session{&g, &w} {
		for _, at := range []*time.Time{&x.AuthTime, &x.CreatedAt, &x.LastSeenAt, &x.IdleExpiresAt, &x.ExpiresAt} {
			*at = coarse(*at)
		}
		if len(x.AMR) == 0 {
			x.AMR = nil
		}
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("session is\n%+v\nwant\n%+v", g, w)
	}
}

// cancelled holds each call, whose context has ended, to say so.
func cancelled(t *testing.T, calls map[string]func() error) {
	t.Helper()
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context = %v, want context.Canceled", name, err)
		}
	}
}

// coarse is a time as every backend can keep it: UTC, to a millisecond.
func coarse(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}

// near fails unless two times are within five seconds: the store's clock is not ours.
func near(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if d := got.Sub(want).Abs(); d > 5*time.Second {
		t.Errorf("%s = %v, want about %v", what, got, want)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// randomID is 24 random bytes in base64url, the form of a grant's id.
func randomID() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}
