package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/idp"
)

// wrongly is a form sent with something wrong in it.
type wrongly struct {
	name  string
	typed typed
	marks []string // names of the fields that are marked then; the first gets the focus
}

// formCase is a form that can fail, by the route that takes it.
type formCase struct {
	route string // as the program has it, without the method
	page  string
	form  string // selector; "" is the form that posts to action
	to    string // where it posts; "" is the page
	wrong []wrongly
}

func (c formCase) selector() string {
	switch {
	case c.form != "":
		return c.form
	case c.to != "":
		return "main form[action='" + c.to + "']"
	}
	return "main form[action='" + c.page + "']"
}

// plainRoutes take forms of one button, or of a choice, with nothing to type
// wrong: what they can fail by is told at the top of the next page, or on a page of its own.
var plainRoutes = []string{
	"/account/apps/:client/remove", "/account/data/keep", "/account/sessions/end", "/account/sessions/end-others", "/account/theme",
	"/admin/clients/:id/disable", "/admin/clients/:id/enable", "/admin/clients/:id/duplicate", "/admin/clients/:id/drop-old-secret",
	"/admin/clients/:id/logo/remove", "/admin/clients/:id/revoke-tokens", "/admin/clients/:id/rotate", "/admin/keys/rotate",
	"/admin/sessions/end", "/admin/tokens/revoke", "/admin/users/:id/roles",
	"/admin/users/:id/apps/:client/remove", "/admin/users/:id/disable", "/admin/users/:id/enable", "/admin/users/:id/unlock",
	"/admin/users/:id/sessions/end", "/admin/users/:id/sessions/:sid/end",
}

// failConsoleForms: every form of the console, of the account pages and of
// registration that can fail comes back by a redirect, with what was typed but
// secrets, and says what is wrong and where. A route that is in no list fails.
func failConsoleForms(t *testing.T, s chromium) {
	admin := s.newDesk(t, "/admin", idp.RoleAdmin)
	user := s.newDesk(t, "/account")
	s.save(t, "signup", "open")
	nobody := s.newTab(t)
	eventually(t, "registration", func() bool {
		nobody.open("/register", "/register")
		return ask[bool](nobody, `!!document.querySelector("#f-username")`)
	})
	nobody.traffic.takeFaults() // until it was open
	console, own, register := consoleForms(t, s), accountForms(user), registerForms(user)
	missing := map[string]bool{}
	for _, r := range s.main.Routes() {
		ours := strings.HasPrefix(r.Path, "/admin") || strings.HasPrefix(r.Path, "/account") || r.Path == "/register"
		if r.Method == "POST" && ours && !slices.Contains(plainRoutes, r.Path) {
			missing[r.Path] = true
		}
	}
	for _, part := range []struct {
		b     *tab
		cases []formCase
	}{{admin.tab, console}, {user.tab, own}, {nobody, register}} {
		for _, c := range part.cases {
			delete(missing, strings.TrimSuffix(c.route, "*"))
			for _, w := range c.wrong {
				t.Run(strings.TrimPrefix(c.route, "/")+"/"+w.name, func(t *testing.T) {
					b := *part.b
					b.t = t
					b.failForm(c, w)
				})
			}
		}
	}
	for path := range missing {
		t.Errorf("no form is known that posts to %s", path)
	}
}

// tooLong is longer than any field takes.
var tooLong = strings.Repeat("x", 2001)

func reviewCase(route, page string) formCase {
	return formCase{route: route, page: page, wrong: []wrongly{
		{"nothing typed", typed{"match": "", "reason": "they left"}, []string{"match"}},
		{"something else", typed{"match": "something", "reason": "they left"}, []string{"match"}},
		{"a long reason", typed{"match": "", "reason": tooLong}, []string{"match", "reason"}},
	}}
}

