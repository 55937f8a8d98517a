package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

// What is typed in vain is told without the login: people type passwords into the wrong field.
func TestRefusalsAreTold(t *testing.T) {
	p := newPeople(t, func(_ *stores, l *account.Limits) { l.Account = account.Limit{Tries: 2, Window: time.Hour} })
	ada := p.add(t, "ada")
	ctx := idp.WithAct(t.Context(), idp.Act{Kind: idp.ActorUser, ID: "x", Name: "x", ClientID: "app", IP: "198.51.100.1", RequestID: "other"})
	try := func(login, password string) error {
		_, err := p.signIn.WithPassword(ctx, account.Attempt{Login: login, Password: password, IP: "192.0.2.7", RequestID: "req"})
		return err
	}
	for name, c := range map[string]struct {
		login, password, reason string
		target                  idp.Target
	}{
		"nobody":              {"correct horse", "x", "", idp.Target{Kind: "user"}},
		"nobody, no login":    {"", "x", "", idp.Target{Kind: "user"}},
		"over-long":           {"ada", strings.Repeat("x", 2000), "", idp.Target{Kind: "user"}},
		"a login of megabyte": {strings.Repeat("x", 1<<20), "x", "", idp.Target{Kind: "user"}},
	} {
		if err := try(c.login, c.password); !errors.Is(err, account.ErrBadCredentials) {
			t.Fatalf("%s: %v", name, err)
		}
		wantRefusal(t, name, p.told.take(), c.reason, c.target)
	}
	for range 2 {
		if err := try("ada", "wrong password"); err == nil {
			t.Fatal("right")
		}
	}
	if events := p.told.take(); len(events) != 0 {
		t.Errorf("a refusal that the account's record tells of is told twice: %+v", events)
	}
	if err := try("ada", goodPassword); err == nil {
		t.Fatal("not throttled")
	}
	wantRefusal(t, "throttled", p.told.take(), "throttled", idp.Target{Kind: "user", ID: ada.ID, Name: "ada"})
	p.told.mu.Lock()
	defer p.told.mu.Unlock()
	if p.told.counts[idp.TallySignInFailed] != 7 || p.told.counts[idp.TallySignIn] != 0 {
		t.Errorf("counted %v", p.told.counts)
	}
}

func wantRefusal(t *testing.T, name string, events []*idp.AuditEvent, reason string, target idp.Target) {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("%s: %d events", name, len(events))
	}
	e := events[0]
	if e.Action != idp.ActionSignIn || e.Result != idp.AuditRefused || e.ActorKind != idp.ActorNobody || e.ActorID != "" || e.ActorName != "" ||
		e.Target != target || e.Reason != reason || e.IP != "192.0.2.7" || e.RequestID != "req" || e.ClientID != "app" {
		t.Errorf("%s: %+v", name, e)
	}
}

func TestSignInsAreCountedAndFailuresOfOursAreNot(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "ada")
	for range 3 {
		if err := p.try(t, "ada", goodPassword, 1); err != nil {
			t.Fatal(err)
		}
	}
	away := account.NewSignIn(account.SignInOptions{
		Users: failingUsers{p.Users}, Throttles: p.Throttles, Passwords: p.passwords, Browsers: p.browsers, Audit: p.told, Counter: p.told,
	})
	defer away.Close(t.Context())
	if _, err := away.WithPassword(t.Context(), account.Attempt{Login: "ada", Password: goodPassword}); !errors.Is(err, idp.ErrUnavailable) {
		t.Fatal(err)
	}
	p.told.mu.Lock()
	defer p.told.mu.Unlock()
	if p.told.counts[idp.TallySignIn] != 3 || p.told.counts[idp.TallySignInFailed] != 0 || len(p.told.events) != 0 {
		t.Errorf("%v %v", p.told.counts, p.told.events)
	}
}

// What an account's record tells of is in the log with where it came from.
func TestSignInsAreInTheLog(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	ctx := idp.WithAct(t.Context(), idp.Act{Kind: idp.ActorClient, ID: "app", Name: "App", ClientID: "app"})
	for _, password := range []string{"wrong password", goodPassword} {
		_, _ = p.signIn.WithPassword(ctx, account.Attempt{Login: "ada@example.com", Password: password, IP: "::ffff:192.0.2.7", RequestID: "req"})
	}
	p.close(t)
	page, err := p.Audit.QueryAudit(t.Context(), idp.AuditQuery{Action: idp.ActionSignIn})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d events, %v", len(page.Items), err)
	}
	ok, refused := page.Items[0], page.Items[1] // the latest first
	if ok.Result != idp.AuditOK || ok.ActorKind != idp.ActorUser || ok.ActorID != ada.ID || ok.ActorName != "ada" {
		t.Errorf("%+v", ok)
	}
	if refused.Result != idp.AuditRefused || refused.ActorKind != idp.ActorNobody || refused.ActorID != "" {
		t.Errorf("%+v", refused)
	}
	for _, e := range page.Items {
		if e.Target != (idp.Target{Kind: "user", ID: ada.ID, Name: "ada"}) || e.IP != "192.0.2.7" || e.RequestID != "req" || e.ClientID != "app" {
			t.Errorf("%+v", e)
		}
	}
}
