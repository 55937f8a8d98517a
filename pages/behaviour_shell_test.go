package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"gatehouse/pages"
	"gatehouse/testenv"
)

// soon waits until an expression holds: a page answers when it comes to it.
func soon(t *testing.T, ctx context.Context, expression string) { //nolint:revive // t first, as everywhere
	t.Helper()
	for range 250 {
		if ask[bool](t, ctx, expression) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("never: %s", expression)
}

func TestSlashGoesToTheSearch(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	// Whether the key was taken, and what has the focus then.
	const press = `(() => {
		const e = new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true});
		document.activeElement.dispatchEvent(e);
		return e.defaultPrevented + " " + document.activeElement.id;
	})()`
	const leave = `document.activeElement.blur()`
	do(t, tab, chromedp.Navigate(base+"/s/parts-list-short"), chromedp.Evaluate[chromedp.Void](leave))
	for _, want := range []string{"true q", "false q"} { // the second is typed
		if got := ask[string](t, tab, press); got != want {
			t.Errorf("/ in the list: %s, want %s", got, want)
		}
	}
	do(t, tab, chromedp.Navigate(base+"/s/parts-form"), chromedp.Click(chromedp.CSS("#f-name")))
	if got := ask[string](t, tab, press); got != "false f-name" {
		t.Errorf("/ in a field: %s", got)
	}
	for _, want := range []string{"false ", "true q"} { // turned off, and on again
		do(t, tab, chromedp.Navigate(base+"/s/parts-list-short"), chromedp.Click(chromedp.CSS("[data-slash]")))
		do(t, tab, chromedp.Navigate(base+"/s/parts-list-short"), chromedp.Evaluate[chromedp.Void](leave))
		if got := ask[string](t, tab, press); got != want {
			t.Errorf("/ when turned round: %s, want %s", got, want)
		}
	}
}

func TestSelectAll(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	const state = `[...document.querySelectorAll("[data-pick-all], [data-pick]")].map(e => e.indeterminate ? "some" : e.checked ? "yes" : "no").join(" ")`
	do(t, tab, chromedp.Navigate(base+"/s/parts-list-short"))
	for _, c := range []struct{ click, want string }{
		{"[data-pick-all]", "yes yes yes yes yes"},
		{"[data-pick][value='2']", "some yes no yes yes"},
		{"[data-pick][value='2']", "yes yes yes yes yes"},
		{"[data-pick-all]", "no no no no no"},
	} {
		do(t, tab, chromedp.Click(chromedp.CSS(c.click)))
		if got := ask[string](t, tab, state); got != c.want {
			t.Errorf("after %s: %s", c.click, got)
		}
	}
	// What is chosen goes to the review page, without script too.
	scripts(t, tab, false)
	do(t, tab, chromedp.Navigate(base+"/s/parts-list-short"), chromedp.Click(chromedp.CSS("[data-pick][value='3']")))
	scripts(t, tab, true)
	if got := ask[string](t, tab, `new URLSearchParams(new FormData(document.getElementById("bulk"))).toString()`); got != "act=&id=3" {
		t.Errorf("sends %q", got)
	}
	if ask[bool](t, tab, `document.querySelector("[data-pick-all]").checkVisibility()`) {
		t.Error("without script a checkbox does nothing")
	}
}

func TestCopy(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		command(t, tab, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: base,
		})
	}
	do(t, tab, chromedp.Navigate(base+"/s/parts-secret"), chromedp.Click(chromedp.CSS("[data-copy]")))
	soon(t, tab, `document.querySelector("[data-copy]").textContent === "Copied"`)
	if got := ask[string](t, tab, `navigator.clipboard.readText()`); got != "gh_cs_3p9XwK7vQ2mB8nR4tY6uZ1aC5dE0fGhJ" {
		t.Errorf("copied %q", got)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("[data-select]")))
	if !ask[bool](t, tab, `(() => { const f = document.activeElement; return f.selectionStart === 0 && f.selectionEnd === f.value.length && f.readOnly })()`) {
		t.Error("the secret is not selected")
	}
	scripts(t, tab, false)
	do(t, tab, chromedp.Navigate(base+"/s/parts-secret"))
	scripts(t, tab, true)
	if ask[bool](t, tab, `document.querySelector("[data-copy]").checkVisibility()`) {
		t.Error("without script a button does nothing")
	}
}