func consoleForms(t *testing.T, s chromium) []formCase {
	t.Helper()
	u, other, a := s.newUser(t), s.newUser(t), s.newApp(t, nil)
	role := idp.Role{Name: unique("Writers"), Permission: idp.PermissionNone}
	if _, err := s.admin.Roles.Create(t.Context(), &role); err != nil {
		t.Fatal(err)
	}
	keys, err := s.stores.Keys.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, app, roleAt := "/admin/users/"+u.ID, "/admin/clients/"+a.ID, "/admin/roles/"+role.Name
	cases := []formCase{
		{route: "/admin/users", page: "/admin/users/new", to: "/admin/users", wrong: []wrongly{
			{"nothing", typed{"username": "", "name": "Grace"}, []string{"username"}},
			{"taken", typed{"username": other.Username, "email": "new@example.com", "how": "none"}, []string{"username"}},
			{"address taken", typed{"username": unique("grace"), "email": other.Email}, []string{"email"}},
			{"no address", typed{"username": "grace hopper", "email": "nobody", "name": "Grace"}, []string{"username", "email"}},
			{"too long", typed{"username": tooLong, "email": "a@example.com", "name": tooLong}, []string{"username", "name"}},
			{"no password", typed{"username": unique("grace"), "how": "type", "password": ""}, []string{"password"}},
			{"short password", typed{"username": unique("grace"), "how": "type", "password": "secret"}, []string{"password"}},
		}},
		{route: "/admin/users/:id", page: at, wrong: []wrongly{
			{"nothing", typed{"username": "", "name": "Somebody Else"}, []string{"username"}},
			{"taken", typed{"username": other.Username, "nickname": "Nick"}, []string{"username"}},
			{"wrong types", typed{"email": "nobody", "website": "javascript:alert(1)", "birthdate": "yesterday", "gender": "female"}, []string{"email", "website", "birthdate"}},
			{"too long", typed{"name": tooLong, "address.formatted": "12 St James's Square\nLondon"}, []string{"name"}},
		}},
		{route: "/admin/users/:id/password", page: at + "/security", to: at + "/password", wrong: []wrongly{
			{"nothing", typed{"how": "type", "password": ""}, []string{"password"}},
			{"too short", typed{"how": "type", "password": "secret"}, []string{"password"}},
			{"too long", typed{"how": "type", "password": tooLong}, []string{"password"}},
		}},
		reviewCase("/admin/users/:id/delete", at+"/delete"),
		{route: "/admin/roles", page: "/admin/roles/new", to: "/admin/roles", wrong: []wrongly{
			{"nothing", typed{"name": "", "description": "They write"}, []string{"name"}},
			{"taken", typed{"name": role.Name, "description": "They write"}, []string{"name"}},
			{"wrong type", typed{"name": "a b", "description": tooLong}, []string{"name", "description"}},
		}},
		{route: "/admin/roles/:name", page: roleAt, wrong: []wrongly{{"too long", typed{"description": tooLong}, []string{"description"}}}},
		reviewCase("/admin/roles/:name/delete", roleAt+"/delete"),
		{route: "/admin/clients/:id", page: app, wrong: []wrongly{
			{"wrong address", typed{"client_name": "Wiki", "redirect_uris": "http://wiki.example/cb", "client_uri": "wiki"}, []string{"client_uri", "redirect_uris"}},
			{"too long", typed{"client_name": tooLong, "policy_uri": "https://wiki.example/privacy"}, []string{"client_name"}},
			{"wrong scope", typed{"more_scopes": `wiki"read`}, []string{"more_scopes"}},
		}},
		{route: "/admin/clients/:id/logo", page: app, to: app + "/logo", wrong: []wrongly{
			{"nothing", typed{}, []string{"logo"}},
			{"no picture", typed{"logo": "no picture"}, []string{"logo"}},
			{"too large", typed{"logo": strings.Repeat("x", idp.MaxImage+1)}, []string{"logo"}},
		}},
		reviewCase("/admin/clients/:id/delete", app+"/delete"),
		{route: "/admin/tokens/inspect", page: "/admin/tokens/inspect", wrong: []wrongly{{"nothing", typed{"token": ""}, []string{"token"}}}},
		reviewCase("/admin/keys/:kid/revoke", "/admin/keys/"+keys[0].KID+"/revoke"),
		reviewCase("/admin/users/bulk/confirm", "/admin/users/bulk?act=delete&id="+u.ID),
	}
	cases[len(cases)-1].to = "/admin/users/bulk/confirm"
	for kind, wrong := range map[string][]wrongly{
		"web": {
			{"nothing", typed{"client_name": "Wiki", "redirect_uris": ""}, []string{"redirect_uris"}},
			{"taken", typed{"client_name": "Wiki", "redirect_uris": "https://wiki.example/cb", "client_id": a.ID}, []string{"client_id"}},
			{"reserved", typed{"client_name": "Wiki", "redirect_uris": "https://wiki.example/cb", "client_id": "new"}, []string{"client_id"}},
		},
		"spa":      {{"wrong address", typed{"client_name": "Board", "redirect_uris": "board"}, []string{"redirect_uris"}}},
		"native":   {{"wrong address", typed{"client_name": "Phone", "redirect_uris": "javascript:alert(1)"}, []string{"redirect_uris"}}},
		"machine":  {{"wrong scope", typed{"client_name": "Cron", "more_scopes": `a"b`}, []string{"more_scopes"}}},
		"resource": {{"wrong id", typed{"client_name": "Files", "client_id": "a b"}, []string{"client_id"}}},
	} {
		for i := range wrong {
			wrong[i].name = kind + ", " + wrong[i].name
		}
		cases = append(cases, formCase{route: "/admin/clients", page: "/admin/clients/new?kind=" + kind, to: "/admin/clients", wrong: wrong})
	}
	return append(cases, settingsForms()...)
}

