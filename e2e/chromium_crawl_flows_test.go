package e2e

import (
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"gatehouse/pages"
)

// flows looks at the pages that are there only while somebody signs in to an
// application, and at those of what goes wrong on the way.
func (c *crawler) flows() {
	c.t.Helper()
	b, login := c.tabs[nobody], c.data.person.Username
	see := func(name string, status int) {
		c.t.Helper()
		b.clean(name)
		c.inspect(b, name, status)
		b.resize(320)
		c.narrow(b, name)
		b.resize(1280)
	}
	b.scheme("dark")
	b.traffic.weigh()
	b.authorize(c.data.web, "/login")
	c.weigh(b, "/login?flow=")
	see("/login for an application", http.StatusOK)
	b.authorize(c.data.web, "/login", "prompt", "consent", "redirect_uri", c.data.party.origin+"/stay")
	b.signIn(login, password, "/consent")
	see("/consent", http.StatusOK)
	b.click(allowButton, "/continue")
	see("/continue", http.StatusOK)
	b.authorize(c.data.web, "/login/select", "prompt", "select_account")
	see("/login/select", http.StatusOK)
	b.open("/logout", "/logout")
	see("/logout", http.StatusOK)
	b.click(submitButton, "/logout")
	see("signed out", http.StatusOK)
	for address, status := range map[string]int{"/error": 404, "/nothing": 404, "/login?flow=x": 400, "/oauth2/authorize?client_id=x": 400} {
		path, _, _ := strings.Cut(address, "?")
		b.open(address, path)
		see(address, status)
	}
}

// forms looks at what is shown only after a form was sent: one that comes
// back, a file, a secret, and the refusal of what a person may not.
func (c *crawler) forms() {
	c.t.Helper()
	b := c.tabs[administrator]
	for form, page := range map[string]string{"/admin/users": "/admin/users/new", "/admin/roles": "/admin/roles/new"} {
		b.open(page, page)
		b.click("form[action='"+form+"'] .button-main", page)
		b.clean("a failed form")
		c.inspect(b, "a failed form of "+page, http.StatusOK)
		if title := ask[string](b, `document.title`); !strings.HasPrefix(title, "Error: ") {
			c.t.Errorf("a failed form of %s is called %q", page, title)
		}
	}
	client := "/admin/clients/" + c.data.web.ID
	b.open(client, client)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{c.data.logo}))
	b.click("form[action='"+client+"/logo'] button", client)
	b.clean("an upload")
	if !ask[bool](b, `[...document.querySelectorAll("main img[src^='/images/']")].some(i => i.naturalWidth === 64)`) {
		c.t.Errorf("the logo is not shown; %s", b.where())
	}
	c.inspect(b, "after an upload", http.StatusOK)
	b.open(client+"/rotate", client+"/rotate")
	b.click(submitButton, client+"/secrets")
	b.clean("a secret")
	c.inspect(b, "a secret", http.StatusOK)
	if !ask[bool](b, `document.querySelector(".secret textarea").value.length > 30`) {
		c.t.Errorf("no secret is shown; %s", b.where())
	}
	b = c.tabs[somebody]
	b.open("/admin", "/admin")
	b.clean("refused")
	c.inspect(b, "/admin for somebody else", http.StatusForbidden)
}

// pinned: the colours that a person chose are in what the server sends, so
// that they are there without a script and before anything is painted.
func (c *crawler) pinned() {
	c.t.Helper()
	for theme, want := range map[string]string{"dark": "rgb(15, 18, 22)", "light": "rgb(245, 246, 248)"} {
		for who, path := range map[visitor]string{nobody: "/login", somebody: "/account", administrator: "/admin"} {
			b := c.tabs[who]
			b.setScripts(false)
			b.scheme(map[string]string{"dark": "light", "light": "dark"}[theme])
			command(b, network.SetCookie, network.SetCookieParams{Name: pages.ThemeCookie, Value: theme, URL: b.s.issuer})
			b.open(path, path)
			b.clean(path + " in " + theme)
			if got := ask[string](b, `document.documentElement.dataset.theme + " " + getComputedStyle(document.body).backgroundColor`); got != theme+" "+want {
				c.t.Errorf("%s with %s chosen: %s", path, theme, got)
			}
			command(b, network.DeleteCookies, network.DeleteCookiesParams{Name: pages.ThemeCookie, URL: b.s.issuer})
			b.setScripts(true)
		}
	}
}

// bites shows that what is looked for on each page is found.
func (c *crawler) bites() {
	c.t.Helper()
	b := c.tabs[administrator]
	b.scheme("light")
	for harm, want := range map[string]string{
		`document.querySelector("h1").remove()`:                                            "0 h1",
		`document.querySelector("main").append(document.createElement("main"))`:            "2 main",
		`document.documentElement.removeAttribute("dir")`:                                  "dir",
		`document.querySelector(".skip").remove()`:                                         "skip link",
		`document.querySelector("main [name=csrf]").value = ""`:                            "no token",
		`document.querySelector("main time").dateTime = "2026-11-21"`:                      "not a time in UTC",
		`document.querySelector("main time").textContent = "Nov 21, 2026, 16:59"`:          "without its zone",
		`document.querySelector("main p").textContent = "changed on Nov 21"`:               "outside of <time>",
		`document.querySelector("main p").append("at 16:59")`:                              "outside of <time>",
		`document.querySelector("main form[method=post]").action = "https://evil.example"`: "a form to https://evil.example",
	} {
		b.open("/admin/sessions", "/admin/sessions")
		b.run(harm + "; undefined")
		if found := strings.Join(ask[pageState](b, lookOver).Faults, "\n"); !strings.Contains(found, want) {
			c.t.Errorf("%s is not found after %s: %q", want, harm, found)
		}
	}
	b.clean("harms")
	b.open("/admin/sessions", "/admin/sessions")
	b.run(`document.querySelector("h1").style.whiteSpace = "nowrap"; document.querySelector("h1").textContent = "wide ".repeat(99)`)
	if wide := ask[int](b, sideways); wide <= 0 {
		c.t.Error("what scrolls sideways is not found")
	}
}
