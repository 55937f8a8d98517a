package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
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
func backAndReload(t *testing.T, s *system, browser context.Context) {
	p := newParty(t)
	a, user := s.newPartyApp(t, p), s.newUser(t)
	b := s.newTab(t, browser, p.origin)
	b.open("/demo", "/demo")

	b.authorize(a, "/login")
	b.typeIn("#username", user.Username)
	b.typeIn("#password", password)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=csrf]").value = "stale"`))
	b.click(submitButton, "/login")
	posts := b.traffic.posts()
	b.reload("/login")
	b.onPage("stale form, reload", posts)

	b.open("/demo?a", "/demo")
	b.authorize(a, "/login")
	b.signIn(user.Username, "not this one", "/login")
	posts = b.traffic.posts()
	b.reload("/login")
	b.onPage("wrong pair, reload", posts)
	b.open("/demo?b", "/demo")
	b.history(-1, "/login")
	b.onPage("wrong pair, back", posts)

	b.signIn(user.Username, password, "/consent")
	b.turn("signed in", "/consent", "/consent")

	b.click(allowButton, "/cb")
	p.take(t)
	posts = b.traffic.posts()
	b.history(-1, "/continue")
	b.onPage("back from the application", posts)
	b.wantHeading("You already continued to Grafana")
	b.reload("/continue")
	b.wantHeading("You already continued to Grafana")
	b.click("main a.button-main", "/in") // and it shows the way on
	p.forget()

	b.authorize(a, "/consent", "prompt", "consent", "response_mode", "form_post")
	b.click(allowButton, "/cb")
	p.take(t)
	b.history(-1, "/continue")
	b.wantHeading("You already continued to Grafana")

	b.authorize(a, "/consent", "prompt", "consent")
	b.click(denyButton, "/cb")
	p.take(t)
	b.history(-1, "/continue")
	b.wantHeading("You already continued to Grafana")

	b.authorize(a, "/login/select", "prompt", "select_account")
	b.click(accountButton, "/cb")
	p.take(t)
	b.history(-1, "/continue")
	b.wantHeading("You already continued to Grafana")

	b.open("/account", "/account")
	b.open("/logout", "/logout")
	b.click(submitButton, "/logout")
	posts = b.traffic.posts()
	b.reload("/logout")
	b.wantHeading("You are signed out")
	b.back()
	b.wantHeading("You are signed out") // the page that asked is over
	b.back()
	b.wantHeading("Sign in") // the account is nobody's to see
	b.onPage("back after signing out", posts)
	b.clean("back and reload")
}

// forget drops what came.
func (p *party) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = nil
}
