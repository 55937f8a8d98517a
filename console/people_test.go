package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

// house is the running program with a few people more.
type house struct {
	*webtest.Env
	t *testing.T
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return &house{webtest.New(t), t}
}

// must stops the test on an error of its own making.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// version is the state of somebody's record, and last what was recorded last:
// both stay where nothing is changed.
func (h *house) last() int64 {
	h.t.Helper()
	head, err := h.Stores.Audit.AuditHead(context.Background())
	must(h.t, err)
	return head.LastSeq
}

// changed is the sequence number of the last change by a person. What is
// recorded in the background (sign-ins, refusals, the next signing key) comes when it comes.
func (h *house) changed() int64 {
	h.t.Helper()
	var last int64
	for _, kind := range []string{"user.", "role.", "client.", "key.", "settings.", "consent."} {
		page, err := h.Stores.Audit.QueryAudit(context.Background(), idp.AuditQuery{ListQuery: idp.ListQuery{Limit: 50}, Action: kind})
		must(h.t, err)
		for _, e := range page.Items {
			if e.ActorKind != idp.ActorSystem && e.Action != idp.ActionClientAuth && !strings.HasSuffix(e.Action, ".export") {
				last = max(last, e.Seq)
			}
		}
	}
	return last
}

// events are the events about a target since, oldest first.
func (h *house) events(since int64, targetID string) []*idp.AuditEvent {
	h.t.Helper()
	all, err := h.Stores.Audit.AuditAfter(context.Background(), since, 1000)
	must(h.t, err)
	var out []*idp.AuditEvent
	for _, e := range all {
		if e.Target.ID == targetID {
			out = append(out, e)
		}
	}
	return out
}

// unchanged fails when the user's record is not as it was.
func (h *house) unchanged(t *testing.T, was *idp.User) {
	t.Helper()
	is, err := h.Stores.Users.UserByLogin(context.Background(), was.Username) // never from a cache
	if err != nil {
		t.Fatalf("%s: %v", was.Username, err)
	}
	if !is.UpdatedAt.Equal(was.UpdatedAt) || is.Status != was.Status || is.PasswordHash != was.PasswordHash ||
		is.FailedAuthCount != was.FailedAuthCount || strings.Join(is.Roles, " ") != strings.Join(was.Roles, " ") {
		t.Errorf("%s was changed: %+v, was %+v", was.Username, is, was)
	}
}

// stale makes the sign-in of the browser's session too long ago for what cannot be undone.
func (h *house) stale(username string) {
	h.t.Helper()
	ctx := context.Background()
	all, err := h.Stores.Sessions.ListSessions(ctx, h.FindUser(username).ID)
	must(h.t, err)
	for _, s := range all {
		s.AuthTime = s.AuthTime.Add(-11 * time.Minute)
		must(h.t, h.Stores.Sessions.DeleteSession(ctx, s.Digest))
		must(h.t, h.Stores.Sessions.CreateSession(ctx, s, ""))
	}
}

// signOut ends every session of somebody behind their back.
func (h *house) signOut(username string) {
	h.t.Helper()
	_, err := h.Stores.Sessions.DeleteUserSessions(context.Background(), h.FindUser(username).ID, "")
	must(h.t, err)
}

func at(p *webtest.Page) string { return p.Path() }

// says fails unless the page says it.
func says(t *testing.T, p *webtest.Page, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !p.Has(text) {
			t.Errorf("%d %s does not say %q: %s", p.Status, p.URL, text, p.Text())
		}
	}
}

func silent(t *testing.T, p *webtest.Page, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if p.Has(text) {
			t.Errorf("%s says %q", p.URL, text)
		}
	}
}

func user(u *idp.User, below ...string) string {
	return strings.Join(append([]string{"/admin/users/" + u.ID}, below...), "/")
}

// form is the selector of the form that posts there.
func form(action string) string { return "main form[action='" + action + "']" }

// controls are the forms and the ways to change something that a page offers.
func controls(p *webtest.Page) []string {
	var out []string
	for _, f := range p.Doc.Find("main form[method='post']").EachIter() {
		out = append(out, f.AttrOr("action", ""))
	}
	for _, a := range p.Doc.Find("main a[href$='/delete'], main a[href$='/new']").EachIter() {
		out = append(out, a.AttrOr("href", ""))
	}
	return out
}

