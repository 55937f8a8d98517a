package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestRoles(t *testing.T) {
	h := newHouse(t)
	h.Person("grace", idp.RoleUser, "Helpdesk")
	b := h.As(t, webtest.Admin)
	p := b.Get("/admin/roles")
	says(t, p, "Add role", "Administer everything", "See everything, change nothing", "Manage people", "Nothing: a name for apps", "Built in")
	if got := rows(p); !slices.Equal(got, []string{"Admin Built in", "Auditor", "Helpdesk", "User Built in"}) {
		t.Errorf("%q", got)
	}
	if to := p.Doc.Find("a[href='/admin/users?role=Helpdesk']").Text(); to != "2" {
		t.Errorf("Helpdesk is held by %q", to)
	}
	says(t, b.Get("/admin/roles/Helpdesk"), "Users with this role", "Grace", "Manager")
	for _, name := range []string{"Nothing", "a b", "..%2f", "%00", "admin"} {
		if p := b.Get("/admin/roles/" + name); p.Status != http.StatusNotFound && p.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, p.Status)
		}
	}
}

func TestAddRole(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	send := func(values url.Values) *webtest.Page {
		b.Get("/admin/roles/new")
		return b.Submit(form("/admin/roles"), values)
	}
	for name, c := range map[string]struct {
		values url.Values
		says   string
	}{
		"no name":          {url.Values{}, "Use 1 to 64 letters"},
		"too long":         {url.Values{"name": {strings.Repeat("r", 65)}}, "Use 1 to 64 letters"},
		"a space":          {url.Values{"name": {"a b"}, "description": {"typed"}}, "Use 1 to 64 letters"},
		"taken":            {url.Values{"name": {"Helpdesk"}}, "taken"},
		"built in":         {url.Values{"name": {"Admin"}}, "taken"},
		"the form itself":  {url.Values{"name": {"new"}}, "can't be used as a name here"},
		"long description": {url.Values{"name": {"Writer"}, "description": {strings.Repeat("d", 501)}}, "at most 500"},
		"odd permission":   {url.Values{"name": {"Writer"}, "permission": {"root"}}, "Choose one of the permissions"},
		"no permission":    {url.Values{"name": {"Writer"}, "permission": nil}, "Fill this in"},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.changed()
			p := send(c.values)
			says(t, p, c.says)
			if v := c.values.Get("description"); v != "" {
				h.kept(t, p, url.Values{"description": {v}})
			}
			if at(p) != "/admin/roles/new" || h.changed() != before {
				t.Errorf("%s, and something was changed", p.URL)
			}
		})
	}
	p := send(url.Values{"name": {"books:read.v2"}, "description": {"Reads books"}, "permission": {""}})
	says(t, p, "books:read.v2 was added", "Nobody has this role")
	if at(p) != "/admin/roles/books:read.v2" {
		t.Errorf("leads to %s", p.URL)
	}
	says(t, send(url.Values{"name": {"Support"}, "permission": {"users"}}), "was added")
	r, err := h.Stores.Roles.Role(t.Context(), "Support")
	if err != nil || r.Permission != idp.PermissionUsers {
		t.Errorf("%+v %v", r, err)
	}
}

func TestEditRole(t *testing.T) {
	h := newHouse(t)
	u := h.Person("grace", "Helpdesk")
	b := h.As(t, webtest.Admin)
	hers := h.As(t, "grace")
	b.Get("/admin/roles/Helpdesk")
	says(t, b.Submit(form("/admin/roles/Helpdesk"), url.Values{"description": {"Helps"}, "permission": {""}}), "was saved")
	if r, _ := h.Stores.Roles.Role(t.Context(), "Helpdesk"); r.Permission != idp.PermissionNone || r.Description != "Helps" {
		t.Errorf("%+v", r)
	}
	if p := hers.Get("/admin/users"); p.Status != http.StatusForbidden {
		t.Errorf("the permission is still good for %d", p.Status)
	}
	b.Get("/admin/roles/Helpdesk")
	_, err := h.Admin.Roles.Update(t.Context(), "Helpdesk", h.roleOf("Helpdesk").UpdatedAt, func(r *idp.Role) error { r.Description = "Faster"; return nil })
	must(t, err)
	p := b.Submit(form("/admin/roles/Helpdesk"), url.Values{"description": {"Typed"}})
	says(t, p, "Somebody else changed this")
	h.kept(t, p, url.Values{"description": {"Typed"}})
	if r := h.roleOf("Helpdesk"); r.Description != "Faster" {
		t.Errorf("%+v", r)
	}
	for name, version := range map[string][]string{"no version": nil, "a broken one": {"1"}} {
		b.Get("/admin/roles/Helpdesk")
		if p := b.Submit(form("/admin/roles/Helpdesk"), url.Values{"version": version}); p.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, p.Status)
		}
	}
	for _, name := range []string{idp.RoleAdmin, idp.RoleUser} {
		p := b.Get("/admin/roles/" + name)
		says(t, p, "This role is built in")
		if c := controls(p); len(c) > 0 {
			t.Errorf("%s offers %v", name, c)
		}
		was := h.roleOf(name)
		version := url.Values{"version": {was.UpdatedAt.Format("2006-01-02T15:04:05.999999999Z07:00")}, "permission": {"admin"}, "description": {"mine"}}
		says(t, b.Post("/admin/roles/"+name, merged(h.token(b), version)), "this role is built in")
		says(t, b.Post("/admin/roles/"+name+"/delete", merged(h.token(b), url.Values{"match": {name}, "form_id": {"b" + name}})), "this role is built in")
		if is := h.roleOf(name); *is != *was {
			t.Errorf("%+v was %+v", is, was)
		}
	}
	h.unchanged(t, h.FindUser(u.Username))
}