// serveOne serves one page at / with what it loads, and more.
func serveOne(t *testing.T, s *pages.Shell, p pages.Page, more func(*http.ServeMux)) string {
	t.Helper()
	r := newRenderer(t)
	mux := http.NewServeMux()
	mux.Handle("GET /static/", r.Static())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, req *http.Request) {
		c := r.Context(req, "")
		c.Shell = s
		if err := r.Write(w, http.StatusOK, c, p); err != nil {
			t.Error(err)
		}
	})
	if more != nil {
		more(mux)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func TestSessionEndIsToldWhereItCosts(t *testing.T) {
	tab := testenv.Browser(t)
	const told = `!!document.querySelector(".page > [role=alert]")`
	for _, c := range []struct {
		name string
		left time.Duration
		want bool
	}{{"soon", time.Minute, true}, {"in an hour", time.Hour, false}} {
		s := shell("/admin/users/1")
		s.SessionEnds = time.Now().Add(c.left)
		do(t, tab, chromedp.Navigate(serveOne(t, s, showcaseForm(), nil)))
		if ask[bool](t, tab, told) {
			t.Errorf("%s: told although nothing is typed", c.name)
		}
		do(t, tab, chromedp.Click(chromedp.CSS("#f-name")), chromedp.KeyEvent("x"))
		if got := ask[bool](t, tab, told); got != c.want {
			t.Errorf("%s: told %v", c.name, got)
		}
	}
}

func TestContrastWhileTyping(t *testing.T) {
	base, tab := serve(t), testenv.Browser(t)
	do(t, tab, chromedp.Navigate(base+"/s/parts-form"))
	const said = `(() => { const f = document.getElementById("f-accent"); f.value = %q; f.dispatchEvent(new Event("input")); return document.querySelector("[data-contrast]").textContent })()`
	for colour, want := range map[string]string{
		"#3849c6": "7.15 to 1 on white: this can be read.", "#ffcc00": "1.51 to 1 on white: too little to be read. It must be at least 4.5 to 1.", "red": "",
	} {
		if got := ask[string](t, tab, fmt.Sprintf(said, colour)); got != want {
			t.Errorf("%s: %q", colour, got)
		}
	}
}

func TestLive(t *testing.T) {
	tab := testenv.Browser(t)
	var open, asked atomic.Int32
	var last atomic.Value
	url := serveOne(t, shell("/admin/users"), showcaseList("", 4, 4), func(mux *http.ServeMux) {
		mux.HandleFunc("GET /admin/audit/events", func(w http.ResponseWriter, req *http.Request) {
			asked.Add(1)
			last.Store(req.URL.Query().Get("last"))
			if asked.Load() > 2 {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			open.Add(1)
			defer open.Add(-1)
			stream(w, req)
		})
	})
	do(t, tab, chromedp.Navigate(url))
	const link = `document.querySelector("[data-live]")`
	soon(t, tab, link+`.checkVisibility() && `+link+`.textContent === "New events: 12. Show" && document.querySelector("[aria-live]").textContent === `+link+`.textContent`)
	if rows := ask[int](t, tab, `document.querySelectorAll("tbody tr").length`); rows != 4 {
		t.Errorf("%d rows: what is read moved", rows)
	}
	hide := func(hidden bool) {
		do(t, tab, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
			`Object.defineProperty(document, "hidden", {configurable: true, value: %v}); document.dispatchEvent(new Event("visibilitychange"))`, hidden)))
	}
	hide(true)
	for range 250 {
		if open.Load() == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if open.Load() != 0 {
		t.Error("a hidden page keeps its stream")
	}
	hide(false)
	soon(t, tab, link+`.textContent === "New events: 24. Show"`)
	if last.Load() != "7" {
		t.Errorf("goes on after %v", last.Load())
	}
	hide(true)
	hide(false)
	soon(t, tab, link+`.textContent === "Live updates paused. Reload"`)
}
