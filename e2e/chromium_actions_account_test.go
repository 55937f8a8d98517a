package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/idp"
)

// publicActions are what people do who are not signed in, or on their way to an application.
func publicActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/login":        signInTwice,
		"/login/select": chooseAccount,
		"/consent":      consent,
		"/logout":       signOut,
		"/register":     register,
	}
}

// accountActions are what people do with their own account.
func accountActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/account/profile":             editProfile,
		"/account/theme":               chooseTheme,
		"/account/password":            changePassword,
		"/account/sessions/end":        endSession,
		"/account/sessions/end-others": endOtherSessions,
		"/account/apps/:client/remove": removeApp,
		"/account/data/delete":         deleteAccount,
		"/account/data/keep":           keepAccount,
	}
}

// now is a user as the store has them, nil when they are gone.
func (w *actions) now(u *idp.User) *idp.User {
	w.t.Helper()
	is, err := w.stores.Users.UserByLogin(w.t.Context(), u.Username)
	if errors.Is(err, idp.ErrNotFound) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return is
}

// elsewhere signs somebody in in another browser.
func (w *actions) elsewhere(u *idp.User) *browser {
	w.t.Helper()
	b := w.newBrowser(w.t)
	w.wantIn(b, u, password)
	return b
}

// wantIn signs somebody in with the password.
func (w *actions) wantIn(b *browser, u *idp.User, pass string) {
	w.t.Helper()
	if p := b.signIn(b.get("/login?next=/account"), u.Username, pass); !p.is("/account") {
		w.t.Fatalf("%s is not signed in but at %s", u.Username, p.url)
	}
}

// wantIsIn tells whether the browser is signed in.
func (w *actions) wantIsIn(b *browser, want bool) {
	w.t.Helper()
	if in := b.get("/account").is("/account"); in != want {
		w.t.Errorf("signed in: %v, want %v", in, want)
	}
}

