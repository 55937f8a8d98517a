package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"gatehouse/idp"
)

// act is a form that changes something, sent once.
type act struct {
	name  string
	page  string
	to    string // where the form posts; "" is the page
	typed typed
	lands string // what the path of the next page begins with
	count int    // records that it changes
	shows bool   // the next page shows a secret, this once
}

func (a act) form() string {
	if a.to == "" {
		return "main form[action='" + a.page + "']"
	}
	return "main form[action='" + a.to + "']"
}

// consoleActs are one of each way to change something. Each takes a record of its own.
func consoleActs(t *testing.T, s chromium) []act {
	t.Helper()
	person := func() string { return "/admin/users/" + s.newUser(t).ID }
	client := func() string { return "/admin/clients/" + s.newApp(t, nil).ID }
	role := func() string {
		r, err := s.admin.Roles.Create(t.Context(), &idp.Role{Name: unique("Writers")})
		if err != nil {
			t.Fatal(err)
		}
		return "/admin/roles/" + r.Name
	}
	of := func(record, below string) (page, to string) { return record + below, record + below }
	doomed, key := s.newUser(t), s.newApp(t, nil)
	empty, edited, renamed, another, rotated, revoked := role(), role(), person(), person(), client(), client()
	bulk := s.newUser(t)
	acts := []act{
		{name: "new user", page: "/admin/users/new", to: "/admin/users", typed: typed{"username": unique("grace")}, lands: "/admin/users/", count: 1, shows: true},
		{name: "user", page: renamed, typed: typed{"nickname": "Nick"}, lands: renamed, count: 1},
		{name: "roles", page: another + "/roles", typed: typed{"roles": ""}, lands: another + "/roles", count: 1},
		{name: "password", page: another + "/security", to: another + "/password", lands: another + "/security", count: 1, shows: true},
		{name: "new role", page: "/admin/roles/new", to: "/admin/roles", typed: typed{"name": unique("Readers")}, lands: "/admin/roles/", count: 1},
		{name: "role", page: edited, typed: typed{"description": "They write"}, lands: edited, count: 1},
		{name: "new client", page: "/admin/clients/new?kind=web", to: "/admin/clients", typed: typed{"client_name": "Wiki", "redirect_uris": "https://wiki.example/cb"}, lands: "/admin/clients/", count: 1, shows: true},
		{name: "client", page: rotated, typed: typed{"client_name": "Board"}, lands: rotated, count: 1},
		{name: "copy of a client", page: rotated, to: rotated + "/duplicate", lands: "/admin/clients/", count: 1, shows: true},
		{name: "settings", page: "/admin/settings", to: "/admin/settings/audit", typed: typed{"audit_retention_days": strconv.FormatInt(400+counter.Add(1), 10)}, lands: "/admin/settings", count: 1},
		{name: "many", page: "/admin/users/bulk?act=disable&id=" + bulk.ID, to: "/admin/users/bulk/confirm", lands: "/admin/users", count: 1},
	}
	for _, a := range []struct {
		name, record, below string
		typed               typed
		lands               string
		shows               bool
	}{
		{"secret", rotated, "/rotate", nil, rotated + "/secrets", true},
		{"tokens of a client", revoked, "/revoke-tokens", nil, revoked + "/tokens", false},
		{"deletion of a user", "/admin/users/" + doomed.ID, "/delete", typed{"match": doomed.Username, "reason": "left"}, "/admin/users", false},
		{"deletion of a role", empty, "/delete", typed{"match": strings.TrimPrefix(empty, "/admin/roles/")}, "/admin/roles", false},
		{"deletion of a client", "/admin/clients/" + key.ID, "/delete", typed{"match": key.ID}, "/admin/clients", false},
	} {
		page, to := of(a.record, a.below)
		one := act{name: a.name, page: page, to: to, typed: a.typed, lands: a.lands, count: 1, shows: a.shows}
		if a.name == "deletion of a user" {
			one.count = 2 // they are disabled first
		}
		acts = append(acts, one)
	}
	return acts
}

// ownActs are those of the account pages.
func ownActs(d desk) []act {
	return []act{
		{name: "own profile", page: "/account/profile", typed: typed{"nickname": "Nick"}, lands: "/account/profile", count: 1},
		{name: "own password", page: "/account/password", typed: typed{"current_password": password, "new_password": "another gate by the sea"}, lands: "/account", count: 1},
		{name: "deletion of oneself", page: "/account/data/delete", typed: typed{"match": d.user.Username}, lands: "/account", count: 1},
	}
}