func settingsForms() []formCase {
	one := func(section string, wrong ...wrongly) formCase {
		return formCase{route: "/admin/settings/:section", page: "/admin/settings", to: "/admin/settings/" + section, wrong: wrong}
	}
	logo := one("logo", wrongly{"no logo", typed{}, []string{"logo"}}, wrongly{"no picture", typed{"logo": "no picture"}, []string{"logo"}},
		wrongly{"too large a logo", typed{"logo": strings.Repeat("x", idp.MaxImage+1)}, []string{"logo"}})
	logo.route = "/admin/settings/logo"
	return []formCase{
		one("lifetimes", wrongly{"no life", typed{"access_token_ttl": "", "session_ttl": "8h"}, []string{"access_token_ttl"}},
			wrongly{"wrong lives", typed{"access_token_ttl": "soon", "refresh_token_ttl": "2000h", "session_ttl": "8h"}, []string{"access_token_ttl"}},
			wrongly{"a life out of bounds", typed{"access_token_ttl": "1s", "session_ttl": "8h"}, []string{"access_token_ttl"}}),
		one("passwords", wrongly{"no number", typed{"password_min_length": "3"}, []string{"password_min_length"}},
			wrongly{"no length", typed{"password_min_length": ""}, []string{"password_min_length"}}),
		one("signup", wrongly{"nothing chosen", typed{"signup": ""}, []string{"signup"}}),
		one("branding", wrongly{"no name", typed{"product_name": "", "accent": "#3849c6"}, []string{"product_name"}},
			wrongly{"no colour", typed{"product_name": "Door", "accent": "blue"}, []string{"accent"}},
			wrongly{"a pale colour", typed{"product_name": "Door", "accent": "#ffee00"}, []string{"accent"}}),
		one("audit", wrongly{"no days", typed{"audit_retention_days": "-1"}, []string{"audit_retention_days"}}),
		logo,
	}
}

func accountForms(d desk) []formCase {
	del := reviewCase("/account/data/delete", "/account/data/delete")
	del.wrong = []wrongly{{"nothing", typed{"match": ""}, []string{"match"}}, {"another", typed{"match": strings.ToUpper(d.user.Username)}, []string{"match"}}}
	return []formCase{
		{route: "/account/profile", page: "/account/profile", wrong: []wrongly{
			{"wrong types", typed{"website": "mine", "birthdate": "yesterday", "nickname": "Nick"}, []string{"website", "birthdate"}},
			{"too long", typed{"name": tooLong, "given_name": "Ada"}, []string{"name"}},
		}},
		{route: "/account/password", page: "/account/password", wrong: []wrongly{
			{"nothing", typed{"current_password": "", "new_password": "", "end_others": ""}, []string{"current_password", "new_password"}},
			{"wrong", typed{"current_password": "not this one at all", "new_password": "another gate by the sea"}, []string{"current_password"}},
			{"the same", typed{"current_password": password, "new_password": password}, []string{"new_password"}},
			{"too long", typed{"current_password": password, "new_password": tooLong}, []string{"new_password"}},
		}},
		del,
	}
}

func registerForms(taken desk) []formCase {
	form := func(wrong ...wrongly) formCase {
		return formCase{route: "/register", page: "/register", wrong: wrong}
	}
	return []formCase{form(
		wrongly{"nothing", typed{"name": "Grace", "email": "", "username": "", "new_password": ""}, []string{"username", "new_password"}},
		wrongly{"wrong types", typed{"email": "nobody", "username": "a b", "new_password": password}, []string{"email", "username"}},
		wrongly{"too long", typed{"name": tooLong, "username": unique("grace"), "new_password": tooLong}, []string{"name", "new_password"}},
		wrongly{"taken", typed{"name": "Grace", "username": taken.user.Username, "new_password": password}, []string{"username"}},
		wrongly{"too short", typed{"username": unique("grace"), "new_password": "secret"}, []string{"new_password"}},
	)}
}

// failedForm is what a page says about a form that was refused.
type failedForm struct {
	Title   string            `json:"title"`
	Alert   string            `json:"alert"`
	First   bool              `json:"first"`   // the summary stands before the fields
	Links   []string          `json:"links"`   // names of the fields that it leads to
	Dead    []string          `json:"dead"`    // links that lead nowhere
	Marked  []string          `json:"marked"`  // names of the fields that are marked, in order
	Unsaid  []string          `json:"unsaid"`  // names of those whose problem no text describes
	Focus   string            `json:"focus"`   // name of the field with the focus
	Held    map[string]string `json:"held"`    // values, as typed has them
	Secrets []string          `json:"secrets"` // names of secret fields that hold something
}

