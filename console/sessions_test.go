package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const endChosen = "main form[action='/admin/sessions/end']"

func (h *house) sessions(username string) []*idp.Session {
	h.t.Helper()
	all, err := h.Stores.Sessions.ListSessions(h.t.Context(), h.FindUser(username).ID)
	must(h.t, err)
	return all
}

func key(s *idp.Session) string { return s.UserID + "." + s.ID }

func TestSessions(t *testing.T) {
	h := newHouse(t)
	h.Person("grace", idp.RoleUser)
	hers, again := h.As(t, "grace"), h.As(t, "grace")
	boss := h.As(t, webtest.Admin)
	b := h.As(t, webtest.Manager)
	p := b.Get("/admin/sessions")
	says(t, p, "Grace", "admin", "Manager", "This browser")
	if n := p.Doc.Find("main tbody input[type='checkbox']").Length(); n != 2 {
		t.Errorf("%d sessions can be chosen, want those of Grace", n)
	}
	for _, c := range controls(p) {
		if !strings.Contains(c, h.FindUser("grace").ID) {
			t.Errorf("it offers %s", c)
		}
	}

	q := url.Values{"act": {"end"}}
	for _, name := range []string{"grace", webtest.Admin, webtest.Manager} {
		for _, s := range h.sessions(name) {
			q.Add("id", key(s))
		}
	}
	q.Add("id", "nobody.nothing")
	p = b.Get("/admin/sessions/end?" + q.Encode())
	says(t, p, "2 browsers are signed out", "Grace (grace)", "The session you are using is left out", "1 session is left out: only an administrator", "it has ended already")
	action, values := b.Form(endChosen)
	values["id"] = append(values["id"], key(h.sessions(webtest.Admin)[0]), key(h.sessions(webtest.Manager)[0]))
	p = b.Post(action, values)
	says(t, p, "Done for 2 of 4")
	for name, open := range map[*webtest.Browser]bool{hers: false, again: false, boss: true, b: true} {
		if got := at(name.Get("/account")) == "/account"; got != open {
			t.Errorf("a session is open: %v, want %v", got, open)
		}
	}
	if p := b.Post(action, values); at(p) != "/admin/sessions" {
		t.Errorf("sent twice: %d %s", p.Status, p.URL)
	}
	says(t, b.Get("/admin/sessions/end?act=end"), "select sessions in the list")
	says(t, b.Get("/admin/sessions/end?id="+key(h.sessions(webtest.Admin)[0])), "None of the sessions you chose")
	if p := b.Get("/admin/sessions?after=rubbish&n=25"); p.Status != http.StatusOK || p.URL.RawQuery != "n=25" {
		t.Errorf("a broken cursor leads to %d %s", p.Status, p.URL)
	}
}

