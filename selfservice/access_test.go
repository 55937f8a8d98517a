package selfservice_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// giveAccess lets the person allow a client something: a consent and a grant.
func giveAccess(t *testing.T, e *webtest.Env, u *idp.User, clientID string) *idp.Grant {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	err := e.Stores.Clients.CreateClient(t.Context(), &idp.Client{
		ID: clientID, Name: "App " + clientID, AuthMethod: idp.AuthMethodNone, RequirePKCE: true, RedirectURIs: []string{"https://app.example/cb"},
		GrantTypes: []string{idp.GrantAuthorizationCode}, Scopes: []string{idp.ScopeOpenID, idp.ScopeEmail}, CreatedAt: now, UpdatedAt: now,
	})
	if conflict := (*idp.ConflictError)(nil); !errors.As(err, &conflict) {
		must(t, err)
	}
	must(t, e.Stores.Consents.AddConsent(t.Context(), u.ID, clientID, []string{idp.ScopeEmail, "invoices:read"}, now))
	g := &idp.Grant{
		ID: strings.Repeat("A", 24) + u.ID[:8], State: idp.GrantActive, ClientID: clientID, UserID: u.ID, Scope: "openid email", Generation: 1,
		Facts: idp.Facts{Offline: true},
	}
	must(t, e.Stores.Grants.CreateGrant(t.Context(), g, time.Hour, time.Hour))
	return g
}

func TestSessions(t *testing.T) { onEach(t, testSessions) }

