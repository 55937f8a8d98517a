package e2e

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
)

// final is something that cannot be undone.
type final struct {
	name   string
	page   string // its review page
	match  string // what has to be typed
	action string // what the audit log calls it
	target string // the record, as the audit log has it
}

// irreversible: what cannot be undone takes a fresh sign-in, to see the question
// and to answer it, and the exact name; it goes on where it was, and is recorded
// with the reason.
func irreversible(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	u, many, a := s.newUser(t), s.newUser(t), s.newApp(t, nil)
	role, err := s.admin.Roles.Create(t.Context(), &idp.Role{Name: unique("Writers")})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.keyring(t).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kid := ""
	for _, k := range keys {
		if k.State == idp.KeyNext {
			kid = k.KID
		}
	}
	for _, f := range []final{
		{"user", "/admin/users/" + u.ID + "/delete", u.Username, idp.ActionUserDelete, u.ID},
		{"many users", "/admin/users/bulk?act=delete&id=" + many.ID, "delete 1", idp.ActionUserDelete, many.ID},
		{"client", "/admin/clients/" + a.ID + "/delete", a.ID, idp.ActionClientDelete, a.ID},
		{"role", "/admin/roles/" + role.Name + "/delete", role.Name, idp.ActionRoleDelete, role.Name},
		{"key", "/admin/keys/" + kid + "/revoke", kid, idp.ActionKeyRevoke, kid},
		{"oneself", "/account/data/delete", d.user.Username, idp.ActionUserUpdate, d.user.ID},
	} {
		t.Run(f.name, func(t *testing.T) {
			b := *d.tab
			b.t = t
			desk{&b, d.user}.finish(f)
			b.clean(f.name)
		})
	}
}

// confirm gives the password where it is asked for again, once wrongly.
func (d desk) confirm(path string) {
	d.t.Helper()
	d.wantHeading("Confirm it's you")
	d.typeIn("#password", "not this one")
	d.leave()
	d.point(submitButton)
	d.until("the refusal", d.next()+` && !!document.querySelector("[role=alert]")`)
	if d.path() != "/login" {
		d.t.Fatalf("a wrong password leads on; %s", d.where())
	}
	d.wantHeading("Confirm it's you")
	d.typeIn("#password", password)
	d.click(submitButton, path)
}

func (d desk) finish(f final) {
	d.t.Helper()
	path, _, _ := strings.Cut(f.page, "?")
	changes := d.s.changes(d.t)
	d.tire()
	d.open(f.page, "/login")
	d.confirm(path)
	form := "main form.form"
	reason := typed{"match": f.match, "reason": "they left us"}
	if strings.HasPrefix(path, "/account") {
		delete(reason, "reason")
	}
	for _, wrong := range []string{"", " ", f.match + "x", strings.ToUpper(f.match) + "?"} {
		d.put(form, typed{"match": wrong})
		d.send(form)
		d.until("the focus", `document.activeElement !== document.body`)
		if got := d.failedForm(form); d.path() != path || got.Focus != "match" {
			d.t.Fatalf("%q: the focus is on %q; %s", wrong, got.Focus, d.where())
		}
	}
	if n := d.s.changes(d.t); n != changes {
		d.t.Fatal("something was done by a wrong word")
	}
	d.put(form, reason)
	d.tire()
	d.send(form)
	d.confirm(path)
	got := d.failedForm(form)
	for name, value := range reason {
		if got.Held[name] != value {
			d.t.Errorf("%s is %q after signing in again", name, got.Held[name])
		}
	}
	if n := d.s.changes(d.t); n != changes {
		d.t.Fatal("something was done before it was confirmed")
	}
	d.send(form)
	found := d.s.recorded(d.t, func(e *idp.AuditEvent) bool {
		return e.Action == f.action && slices.Contains([]string{e.Target.ID, e.Target.Name}, f.target) && e.ActorID == d.user.ID
	})
	if len(found) != 1 || found[0].Result != idp.AuditOK || found[0].Reason != reason["reason"] || found[0].IP == "" || found[0].RequestID == "" {
		d.t.Errorf("recorded: %+v; %s", found, d.where())
	}
	if d.toast() == "" {
		d.t.Errorf("nothing is told; %s", d.where())
	}
}

// protected: nobody ends their own account in the console, nor takes the last
// administrator away; where the control would be the page says why.
func protected(t *testing.T, s chromium) {
	alone := chromium{startSystem(t, onSQLite), s.ctx}
	admin, err := alone.stores.Users.UserByLogin(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	// Who may administer by another role is no administrator in this sense.
	if _, err := alone.admin.Roles.Create(t.Context(), &idp.Role{Name: "Deputy", Permission: idp.PermissionAdmin}); err != nil {
		t.Fatal(err)
	}
	deputy, own := alone.newDesk(t, "/admin", "Deputy"), desk{alone.newTab(t), admin}
	own.open("/login?next=/admin", "/login")
	own.signIn("admin", password, "/admin")
	for name, c := range map[string]struct {
		d    desk
		user *idp.User
		says string
	}{
		"oneself":            {deputy, deputy.user, "your own account"},
		"last administrator": {deputy, admin, "last"},
		"both":               {own, admin, "your own account"},
	} {
		t.Run(name, func(t *testing.T) {
			b := *c.d.tab
			b.t = t
			page := "/admin/users/" + c.user.ID
			b.visit(page)
			b.wantProtected(page, c.says)
			b.visit(page + "/delete")
			b.wantProtected(page, c.says)
			b.clean(name)
		})
	}
	t.Run("own deletion of the last administrator", func(t *testing.T) {
		own.visit("/account/data")
		if text := ask[string](own.tab, `document.querySelector("main").innerText`); !strings.Contains(text, "administrator") || ask[bool](own.tab, `!!document.querySelector("main a[href*=delete]")`) {
			t.Errorf("it is offered; %s", own.where())
		}
		own.open("/account/data/delete", "/account/data")
		own.clean("own deletion")
	})
	t.Run("own roles", func(t *testing.T) {
		own.visit("/admin/users/" + admin.ID + "/roles")
		if !ask[bool](own.tab, `document.querySelector("main [type=checkbox][name=roles][value=Admin]").disabled`) {
			t.Errorf("it can be taken away; %s", own.where())
		}
	})
}

// wantProtected wants neither a button that disables or deletes, nor one that is
// dead, and a text that says why.
func (b *tab) wantProtected(page, why string) {
	b.t.Helper()
	text := ask[string](b, `document.querySelector("main").innerText`)
	if !strings.Contains(text, why) {
		b.t.Errorf("it does not say why (%s); %s", why, b.where())
	}
	for _, selector := range []string{"form[action='" + page + "/disable']", "a[href='" + page + "/delete']", "form[action='" + page + "/delete']"} {
		if ask[bool](b, `!!document.querySelector("main `+selector+`")`) {
			b.t.Errorf("%s is offered", selector)
		}
	}
}