func (b *tab) failedForm(form string) failedForm {
	b.t.Helper()
	return ask[failedForm](b, fmt.Sprintf(`(() => {
		const form = document.querySelector(%s), id = i => document.getElementById(i), alert = form?.querySelector("[role=alert]");
		if (!form) return {title: document.title};
		const fields = [...form.elements].filter(e => e.name && e.type !== "hidden" && e.type !== "submit"), held = {};
		const unique = names => [...new Set(names)], named = e => e.name || e.querySelector("[name]")?.name || "";
		const marked = fields.filter(e => e.getAttribute("aria-invalid") === "true");
		for (const e of fields) {
			if (["radio", "checkbox"].includes(e.type)) held[e.name] = [held[e.name], e.checked ? e.value : ""].filter(x => x).join(" ");
			else held[e.name] ??= e.value;
		}
		const said = e => (e.getAttribute("aria-describedby") ?? e.closest("fieldset")?.getAttribute("aria-describedby") ?? "").split(" ");
		const links = [...alert?.querySelectorAll("a") ?? []].map(a => a.getAttribute("href").slice(1));
		return {
			title: document.title, alert: alert?.innerText ?? "",
			first: !!alert && !!fields[0] && !!(alert.compareDocumentPosition(fields[0]) & Node.DOCUMENT_POSITION_FOLLOWING),
			links: links.filter(id).map(l => named(id(l))), dead: links.filter(l => !id(l)),
			marked: unique(marked.map(e => e.name)), focus: document.activeElement.name ?? "",
			unsaid: unique(marked.filter(e => said(e).some(i => !id(i)) || !said(e).some(i => id(i)?.matches(".problem") && id(i).innerText)).map(e => e.name)),
			held, secrets: fields.filter(e => ["password", "file"].includes(e.type) && e.value || e.name === "token" && e.value).map(e => e.name),
		};
	})()`, strconv.Quote(form)))
}

func (b *tab) failForm(c formCase, w wrongly) {
	b.t.Helper()
	b.visit(c.page)
	before, changes := ask[string](b, `document.title`), b.s.changes(b.t)
	form := c.selector()
	b.put(form, w.typed)
	secret := ask[[]string](b, fmt.Sprintf(`[...document.querySelector(%s).elements].filter(e => ["password", "file"].includes(e.type)).map(e => e.name)`, strconv.Quote(form)))
	b.send(form)
	b.cameBack(strings.Split(c.page, "?")[0])
	if len(w.marks) > 0 {
		b.until("the focus", `document.activeElement !== document.body`) // it comes with the first frame
	}
	got := b.failedForm(form)
	if got.Title != "Error: "+strings.TrimPrefix(before, "Error: ") {
		b.t.Errorf("the title is %q after %q", got.Title, before)
	}
	if got.Alert == "" || !got.First || len(got.Dead) > 0 {
		b.t.Errorf("the summary is %q, before the fields %v, and leads nowhere by %v; %s", got.Alert, got.First, got.Dead, b.where())
	}
	if !slices.Equal(got.Marked, w.marks) || len(w.marks) > 0 && got.Focus != w.marks[0] {
		b.t.Errorf("marked %v with the focus on %q, want %v; %s", got.Marked, got.Focus, w.marks, got.Alert)
	}
	for _, name := range got.Marked {
		if !slices.Contains(got.Links, name) {
			b.t.Errorf("the summary does not lead to %s: %v", name, got.Links)
		}
	}
	if len(got.Unsaid) > 0 || len(got.Secrets) > 0 {
		b.t.Errorf("not described: %v; secrets that came back: %v", got.Unsaid, got.Secrets)
	}
	for name, value := range w.typed {
		if held := got.Held[name]; !slices.Contains(secret, name) && strings.ReplaceAll(held, "\r\n", "\n") != value {
			b.t.Errorf("%s is %.60q, typed was %.60q", name, held, value)
		}
	}
	if now := b.s.changes(b.t); now != changes {
		b.t.Errorf("something was changed")
	}
	b.clean(w.name)
}

// cameBack wants the last form to have been answered with a redirect to a page of ours.
func (b *tab) cameBack(path string) {
	b.t.Helper()
	post, ok := b.traffic.find(func(a answer) bool { return a.method == "POST" })
	page, shown := b.traffic.find(func(a answer) bool { return a.method == "GET" })
	if !ok || post.status != 303 || !shown || page.status != 200 || b.path() != path {
		b.t.Fatalf("the form was answered %v, then %v; %s", post, page, b.where())
	}
}
