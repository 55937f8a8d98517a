package e2e

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// newcomerPath is the first hour of somebody who set the server up: first
// administrator, a user, a client, a sign-in to it, the session in the console,
// and its end. By keyboard alone, in a window of a phone, without scripts.
func newcomerPath(t *testing.T, s chromium) {
	p := newParty(t)
	admin := newcomer{tab: s.newTab(t, p.origin)}
	admin.setScripts(false)
	admin.resize(390)
	const chosen = "the gate by the old mill"
	username, client := unique("grace"), unique("wiki")

	// 1. The administrator signs in and comes to the console.
	admin.open("/admin", "/login")
	admin.signInAs("admin", password, "/admin")
	admin.look("Overview")

	// 2. A user.
	admin.menu("/admin/users")
	admin.press("main a[href='/admin/users/new']", "/admin/users/new")
	admin.look("user")
	admin.fill(admin.tab, "#f-username", username)
	admin.fill(admin.tab, "#f-name", "Grace Hopper")
	admin.choose("input[name=how][value=type]", "input[name=how]")
	admin.fill(admin.tab, "#f-password", chosen)
	admin.send("form[action='/admin/users'] .button-main", "/admin/users/")

	// 3. A client, with its secret shown once.
	admin.menu("/admin/clients")
	admin.press("main a[href='/admin/clients/new']", "/admin/clients/new")
	admin.press("main a[href='/admin/clients/new?kind=web']", "/admin/clients/new")
	admin.look("")
	admin.fill(admin.tab, "#f-client_name", "Wiki")
	admin.fill(admin.tab, "input[name=redirect_uris]", p.origin+"/cb")
	admin.unfold("form details > summary")
	admin.fill(admin.tab, "#f-client_id", client)
	admin.send("form[action='/admin/clients'] .button-main", "/admin/clients/")
	if secret := ask[string](admin.tab, `document.querySelector(".secret textarea")?.value ?? ""`); len(secret) < 32 {
		t.Fatalf("no secret is shown; %s", admin.where())
	}
	admin.clean("a client")

	// 4. The user signs in to it, in a browser of their own.
	admin.open("/admin/clients/"+client+"/test", "/admin/clients/"+client+"/test")
	begin := ask[string](admin.tab, `[...document.querySelectorAll("main a")].map(a => a.href).find(h => h.includes("/oauth2/authorize")) ?? ""`)
	if begin == "" {
		t.Fatalf("there is no sign-in to try; %s", admin.where())
	}
	user := newcomer{tab: s.newTab(t, p.origin)}
	user.setScripts(false)
	user.resize(390)
	user.open(begin, "/login")
	user.signInAs(username, chosen, "/consent")
	user.look("Wiki")
	user.press("button[value=allow]", "/cb")
	if got := p.take(t); got.form.Get("code") == "" {
		t.Fatalf("no code came: %v", got.form)
	}
	user.open("/account", "/account")

	// 5. The session is seen, and ended.
	admin.menu("/admin/sessions")
	admin.look("Sessions")
	row := `[...document.querySelectorAll("tbody tr")].find(r => r.textContent.includes("Grace Hopper"))`
	action := ask[string](admin.tab, row+`?.querySelector("form.act")?.getAttribute("action") ?? ""`)
	if action == "" {
		t.Fatalf("the session is not listed; %s", admin.where())
	}
	admin.send("form[action='"+action+"'] button", "/admin/sessions")
	admin.clean("sessions")
	user.open("/account", "/login")
}

// newcomer uses nothing but keys.
type newcomer struct {
	*tab
	keyboard
}

func (n newcomer) signInAs(login, pass, path string) {
	n.t.Helper()
	n.fill(n.tab, "#username", login)
	n.fill(n.tab, "#password", pass)
	n.send("button.button-wide", path)
}

// look goes once around the page by keyboard.
func (n newcomer) look(heading string) {
	n.t.Helper()
	if heading != "" {
		n.wantHeading(heading)
	}
	n.arrive(n.tab, n.heading())
	n.clean(n.heading())
	if first := ask[bool](n.tab, `!document.querySelector(".skip") || document.querySelector("a[href], button, summary").matches(".skip")`); !first {
		n.t.Errorf("%s: the skip link is not the first stop", n.heading())
	}
	if wide := ask[int](n.tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		n.t.Errorf("%s: the page scrolls sideways by %d px", n.heading(), wide)
	}
}

// menu opens the menu of a small window and follows one of its links.
func (n newcomer) menu(path string) {
	n.t.Helper()
	n.unfold("header.bar summary")
	n.press("header.bar a[href='"+path+"']", path)
}

// unfold opens a details element.
func (n newcomer) unfold(summary string) {
	n.t.Helper()
	n.act(n.tab, summary)
	n.until("opening "+summary, `document.querySelector(`+strconv.Quote(summary)+`).parentElement.open`)
}

// press follows a link to a path; send presses a button whose answer leads
// somewhere below a path.
func (n newcomer) press(selector, path string) {
	n.t.Helper()
	n.leave()
	n.act(n.tab, selector)
	n.at(path)
}

func (n newcomer) send(selector, below string) {
	n.t.Helper()
	n.leave()
	n.act(n.tab, selector)
	n.until("a page below "+below, fmt.Sprintf(`%s && location.pathname.startsWith(%q)`, n.next(), below))
}

// choose takes one of a group of radio buttons with the arrow keys.
func (n newcomer) choose(option, group string) {
	n.t.Helper()
	checked := group + ":checked"
	n.reach(n.tab, checked)
	for range 5 {
		if ask[bool](n.tab, `document.querySelector(`+strconv.Quote(option)+`).checked`) {
			return
		}
		n.do(chromedp.KeyEvent(kb.ArrowDown))
	}
	n.t.Fatalf("%s cannot be chosen; %s", option, n.where())
}