func testSessions(t *testing.T, e *webtest.Env) {
	t.Run("this device comes first", func(t *testing.T) {
		u, b := somebody(t, e)
		at(t, b.Get("/account/sessions"), "/account/sessions", http.StatusOK, "You are signed in on this device only.")
		if b.Last.Doc.Find("main form").Length() != 0 {
			t.Error("there is something to end")
		}
		other := e.Browser(t)
		other.Get("/login")
		other.Client.Transport = agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		other.SignIn(u.Username)
		rows := b.Get("/account/sessions").Doc.Find("tbody tr")
		if rows.Length() != 2 || !contains(rows.Eq(0).Text(), "This device") || !contains(rows.Eq(1).Text(), "Firefox on Linux") {
			t.Errorf("%s", rows.Text())
		}
	})
	t.Run("end another", func(t *testing.T) {
		u, b := somebody(t, e)
		other, third := e.As(t, u.Username), e.As(t, u.Username)
		sid := sessionOf(t, e, other).ID
		b.Get("/account/sessions")
		p := b.Submit("form[action='/account/sessions/end']:has([value='"+sid+"'])", nil)
		at(t, p, "/account/sessions", http.StatusOK)
		told(t, p, "That device is signed out.")
		if isSignedIn(other) || !isSignedIn(b) || !isSignedIn(third) {
			t.Error("the wrong session ended")
		}
	})
	t.Run("end all others", func(t *testing.T) {
		u, b := somebody(t, e)
		other, stranger := e.As(t, u.Username), e.As(t, webtest.User)
		b.Get("/account/sessions")
		action, form := b.Form("form[action='/account/sessions/end-others']")
		told(t, b.Post(action, form), "You are signed out everywhere else.")
		if isSignedIn(other) || !isSignedIn(b) || !isSignedIn(stranger) {
			t.Error("the wrong sessions ended")
		}
		told(t, b.Post(action, form), "You weren't signed in anywhere else.")
	})
	t.Run("end this one", func(t *testing.T) {
		_, b := somebody(t, e)
		b.Get("/account/profile")
		_, form := b.Form(profileForm)
		form.Set("sid", sessionOf(t, e, b).ID)
		at(t, b.Post("/account/sessions/end", form), "/logout", http.StatusOK, "You are signed out")
		if isSignedIn(b) {
			t.Error("still signed in")
		}
	})
	t.Run("of others, unknown or ended: the same answer", func(t *testing.T) {
		u, b := somebody(t, e)
		_, stranger := somebody(t, e)
		ended := e.As(t, u.Username)
		foreign, gone := sessionOf(t, e, stranger).ID, sessionOf(t, e, ended).ID
		b.Get("/account/profile")
		_, form := b.Form(profileForm)
		must(t, e.Stores.Sessions.DeleteSession(t.Context(), digestOf(t, e, ended)))
		texts := map[string]bool{}
		for _, sid := range []string{foreign, gone, "AAAA", "", strings.Repeat("x", 5000), digestOf(t, e, stranger)} {
			form.Set("sid", sid)
			p := b.Post("/account/sessions/end", form)
			if p.Status != http.StatusNotFound {
				t.Errorf("%.40q: %d", sid, p.Status)
			}
			texts[p.Doc.Find("main h1, main p").First().Text()] = true
		}
		if len(texts) != 1 || !texts["That has already ended"] {
			t.Errorf("answers: %v", texts)
		}
		if !isSignedIn(stranger) {
			t.Error("a stranger was signed out")
		}
	})
	t.Run("ended from elsewhere while the page was open", func(t *testing.T) {
		u, b := somebody(t, e)
		other := e.As(t, u.Username)
		b.Get("/account/sessions")
		action, form := b.Form("form[action='/account/sessions/end-others']")
		other.Get("/account/sessions")
		other.Submit("form[action='/account/sessions/end-others']", nil)
		at(t, b.Post(action, form), "/login", http.StatusOK)
		if !isSignedIn(other) {
			t.Error("a signed-out browser ended a session")
		}
	})
	t.Run("two browsers end each other at once: one at most is left", func(t *testing.T) {
		u, b := somebody(t, e)
		other := e.As(t, u.Username)
		both := []*webtest.Browser{b, other}
		for _, one := range both {
			one.Get("/account/sessions")
		}
		done := make(chan struct{})
		for _, one := range both {
			action, form := one.Form("form[action='/account/sessions/end-others']")
			go func() {
				one.Post(action, form)
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		left, err := e.Stores.Sessions.ListSessions(t.Context(), u.ID)
		must(t, err)
		if len(left) > 1 {
			t.Errorf("%d are left", len(left))
		}
	})
}

// agent sends requests as a browser of that name.
type agent string

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", string(a))
	return http.DefaultTransport.RoundTrip(r)
}

func TestApps(t *testing.T) { onEach(t, testApps) }

func testApps(t *testing.T, e *webtest.Env) {
	t.Run("none", func(t *testing.T) {
		_, b := somebody(t, e)
		at(t, b.Get("/account/apps"), "/account/apps", http.StatusOK, "No app has access yet")
	})
	t.Run("remove access", func(t *testing.T) {
		u, b := somebody(t, e)
		other, _ := somebody(t, e)
		grant, foreign := giveAccess(t, e, u, "grafana"), giveAccess(t, e, other, "grafana")
		at(t, b.Get("/account/apps"), "/account/apps", http.StatusOK, "App grafana", "See your email address", "Use the permission “invoices:read”")
		href := b.Last.Doc.Find("main a[href*=remove]").AttrOr("href", "")
		at(t, b.Get(href), "/account/apps/grafana/remove", http.StatusOK, "Remove access of App grafana?", "can no longer use your account")
		if _, err := e.Stores.Grants.Grant(t.Context(), grant.ID); err != nil {
			t.Errorf("looking removed it: %v", err)
		}
		action, form := b.Form("main form[method=post]")
		p := b.Post(action, form)
		at(t, p, "/account/apps", http.StatusOK, "No app has access yet")
		told(t, p, "App grafana no longer has access.")
		if _, err := e.Stores.Grants.Grant(t.Context(), grant.ID); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("the grant lives: %v", err)
		}
		if _, err := e.Stores.Consents.Consent(t.Context(), u.ID, "grafana"); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("the consent is there: %v", err)
		}
		if _, err := e.Stores.Grants.Grant(t.Context(), foreign.ID); err != nil {
			t.Errorf("somebody else's grant: %v", err)
		}
		if _, err := e.Stores.Consents.Consent(t.Context(), other.ID, "grafana"); err != nil {
			t.Errorf("somebody else's consent: %v", err)
		}
		// A second time, from a page that was open.
		if p := b.Post(action, form); p.Status != http.StatusNotFound || !p.Has("That has already ended") {
			t.Errorf("a second time: %d %s", p.Status, p.Text())
		}
		if got := events(t, e, u.ID, idp.ActionConsentRemove); len(got) != 1 || got[0].ActorID != u.ID {
			t.Errorf("recorded: %+v", got)
		}
	})
	t.Run("of others or unknown", func(t *testing.T) {
		_, b := somebody(t, e)
		other, _ := somebody(t, e)
		grant := giveAccess(t, e, other, "wiki")
		b.Get("/account/profile")
		_, form := b.Form(profileForm)
		for _, id := range []string{"wiki", "unknown", "gatehouse-api", "%00", "a%2fb", strings.Repeat("x", 300)} {
			if p := b.Get("/account/apps/" + id + "/remove"); p.Status != http.StatusNotFound {
				t.Errorf("GET %.20s: %d", id, p.Status)
			}
			if p := b.Post("/account/apps/"+id+"/remove", form); p.Status != http.StatusNotFound {
				t.Errorf("POST %.20s: %d", id, p.Status)
			}
		}
		if _, err := e.Stores.Grants.Grant(t.Context(), grant.ID); err != nil {
			t.Errorf("somebody else's grant: %v", err)
		}
	})
}
