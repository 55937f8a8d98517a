package account_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

func (p *people) begin(t *testing.T, u *idp.User, o account.BeginOptions) (string, *idp.Session) {
	t.Helper()
	handle, s, err := p.sessions.Begin(t.Context(), u, o)
	if err != nil {
		t.Fatal(err)
	}
	return handle, s
}

func TestBeginAndLoad(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	handle, s := p.begin(t, ada, account.BeginOptions{
		IP: "::ffff:192.0.2.7", UserAgent: "Mozilla\x00\n\xff " + strings.Repeat("é", 400), Remember: true,
	})
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(handle) || len(s.ID) < 22 {
		t.Errorf("handle %q, sid %q", handle, s.ID)
	}
	if sum := sha256.Sum256([]byte(handle)); s.Digest != hex.EncodeToString(sum[:]) || strings.Contains(handle, s.ID) {
		t.Errorf("digest %q", s.Digest)
	}
	if s.IP != "192.0.2.7" || !strings.HasPrefix(s.UserAgent, "Mozilla é") || len([]rune(s.UserAgent)) != 300 {
		t.Errorf("IP %q, user agent %q", s.IP, s.UserAgent)
	}
	if len(s.AMR) != 1 || s.AMR[0] != "pwd" || !s.Remember || !s.AuthTime.Equal(s.CreatedAt) {
		t.Errorf("%+v", s)
	}
	loaded, u, err := p.sessions.Load(t.Context(), handle)
	if err != nil || u.ID != ada.ID || loaded.ID != s.ID || !loaded.AuthTime.Equal(s.AuthTime) {
		t.Fatalf("%+v %+v %v", loaded, u, err)
	}
	for name, h := range map[string]string{
		"none": "", "sid": s.ID, "digest": s.Digest, "NUL": "\x00", "other": strings.Repeat("A", 43), "cut": handle[:42],
		"line break": handle + "\n",
	} {
		if _, _, err := p.sessions.Load(t.Context(), h); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.sessions.End(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.sessions.Load(t.Context(), handle); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("after the end: %v", err)
	}
	if err := errors.Join(p.sessions.End(t.Context(), s), p.sessions.End(t.Context(), nil)); err != nil {
		t.Errorf("ending again: %v", err)
	}
}

func TestSigningInAgain(t *testing.T) {
	p := newPeople(t, nil)
	ada, bob := p.add(t, "ada"), p.add(t, "bob")
	first, s1 := p.begin(t, ada, account.BeginOptions{})
	second, s2 := p.begin(t, ada, account.BeginOptions{Current: s1})
	if first == second || s2.ID != s1.ID || s2.Digest == s1.Digest {
		t.Errorf("same user: %+v then %+v", s1, s2)
	}
	third, s3 := p.begin(t, bob, account.BeginOptions{Current: s2})
	if s3.ID == s2.ID || s3.UserID != bob.ID {
		t.Errorf("another user: %+v then %+v", s2, s3)
	}
	for i, h := range []string{first, second} {
		if _, _, err := p.sessions.Load(t.Context(), h); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("handle %d still works: %v", i, err)
		}
	}
	if _, u, err := p.sessions.Load(t.Context(), third); err != nil || u.ID != bob.ID {
		t.Errorf("%+v %v", u, err)
	}
}

func TestSessionLimits(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	sessions := account.NewSessions(account.SessionsOptions{
		Store: p.Sessions, Users: p.Users, Settings: func() idp.Settings { return idp.Settings{SessionTTL: time.Hour, SessionMaxTTL: 150 * time.Minute} },
		Now: func() time.Time { return *p.now.Load() },
	})
	start := *p.now.Load()
	handle, s, err := sessions.Begin(t.Context(), ada, account.BeginOptions{})
	if err != nil || s.IdleExpiresAt.Sub(s.CreatedAt) != time.Hour || s.ExpiresAt.Sub(s.CreatedAt) != 150*time.Minute {
		t.Fatalf("%+v %v", s, err)
	}
	for _, c := range []struct {
		at    time.Duration // after the sign-in
		want  error
		touch bool
	}{
		{59 * time.Second, nil, false}, // not yet a minute
		{60 * time.Second, nil, true},
		{60*time.Minute + 59*time.Second, nil, true}, // an hour and a bit, but used meanwhile
		{120 * time.Minute, nil, true},               // the idle end is cut to the absolute one
		{150*time.Minute - time.Second, nil, true},
		{150 * time.Minute, idp.ErrNotFound, false}, // used, but over
	} {
		p.now.Store(ptr(start.Add(c.at)))
		s, _, err := sessions.Load(t.Context(), handle)
		if !errors.Is(err, c.want) {
			t.Fatalf("after %v: %v", c.at, err)
		}
		if err == nil && s.LastSeenAt.Equal(start.UTC().Add(c.at).Truncate(time.Microsecond)) != c.touch {
			t.Errorf("after %v: last seen %v", c.at, s.LastSeenAt.Sub(start))
		}
		if err == nil && s.IdleExpiresAt.After(s.ExpiresAt) {
			t.Errorf("after %v: idle end beyond the absolute one", c.at)
		}
	}

	p.now.Store(&start)
	handle, _, err = sessions.Begin(t.Context(), ada, account.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.now.Store(ptr(start.Add(time.Hour)))
	if _, _, err := sessions.Load(t.Context(), handle); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("idle for an hour: %v", err)
	}
}

