package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/audit"
	"gatehouse/idp"
	"gatehouse/webtest"
)

// grace is a person with tokens of an application and a session in a browser.
type grace struct {
	*webtest.Env
	user   *idp.User
	id     string // of the client
	secret string
}

func newGrace(t *testing.T) grace {
	t.Helper()
	g := grace{Env: webtest.New(t), id: "wiki", secret: "wiki-secret-0123456789abcdef"}
	g.user = g.Person("grace", idp.RoleUser)
	now := time.Now().UTC().Truncate(time.Microsecond)
	c := &idp.Client{
		ID: g.id, Name: "Wiki", AuthMethod: idp.AuthMethodPost, GrantTypes: []string{idp.GrantPassword, idp.GrantRefreshToken},
		Scopes: []string{"openid", "offline_access"}, RequirePKCE: true, CreatedAt: now, UpdatedAt: now,
	}
	if err := g.Stores.Clients.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Admin.Clients.RotateSecret(t.Context(), g.id, g.secret); err != nil {
		t.Fatal(err)
	}
	if err := g.Stores.Consents.AddConsent(t.Context(), g.user.ID, g.id, []string{"openid"}, now); err != nil {
		t.Fatal(err)
	}
	return g
}

// ask posts a form to the protocol and returns the status.
func (g grace) ask(t *testing.T, path string, form url.Values) (int, string) {
	t.Helper()
	form.Set("client_id", g.id)
	form.Set("client_secret", g.secret)
	p := g.Browser(t).Post(path, form)
	return p.Status, p.Body
}

// tokens signs grace in to the application and returns the refresh token.
func (g grace) tokens(t *testing.T) string {
	t.Helper()
	status, body := g.ask(t, "/oauth2/token", url.Values{
		"grant_type": {"password"}, "username": {"grace"}, "password": {webtest.Password}, "scope": {"openid offline_access"},
	})
	_, after, ok := strings.Cut(body, `"refresh_token":"`)
	if status != http.StatusOK || !ok {
		t.Fatalf("%d %s", status, body)
	}
	token, _, _ := strings.Cut(after, `"`)
	return token
}

// alive reports whether the refresh token still works; it is not spent by it.
func (g grace) alive(t *testing.T, token string) bool {
	t.Helper()
	status, body := g.ask(t, "/oauth2/introspect", url.Values{"token": {token}})
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return strings.Contains(body, `"active":true`)
}

func TestC2_RemovedAppIsWithoutTokens(t *testing.T) {
	g := newGrace(t)
	token := g.tokens(t)
	if !g.alive(t, token) {
		t.Fatal("the token never worked")
	}
	b := g.As(t, "grace")
	if p := b.Get("/account/apps"); !p.Has("Wiki") {
		t.Fatalf("the app is not listed: %s", p.Text())
	}
	b.Get("/account/apps/wiki/remove")
	if p := b.Submit("form[action='/account/apps/wiki/remove']", nil); p.Status != http.StatusOK || p.Path() != "/account/apps" {
		t.Fatalf("%d %s %s", p.Status, p.URL, p.Text())
	}
	if g.alive(t, token) {
		t.Error("the token works still")
	}
	if status, _ := g.ask(t, "/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}); status != http.StatusBadRequest {
		t.Errorf("it can be refreshed: %d", status)
	}
}

func TestC3_SessionEndedByAnAdministrator(t *testing.T) {
	g := newGrace(t)
	theirs, admin := g.As(t, "grace"), g.As(t, webtest.Admin)
	p := admin.Get("/admin/users/" + g.user.ID + "/sessions")
	action, _ := p.Doc.Find("td form.act").First().Attr("action")
	if !strings.HasSuffix(action, "/end") {
		t.Fatalf("no session to end: %s", p.Text())
	}
	admin.Submit("form[action='"+action+"']", nil)
	if p := theirs.Get("/account"); p.Path() != "/login" {
		t.Errorf("the browser is signed in still: %s", p.URL)
	}
}

func TestC4_ChangeOfPassword(t *testing.T) {
	g := newGrace(t)
	token := g.tokens(t)
	here, elsewhere := g.As(t, "grace"), g.As(t, "grace")
	here.Get("/account/password")
	p := here.Submit("form[action='/account/password']", url.Values{
		"current_password": {webtest.Password}, "new_password": {"another gate by the sea"}, "end_others": {"1"},
	})
	if p.Status != http.StatusOK || p.Doc.Find("[role=alert]").Length() != 0 {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if p := here.Get("/account"); p.Path() != "/account" {
		t.Error("the person who changed it was signed out")
	}
	if p := elsewhere.Get("/account"); p.Path() != "/login" {
		t.Error("another browser is signed in still")
	}
	if g.alive(t, token) {
		t.Error("a token of before works still")
	}
}

func TestC5_TheLogIsOneChain(t *testing.T) {
	g := newGrace(t)
	for _, who := range []string{webtest.Admin, webtest.Manager, webtest.User} {
		g.As(t, who).Get("/admin/users")
	}
	g.tokens(t)
	report, err := audit.Verify(t.Context(), g.Stores.Audit, nil)
	if err != nil || report.Broken != nil || report.Checked < 5 {
		t.Errorf("%+v, %v", report, err)
	}
}

// The same event for somebody in Kolkata, and for somebody in New York before
// and after the clocks go back.
func TestC6_TimesAreInTheViewersZone(t *testing.T) {
	g := newGrace(t)
	summer, winter := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{summer, winter} {
		e := idp.NewEvent(t.Context(), at, idp.ActionKeyActivate, idp.Target{Kind: "key", ID: "zone-test"}, idp.AuditOK)
		if err := g.Stores.Audit.AppendAudit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ zone, summer, winter string }{
		"ravi":  {"Asia/Kolkata", "17:30 IST", "17:30 IST"},
		"nancy": {"America/New_York", "08:00 EDT", "07:00 EST"},
	} {
		u := g.Person(name, "Auditor")
		if _, err := g.Admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Zoneinfo = c.zone; return nil }); err != nil {
			t.Fatal(err)
		}
		p := g.As(t, name).Get("/admin/audit?q=zone-test")
		times := p.Doc.Find("tbody tr time")
		if times.Length() != 2 {
			t.Fatalf("%d times: %s", times.Length(), p.Text())
		}
		for i, want := range []struct{ at, text string }{{winter.Format(time.RFC3339), c.winter}, {summer.Format(time.RFC3339), c.summer}} {
			at, _ := times.Eq(i).Attr("datetime")
			if at != want.at || !strings.Contains(times.Eq(i).Text(), want.text) {
				t.Errorf("%s sees %q (%s), want %s (%s)", name, times.Eq(i).Text(), at, want.text, want.at)
			}
		}
	}
}
