package e2e

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/idp"
)

// peopleActions are what an administrator does with users and their sessions.
func peopleActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/admin/users":                         addUsers,
		"/admin/users/:id":                     editUser,
		"/admin/users/:id/roles":               giveRole,
		"/admin/users/:id/password":            resetPassword,
		"/admin/users/:id/unlock":              unlockUser,
		"/admin/users/:id/disable":             disableUser,
		"/admin/users/:id/enable":              enableUser,
		"/admin/users/:id/delete":              deleteUser,
		"/admin/users/:id/sessions/:sid/end":   endOneOfUser,
		"/admin/users/:id/sessions/end":        endAllOfUser,
		"/admin/users/:id/apps/:client/remove": removeAppOfUser,
		"/admin/users/bulk/confirm":            changeMany,
		"/admin/sessions/end":                  endManySessions,
	}
}

// roleActions are what an administrator does with roles.
func roleActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/admin/roles":              addRole,
		"/admin/roles/:name":        editRole,
		"/admin/roles/:name/delete": deleteRole,
	}
}

func at(u *idp.User) string { return "/admin/users/" + u.ID }

func addUsers(w *actions) {
	for _, c := range []struct{ how, chosen string }{{"generate", ""}, {"type", "the gate by the old mill"}, {"none", ""}} {
		u := &idp.User{Username: unique("mary")}
		p := w.boss
		p.visit("/admin/users")
		p.push("main a[href='/admin/users/new']", "/admin/users/new")
		p.fill(p.tab, "#f-email", u.Username+"@example.com")
		p.choose("input[name=how][value="+c.how+"]", "input[name=how]")
		p.push(sentBy("/admin/users"), "/admin/users/new") // the username is missing
		p.fill(p.tab, "#f-username", u.Username)
		if c.chosen != "" {
			p.fill(p.tab, "#f-password", c.chosen)
		}
		p.send(sentBy("/admin/users"), "/admin/users/")
		p.told()
		made := w.now(u)
		if made == nil || made.Email != u.Username+"@example.com" || (made.PasswordHash == "") != (c.how == "none") {
			w.t.Fatalf("%s: the store has %+v; %s", c.how, made, p.where())
		}
		if c.how == "generate" {
			c.chosen = p.text(".secret textarea")
			p.push(".secret a.button-main", at(made)+"/security")
			if p.has(".secret") {
				w.t.Error("the password is shown a second time")
			}
		}
		if c.chosen != "" {
			w.wantIn(w.newBrowser(w.t), made, c.chosen)
		}
	}
}

func editUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	p.visit("/admin/users?q=" + u.Username)
	p.push("main th a[href='"+at(u)+"']", at(u))
	p.fill(p.tab, "#f-name", "Augusta King")
	p.fill(p.tab, "#f-birthdate", "yesterday")
	p.toggle("#f-email_verified")
	p.pick("#f-locale", "de")
	p.push(sentBy(at(u)), at(u))
	if w.now(u).Name != u.Name || p.text("#f-name") != "Augusta King" {
		w.t.Errorf("a wrong date of birth is taken, or what was typed is lost; %s", p.where())
	}
	p.fill(p.tab, "#f-birthdate", "1815-12-10")
	p.reach(p.tab, "[name=expires_at]")
	p.keys("12312040\t1030A") // as the browser asks for a date and a time
	p.done(sentBy(at(u)), at(u))
	is := w.now(u)
	if is.Name != "Augusta King" || is.EmailVerified || is.Locale != "de" || is.ExpiresAt == nil || is.ExpiresAt.Year() != 2040 {
		w.t.Errorf("the store has %+v; %s", is, p.where())
	}
}

func giveRole(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	p.visit(at(u))
	p.push(".tabs a[href='"+at(u)+"/roles']", at(u)+"/roles")
	p.toggle("input[name=roles][value=Admin]")
	w.longAgo(p.user)
	p.press(sentBy(at(u)+"/roles"), "/login")
	p.again(at(u) + "/roles")
	if w.now(u).HasRole(idp.RoleAdmin) {
		w.t.Fatal("an administrator is made without a fresh sign-in")
	}
	p.done(sentBy(at(u)+"/roles"), at(u)+"/roles")
	if !w.now(u).HasRole(idp.RoleAdmin) {
		w.t.Errorf("the choice is lost; %s", p.where())
	}
	p.toggle("input[name=roles][value=Admin]")
	p.done(sentBy(at(u)+"/roles"), at(u)+"/roles")
	if w.now(u).HasRole(idp.RoleAdmin) {
		w.t.Error("the role stays")
	}
}