func (h *house) roleOf(name string) *idp.Role {
	h.t.Helper()
	r, err := h.Stores.Roles.Role(context.Background(), name)
	must(h.t, err)
	return r
}

func TestDeleteRole(t *testing.T) {
	h := newHouse(t)
	h.role("Spare", idp.PermissionNone)
	u := h.Person("grace", "Spare")
	b := h.As(t, webtest.Admin)
	p := b.Get("/admin/roles/Spare/delete")
	says(t, p, "1 user has this role, so it can't be deleted", "Grace")
	if p.Doc.Find("main a[href='"+user(u)+"']").Length() == 0 || len(controls(p)) > 0 {
		t.Errorf("no way to the holder, or a control: %v", controls(p))
	}
	says(t, b.Post("/admin/roles/Spare/delete", merged(h.token(b), url.Values{"match": {"Spare"}})), "somebody holds the role Spare")
	h.roleOf("Spare")
	_, err := h.Admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Roles = nil; return nil })
	must(t, err)
	b.Get("/admin/roles/Spare/delete")
	says(t, b.Submit(form("/admin/roles/Spare/delete"), url.Values{"match": {"spare"}}), "doesn't match")
	h.stale(webtest.Admin)
	if p := b.Get("/admin/roles/Spare/delete"); at(p) != "/login" {
		t.Fatalf("long after signing in: %s", p.URL)
	}
	b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	before := h.last()
	action, values := b.Form(form("/admin/roles/Spare/delete"))
	values = merged(values, url.Values{"match": {"Spare"}, "reason": {"unused"}})
	says(t, b.Post(action, values), "The role Spare was deleted")
	if _, err := h.Stores.Roles.Role(t.Context(), "Spare"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("%v", err)
	}
	all, err := h.Stores.Audit.AuditAfter(t.Context(), before, 100)
	must(t, err)
	if !slices.ContainsFunc(all, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionRoleDelete && e.Reason == "unused" && e.Target.Name == "Spare"
	}) {
		t.Error("it is not recorded with its reason")
	}
	if p := b.Post(action, values); at(p) != "/admin/roles" || p.Status != http.StatusOK {
		t.Errorf("sent twice: %d %s", p.Status, p.URL)
	}
}

// TestRolesAreForAdministrators: who manages people reads the roles and changes none.
func TestRolesAreForAdministrators(t *testing.T) {
	h := newHouse(t)
	h.role("Spare", idp.PermissionNone)
	b := h.As(t, webtest.Manager)
	for _, path := range []string{"/admin/roles", "/admin/roles/Spare"} {
		if p := b.Get(path); p.Status != http.StatusOK || len(controls(p)) > 0 {
			t.Errorf("%s: %d, offers %v", path, p.Status, controls(p))
		}
	}
	was := h.roleOf("Spare")
	for path, values := range map[string]url.Values{
		"/admin/roles": {"name": {"Mine"}, "permission": {"admin"}}, "/admin/roles/Spare": {"permission": {"admin"}}, "/admin/roles/Spare/delete": {"match": {"Spare"}},
	} {
		if p := b.Post(path, merged(h.token(b), values)); p.Status != http.StatusForbidden {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	if is := h.roleOf("Spare"); *is != *was {
		t.Errorf("%+v", is)
	}
}
