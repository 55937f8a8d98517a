package e2e

import (
	"testing"

	"gatehouse/idp"
	"gatehouse/testenv"
)

func walkInspecting(t *testing.T, s chromium) {
	walkThrough(t, s, inspector{axe: testenv.Axe(t)}, true)
}

func walkWithoutScripts(t *testing.T, s chromium) {
	walkThrough(t, s, mouse{}, false)
}

func walkByKeyboard(t *testing.T, s chromium) {
	walkThrough(t, s, keyboard{}, true)
}

// walk is one person's way through every page. At each page it is looked at,
// and nothing foreign and nothing wrong may have happened on the way.
type walk struct {
	*tab
	hands
	app   app
	user  *idp.User
	party *party
}

func walkThrough(t *testing.T, s chromium, how hands, scripts bool) {
	t.Helper()
	p := newParty(t)
	w := walk{
		tab: s.newTab(t, p.origin, p.abroad), hands: how,
		app: s.newPartyApp(t, p), user: s.newUser(t), party: p,
	}
	w.setScripts(scripts)
	w.signInAndConsent()
	w.chooseAndConfirm()
	w.handOvers()
	w.errors()
	w.account()
	w.demo()
}

// see looks at the page that was come to.
func (w *walk) see(name, heading string) {
	w.t.Helper()
	w.wantHeading(heading)
	w.arrive(w.tab, name)
	w.clean(name)
}

// press presses and waits for the page that it leads to.
func (w *walk) press(selector, path string) {
	w.t.Helper()
	w.leave()
	w.act(w.tab, selector)
	w.at(path)
}

// landed checks that the application got its answer.
func (w *walk) landed(a app, redirect string) partyCall {
	w.t.Helper()
	got := w.party.take(w.t)
	form := exchange(a, got.form.Get("code"))
	form.Set("redirect_uri", redirect)
	if got.form.Get("state") != "state-value" || got.form.Get("iss") != w.s.issuer {
		w.t.Errorf("the answer is %v", got.form)
	}
	w.s.token(w.t, a, form).want(w.t, 200, "")
	w.clean("landing")
	return got
}

func (w *walk) enter(login, pass, path string) {
	w.t.Helper()
	if login != "" {
		w.fill(w.tab, "#username", login)
	}
	w.fill(w.tab, "#password", pass)
	w.press(submitButton, path)
}

func (w *walk) signInAndConsent() {
	w.t.Helper()
	w.authorize(w.app, "/login", "scope", "openid profile email")
	w.see("login", "Sign in")
	w.spoil("stale")
	w.enter(w.user.Username, password, "/login")
	w.see("after a stale form", "Sign in")
	w.wantText("This page was open for a long time")
	if got := ask[string](w.tab, `document.querySelector("#username").value`); got != w.user.Username {
		w.t.Errorf("the username is %q", got)
	}
	w.enter(w.user.Username, "not this one", "/login")
	w.see("wrong pair", "Sign in")
	w.fill(w.tab, "#password", "")
	w.press(submitButton, "/login")
	w.see("no password", "Sign in")
	w.enter(w.user.Email, password, "/consent")
	w.see("consent", "Allow Grafana to use your account?")
	w.press(allowButton, "/cb")
	w.landed(w.app, w.party.origin+"/cb")
	if !w.scripts {
		// The page may come back as it was left; pressing again explains itself.
		w.back()
		if w.heading() != "You already continued to Grafana" {
			w.press(allowButton, "/continue")
		}
	} else {
		w.history(-1, "/continue")
	}
	w.see("already continued", "You already continued to Grafana")
}

func (w *walk) chooseAndConfirm() {
	w.t.Helper()
	w.authorize(w.app, "/login/select", "prompt", "select_account")
	w.see("chooser", "Choose an account")
	w.press(accountButton, "/cb")
	w.landed(w.app, w.party.origin+"/cb")
	w.authorize(w.app, "/login", "prompt", "login")
	w.see("reauthentication", "Confirm it's you")
	w.enter("", password, "/cb")
	w.landed(w.app, w.party.origin+"/cb")
	w.authorize(w.app, "/login/select", "prompt", "select_account")
	w.press("button[value=other]", "/login")
	w.see("another account", "Sign in")
	w.open("/error?stale=/account", "/error")
	w.see("stale form", "This page was open for a long time")
	w.authorize(w.app, "/consent", "scope", "openid profile reports:read")
	w.see("more consent", "Allow Grafana to use more of your account?")
	w.press(denyButton, "/cb")
	if got := w.party.take(w.t); got.form.Get("error") != "access_denied" {
		w.t.Errorf("after Cancel: %v", got.form)
	}
}

