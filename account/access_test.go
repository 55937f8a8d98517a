package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

// client registers an application.
func (p *people) client(t *testing.T, id, name string) *idp.Client {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	c := &idp.Client{
		ID: id, Name: name, AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{"https://app.example/cb"},
		GrantTypes: []string{idp.GrantAuthorizationCode}, Scopes: []string{"openid", "email"}, CreatedAt: now, UpdatedAt: now,
	}
	if err := p.Clients.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// grantOf makes a grant of the user to the client, tied to the session unless sid is "".
func (p *people) grantOf(t *testing.T, userID, clientID, sid string, change ...func(*idp.Grant)) *idp.Grant {
	t.Helper()
	g := &idp.Grant{
		ID: strings.ReplaceAll(account.GeneratePassword(), "-", "x") + "abcdefghi", State: idp.GrantActive,
		ClientID: clientID, UserID: userID, SessionID: sid, Scope: "openid", Generation: 1, Facts: idp.Facts{Offline: sid == ""},
	}
	for _, c := range change {
		c(g)
	}
	if err := p.Grants.CreateGrant(t.Context(), g, time.Hour, time.Hour); err != nil {
		t.Fatal(err)
	}
	return g
}

func (p *people) lives(t *testing.T, g *idp.Grant) bool {
	t.Helper()
	_, err := p.Grants.Grant(t.Context(), g.ID)
	if err != nil && !errors.Is(err, idp.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// asRoot is an administrator's context.
func asRoot(ctx context.Context) context.Context {
	return idp.WithAct(ctx, idp.Act{Kind: idp.ActorUser, ID: "r", Name: "root", IP: "192.0.2.9", RequestID: "req", Reason: "lost laptop"})
}

func wantEvent(t *testing.T, events []*idp.AuditEvent, action string, target idp.Target) *idp.AuditEvent {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("%d events, want one %s", len(events), action)
	}
	e := events[0]
	if e.Action != action || e.Target != target || e.ActorName != "root" || e.IP != "192.0.2.9" || e.RequestID != "req" ||
		e.Reason != "lost laptop" || e.Result != idp.AuditOK || e.Time.IsZero() {
		t.Errorf("%+v", e)
	}
	return e
}

func TestEndSession(t *testing.T) {
	p := newPeople(t, nil)
	ada, bob := p.add(t, "ada"), p.add(t, "bob")
	_, mine := p.begin(t, ada, account.BeginOptions{})
	kept, other := p.begin(t, ada, account.BeginOptions{})
	_, bobs := p.begin(t, bob, account.BeginOptions{})
	gone, stays := p.grantOf(t, ada.ID, "c", mine.ID), p.grantOf(t, ada.ID, "c", other.ID)
	offline := p.grantOf(t, ada.ID, "c", "")
	for name, sid := range map[string]string{"of another": bobs.ID, "of nobody": "nothing", "empty": "", "a digest": mine.Digest} {
		if err := p.open.EndSession(asRoot(t.Context()), ada.ID, sid); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if events := p.told.take(); len(events) != 0 {
		t.Errorf("told of what did not happen: %+v", events)
	}
	if err := p.open.EndSession(asRoot(t.Context()), ada.ID, mine.ID); err != nil {
		t.Fatal(err)
	}
	left, err := p.open.Sessions(t.Context(), ada.ID)
	if err != nil || len(left) != 1 || left[0].ID != other.ID {
		t.Errorf("%+v %v", left, err)
	}
	if p.lives(t, gone) || !p.lives(t, stays) || !p.lives(t, offline) {
		t.Error("the wrong grants ended")
	}
	if _, _, err := p.sessions.Load(t.Context(), kept); err != nil {
		t.Error(err)
	}
	e := wantEvent(t, p.told.take(), idp.ActionSessionEnd, idp.Target{Kind: "user", ID: ada.ID, Name: "ada"})
	if len(e.Changes) != 1 || e.Changes[0] != (idp.Change{Field: "session", Before: mine.ID}) {
		t.Errorf("%+v", e.Changes)
	}
	if err := p.open.EndSession(t.Context(), ada.ID, mine.ID); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

func TestEndSessions(t *testing.T) {
	p := newPeople(t, nil)
	ada, bob := p.add(t, "ada"), p.add(t, "bob")
	handle, keep := p.begin(t, ada, account.BeginOptions{})
	_, two := p.begin(t, ada, account.BeginOptions{})
	_, three := p.begin(t, ada, account.BeginOptions{})
	_, bobs := p.begin(t, bob, account.BeginOptions{})
	stays, gone, gone2 := p.grantOf(t, ada.ID, "c", keep.ID), p.grantOf(t, ada.ID, "c", two.ID), p.grantOf(t, ada.ID, "c", three.ID)
	for _, sid := range []string{bobs.ID, "nothing"} { // whoever asks is signed out: nothing is theirs to end
		if n, err := p.open.EndSessions(t.Context(), ada.ID, sid); n != 0 || !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("keeping %q: %d, %v", sid, n, err)
		}
	}
	if n, err := p.open.EndSessions(asRoot(t.Context()), ada.ID, keep.ID); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if !p.lives(t, stays) || p.lives(t, gone) || p.lives(t, gone2) {
		t.Error("the wrong grants ended")
	}
	if _, _, err := p.sessions.Load(t.Context(), handle); err != nil {
		t.Errorf("this browser: %v", err)
	}
	wantEvent(t, p.told.take(), idp.ActionSessionEnd, idp.Target{Kind: "user", ID: ada.ID, Name: "ada"})
	if n, err := p.open.EndSessions(t.Context(), ada.ID, keep.ID); n != 0 || err != nil || len(p.told.take()) != 0 {
		t.Errorf("none are left: %d, %v", n, err)
	}
	if n, err := p.open.EndSessions(t.Context(), ada.ID, ""); n != 1 || err != nil || p.lives(t, stays) {
		t.Errorf("all: %d, %v", n, err)
	}
	if s, _ := p.access(t, bob.ID); s != 1 {
		t.Error("somebody else was signed out")
	}
}

// hooked calls a function before a session goes, as somebody who is quicker would.
type hooked struct {
	idp.SessionStore
	before func()
}

func (h hooked) DeleteSession(ctx context.Context, d string) error {
	h.before()
	return h.SessionStore.DeleteSession(ctx, d)
}

func (h hooked) DeleteUserSessions(ctx context.Context, userID, keep string) ([]string, error) {
	h.before()
	return h.SessionStore.DeleteUserSessions(ctx, userID, keep)
}

// A grant that is issued while its session ends must not stay.
func TestEndingCatchesWhatIsIssuedMeanwhile(t *testing.T) {
	for name, end := range map[string]func(*account.Access, context.Context, *idp.Session) error{
		"one": func(a *account.Access, ctx context.Context, s *idp.Session) error {
			return a.EndSession(ctx, s.UserID, s.ID)
		},
		"all": func(a *account.Access, ctx context.Context, s *idp.Session) error {
			_, err := a.EndSessions(ctx, s.UserID, "")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t, nil)
			ada := p.add(t, "ada")
			_, s := p.begin(t, ada, account.BeginOptions{})
			var late *idp.Grant
			access := account.NewAccess(account.AccessOptions{
				Sessions: hooked{p.Sessions, func() { late = p.grantOf(t, ada.ID, "c", s.ID) }},
				Grants:   p.Grants, Consents: p.Consents, Clients: p.Clients, Users: p.Users,
			})
			if err := end(access, t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if p.lives(t, late) {
				t.Error("a late grant lives on")
			}
		})
	}
}

// awayGrants fails until it is back.
type awayGrants struct {
	idp.GrantStore
	away *atomic.Bool
}

func (g awayGrants) RevokeSession(ctx context.Context, sid string) error {
	if g.away.Load() {
		return idp.ErrUnavailable
	}
	return g.GrantStore.RevokeSession(ctx, sid)
}

func (g awayGrants) RevokeUser(ctx context.Context, userID, clientID string) error {
	if g.away.Load() {
		return idp.ErrUnavailable
	}
	return g.GrantStore.RevokeUser(ctx, userID, clientID)
}

// When the grants cannot be ended, what they hang on is still there to try again.
func TestEndingCanBeTriedAgain(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	p.client(t, "app", "App")
	_, s := p.begin(t, ada, account.BeginOptions{})
	g := p.grantOf(t, ada.ID, "app", s.ID)
	if err := p.Consents.AddConsent(t.Context(), ada.ID, "app", []string{"openid"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	away := &atomic.Bool{}
	access := account.NewAccess(account.AccessOptions{
		Sessions: p.Sessions, Grants: awayGrants{p.Grants, away}, Consents: p.Consents, Clients: p.Clients, Users: p.Users, Audit: p.told,
	})
	for name, end := range map[string]func() error{
		"session":  func() error { return access.EndSession(t.Context(), ada.ID, s.ID) },
		"sessions": func() error { _, err := access.EndSessions(t.Context(), ada.ID, ""); return err },
		"app":      func() error { return access.RemoveApp(t.Context(), ada.ID, "app") },
	} {
		away.Store(true)
		if err := end(); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if n, _ := p.access(t, ada.ID); n != 1 || !p.lives(t, g) {
			t.Errorf("%s: %d sessions", name, n)
		}
		if _, err := p.Consents.Consent(t.Context(), ada.ID, "app"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if events := p.told.take(); len(events) != 0 {
		t.Errorf("told of what did not happen: %+v", events)
	}
}

func TestApps(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	dead := p.client(t, "a-dead", "Dead")
	for id, name := range map[string]string{"z-calendar": "calendar", "m-mail": "Mail", "first": "First-party", "idle": ""} {
		p.client(t, id, name)
	}
	long := time.Now().UTC().Add(-48 * time.Hour).Truncate(time.Microsecond)
	for _, id := range []string{"m-mail", "idle"} {
		if err := p.Consents.AddConsent(t.Context(), ada.ID, id, []string{"profile", "email"}, long); err != nil {
			t.Fatal(err)
		}
	}
	p.grantOf(t, ada.ID, "m-mail", "", func(g *idp.Grant) { g.Scope = "openid email" })
	p.grantOf(t, ada.ID, "m-mail", "")
	p.grantOf(t, ada.ID, "m-mail", "", func(g *idp.Grant) { g.State, g.Generation = idp.GrantCode, 0 })
	p.grantOf(t, ada.ID, "z-calendar", "")
	p.grantOf(t, ada.ID, "first", "")
	p.grantOf(t, ada.ID, "gone", "") // no such client any more
	p.grantOf(t, ada.ID, "a-dead", "")
	dead.TokensNotBefore = ptr(time.Now().UTC().Add(time.Hour))
	if err := p.Clients.UpdateClient(t.Context(), dead, time.Time{}); err != nil {
		t.Fatal(err)
	}
	apps, err := p.open.Apps(t.Context(), ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range apps {
		got = append(got, a.Client.ID)
	}
	if want := []string{"z-calendar", "first", "idle", "m-mail"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	mail, idle := apps[3], apps[2]
	if mail.Grants != 2 || !slices.Equal(mail.Scopes, []string{"email", "openid", "profile"}) || !mail.Since.Equal(long) ||
		time.Since(mail.LastUsed).Abs() > time.Minute {
		t.Errorf("%+v", mail)
	}
	if idle.Grants != 0 || !idle.Since.Equal(long) || !idle.LastUsed.Equal(long) {
		t.Errorf("%+v", idle)
	}
	if apps, err := p.open.Apps(t.Context(), p.add(t, "bob").ID); err != nil || apps == nil || len(apps) != 0 {
		t.Errorf("somebody without: %v %v", apps, err)
	}
}

func TestRemoveApp(t *testing.T) {
	p := newPeople(t, nil)
	ada, bob := p.add(t, "ada"), p.add(t, "bob")
	p.client(t, "app", "App")
	p.client(t, "other", "Other")
	_, s := p.begin(t, ada, account.BeginOptions{})
	for _, u := range []*idp.User{ada, bob} {
		if err := p.Consents.AddConsent(t.Context(), u.ID, "app", []string{"openid"}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	gone := []*idp.Grant{p.grantOf(t, ada.ID, "app", s.ID), p.grantOf(t, ada.ID, "app", "")}
	stays := []*idp.Grant{p.grantOf(t, ada.ID, "other", s.ID), p.grantOf(t, bob.ID, "app", "")}
	for _, id := range []string{"", "nothing"} {
		if err := p.open.RemoveApp(t.Context(), ada.ID, id); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := p.open.RemoveApp(asRoot(t.Context()), ada.ID, "app"); err != nil {
		t.Fatal(err)
	}
	for _, g := range gone {
		if p.lives(t, g) {
			t.Error("a grant of the pair lives")
		}
	}
	for _, g := range stays {
		if !p.lives(t, g) {
			t.Error("a grant of others ended")
		}
	}
	if _, err := p.Consents.Consent(t.Context(), ada.ID, "app"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("consent: %v", err)
	}
	if _, err := p.Consents.Consent(t.Context(), bob.ID, "app"); err != nil {
		t.Errorf("consent of another: %v", err)
	}
	e := wantEvent(t, p.told.take(), idp.ActionGrantRevoke, idp.Target{Kind: "user", ID: ada.ID, Name: "ada"})
	if e.ClientID != "app" || len(e.Changes) != 1 || e.Changes[0] != (idp.Change{Field: "grants", Before: "2", After: "0"}) {
		t.Errorf("%+v", e)
	}
	if err := p.open.RemoveApp(t.Context(), ada.ID, "app"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	// Consent alone, grants alone.
	if err := p.Consents.AddConsent(t.Context(), ada.ID, "app", []string{"openid"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"app", "other"} {
		if err := p.open.RemoveApp(t.Context(), ada.ID, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, n := p.access(t, ada.ID); n != 0 {
		t.Errorf("%d grants are left", n)
	}
}

func TestRevokeGrant(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	persons, machines := p.grantOf(t, ada.ID, "app", ""), p.grantOf(t, "", "machine", "")
	if err := p.open.RevokeGrant(asRoot(t.Context()), persons.ID); err != nil || p.lives(t, persons) || !p.lives(t, machines) {
		t.Fatalf("%v", err)
	}
	e := wantEvent(t, p.told.take(), idp.ActionGrantRevoke, idp.Target{Kind: "user", ID: ada.ID, Name: "ada"})
	if e.ClientID != "app" || e.Changes[0] != (idp.Change{Field: "grant", Before: persons.ID}) {
		t.Errorf("%+v", e)
	}
	if err := p.open.RevokeGrant(asRoot(t.Context()), machines.ID); err != nil || p.lives(t, machines) {
		t.Fatalf("%v", err)
	}
	wantEvent(t, p.told.take(), idp.ActionGrantRevoke, idp.Target{Kind: "grant", ID: machines.ID})
	if err := p.open.RevokeGrant(t.Context(), persons.ID); !errors.Is(err, idp.ErrNotFound) || len(p.told.take()) != 0 {
		t.Errorf("again: %v", err)
	}
}

func TestSignOutIsRecordedAsTheirs(t *testing.T) {
	p := newPeople(t, nil)
	ada := p.add(t, "ada")
	for name, c := range map[string]struct {
		ctx   context.Context
		actor string
	}{
		"nobody said who": {t.Context(), "ada"},
		"said":            {asRoot(t.Context()), "root"},
	} {
		_, s := p.begin(t, ada, account.BeginOptions{})
		if err := p.sessions.End(c.ctx, s); err != nil {
			t.Fatal(err)
		}
		events := p.told.take()
		if len(events) != 1 || events[0].Action != idp.ActionSessionEnd || events[0].ActorKind != idp.ActorUser || events[0].ActorName != c.actor ||
			events[0].Target != (idp.Target{Kind: "user", ID: ada.ID, Name: "ada"}) {
			t.Errorf("%s: %+v", name, events)
		}
	}
}
