package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/pages"
	"gatehouse/testenv"
)

// flow is a sign-in on one origin that leads to an application on another.
type flow struct {
	r       *pages.Renderer
	here    string // our origin
	app     string // the application's callback, which redirects once more
	landing string // prefix of where a person ends

	mu    sync.Mutex
	posts []url.Values // what /login was sent
	calls []url.Values // what the callback was sent
}

func newFlow(t *testing.T) *flow {
	t.Helper()
	f := &flow{r: newRenderer(t)}
	app := http.NewServeMux()
	app.HandleFunc("/cb", func(w http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		f.mu.Lock()
		f.calls = append(f.calls, req.Form)
		f.mu.Unlock()
		// A callback that goes on to a third origin is where form-action bites.
		http.Redirect(w, req, strings.Replace(f.landing, "127.0.0.1", "localhost", 1), http.StatusSeeOther)
	})
	app.HandleFunc("/in", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<title>landed</title><h1>landed</h1>"))
	})
	appServer := httptest.NewServer(app)
	t.Cleanup(appServer.Close)
	f.app, f.landing = appServer.URL+"/cb", appServer.URL+"/in"

	ours := http.NewServeMux()
	ours.Handle("GET /static/", f.r.Static())
	ours.HandleFunc("GET /login", f.page(func() pages.Page { return login(func(p *pages.LoginPage) { p.SubmitTo = "/login" }) }))
	ours.HandleFunc("GET /stay", f.page(func() pages.Page { return login(func(p *pages.LoginPage) { p.SubmitTo = "/stay" }) }))
	ours.HandleFunc("POST /stay", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	ours.HandleFunc("POST /login", f.submit)
	ours.HandleFunc("GET /continue", f.page(func() pages.Page { return pages.ContinuePage{App: *grafana(), Location: f.app + "?code=c&state=s"} }))
	ours.HandleFunc("GET /form-post", f.page(func() pages.Page {
		fields := []pages.Field{{Name: "code", Value: "c"}, {Name: "state", Value: `"<&>`}}
		return pages.FormPostPage{App: *grafana(), Action: f.app, Fields: fields}
	}))
	server := httptest.NewServer(ours)
	t.Cleanup(server.Close)
	f.here = server.URL
	return f
}

func (f *flow) page(make func() pages.Page) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if err := f.r.Write(w, http.StatusOK, f.r.Context(req, ""), make()); err != nil {
			panic(err)
		}
	}
}

// submit answers slowly, so that a second click has time to do harm.
func (f *flow) submit(w http.ResponseWriter, req *http.Request) {
	_ = req.ParseForm()
	f.mu.Lock()
	f.posts = append(f.posts, req.PostForm)
	f.mu.Unlock()
	time.Sleep(200 * time.Millisecond)
	http.Redirect(w, req, "/continue", http.StatusSeeOther)
}

func (f *flow) sent() (posts, calls []url.Values) {
	f.mu.Lock()
	defer f.mu.Unlock()
	posts, calls = f.posts, f.calls
	f.posts, f.calls = nil, nil
	return posts, calls
}