func (w *walk) handOvers() {
	w.t.Helper()
	// The party says nothing, so the pages on the way can be looked at.
	stay := w.party.origin + "/stay"
	w.authorize(w.app, "/consent", "prompt", "consent", "redirect_uri", stay)
	w.press(allowButton, "/continue")
	eventually(w.t, "the answer", w.party.waiting)
	w.landed(w.app, stay)
	w.see("continue", "Continue to Grafana")

	w.authorize(w.app, "/consent", "prompt", "consent", "redirect_uri", stay, "response_mode", "form_post")
	w.press(allowButton, "/continue")
	if w.scripts {
		eventually(w.t, "the answer", w.party.waiting)
		w.landed(w.app, stay)
	}
	w.see("form_post", "Continue to Grafana")

	w.authorize(w.app, "/consent", "prompt", "consent", "response_mode", "form_post")
	if w.scripts {
		w.press(allowButton, "/cb")
	} else {
		w.press(allowButton, "/continue")
		w.press(submitButton, "/cb")
	}
	w.landed(w.app, w.party.origin+"/cb")
}

func (w *walk) errors() {
	w.t.Helper()
	w.authorize(w.app, "/oauth2/authorize", "client_id", "nobody")
	w.see("unknown client", "This sign-in link doesn't work")
	w.act(w.tab, "details summary")
	w.until("opening the details", `document.querySelector("details").open && document.querySelector("details").innerText.includes("Request ID")`)
	w.authorize(w.app, "/oauth2/authorize", "redirect_uri", "https://evil.example/")
	w.see("bad redirect", "We stopped this sign-in")
	w.open("/login?flow=x", "/login")
	w.see("expired", "This sign-in took too long")
	w.open("/error", "/error")
	w.see("error", "There is nothing at this address")
}

func (w *walk) account() {
	w.t.Helper()
	w.open("/account", "/account")
	w.see("account", "Your account")
	w.open("/logout", "/logout")
	w.see("sign out", "Sign out?")
	w.press("main form a.button", "/account")
	w.open("/logout", "/logout")
	w.press(submitButton, "/logout")
	w.see("signed out", "You are signed out")
	w.press("main a.button", "/login")
	w.see("login without an application", "Sign in")
	w.enter(w.user.Username, password, "/account")
	w.press("main form button", "/logout")
	w.wantHeading("You are signed out")
}

// demo is the browser path of the README.
func (w *walk) demo() {
	w.t.Helper()
	d := w.s.demoValues(w.t)
	w.s.forgetConsent(w.t, d["DEMO_USERNAME"], d["DEMO_CLIENT_ID"]) // of another walk
	w.open("/demo", "/demo")
	w.see("demo", "Demo app")
	w.press("form[action='/demo/login'] button", "/login")
	w.enter(d["DEMO_USERNAME"], d["DEMO_PASSWORD"], "/consent")
	w.see("consent for the demo", "Allow Gatehouse demo to use your account?")
	w.press(allowButton, "/demo")
	w.see("demo, signed in", "Demo app")
	w.wantTokens()
	before := w.sections()
	w.press(demoButton("refresh"), "/demo")
	w.wantText("Refreshed")
	after := w.sections()
	for _, name := range []string{"Access token", "ID token", "Refresh token"} {
		if after[name] == "" || after[name] == before[name] {
			w.t.Errorf("%s after Refresh: %q", name, after[name])
		}
	}
	w.press(demoButton("introspect"), "/demo")
	w.wantText(`"active": true`)
	w.press(demoButton("userinfo"), "/demo")
	w.wantText("demo@example.com")
	w.see("demo, userinfo", "Demo app")
	w.press(demoButton("logout"), "/demo")
	w.see("demo, signed out", "Demo app")
	if len(w.sections()) != 0 {
		w.t.Errorf("tokens are left: %v", w.sections())
	}
	w.open("/account", "/login") // at the issuer too
}