// peopleForms are the forms of the people pages: the page, its form, and
// values under which it would do something.
func peopleForms(u *idp.User) []struct {
	name, page, action string
	values             url.Values
} {
	return []struct {
		name, page, action string
		values             url.Values
	}{
		{"add", "/admin/users/new", "/admin/users", url.Values{"username": {"new-one"}}},
		{"profile", user(u), user(u), url.Values{"nickname": {"Nick"}}},
		{"roles", user(u, "roles"), user(u, "roles"), url.Values{"roles": {"User", "Helpdesk"}}},
		{"password", user(u, "security"), user(u, "password"), url.Values{"how": {"type"}, "password": {"a long enough word"}}},
		{"disable", user(u), user(u, "disable"), nil},
		{"unlock", user(u), user(u, "unlock"), nil},
		{"delete", user(u, "delete"), user(u, "delete"), url.Values{"match": {u.Username}}},
		{"end sessions", user(u, "sessions"), user(u, "sessions", "end"), nil},
		{"bulk", "/admin/users/bulk?act=disable&id=" + u.ID, "/admin/users/bulk/confirm", nil},
		{"add role", "/admin/roles/new", "/admin/roles", url.Values{"name": {"Writer"}}},
		{"role", "/admin/roles/Helpdesk", "/admin/roles/Helpdesk", url.Values{"description": {"Other"}}},
		{"delete role", "/admin/roles/Spare/delete", "/admin/roles/Spare/delete", url.Values{"match": {"Spare"}}},
	}
}

// spare prepares somebody on whom every form of peopleForms is offered.
func (h *house) spare(name string) *idp.User {
	h.t.Helper()
	ctx := context.Background()
	u := h.Person(name, idp.RoleUser)
	for range idp.LockedFailures {
		must(h.t, h.Stores.Users.RecordSignIn(ctx, u.ID, time.Now(), false))
	}
	b := h.Browser(h.t)
	b.SignIn(name)
	for range idp.LockedFailures {
		must(h.t, h.Stores.Users.RecordSignIn(ctx, u.ID, time.Now(), false))
	}
	return h.FindUser(name)
}

func (h *house) role(name string, p idp.Permission) {
	h.t.Helper()
	_, err := h.Admin.Roles.Create(context.Background(), &idp.Role{Name: name, Permission: p})
	must(h.t, err)
}

// TestFormsOfPeople sends every form with a token that is missing, another
// person's, or none. Nothing is changed then, and what was typed is kept.
func TestFormsOfPeople(t *testing.T) {
	h := newHouse(t)
	h.role("Spare", idp.PermissionNone)
	u := h.spare("victor")
	foreign := h.As(t, webtest.Manager)
	foreign.Get("/admin/users/new")
	_, theirs := foreign.Form(form("/admin/users"))
	b := h.As(t, webtest.Admin)
	for _, f := range peopleForms(u) {
		for name, token := range map[string][]string{"missing": nil, "foreign": {theirs.Get("csrf")}, "rubbish": {"AAAA"}} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				b.Get(f.page)
				before := h.changed()
				values := url.Values{"csrf": token}
				for k, v := range f.values {
					values[k] = v
				}
				p := b.Submit(form(f.action), values)
				if p.Status != http.StatusOK {
					t.Errorf("answers %d: %s", p.Status, p.Text())
				}
				says(t, p, "This page was open for a long time")
				if name != "foreign" { // what was typed is shown to nobody but whose page it was on
					h.kept(t, p, f.values)
				}
				if after := h.changed(); after != before {
					t.Errorf("something was recorded: %v", h.events(before, u.ID))
				}
				h.unchanged(t, u)
			})
		}
	}
}

// kept fails unless the page's form holds what was typed, but passwords.
func (h *house) kept(t *testing.T, p *webtest.Page, values url.Values) {
	t.Helper()
	for name, v := range values {
		in := p.Doc.Find("main [name='" + name + "']")
		switch {
		case name == "password":
			if got := in.AttrOr("value", ""); got != "" {
				t.Errorf("the password came back: %q", got)
			}
		case name == "roles" || name == "how":
			if p.Doc.Find("main [name='"+name+"'][value='"+v[len(v)-1]+"'][checked]").Length() == 0 {
				t.Errorf("%s lost its choice %v", name, v)
			}
		case in.Is("select"):
			if got := in.Find("option[selected]").AttrOr("value", ""); got != v[0] {
				t.Errorf("%s is %q, was %q", name, got, v[0])
			}
		case in.AttrOr("value", in.Text()) != v[0]:
			t.Errorf("%s is %q, was %q", name, in.AttrOr("value", in.Text()), v[0])
		}
	}
}

// TestSessionEndsBetween: a form sent after the session ended is kept over the
// sign-in and does nothing by itself.
func TestSessionEndsBetween(t *testing.T) {
	h := newHouse(t)
	h.role("Spare", idp.PermissionNone)
	u := h.spare("victor")
	for _, f := range peopleForms(u) {
		t.Run(f.name, func(t *testing.T) {
			b := h.As(t, webtest.Admin)
			b.Get(f.page)
			values := url.Values{}
			for k, v := range f.values {
				values[k] = v
			}
			h.signOut(webtest.Admin)
			before := h.last()
			p := b.Submit(form(f.action), values)
			if at(p) != "/login" {
				t.Fatalf("leads to %s: %s", p.URL, p.Text())
			}
			p = b.Submit("form[action^='/login']", url.Values{"username": {webtest.Admin}, "password": {webtest.Password}})
			says(t, p, "You are signed in again")
			h.kept(t, p, f.values)
			h.unchanged(t, u)
			if got := h.events(before, u.ID); len(got) > 0 {
				t.Errorf("recorded: %v", got[0])
			}
		})
	}
}
