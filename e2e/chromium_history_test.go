package e2e

import (
	"testing"
)

// onPage fails when the tab shows nothing, an error of the browser's own, or
// what a browser would ask about before it sends a form again.
func (b *tab) onPage(what string, posts int) {
	b.t.Helper()
	if b.heading() == "" {
		b.t.Errorf("%s: a blank page; %s", what, b.where())
	}
	if n := b.traffic.posts(); n != posts {
		b.t.Errorf("%s: a form was sent again; %s", what, b.where())
	}
}

// turn reloads, goes back and forth again after a submit that led to path.
// back is the page that lies before it.
func (b *tab) turn(what, path, back string) {
	b.t.Helper()
	posts := b.traffic.posts()
	b.reload(path)
	b.onPage(what+", reload", posts)
	b.history(-1, back)
	b.onPage(what+", back", posts)
	b.history(1, path)
	b.onPage(what+", forth", posts)
	b.clean(what)
}

// backAndReload: no button of the browser ever asks to send a form again, or
// shows nothing, and Back from an application explains itself.
func backAndReload(t *testing.T, s chromium) {
	p := newParty(t)
	a, user := s.newPartyApp(t, p), s.newUser(t)
	b := s.newTab(t, p.origin)
	b.open("/demo", "/demo")
	b.historyOfSignIn(a, user.Username)
	b.historyOfApp(a, p)
	b.historyOfSignOut()
	b.clean("back and reload")
}

// historyOfSignIn ends at the consent page.
func (b *tab) historyOfSignIn(a app, username string) {
	b.t.Helper()
	b.authorize(a, "/login")
	b.signIn(username, "not this one", "/login")
	posts := b.traffic.posts()
	b.reload("/login")
	b.onPage("wrong pair, reload", posts)
	b.open("/demo?b", "/demo")
	b.history(-1, "/login")
	b.onPage("wrong pair, back", posts)
	b.signIn(username, password, "/consent")
	b.turn("signed in", "/consent", "/consent")
}

// historyOfApp leaves for the application in each way, and comes back.
func (b *tab) historyOfApp(a app, p *party) {
	b.t.Helper()
	comeBack := func(press string) {
		b.t.Helper()
		b.click(press, "/cb")
		p.take(b.t)
		posts := b.traffic.posts()
		b.history(-1, "/continue")
		b.onPage("back from the application", posts)
		b.wantHeading("You already continued to Grafana")
		b.reload("/continue")
		b.wantHeading("You already continued to Grafana")
	}
	comeBack(allowButton)
	b.click("main a.button-main", "/in") // it shows the way on
	b.authorize(a, "/consent", "prompt", "consent", "response_mode", "form_post")
	comeBack(allowButton)
	b.authorize(a, "/consent", "prompt", "consent")
	comeBack(denyButton)
	b.authorize(a, "/login/select", "prompt", "select_account")
	comeBack(accountButton)
}

func (b *tab) historyOfSignOut() {
	b.t.Helper()
	b.open("/account", "/account")
	b.open("/logout", "/logout")
	b.click(submitButton, "/logout")
	posts := b.traffic.posts()
	b.reload("/logout")
	b.wantHeading("You are signed out")
	b.back()
	b.wantHeading("You are signed out") // the page that asked is over
	b.back()
	b.wantHeading("Sign in") // the account is nobody's to see
	b.onPage("back after signing out", posts)
}