func resetPassword(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	was, to := w.elsewhere(u), at(u)+"/security"
	p.visit(to)
	p.choose("input[name=how][value=generate]", "input[name=how]")
	w.longAgo(p.user)
	p.press(sentBy(at(u)+"/password"), "/login")
	p.again(to)
	p.done(sentBy(at(u)+"/password"), to)
	w.wantIsIn(was, false)
	w.wantIn(was, u, p.text(".secret textarea"))

	const chosen = "the gate by the old mill"
	p.visit(to)
	p.choose("input[name=how][value=type]", "input[name=how]")
	p.fill(p.tab, "#f-password", chosen)
	p.done(sentBy(at(u)+"/password"), to)
	w.wantIsIn(was, false)
	w.wantIn(was, u, chosen)
}

func unlockUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	b := w.newBrowser(w.t)
	for range idp.LockedFailures {
		b.signIn(b.get("/login"), u.Username, "not this one")
	}
	p.visit("/admin/users?status=locked&q=" + u.Username)
	p.push("tbody th a", at(u))
	p.done(form(at(u)+"/unlock")+"button", at(u))
	if is := w.now(u); is.FailedAuthCount != 0 {
		w.t.Errorf("the store has %d failures", is.FailedAuthCount)
	}
	w.wantIn(b, u, password)
}

func disableUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	b := w.elsewhere(u)
	p.visit(at(u))
	p.done(form(at(u)+"/disable")+"button", at(u))
	w.wantIsIn(b, false)
	if is := w.now(u); is.Status != idp.UserDisabled {
		w.t.Errorf("the store has %+v", is)
	}
	p.done(".toast form button", at(u)) // Undo
	if is := w.now(u); is.Status != idp.UserActive {
		w.t.Errorf("undone, the store has %+v", is)
	}
}

func enableUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	if err := w.admin.Users.SetDisabled(w.t.Context(), u.ID, true); err != nil {
		w.t.Fatal(err)
	}
	p.visit(at(u))
	p.done("main "+form(at(u)+"/enable")+"button", at(u))
	w.wantIn(w.newBrowser(w.t), u, password)
}

func deleteUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	to := at(u) + "/delete"
	p.visit(at(u))
	w.longAgo(p.user)
	p.press("main a[href='"+to+"']", "/login")
	p.again(to)
	p.fill(p.tab, "#f-match", "somebody")
	p.push(sentBy(to), to)
	if w.now(u) == nil {
		w.t.Fatal("another name is typed, and the user is gone")
	}
	p.fill(p.tab, "#f-match", u.Username)
	p.fill(p.tab, "#f-reason", "left the company")
	w.longAgo(p.user) // while the page was open
	p.press(sentBy(to), "/login")
	p.again(to)
	if a, b := p.text("#f-match"), p.text("#f-reason"); a != u.Username || b != "left the company" {
		w.t.Errorf("what was typed is lost: %q, %q", a, b)
	}
	p.done(sentBy(to), "/admin/users")
	if is := w.now(u); is != nil {
		w.t.Errorf("the store has %+v", is)
	}
}

func endOneOfUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	one, two := w.elsewhere(u), w.elsewhere(u)
	p.visit(at(u) + "/sessions")
	p.done("td form.act button", at(u)+"/sessions")
	if a, b := one.get("/account").is("/account"), two.get("/account").is("/account"); a == b {
		w.t.Errorf("two are signed in: %v, %v", a, b)
	}
}

func endAllOfUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	one, two := w.elsewhere(u), w.elsewhere(u)
	p.visit(at(u) + "/sessions")
	p.done(form(at(u)+"/sessions/end")+"button", at(u)+"/sessions")
	w.wantIsIn(one, false)
	w.wantIsIn(two, false)
}

func removeAppOfUser(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	tokens := w.newBrowser(w.t).tokens(w.app, u.Username, "scope", "openid offline_access")
	p.visit(at(u) + "/apps")
	p.done(form(at(u)+"/apps/"+w.app.ID+"/remove")+"button", at(u)+"/apps")
	w.wantActive(tokens, false)
}

