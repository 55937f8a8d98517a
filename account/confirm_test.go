package account_test

import (
	"errors"
	"testing"
	"time"

	"gatehouse/account"
)

func TestConfirmIsNoSignIn(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) { l.Account = account.Limit{Tries: 2, Window: time.Hour} })
	u := p.add(t, "ada")
	try := func(password string) error {
		_, err := p.signIn.Confirm(t.Context(), account.Attempt{Login: "ada", Password: password, IP: "192.0.2.1"})
		return err
	}
	if err := try(goodPassword); err != nil {
		t.Fatal(err)
	}
	if again, err := p.Users.UserByLogin(t.Context(), "ada"); err != nil || again.LastLoginAt != nil {
		t.Errorf("a sign-in is noted: %v %v", again.LastLoginAt, err)
	}
	for range 2 {
		if err := try("wrong"); !errors.Is(err, account.ErrBadCredentials) {
			t.Errorf("%v", err)
		}
	}
	var throttled *account.ThrottledError
	if err := try(goodPassword); !errors.As(err, &throttled) {
		t.Errorf("guessing is not bounded: %v", err)
	}
	p.close(t) // what is still to be noted
	if again, err := p.Users.UserByLogin(t.Context(), "ada"); err != nil || again.ID != u.ID || again.FailedAuthCount != 2 {
		t.Errorf("%d failures are noted, %v", again.FailedAuthCount, err)
	}
}

func TestReplacePasswordEndsNothing(t *testing.T) {
	p := newPeople(t, nil)
	u := p.add(t, "ada")
	_, mine, err := p.sessions.Begin(t.Context(), u, account.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.sessions.Begin(t.Context(), u, account.BeginOptions{}); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		all, err := p.Sessions.ListSessions(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if err := p.users.ReplacePassword(t.Context(), u.ID, "short"); err == nil || left() != 2 {
		t.Errorf("a bad one: %v, %d sessions", err, left())
	}
	if err := p.users.ReplacePassword(t.Context(), u.ID, "another engine tea"); err != nil || left() != 2 {
		t.Errorf("%v, %d sessions are left", err, left())
	}
	if err := p.users.ChangePassword(t.Context(), u.ID, goodPassword, mine.Digest); err != nil || left() != 1 {
		t.Errorf("%v, %d sessions are left", err, left())
	}
}