func TestSessionDefaults(t *testing.T) {
	p := newPeople(t, nil)
	_, s := p.begin(t, p.add(t, "ada"), account.BeginOptions{})
	if s.IdleExpiresAt.Sub(s.CreatedAt) != 12*time.Hour || s.ExpiresAt.Sub(s.CreatedAt) != 168*time.Hour {
		t.Errorf("%+v", s)
	}
}

// The session itself is there, but the account is not.
func TestSessionOfUserWhoMayNotSignIn(t *testing.T) {
	p := newPeople(t, nil)
	for name, spoil := range map[string]func(u *idp.User){
		"disabled": func(u *idp.User) { u.Status = idp.UserDisabled },
		"expired":  func(u *idp.User) { u.ExpiresAt = ptr(p.now.Load().Add(-time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			u := p.add(t, name)
			handle, _ := p.begin(t, u, account.BeginOptions{})
			spoil(u)
			u.UpdatedAt = u.UpdatedAt.Add(time.Second)
			// By the store alone, so that the session stays.
			if err := p.Users.UpdateUser(t.Context(), u, time.Time{}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.sessions.Load(t.Context(), handle); !errors.Is(err, idp.ErrNotFound) {
				t.Errorf("loaded: %v", err)
			}
		})
	}
	t.Run("deleted", func(t *testing.T) {
		u := p.add(t, "deleted")
		handle, _ := p.begin(t, u, account.BeginOptions{})
		if err := p.Users.DeleteUser(t.Context(), u.ID, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.sessions.Load(t.Context(), handle); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("loaded: %v", err)
		}
	})
}

// Between the check of the password and the session an administrator acts.
func TestBeginLosesAgainstAChangeMeanwhile(t *testing.T) {
	for name, change := range map[string]func(context.Context, *account.Users) error{
		"disabled": func(ctx context.Context, u *account.Users) error { return u.SetDisabled(ctx, "ada", true) },
		"password": func(ctx context.Context, u *account.Users) error {
			return u.SetPassword(ctx, "ada", "another good one")
		},
		"deleted": func(ctx context.Context, u *account.Users) error { return u.Delete(ctx, "ada") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			p.add(t, "ada")
			u, err := p.signIn.WithPassword(t.Context(), account.Attempt{Login: "ada", Password: goodPassword})
			if err != nil {
				t.Fatal(err)
			}
			if err := change(t.Context(), p.users); err != nil {
				t.Fatal(err)
			}
			if handle, s, err := p.sessions.Begin(t.Context(), u, account.BeginOptions{}); !errors.Is(err, account.ErrBadCredentials) || handle != "" || s != nil {
				t.Errorf("%q %+v %v", handle, s, err)
			}
			if left, err := p.Sessions.ListSessions(t.Context(), u.ID); err != nil || len(left) != 0 {
				t.Errorf("%d sessions are left, %v", len(left), err)
			}
		})
	}
}

// brokenSessions fails in one verb.
type brokenSessions struct {
	idp.SessionStore
	verb string
}

func (b brokenSessions) Session(ctx context.Context, d string) (*idp.Session, error) {
	if b.verb == "read" {
		return nil, idp.ErrUnavailable
	}
	return b.SessionStore.Session(ctx, d)
}

func (b brokenSessions) CreateSession(ctx context.Context, s *idp.Session, replaces string) error {
	if b.verb == "create" {
		return idp.ErrUnavailable
	}
	return b.SessionStore.CreateSession(ctx, s, replaces)
}

func (b brokenSessions) TouchSession(ctx context.Context, d string, seen, idle time.Time) error {
	if b.verb == "touch" {
		return idp.ErrUnavailable
	}
	return b.SessionStore.TouchSession(ctx, d, seen, idle)
}

// A store that is away is not "signed out".
func TestSessionsWithTheStoreAway(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	handle, _ := p.begin(t, ada, account.BeginOptions{})
	with := func(verb string) *account.Sessions {
		return account.NewSessions(account.SessionsOptions{
			Store: brokenSessions{p.Sessions, verb}, Users: p.Users, Now: func() time.Time { return p.now.Load().Add(2 * time.Minute) },
		})
	}
	for _, verb := range []string{"read", "touch"} {
		if _, _, err := with(verb).Load(t.Context(), handle); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if _, _, err := with("create").Begin(t.Context(), ada, account.BeginOptions{}); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("create: %v", err)
	}
	blind := account.NewSessions(account.SessionsOptions{Store: p.Sessions, Users: failingUsers{p.Users}})
	if _, _, err := blind.Begin(t.Context(), ada, account.BeginOptions{}); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("look again: %v", err)
	}
	if left, err := p.Sessions.ListSessions(t.Context(), ada.ID); err != nil || len(left) != 1 {
		t.Errorf("%d sessions, %v", len(left), err)
	}
}
