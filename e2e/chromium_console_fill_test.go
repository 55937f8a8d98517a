package e2e

import (
	"fmt"
	"maps"
	"testing"

	"gatehouse/idp"
)

// fillings are the autocomplete values of the fields of a page that password
// managers and browsers fill in: all of a password, an email address, a user name
// or a person's name. Those of other people in the console are nobody's to fill in.
var fillings = []struct {
	page string
	want map[string]string
}{
	{"/register", map[string]string{"name": "name", "email": "email", "username": "username", "new_password": "new-password"}},
	{"/account/profile", map[string]string{
		"name": "name", "given_name": "given-name", "middle_name": "additional-name", "family_name": "family-name", "nickname": "off",
		"phone_number": "tel", "website": "url", "profile": "off", "picture": "off", "birthdate": "off", "gender": "off",
		"address.street_address": "street-address", "address.locality": "address-level2", "address.region": "address-level1",
		"address.postal_code": "postal-code", "address.country": "country-name",
	}},
	{"/account/password", map[string]string{"username": "username", "current_password": "current-password", "new_password": "new-password"}},
	{"/account/data/delete", map[string]string{"match": "off"}},
	{"/admin/users/new", map[string]string{"username": "off", "email": "off", "name": "off", "password": "new-password"}},
	{"/admin/users/:id/security", map[string]string{"username": "username", "password": "new-password"}},
	{"/admin/users/:id/delete", map[string]string{"match": "off", "reason": "off"}},
}

// readFilling gives the autocomplete of every field of the page's forms that is
// typed into, and of the user name that is there for password managers alone.
const readFilling = `Object.fromEntries([...document.querySelectorAll("main form[method=post] input")]
	.filter(e => !["hidden", "checkbox", "radio", "submit", "file"].includes(e.type)).map(e => [e.name, e.autocomplete]))`

// fillConsole: password managers and browsers fill in what is the person's own,
// nothing keeps anybody from pasting, and a form that a script filled in works.
func fillConsole(t *testing.T, s chromium) {
	admin, own := s.newDesk(t, "/admin", idp.RoleAdmin), s.newDesk(t, "/account")
	other := s.newUser(t)
	s.save(t, "signup", "open")
	nobody := s.newTab(t)
	eventually(t, "registration", func() bool {
		nobody.open("/register", "/register")
		return ask[bool](nobody, `!!document.querySelector("#f-username")`)
	})
	nobody.traffic.takeFaults()
	for _, f := range fillings {
		t.Run(f.page, func(t *testing.T) {
			b, page := *own.tab, f.page
			switch {
			case page == "/register":
				b = *nobody
			case page[:6] == "/admin":
				b = *admin.tab
				if page != "/admin/users/new" {
					page = "/admin/users/" + other.ID + page[len("/admin/users/:id"):]
				}
			}
			b.t = t
			b.visit(page)
			if got := ask[map[string]string](&b, readFilling); !maps.Equal(got, f.want) {
				t.Errorf("has %v, want %v", got, f.want)
			}
			b.wantPlainFields()
			b.clean(f.page)
		})
	}
	t.Run("a password manager changes the password", func(t *testing.T) { fillPassword(t, s, own) })
}

// wantPlainFields wants nothing in the way of who pastes or types, and a user
// name in each form of a password that is not typed beside one.
func (b *tab) wantPlainFields() {
	b.t.Helper()
	for _, odd := range ask[[]string](b, `(() => {
		const odd = [];
		for (const e of document.querySelectorAll("main form[method=post] input")) {
			if (e.maxLength !== -1 || e.placeholder) odd.push(e.name + " is bounded or explains itself in its place");
			if (e.type === "password" && e.value) odd.push(e.name + " holds something");
		}
		for (const f of document.querySelectorAll("main form:has([type=password])")) {
			const name = f.querySelector("[autocomplete~=username], [name=username]");
			if (!name || name.compareDocumentPosition(f.querySelector("[type=password]")) !== Node.DOCUMENT_POSITION_FOLLOWING) odd.push("no user name before the password");
			else if (name.hidden && !name.value) odd.push("the hidden user name is empty");
		}
		return odd;
	})()`) {
		b.t.Error(odd)
	}
}

// fillPassword fills in the form of a change by a script, after pasting into it.
func fillPassword(t *testing.T, s chromium, d desk) {
	b := *d.tab
	b.t = t
	const chosen = "another gate by the sea"
	b.visit("/account/password")
	if got := ask[string](&b, `document.querySelector("[autocomplete=username]").value`); got != d.user.Username {
		t.Errorf("the password is that of %q", got)
	}
	b.visit("/account/profile")
	b.typeIn("#f-nickname", password)
	b.edit("selectAll")
	b.edit("copy")
	b.visit("/account/password")
	for _, field := range []string{"#f-current_password", "#f-new_password"} {
		b.point(field)
		b.edit("paste")
		if got := ask[string](&b, fmt.Sprintf(`document.querySelector(%q).value`, field)); got != password {
			t.Errorf("pasting into %s gives %q", field, got)
		}
	}
	b.leave()
	b.run(fmt.Sprintf(`(() => {
		const field = kind => document.querySelector("main form [autocomplete=" + kind + "]");
		field("current-password").value = %q;
		field("new-password").value = %q;
		field("new-password").form.querySelector(".button-main").click();
	})()`, password, chosen))
	b.at("/account")
	b.wantToast("password")
	fresh := s.newTab(t)
	fresh.open("/login?next=/account", "/login")
	fresh.signIn(d.user.Username, chosen, "/account")
	b.clean("changing the password")
}
