package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	chromebrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/idp"
)

// person is somebody with a browser that runs no scripts, and nothing but keys.
type person struct {
	newcomer
	w    *actions
	user *idp.User
}

// person gives somebody a browser.
func (w *actions) person(u *idp.User) *person {
	w.t.Helper()
	p := &person{newcomer: newcomer{tab: w.newTab(w.t, w.party.origin)}, w: w, user: u}
	p.setScripts(false)
	p.resize(1280)
	w.people = append(w.people, p)
	return p
}

// enter signs in on the way to a page.
func (p *person) enter(path string) {
	p.t.Helper()
	p.visit("/login?next=" + url.QueryEscape(path))
	p.fill(p.tab, "#username", p.user.Username)
	p.fill(p.tab, "#password", password)
	p.push("main form .button-main", path)
}

// again gives the password once more, where what is asked for needs a fresh sign-in.
func (p *person) again(path string) {
	p.t.Helper()
	if at := ask[string](p.tab, `location.pathname`); at != "/login" {
		p.t.Fatalf("no fresh sign-in is asked for; %s", p.where())
	}
	p.see()
	p.fill(p.tab, "#password", password)
	p.push("main form .button-main", path)
}

// visit opens an address of ours.
func (p *person) visit(target string) {
	p.t.Helper()
	path, _, _ := strings.Cut(target, "?")
	p.open(target, path)
	p.see()
}

// push follows a link or presses a button that leads to a path.
func (p *person) push(selector, path string) {
	p.t.Helper()
	p.press(selector, path)
	p.see()
}

// done is push for the button that does something: the next page tells of it.
func (p *person) done(selector, path string) {
	p.t.Helper()
	p.push(selector, path)
	p.told()
}

// told wants the page to tell of what was done.
func (p *person) told() {
	p.t.Helper()
	if !ask[bool](p.tab, `!!document.querySelector(".toast[role=status]:not(.notice-warn)")`) {
		p.t.Errorf("the page does not tell that it was done; %s", p.where())
	}
}

// see goes once around a page by keyboard, the first time that it is come to.
func (p *person) see() {
	p.t.Helper()
	at, err := url.Parse(ask[string](p.tab, `location.href`))
	if err != nil {
		p.t.Fatal(err)
	}
	route := p.w.page(at.Path)
	for _, other := range []string{"again", "kind"} { // another page at the same address
		if at.Query().Has(other) {
			route += "?" + other
		}
	}
	if p.w.looked[route] {
		return
	}
	p.w.looked[route] = true
	p.skip()
	p.look("")
}

// page is the route of a page.
func (w *actions) page(path string) string {
	found := ""
	for _, r := range w.routes {
		if r.Method == http.MethodGet && fits(r.Path, path) && (found == "" || !strings.Contains(r.Path, ":")) {
			found = r.Path
		}
	}
	return found
}

// skip passes over what all pages have, with the first link that the keyboard comes to.
func (p *person) skip() {
	p.t.Helper()
	if ask[bool](p.tab, `!document.querySelector(".skip") || document.activeElement !== document.body`) {
		return // a page without navigation, or one that begins in a field
	}
	p.do(chromedp.KeyEvent(kb.Tab))
	if !ask[bool](p.tab, `document.activeElement.matches(".skip")`) {
		p.t.Errorf("%s: the first stop is not the skip link; %s", p.heading(), p.where())
		return
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("skipping", `location.hash === "#main"`)
	p.do(chromedp.KeyEvent(kb.Tab))
	if !ask[bool](p.tab, `!!document.activeElement.closest("main, footer")`) {
		p.t.Errorf("%s: the skip link does not skip; %s", p.heading(), p.where())
	}
}

// toggle switches a checkbox.
func (p *person) toggle(selector string) {
	p.t.Helper()
	was := ask[bool](p.tab, `document.querySelector(`+strconv.Quote(selector)+`).checked`)
	p.reach(p.tab, selector)
	p.do(chromedp.KeyEvent(" "))
	p.until("switching "+selector, fmt.Sprintf(`document.querySelector(%q).checked === %v`, selector, !was))
}

// pick chooses one of a list.
func (p *person) pick(selector, value string) {
	p.t.Helper()
	p.reach(p.tab, selector)
	steps := ask[int](p.tab, fmt.Sprintf(`(e => [...e.options].findIndex(o => o.value === %q) - e.selectedIndex)(document.querySelector(%q))`, value, selector))
	key := kb.ArrowDown
	if steps < 0 {
		key, steps = kb.ArrowUp, -steps
	}
	if steps > 0 {
		p.do(chromedp.KeyEvent(strings.Repeat(key, steps)))
	}
	p.until("choosing "+value, fmt.Sprintf(`document.querySelector(%q).value === %q`, selector, value))
}

// paste puts a text into a field at once.
func (p *person) paste(selector, text string) {
	p.t.Helper()
	p.reach(p.tab, selector)
	command(p.tab, input.InsertText, input.InsertTextParams{Text: text})
}

// attach chooses a file. The window that a browser opens for it is no part of the page.
func (p *person) attach(selector, path string) {
	p.t.Helper()
	p.reach(p.tab, selector)
	field := command(p.tab, runtime.Evaluate, runtime.EvaluateParams{Expression: `document.querySelector(` + strconv.Quote(selector) + `)`})
	command(p.tab, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: field.Result.ObjectID})
}

// download presses a link to a file and returns what comes.
func (p *person) download(selector, name string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	command(p.tab, chromebrowser.SetDownloadBehavior, chromebrowser.SetDownloadBehaviorParams{
		Behavior: chromebrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID, DownloadPath: dir,
	})
	p.act(p.tab, selector)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		found, _ := filepath.Glob(filepath.Join(dir, name))
		all, _ := os.ReadDir(dir)
		if len(found) != 1 || len(all) != 1 {
			continue // beside it lies what has come so far
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			p.t.Fatal(err)
		}
		if len(text) > 0 {
			return string(text)
		}
	}
	p.t.Fatalf("no file %s came; %s", name, p.where())
	return ""
}

// text is what an element says, "" when there is none.
func (p *person) text(selector string) string {
	p.t.Helper()
	return ask[string](p.tab, `(e => (e?.value ?? e?.textContent ?? "").trim())(document.querySelector(`+strconv.Quote(selector)+`))`)
}

// has reports whether there is an element.
func (p *person) has(selector string) bool {
	p.t.Helper()
	return ask[bool](p.tab, `!!document.querySelector(`+strconv.Quote(selector)+`)`)
}

// form is a form by where it is sent.
func form(action string) string { return "form[action='" + action + "'] " }

// sentBy is the main button of that form.
func sentBy(action string) string { return form(action) + ".buttons button:not([name])" }

// keys presses keys, where the focus is.
func (p *person) keys(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(text))
}