// crowd makes people who are found by a word.
func (w *actions) crowd(n int) (word string, people []*idp.User) {
	w.t.Helper()
	word = unique("crowd")
	for range n {
		u, err := w.admin.Users.Create(w.t.Context(), &idp.User{Username: unique("user"), Name: word, Roles: []string{idp.RoleUser}}, "")
		if err != nil {
			w.t.Fatal(err)
		}
		people = append(people, u)
	}
	return word, people
}

// chosen goes to the review of an act on the first two of a list.
func (p *person) chosen(list, act string, two [2]string, review string) {
	p.t.Helper()
	p.visit(list)
	for _, value := range two {
		p.toggle("tbody input[value='" + value + "']")
	}
	p.pick("#bulk-act", act)
	p.push("#bulk button", review)
}

// reviewMany goes as far as the review, and back.
func (w *actions) reviewMany(list string, people []*idp.User) {
	p := w.boss
	p.visit(list)
	p.push("#bulk button", "/admin/users") // nothing is chosen
	if !p.has(".toast") {
		w.t.Errorf("nothing is said; %s", p.where())
	}
	p.chosen(list, "disable", [2]string{people[0].ID, people[2].ID}, "/admin/users/bulk")
	if got := ask[int](p.tab, `document.querySelectorAll(".picked li").length`); got != 2 {
		w.t.Errorf("%d are to be reviewed; %s", got, p.where())
	}
	p.push(".panel-review a.button", "/admin/users") // not after all
	if is := w.now(people[0]); is.Status != idp.UserActive {
		w.t.Errorf("the store has %+v", is)
	}
}

func changeMany(w *actions) {
	p := w.boss
	word, people := w.crowd(3)
	list, confirm := "/admin/users?q="+word, "/admin/users/bulk/confirm"
	two := [2]string{people[0].ID, people[2].ID}
	b := w.newBrowser(w.t)
	w.reviewMany(list, people)
	if err := w.admin.Users.SetPassword(w.t.Context(), people[0].ID, password); err != nil {
		w.t.Fatal(err)
	}
	w.wantIn(b, people[0], password)
	for _, act := range []struct {
		name   string
		status idp.UserStatus
	}{{"end_sessions", idp.UserActive}, {"disable", idp.UserDisabled}, {"enable", idp.UserActive}} {
		p.chosen(list, act.name, two, "/admin/users/bulk")
		p.done(sentBy(confirm), "/admin/users")
		for i, want := range []idp.UserStatus{act.status, idp.UserActive, act.status} {
			if is := w.now(people[i]); is.Status != want {
				w.t.Errorf("%s: the store has %+v", act.name, is)
			}
		}
		w.wantIsIn(b, false)
	}
	p.visit(list)
	for _, id := range two {
		p.toggle("tbody input[value='" + id + "']")
	}
	p.pick("#bulk-act", "delete")
	w.longAgo(p.user)
	p.press("#bulk button", "/login")
	p.again("/admin/users/bulk")
	p.fill(p.tab, "#f-match", "delete 2")
	p.fill(p.tab, "#f-reason", "left the company")
	w.longAgo(p.user) // while the page was open
	p.press(sentBy(confirm), "/login")
	p.again("/admin/users/bulk")
	p.done(sentBy(confirm), "/admin/users")
	if w.now(people[0]) != nil || w.now(people[1]) == nil || w.now(people[2]) != nil {
		w.t.Errorf("other people are gone; %s", p.where())
	}
	w.changeAll()
}

// changeAll reaches those, too, who are on no page that was seen.
func (w *actions) changeAll() {
	p := w.boss
	word, people := w.crowd(26)
	p.visit("/admin/users?n=25&q=" + word)
	p.toggle("#bulk input[name=all]")
	p.pick("#bulk-act", "disable")
	p.push("#bulk button", "/admin/users/bulk")
	p.done(sentBy("/admin/users/bulk/confirm"), "/admin/users")
	for _, u := range people {
		if is := w.now(u); is.Status != idp.UserDisabled {
			w.t.Errorf("the store has %+v", is)
		}
	}
}