// registering is the one act of a stranger.
func registering() act {
	return act{name: "registration", page: "/register", typed: typed{"username": unique("grace"), "new_password": password}, lands: "/account", count: 1}
}

// consoleHistory: after any form no button of the browser asks to send it
// again, shows nothing or does anything twice; a secret is shown this once.
func consoleHistory(t *testing.T, s chromium) {
	eachAct(t, s, func(b *tab, a act) {
		b.perform(a, func(form string) { b.send(form) })
		path, posts, changes := b.path(), b.traffic.posts(), b.s.changes(b.t)
		secret := b.secret()
		if (secret != "") != a.shows {
			b.t.Errorf("a secret is shown: %v; %s", secret != "", b.where())
		}
		b.reload(path)
		b.onPage("reload", posts)
		if b.secret() != "" || b.toast() != "" {
			b.t.Errorf("shown twice: %q", b.toast())
		}
		b.back()
		b.onPage("back", posts)
		b.history(1, path)
		b.onPage("forth", posts)
		if b.secret() != "" || b.s.changes(b.t) != changes {
			b.t.Error("done or shown twice")
		}
	})
}

// consoleDoubled: a form that is sent twice is done once, and both go to the
// same place: sent by two clicks, and by a browser without scripts, as it is.
func consoleDoubled(t *testing.T, s chromium) {
	eachAct(t, s, func(b *tab, a act) {
		b.perform(a, func(form string) {
			// Both at once, as a browser without scripts sends them.
			ask[any](b, fmt.Sprintf(`(() => {
				const form = document.querySelector(%s), fields = [...new FormData(form)].map(([k, v]) => [k, v.replace(/\r?\n/g, "\r\n")]); // as forms have it
				const send = () => fetch(form.getAttribute("action"), {method: "POST", body: new URLSearchParams(fields), redirect: "manual"});
				return Promise.all([send(), send()]).then(() => null);
			})()`, strconv.Quote(form)))
			posts := b.traffic.posts()
			b.leave()
			b.run(fmt.Sprintf(`(button => { button.click(); button.click() })(document.querySelector(%s))`, strconv.Quote(saveButton(form))))
			b.until("the answer", b.next())
			if n := b.traffic.posts() - posts; n != 1 {
				b.t.Errorf("two clicks sent %d forms", n)
			}
		})
		if b.path() == "/login" {
			b.t.Errorf("leads to the sign-in; %s", b.where())
		}
	})
}

// eachAct does every act in a window of who may.
func eachAct(t *testing.T, s chromium, do func(*tab, act)) {
	t.Helper()
	admin, own := s.newDesk(t, "/admin", idp.RoleAdmin), s.newDesk(t, "/account")
	s.save(t, "signup", "open")
	run := func(b *tab, acts ...act) {
		for _, a := range acts {
			t.Run(a.name, func(t *testing.T) {
				b := *b
				b.t = t
				do(&b, a)
				b.clean(a.name)
			})
		}
	}
	run(admin.tab, consoleActs(t, s)...)
	run(own.tab, ownActs(own)...)
	nobody := s.newTab(t)
	eventually(t, "registration", func() bool {
		nobody.open("/register", "/register")
		return ask[bool](nobody, `!!document.querySelector("#f-username")`)
	})
	nobody.traffic.takeFaults()
	run(nobody, registering())
}

// perform opens the page, fills in the form and sends it, and wants it done once.
func (b *tab) perform(a act, send func(form string)) {
	b.t.Helper()
	b.visit(a.page)
	form, changes := a.form(), b.s.changes(b.t)
	b.put(form, a.typed)
	send(form)
	if title := ask[string](b, `document.title`); !strings.HasPrefix(b.path(), a.lands) || b.heading() == "" || strings.HasPrefix(title, "Error") {
		b.t.Fatalf("leads to %s, not to %s; %s", b.path(), a.lands, b.where())
	}
	if n := b.s.changes(b.t) - changes; n != a.count {
		b.t.Fatalf("%d changes, want %d; %s", n, a.count, b.where())
	}
}

// secret is what the page shows this once, "" for nothing.
func (b *tab) secret() string {
	b.t.Helper()
	return ask[string](b, `document.querySelector(".secret textarea")?.value ?? ""`)
}