// longAgo makes a person's sign-ins too old for what asks for a fresh one.
func (w *actions) longAgo(u *idp.User) {
	w.t.Helper()
	all, err := w.stores.Sessions.ListSessions(w.t.Context(), u.ID)
	for _, s := range all {
		s.AuthTime = s.AuthTime.Add(-11 * time.Minute)
		err = errors.Join(err, w.stores.Sessions.DeleteSession(w.t.Context(), s.Digest), w.stores.Sessions.CreateSession(w.t.Context(), s, ""))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func signInTwice(w *actions) {
	p := w.person(w.newUser(w.t))
	p.visit("/login?next=/account")
	p.fill(p.tab, "#username", p.user.Username)
	p.fill(p.tab, "#password", "not this one")
	p.push("main form .button-main", "/login")
	if !p.has("[role=alert] a[href='#password']") {
		w.t.Errorf("the page does not say what is wrong; %s", p.where())
	}
	p.toggle("[name=remember]")
	p.fill(p.tab, "#password", password)
	p.push("main form .button-main", "/account")
	all, err := w.stores.Sessions.ListSessions(w.t.Context(), p.user.ID)
	if err != nil || len(all) != 1 || !all[0].Remember {
		w.t.Errorf("sessions %v, %v", all, err)
	}
	p.language("de")
}

// language chooses a language at the foot of a page.
func (p *person) language(tag string) {
	p.t.Helper()
	p.pick("#lang", tag)
	p.push("footer form button", ask[string](p.tab, `location.pathname`))
	p.visit("/account/profile")
	if got := ask[string](p.tab, `document.documentElement.lang`); got != tag {
		p.t.Errorf("the next page is in %q", got)
	}
}

func chooseAccount(w *actions) {
	p := w.person(w.newUser(w.t))
	p.enter("/account")
	p.authorize(w.app, "/login/select", "prompt", "select_account")
	p.see()
	p.push("button[value=other]", "/login")
	p.authorize(w.app, "/login/select", "prompt", "select_account")
	p.push(accountButton, "/consent")
	p.wantText(p.user.Name)
}

func consent(w *actions) {
	p := w.person(w.newUser(w.t))
	p.enter("/account")
	p.authorize(w.app, "/consent")
	p.see()
	p.press(denyButton, "/cb")
	if got := w.party.take(w.t).form.Get("error"); got != "access_denied" {
		w.t.Errorf("the application hears %q", got)
	}
	p.authorize(w.app, "/consent")
	p.press(allowButton, "/cb")
	w.token(w.t, w.app, exchange(w.app, w.party.take(w.t).form.Get("code"))).want(w.t, 200, "")
}

func signOut(w *actions) {
	p := w.person(w.newUser(w.t))
	for _, button := range []string{".side form[action='/logout'] button", "main form[action='/logout'] button"} {
		p.enter("/account")
		p.push(button, "/logout")
		p.wantHeading("You are signed out")
	}
	p.enter("/account")
	p.visit("/logout")
	p.push("main form .button-main", "/logout")
	p.open("/account", "/login")
}

func register(w *actions) {
	p := w.person(&idp.User{Username: unique("newcomer")})
	if w.newBrowser(w.t).get("/register").status != http.StatusOK {
		changeSettings(w) // opens it
	}
	p.visit("/login")
	p.push("main a[href^='/register']", "/register")
	p.fill(p.tab, "#f-name", "Katherine Johnson")
	p.fill(p.tab, "#f-username", p.user.Username)
	p.fill(p.tab, "#f-new_password", "short")
	p.push("main form .button-main", "/register")
	if got := p.text("#f-username"); got != p.user.Username {
		w.t.Errorf("the username is %q", got)
	}
	p.fill(p.tab, "#f-new_password", password)
	p.done("main form .button-main", "/account")
	if is := w.now(p.user); is == nil || is.Name != "Katherine Johnson" {
		w.t.Errorf("the store has %+v", is)
	}
}

func editProfile(w *actions) {
	p := w.ada
	p.visit("/account")
	p.push(".side a[href='/account/profile']", "/account/profile")
	p.fill(p.tab, "#f-nickname", "Countess")
	p.fill(p.tab, "#f-website", "no address")
	p.pick("#f-locale", "de")
	p.pick("#f-zoneinfo", "Europe/Lisbon")
	p.push(sentBy("/account/profile"), "/account/profile")
	if !p.has("[role=alert] a[href='#f-website']") || p.text("#f-nickname") != "Countess" {
		w.t.Errorf("what was typed is lost, or nothing is wrong; %s", p.where())
	}
	p.fill(p.tab, "#f-website", "https://ada.example/engine")
	p.done(sentBy("/account/profile"), "/account/profile")
	is := w.now(p.user)
	if is.Nickname != "Countess" || is.Locale != "de" || is.Zoneinfo != "Europe/Lisbon" || is.Website != "https://ada.example/engine" {
		w.t.Errorf("the store has %+v", is)
	}
}

func chooseTheme(w *actions) {
	p := w.ada
	for _, theme := range []string{"dark", ""} {
		p.visit("/account/profile")
		p.choose("input[name=theme][value='"+theme+"']", "input[name=theme]")
		p.done(form("/account/theme")+"p button", "/account/profile")
		if got := ask[string](p.tab, `document.documentElement.dataset.theme ?? ""`); got != theme {
			w.t.Errorf("the page is %q, want %q", got, theme)
		}
	}
}

func changePassword(w *actions) {
	p, other := w.ada, w.elsewhere(w.ada.user)
	const chosen = "another gate by the sea"
	p.visit("/account")
	p.push("main a[href='/account/password']", "/account/password")
	p.fill(p.tab, "#f-current_password", "not this one")
	p.fill(p.tab, "#f-new_password", chosen)
	p.push(sentBy("/account/password"), "/account/password")
	w.wantIsIn(other, true)
	for _, change := range [][2]string{{password, chosen}, {chosen, password}} {
		p.visit("/account/password")
		p.fill(p.tab, "#f-current_password", change[0])
		p.fill(p.tab, "#f-new_password", change[1])
		if change[1] == password {
			p.toggle("#f-end_others")
		}
		p.done(sentBy("/account/password"), "/account")
		if change[1] == chosen {
			w.wantIsIn(other, false)
			w.wantIn(other, p.user, chosen)
		}
	}
	w.wantIsIn(other, true)
	w.wantIn(w.newBrowser(w.t), p.user, password)
}

func endSession(w *actions) {
	p, other, third := w.ada, w.elsewhere(w.ada.user), w.elsewhere(w.ada.user)
	p.visit("/account/sessions")
	p.done(form("/account/sessions/end")+"button", "/account/sessions")
	if a, b := other.get("/account").is("/account"), third.get("/account").is("/account"); a == b {
		w.t.Errorf("two others are signed in: %v, %v", a, b)
	}
}

func endOtherSessions(w *actions) {
	p, other, third := w.ada, w.elsewhere(w.ada.user), w.elsewhere(w.ada.user)
	p.visit("/account/sessions")
	p.done(form("/account/sessions/end-others")+"button", "/account/sessions")
	w.wantIsIn(other, false)
	w.wantIsIn(third, false)
	if p.has(form("/account/sessions/end-others")) {
		w.t.Errorf("there are others still; %s", p.where())
	}
}

func removeApp(w *actions) {
	p := w.ada
	tokens := w.newBrowser(w.t).tokens(w.app, p.user.Username, "scope", "openid offline_access")
	to := "/account/apps/" + w.app.ID + "/remove"
	p.visit("/account/apps")
	p.push("main a[href='"+to+"']", to)
	p.done(sentBy(to), "/account/apps")
	w.wantActive(tokens, false)
}

// wantActive tells whether the tokens of the application live.
func (w *actions) wantActive(tokens *reply, want bool) {
	w.t.Helper()
	if got := w.active(w.t, w.app, tokens.str("refresh_token")); got != want {
		w.t.Errorf("the refresh token lives: %v, want %v", got, want)
	}
}

func deleteAccount(w *actions) {
	p := w.ada
	p.visit("/account/data")
	w.longAgo(p.user)
	p.leave()
	p.act(p.tab, "main a[href='/account/data/delete']")
	p.at("/login")
	p.again("/account/data/delete")
	p.fill(p.tab, "#f-match", "somebody")
	p.push(sentBy("/account/data/delete"), "/account/data/delete")
	if w.now(p.user).DeleteAt != nil {
		w.t.Fatal("another name is typed, and the account goes")
	}
	p.fill(p.tab, "#f-match", p.user.Username)
	w.longAgo(p.user) // while the page was open
	p.press(sentBy("/account/data/delete"), "/login")
	p.again("/account/data/delete")
	if got := p.text("#f-match"); got != p.user.Username {
		w.t.Errorf("what was typed is lost: %q", got)
	}
	p.push(sentBy("/account/data/delete"), "/account")
	if w.now(p.user).DeleteAt == nil {
		w.t.Errorf("the account stays; %s", p.where())
	}
}

func keepAccount(w *actions) {
	p := w.ada
	for _, page := range []string{"/account", "/account/data"} {
		if _, err := w.admin.Users.RequestDeletion(w.t.Context(), p.user.ID); err != nil {
			w.t.Fatal(err)
		}
		eventually(w.t, "seeing it", func() bool { p.visit(page); return p.has(form("/account/data/keep")) })
		p.done(form("/account/data/keep")+"button", "/account")
		if w.now(p.user).DeleteAt != nil {
			w.t.Errorf("%s: the account goes still", page)
		}
	}
}

// downloads are the files that a page offers.
func (w *actions) downloads() {
	w.ada.visit("/account/data")
	var own struct{}
	if text := w.ada.download("main a[download]", "account-*.json"); json.Unmarshal([]byte(text), &own) != nil || !strings.Contains(text, w.ada.user.Email) {
		w.t.Errorf("one's own data are %.200q", text)
	}
	for _, c := range []struct{ page, link, file, has string }{
		{"/admin/users?q=" + url.QueryEscape(w.ada.user.Username), "users.csv", "users-*.csv", w.ada.user.Email},
		{"/admin/clients", "clients.csv", "clients-*.csv", w.app.ID},
		{"/admin/audit", "audit.csv", "audit-*.csv", "session.begin"},
		{"/admin/audit", "audit.json", "audit-*.json", "session.begin"},
	} {
		w.boss.visit(c.page)
		text := w.boss.download("main a[href*='"+c.link+"']", c.file)
		if !slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, c.has) }) {
			w.t.Errorf("%s has no %s: %.200q", c.link, c.has, text)
		}
	}
}