func endManySessions(w *actions) {
	p, u := w.boss, w.newUser(w.t)
	one, two, third := w.elsewhere(u), w.elsewhere(u), w.elsewhere(u)
	p.visit("/admin/sessions")
	keys := ask[[]string](p.tab, `[...document.querySelectorAll("tbody tr")].filter(r => r.querySelector("a[href='`+at(u)+`/sessions']")).map(r => r.querySelector("input[name=id]").value)`)
	if len(keys) != 3 {
		w.t.Fatalf("%d sessions are listed; %s", len(keys), p.where())
	}
	p.pick("#bulk-act", ask[string](p.tab, `document.querySelector("#bulk-act").options[1].value`))
	for _, key := range keys[:2] {
		p.toggle("tbody input[value='" + key + "']")
	}
	p.push("#bulk button", "/admin/sessions/end")
	p.done(sentBy("/admin/sessions/end"), "/admin/sessions")
	in := 0
	for _, b := range []*browser{one, two, third} {
		if b.get("/account").is("/account") {
			in++
		}
	}
	if in != 1 {
		w.t.Errorf("%d are signed in", in)
	}
}

// role is a role as the store has it, nil when there is none.
func (w *actions) role(name string) *idp.Role {
	w.t.Helper()
	all, err := w.stores.Roles.ListRoles(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(r *idp.Role) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// permission is the name of what a role allows, as the form has it.
func permission(value idp.Permission) string {
	return "input[name=permission][value=" + strconv.Quote(string(value)) + "]"
}

func addRole(w *actions) {
	p := w.boss
	for i, allows := range []idp.Permission{idp.PermissionNone, idp.PermissionUsers} {
		name := unique("Editors")
		p.visit("/admin/roles")
		p.push("main a[href='/admin/roles/new']", "/admin/roles/new")
		p.fill(p.tab, "#f-name", name)
		p.fill(p.tab, "#f-description", "May edit")
		p.choose(permission(allows), "input[name=permission]")
		if i > 0 {
			w.longAgo(p.user)
			p.press(sentBy("/admin/roles"), "/login")
			p.again("/admin/roles/new")
		}
		p.done(sentBy("/admin/roles"), "/admin/roles/"+name)
		if r := w.role(name); r == nil || r.Permission != allows || r.Description != "May edit" {
			w.t.Errorf("the store has %+v", r)
		}
	}
}

// newRole makes a role behind the console.
func (w *actions) newRole() string {
	w.t.Helper()
	r, err := w.admin.Roles.Create(w.t.Context(), &idp.Role{Name: unique("Writers")})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Name
}

func editRole(w *actions) {
	p, name := w.boss, w.newRole()
	p.visit("/admin/roles")
	p.push("main a[href='/admin/roles/"+name+"']", "/admin/roles/"+name)
	p.fill(p.tab, "#f-description", "May write")
	p.choose(permission(idp.PermissionRead), "input[name=permission]")
	w.longAgo(p.user)
	p.press(sentBy("/admin/roles/"+name), "/login")
	p.again("/admin/roles/" + name)
	p.done(sentBy("/admin/roles/"+name), "/admin/roles/"+name)
	if r := w.role(name); r == nil || r.Permission != idp.PermissionRead || r.Description != "May write" {
		w.t.Errorf("the store has %+v", r)
	}
}

func deleteRole(w *actions) {
	p, name := w.boss, w.newRole()
	to := "/admin/roles/" + name + "/delete"
	p.visit("/admin/roles/" + name)
	w.longAgo(p.user)
	p.press("main a[href='"+to+"']", "/login")
	p.again(to)
	p.fill(p.tab, "#f-match", strings.ToLower(name))
	p.push(sentBy(to), to)
	p.fill(p.tab, "#f-match", name)
	p.fill(p.tab, "#f-reason", "nobody writes any more")
	p.done(sentBy(to), "/admin/roles")
	if r := w.role(name); r != nil {
		w.t.Errorf("the store has %+v", r)
	}
}

// otherPages looks at the pages that no walk came by.
func (w *actions) otherPages() {
	for _, r := range w.routes {
		if r.Method != "GET" || !isPage(r.Path) || w.looked[r.Path] || r.Path == "/" || strings.HasSuffix(r.Path, "/events") ||
			strings.HasSuffix(r.Path, ".csv") || strings.HasSuffix(r.Path, ".json") {
			continue
		}
		address := strings.NewReplacer("/users/:id", at(w.ada.user)[len("/admin"):], "/clients/:id", "/clients/"+w.app.ID,
			":client", w.app.ID, ":seq", "1", ":name", url.PathEscape(idp.RoleUser)).Replace(r.Path)
		w.boss.visit(address)
	}
}
