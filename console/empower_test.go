package console_test

import (
	"net/url"
	"slices"
	"testing"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/webtest"
)

// A browser that was left open must not make administrators: giving a role
// with a permission asks for the password again, and keeps what was typed.
func TestEmpoweringAsksForThePassword(t *testing.T) {
	h := newHouse(t)
	ada := h.Person("ada", idp.RoleUser)
	b := h.As(t, webtest.Admin)
	h.stale(webtest.Admin)

	b.Get("/admin/users/" + ada.ID + "/roles")
	p := b.Submit("form[action$='/roles']", url.Values{"roles": {idp.RoleAdmin, idp.RoleUser}})
	if at(p) != "/login" {
		t.Fatalf("no password is asked for: %s", p.URL)
	}
	if got := h.FindUser("ada"); slices.Contains(got.Roles, idp.RoleAdmin) {
		t.Fatal("ada is an administrator")
	}
	p = b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	if at(p) != "/admin/users/"+ada.ID+"/roles" || p.Doc.Find("input[name=roles][value=Admin][checked]").Length() != 1 {
		t.Fatalf("what was chosen is lost: %s %s", p.URL, p.Text())
	}
	b.Submit("form[action$='/roles']", nil)
	if got := h.FindUser("ada"); !slices.Contains(got.Roles, idp.RoleAdmin) {
		t.Errorf("ada has %v: %s", got.Roles, b.Last.Text())
	}

	h.stale(webtest.Admin)
	b.Get("/admin/users/new")
	if p = b.Submit("form[action='/admin/users']", url.Values{"username": {"eve"}, "how": {"generate"}, "roles": {idp.RoleAdmin}}); at(p) != "/login" {
		t.Errorf("a new administrator without the password: %s", p.URL)
	}
	b.Get("/admin/roles/new")
	if p = b.Submit("form[action='/admin/roles']", url.Values{"name": {"Boss"}, "permission": {"admin"}}); at(p) != "/login" {
		t.Errorf("a new role with a permission without the password: %s", p.URL)
	}
	b.Get("/admin/users/new")
	if p = b.Submit("form[action='/admin/users']", url.Values{"username": {"grace"}, "how": {"generate"}, "roles": {idp.RoleUser}}); at(p) == "/login" {
		t.Error("the password is asked for where nothing is given that matters")
	}
}

// A client that may administer over the API could make administrators too: it
// is neither made, changed, copied nor given a secret without the password.
func TestTrustingAClientAsksForThePassword(t *testing.T) {
	h := newHouse(t)
	h.client("robot", idp.ClientMachine)
	h.client("boss", idp.ClientMachine, func(n *oauth.NewClient) { n.Scopes = []string{idp.ScopeAPIAdmin} })
	b := h.As(t, webtest.Admin)
	power := url.Values{"api_scope": {idp.ScopeAPIAdmin}}
	rotate := func(id string) *webtest.Page {
		b.Get(clientAt(id, "rotate"))
		return b.Submit("form[action$='/rotate']", nil)
	}
	change := func() *webtest.Page {
		b.Get(clientAt("robot"))
		return b.Submit(form(clientAt("robot")), power)
	}
	h.stale(webtest.Admin)
	for name, send := range map[string]func() *webtest.Page{
		"made": func() *webtest.Page {
			b.Get("/admin/clients/new?kind=machine")
			return b.Submit("form[action='/admin/clients']", url.Values{"client_id": {"thief"}, "client_name": {"x"}, "api_scope": power["api_scope"]})
		},
		"changed": change,
		"copied": func() *webtest.Page {
			b.Get(clientAt("boss"))
			return b.Submit("form[action$='/duplicate']", nil)
		},
		"given a secret": func() *webtest.Page { return rotate("boss") },
	} {
		if p := send(); at(p) != "/login" {
			t.Errorf("%s without the password: %s", name, p.URL)
		}
	}
	if len(h.stored("boss").Secrets) != 1 || slices.Contains(h.stored("robot").Scopes, idp.ScopeAPIAdmin) {
		t.Error("it was done")
	}
	if p := rotate("robot"); at(p) != clientAt("robot", "secrets") {
		t.Errorf("where the client may do nothing here: %s", p.URL)
	}
	change()
	b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	if p := b.Submit(form(clientAt("robot")), nil); !slices.Contains(h.stored("robot").Scopes, idp.ScopeAPIAdmin) {
		t.Errorf("with the password: %s %s", p.URL, p.Text())
	}
}