func TestSessionsOfAUser(t *testing.T) {
	h := newHouse(t)
	u := h.Person("grace", idp.RoleUser)
	other := h.Person("other", idp.RoleUser)
	one, two, foreign := h.As(t, "grace"), h.As(t, "grace"), h.As(t, "other")
	b := h.As(t, webtest.Manager)
	p := b.Get(user(u, "sessions"))
	says(t, p, "2 sessions", "Sign out everywhere")

	// A session of somebody else under her address ends nothing.
	sid := h.sessions("other")[0].ID
	says(t, b.Post(user(u, "sessions", sid, "end"), h.token(b)), "had ended already")
	if at(foreign.Get("/account")) != "/account" {
		t.Error("another's session ended")
	}
	b.Get(user(u, "sessions"))
	first := b.Last.Doc.Find("main td form").First().AttrOr("action", "")
	p = b.Submit("main form[action='"+first+"']", nil)
	says(t, p, "The session of Grace was ended", "1 session")
	open := 0
	for _, s := range []*webtest.Browser{one, two} {
		if at(s.Get("/account")) == "/account" {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d are open", open)
	}
	says(t, b.Post(first, h.token(b)), "had ended already")
	b.Get(user(u, "sessions"))
	says(t, b.Submit(form(user(u, "sessions", "end")), nil), "Grace was signed out", "Not signed in anywhere")
	if len(h.sessions("grace")) != 0 || len(h.sessions(other.Username)) != 1 {
		t.Error("not these ended")
	}
}

// TestOwnSessions: an administrator ends all own sessions but the one in use.
func TestOwnSessions(t *testing.T) {
	h := newHouse(t)
	own := h.FindUser(webtest.Admin)
	elsewhere := h.As(t, webtest.Admin)
	b := h.As(t, webtest.Admin)
	p := b.Get(user(own, "sessions"))
	says(t, p, "In use by you", "Sign out everywhere else")
	for _, s := range h.sessions(webtest.Admin) {
		if p.Doc.Find("main form[action='"+user(own, "sessions", s.ID, "end")+"']").Length() > 0 {
			continue
		}
		says(t, b.Post(user(own, "sessions", s.ID, "end"), h.token(b)), "that is the session you are using")
	}
	b.Get(user(own, "sessions"))
	says(t, b.Submit(form(user(own, "sessions", "end")), nil), "was signed out")
	if at(elsewhere.Get("/account")) != "/login" || at(b.Get("/account")) != "/account" {
		t.Error("not the others ended")
	}
}

func TestAppsOfAUser(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.Person("grace", idp.RoleUser)
	must(t, h.Stores.Clients.CreateClient(ctx, &idp.Client{
		ID: "grafana", Name: "Grafana <b>", AuthMethod: idp.AuthMethodNone, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}))
	must(t, h.Stores.Consents.AddConsent(ctx, u.ID, "grafana", []string{"openid", "email"}, u.CreatedAt))
	reader := h.As(t, webtest.Reader)
	p := reader.Get(user(u, "apps"))
	says(t, p, "Grafana <b>", "email openid")
	if p.Doc.Find("main a[href='/admin/clients/grafana']").Length() == 0 {
		t.Error("no way to the client")
	}
	b := h.As(t, webtest.Manager)
	p = b.Get(user(u, "apps"))
	if p.Doc.Find("main a[href^='/admin/clients']").Length() > 0 {
		t.Error("a way to what a manager may not see")
	}
	remove := user(u, "apps", "grafana", "remove")
	says(t, b.Submit(form(remove), nil), "no access to the account of Grace any more", "No app has access")
	says(t, b.Post(remove, h.token(b)), "had no access any more")
	says(t, b.Post(user(u, "apps", "nothing", "remove"), h.token(b)), "had no access any more")
}

func TestActivityOfAUser(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	u := h.Person("grace", idp.RoleUser)
	h.As(t, "grace")
	must(t, h.Admin.Users.SetDisabled(ctx, u.ID, true))
	reader := h.As(t, webtest.Reader)
	p := reader.Get(user(u, "activity"))
	for range 40 { // sign-ins are recorded a moment later
		if p.Has("Sign-in") {
			break
		}
		time.Sleep(50 * time.Millisecond)
		p = reader.Get(user(u, "activity"))
	}
	says(t, p, "User disabled", "Sign-in", "User added", "Showing 1–")
	if p.Doc.Find("main a[href^='/admin/audit/']").Length() == 0 {
		t.Error("no way to the events")
	}
	b := h.As(t, webtest.Manager)
	p = b.Get(user(u, "activity"))
	says(t, p, "You see what was done to this account", "User disabled", "Sign-in")
	if p.Doc.Find("main a[href^='/admin/audit']").Length() > 0 {
		t.Error("a way to what a manager may not see")
	}
	// What an administrator did elsewhere is not shown to a manager.
	boss := h.As(t, webtest.Admin)
	boss.Get("/admin/roles/new")
	boss.Submit(form("/admin/roles"), url.Values{"name": {"Secret"}})
	says(t, boss.Get(user(h.FindUser(webtest.Admin), "activity")), "Role added")
	silent(t, b.Get(user(h.FindUser(webtest.Admin), "activity")), "Role added")
	if p := b.Get(user(u, "activity") + "?after=rubbish"); p.Status != http.StatusOK || p.URL.RawQuery != "" {
		t.Errorf("a broken cursor leads to %d %s", p.Status, p.URL)
	}
}