// landed waits until the application's last page is there.
func landed(t *testing.T, ctx context.Context) { //nolint:revive // t first, as everywhere
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		title, err := chromedp.Run(limited, chromedp.Title())
		if err == nil && title == "landed" {
			return
		}
		if limited.Err() != nil {
			where, _ := chromedp.Run(ctx, chromedp.Location())
			t.Fatalf("not landed but at %s, %q", where, title)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// focused waits until the element has the focus: a page may be loaded before it gives it.
func focused(t *testing.T, ctx context.Context, id string) { //nolint:revive // t first, as everywhere
	t.Helper()
	for range 500 {
		if ask[string](t, ctx, "document.activeElement.id") == id {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s never got the focus", id)
}

func scripts(t *testing.T, ctx context.Context, on bool) { //nolint:revive // t first, as everywhere
	t.Helper()
	command(t, ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

func TestSignInReachesTheApp(t *testing.T) {
	f, browser := newFlow(t), testenv.Browser(t)
	for _, script := range []bool{true, false} {
		scripts(t, browser, script)
		// The first field has the focus: type, tab, type, Enter.
		do(t, browser, chromedp.Navigate(f.here+"/login"))
		focused(t, browser, "username")
		do(t, browser, chromedp.KeyEvent("ada"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("secret phrase"), chromedp.KeyEvent(kb.Enter))
		landed(t, browser)
		posts, calls := f.sent()
		want := url.Values{"flow": {"Zmxvdw"}, "csrf": {"Y3NyZg"}, "username": {"ada"}, "password": {"secret phrase"}}
		if len(posts) != 1 || posts[0].Encode() != want.Encode() {
			t.Errorf("script %v: posted %v", script, posts)
		}
		if len(calls) != 1 || calls[0].Get("code") != "c" || calls[0].Get("state") != "s" {
			t.Errorf("script %v: called %v", script, calls)
		}
	}
}

func TestFormPostReachesTheApp(t *testing.T) {
	f, browser := newFlow(t), testenv.Browser(t)
	for _, script := range []bool{true, false} {
		scripts(t, browser, script)
		do(t, browser, chromedp.Navigate(f.here+"/form-post"))
		if !script {
			do(t, browser, chromedp.Submit(chromedp.CSS("main form")))
		}
		landed(t, browser)
		if _, calls := f.sent(); len(calls) != 1 || calls[0].Get("state") != `"<&>` {
			t.Errorf("script %v: called %v", script, calls)
		}
	}
}

func TestSecondClickDoesNothing(t *testing.T) {
	f, browser := newFlow(t), testenv.Browser(t)
	do(t, browser, chromedp.Navigate(f.here+"/login"))
	state := ask[[]string](t, browser, `(() => {
		const button = document.querySelector(".button-main");
		button.click(); button.click(); button.click();
		return [button.getAttribute("aria-disabled"), button.textContent];
	})()`)
	if !slices.Equal(state, []string{"true", "Signing in…"}) {
		t.Errorf("busy: %q", state)
	}
	landed(t, browser)
	if posts, _ := f.sent(); len(posts) != 1 {
		t.Errorf("%d posts", len(posts))
	}
}

func TestBackIsReadyAgain(t *testing.T) {
	f, browser := newFlow(t), testenv.Browser(t)
	const button = `(() => { const b = document.querySelector(".button-main"); return [b.getAttribute("aria-disabled") ?? "", b.textContent] })()`
	do(t, browser, chromedp.Navigate(f.here+"/stay"), chromedp.Evaluate[chromedp.Void](`document.querySelector(".button-main").click()`))
	if got := ask[[]string](t, browser, button); !slices.Equal(got, []string{"true", "Signing in…"}) {
		t.Fatalf("busy: %q", got)
	}
	// What a browser does when it brings a page back as it was left.
	if got := ask[[]string](t, browser, `(() => { dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true})); return `+button+`})()`); !slices.Equal(got, []string{"", "Sign in"}) {
		t.Errorf("after Back: %q", got)
	}
}

func TestShowPassword(t *testing.T) {
	f, browser := newFlow(t), testenv.Browser(t)
	do(t, browser, chromedp.Navigate(f.here+"/login"))
	const state = `(() => { const b = document.querySelector("[data-reveal]"); return [document.querySelector("#password").type, b.textContent, String(b.hidden)] })()`
	if got := ask[[]string](t, browser, state); !slices.Equal(got, []string{"password", "ShowShow password", "false"}) {
		t.Errorf("at first %q", got)
	}
	do(t, browser, chromedp.Click(chromedp.CSS("[data-reveal]")))
	if got := ask[[]string](t, browser, state); !slices.Equal(got, []string{"text", "HideHide password", "false"}) {
		t.Errorf("shown %q", got)
	}
	do(t, browser, chromedp.Click(chromedp.CSS("[data-reveal]")))
	if got := ask[string](t, browser, `document.querySelector("#password").type`); got != "password" {
		t.Errorf("hidden again %q", got)
	}
	scripts(t, browser, false)
	do(t, browser, chromedp.Navigate(f.here+"/login"))
	if !ask[bool](t, browser, `document.querySelector("[data-reveal]").hidden`) {
		t.Error("the button is there without script")
	}
}

// TestKeyboard walks every page with the tab key: each control once, in the order of the document, with a visible focus.
func TestKeyboard(t *testing.T) {
	base, browser := serve(t), testenv.Browser(t)
	// Of a radio group only the checked one, or the first, is a stop.
	const stops = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility() && !e.disabled
		&& (e.type !== "radio" || e.checked || (!document.querySelector("[name='" + e.name + "']:checked") && e === document.querySelector("[name='" + e.name + "']"))))`
	const here = `(() => { const e = document.activeElement, s = getComputedStyle(e);
		return [` + stops + `.indexOf(e), s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth)] })()`
	for _, s := range states() {
		do(t, browser, chromedp.Navigate(base+"/s/"+s.name), chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); undefined`))
		n := ask[int](t, browser, stops+`.length`)
		if n == 0 {
			t.Errorf("%s: nothing to reach", s.name)
		}
		// From the top, whatever had the focus.
		do(t, browser, chromedp.Evaluate[chromedp.Void](`document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex")`))
		got := []float64{-1, 0}
		for i := range n {
			for range 8 { // a date is several stops in one control
				do(t, browser, chromedp.KeyEvent(kb.Tab))
				if got = ask[[]float64](t, browser, here); int(got[0]) != i-1 || i == 0 {
					break
				}
			}
			if int(got[0]) != i || got[1] < 2 {
				t.Errorf("%s: stop %d is %v with an outline of %v", s.name, i, got[0], got[1])
				break
			}
		}
	}
}
