package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"gatehouse/pages"
	"gatehouse/testenv"
)

// do runs steps and ends the test when one fails.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) { //nolint:revive // t first, as everywhere
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression, a promise too.
func ask[T any](t *testing.T, ctx context.Context, expression string) T { //nolint:revive // t first, as everywhere
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression[:min(len(expression), 60)], err)
	}
	return v
}

func command[P, R any](t *testing.T, ctx context.Context, c cdp.Command[P, R], params P) { //nolint:revive // t first, as everywhere
	t.Helper()
	if _, err := chromedp.Call(ctx, c, params); err != nil {
		t.Fatal(err)
	}
}

func resize(t *testing.T, ctx context.Context, width int64) { //nolint:revive // t first, as everywhere
	t.Helper()
	command(t, ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1})
}

// still media: colours change at once, so that what is measured is final.
func calm(t *testing.T, ctx context.Context) { //nolint:revive // t first, as everywhere
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	command(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// axeRun is a run of axe that says what each violation is. Of the rules, all
// but the experimental ones, or those that are named.
func axeRun(rules ...string) string {
	which := `rules: {"target-size": {enabled: true}}`
	if len(rules) > 0 {
		which = fmt.Sprintf(`runOnly: {type: "rule", values: ["%s"]}`, strings.Join(rules, `", "`))
	}
	return `axe.run(document, {resultTypes: ["violations"], ` + which + `})
		.then(r => r.violations.map(v => v.id + ": " + v.help + " at " + v.nodes.map(n => n.target.join(" ")).join(", ")))`
}

// TestAccessible has axe look at every state: light and dark, wide and narrow,
// with what can be opened shut and open, and from right to left. The two themes
// differ in colours alone, so in the dark one the rules about colours are asked.
func TestAccessible(t *testing.T) {
	axe, base, browser := testenv.Axe(t), serve(t), testenv.Browser(t)
	calm(t, browser)
	themes := []struct{ name, rules string }{{"light", axeRun()}, {"dark", axeRun("color-contrast", "link-in-text-block")}}
	for _, s := range states() {
		do(t, browser, chromedp.Navigate(base+"/s/"+s.name+"?theme=light"), chromedp.Evaluate[chromedp.Void](axe))
		for _, width := range []int64{1280, 390} {
			resize(t, browser, width)
			for _, theme := range themes {
				where := fmt.Sprintf("%s %s %d", s.name, theme.name, width)
				folds := ask[int](t, browser, `document.documentElement.dataset.theme = "`+theme.name+`"; document.querySelectorAll("details").length`)
				report(t, where, ask[[]string](t, browser, theme.rules))
				if folds > 0 {
					ask[bool](t, browser, `document.querySelectorAll("details").forEach(d => { d.open = true }) ?? true`)
					report(t, where+" open", ask[[]string](t, browser, theme.rules))
					ask[bool](t, browser, `document.querySelectorAll("details").forEach(d => { d.open = false }) ?? true`)
				}
			}
		}
		do(t, browser, chromedp.Navigate(base+"/s/"+s.name+"?lang=ar"), chromedp.Evaluate[chromedp.Void](axe))
		report(t, s.name+" ar", ask[[]string](t, browser, axeRun()))
	}
}

func report(t *testing.T, where string, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%s: %s", where, p)
	}
}

// TestAccessibleBites shows that the check above can fail.
func TestAccessibleBites(t *testing.T) {
	axe, base, browser := testenv.Axe(t), serve(t), testenv.Browser(t)
	calm(t, browser)
	resize(t, browser, 390)
	for rule, harm := range map[string]string{
		"label":          `document.querySelector("label[for=username]").remove()`,
		"color-contrast": `document.documentElement.style.setProperty("--text-2", "#b0b0b0")`,
		"target-size": `(() => { const [a, b] = document.querySelectorAll(".button");` +
			` for (const e of [a, b]) e.style.cssText = "min-block-size:0;block-size:9px;inline-size:9px;padding:0;font-size:9px;position:fixed;inset-block-start:0";` +
			` b.style.insetInlineStart = "10px"; a.style.insetInlineStart = "0"; a.hidden = false; })()`,
		"landmark-one-main":    `document.querySelector("main").setAttribute("role", "presentation")`,
		"html-has-lang":        `document.documentElement.removeAttribute("lang")`,
		"aria-valid-attr":      `document.querySelector("h1").setAttribute("aria-labelledbi", "x")`,
		"page-has-heading-one": `document.querySelector("h1").remove()`,
	} {
		do(t, browser, chromedp.Navigate(base+"/s/login?theme=light"), chromedp.Evaluate[chromedp.Void](axe), chromedp.Evaluate[chromedp.Void](harm))
		if found := strings.Join(ask[[]string](t, browser, axeRun()), "\n"); !strings.Contains(found, rule+":") {
			t.Errorf("%s is not found in %q", rule, found)
		}
	}
}

// layoutFaults finds text that is cut off, leaves its box or the window, or lies over other text.
const layoutFaults = `(() => {
	const faults = [], lines = [];
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) faults.push("scrolls sideways: " + root.scrollWidth + " > " + root.clientWidth);
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		const box = node.parentElement;
		if (!node.data.trim() || box.closest(".quiet, option, [hidden], script") || !box.checkVisibility()) continue;
		// What scrolls sideways by design: charts, and tables that are not cards.
		const scroller = box.closest(".chart-box, .table-box");
		if (scroller && scroller.scrollWidth > scroller.clientWidth && (scroller.matches(".chart-box") || innerWidth >= 640)) continue;
		const range = document.createRange();
		range.selectNodeContents(node);
		for (const r of range.getClientRects()) {
			if (r.width < 1) continue;
			if (r.left < -0.5 || r.right > root.clientWidth + 0.5) faults.push("leaves the window: " + node.data.trim());
			for (const holder of [box.closest(".button, .notice, .card, .panel, .code, .tag, .badge, .check, .nav a, .nav button")]) {
				if (!holder) continue;
				const h = holder.getBoundingClientRect();
				if (r.left < h.left - 0.5 || r.right > h.right + 0.5 || r.top < h.top - 2 || r.bottom > h.bottom + 2) faults.push("leaves its box: " + node.data.trim());
			}
			lines.push({r, node});
		}
	}
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest(".quiet") || !e.checkVisibility()) continue;
		const style = getComputedStyle(e);
		if (e.matches(".chart-box") || e.matches(".table-box") && innerWidth >= 640) continue;
		if (style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 && !e.matches("input, select")) faults.push("cut off: " + e.tagName);
	}
	for (let i = 0; i < lines.length; i++) for (let j = i + 1; j < lines.length; j++) {
		const [a, b] = [lines[i], lines[j]];
		if (a.node === b.node) continue;
		const x = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
		const y = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
		if (x > 1 && y > Math.min(a.r.height, b.r.height) / 2) faults.push("overlap: " + a.node.data.trim() + " | " + b.node.data.trim());
	}
	return faults;
})()`

// TestLayoutHolds looks at every state in narrow and wide windows and with
// larger text. The pseudo-locale is English made longer, so English is not asked.
func TestLayoutHolds(t *testing.T) {
	base, browser := serve(t), testenv.Browser(t)
	calm(t, browser)
	windows := []struct {
		width    int64
		percents []int
	}{{320, []int{100, 200}}, {360, []int{100}}, {390, []int{200}}, {1280, []int{100}}}
	for _, s := range states() {
		for _, lang := range []string{"de", "ar", "en-XA"} {
			do(t, browser, chromedp.Navigate(base+"/s/"+s.name+"?lang="+lang))
			ask[bool](t, browser, `document.querySelectorAll("details").forEach(d => { d.open = true }) ?? true`)
			for _, w := range windows {
				resize(t, browser, w.width)
				for _, percent := range w.percents {
					found := ask[[]string](t, browser, fmt.Sprintf(`document.documentElement.style.setProperty("font-size", "%d%%"); %s`, percent, layoutFaults))
					report(t, fmt.Sprintf("%s %s %d%% %d", s.name, lang, percent, w.width), found)
				}
			}
		}
	}
}

func TestLayoutCheckBites(t *testing.T) {
	base, browser := serve(t), testenv.Browser(t)
	for want, harm := range map[string]string{
		"scrolls sideways": `document.querySelector("h1").style.cssText = "inline-size:600px"`,
		"overlap":          `document.querySelector(".head p").style.cssText = "margin-block-start:-2rem"`,
		"cut off":          `document.querySelector("h1").style.cssText = "overflow:hidden;white-space:nowrap;inline-size:2rem"`,
		"leaves its box":   `document.querySelector(".button-main").style.cssText = "inline-size:1rem;white-space:nowrap"`,
	} {
		resize(t, browser, 390)
		do(t, browser, chromedp.Navigate(base+"/s/login"), chromedp.Evaluate[chromedp.Void](harm))
		if found := strings.Join(ask[[]string](t, browser, layoutFaults), "\n"); !strings.Contains(found, want) {
			t.Errorf("%s is not found in %q", want, found)
		}
	}
}

// watch notes every request to another origin, error, and breach of the policy in a tab.
type watch struct {
	base string

	mu     sync.Mutex
	faults []string
}

func (w *watch) see(ev any) {
	fault := ""
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		// The browser draws its own controls with data: images; the policy stops the page's.
		if url := ev.Request.URL; !strings.HasPrefix(url, w.base+"/") && url != "about:blank" && !strings.HasPrefix(url, "data:") {
			fault = "asks " + url
		}
	case *network.EventResponseReceived:
		if ev.Response.Status >= 400 {
			fault = fmt.Sprintf("%d from %s", ev.Response.Status, ev.Response.URL)
		}
	case *log.EventEntryAdded:
		fault = "log: " + ev.Entry.Text
	case *runtime.EventExceptionThrown:
		fault = "exception: " + ev.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		fault = "console: " + string(ev.Type)
	case *audits.EventIssueAdded:
		fault = "issue: " + string(ev.Issue.Code)
		if d := ev.Issue.Details; d != nil && d.GenericIssueDetails != nil {
			fault += " " + string(d.GenericIssueDetails.ErrorType)
		}
	}
	if fault != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.faults = append(w.faults, fault)
	}
}

func (w *watch) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.faults
	w.faults = nil
	return seen
}

func newWatch(t *testing.T, ctx context.Context, base string) *watch { //nolint:revive // t first, as everywhere
	t.Helper()
	w := &watch{base: base}
	if err := chromedp.Listen(ctx, w.see); err != nil {
		t.Fatal(err)
	}
	command(t, ctx, network.Enable, network.EnableParams{})
	command(t, ctx, log.Enable, cdp.Empty{})
	command(t, ctx, runtime.Enable, cdp.Empty{})
	command(t, ctx, audits.Enable, cdp.Empty{})
	return w
}

// settle waits until what the page set off has been reported.
const settle = `new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))`

func TestNothingForeignNothingWrong(t *testing.T) {
	base, browser := serve(t), testenv.Browser(t)
	w := newWatch(t, browser, base)
	for _, s := range states() {
		for _, query := range []string{"", "?lang=ar&theme=dark"} {
			do(t, browser, chromedp.Navigate(base+"/s/"+s.name+query))
			ask[any](t, browser, settle)
			report(t, s.name+query, w.take())
		}
	}
}

// TestWatchBites shows that the watch and the policy work: each harm is stopped and seen.
func TestWatchBites(t *testing.T) {
	r := newRenderer(t)
	harm := map[string]string{
		"inline script": `<script>document.title = "harmed"</script>`,
		"inline style":  `<p style="color:red">x</p>`,
		"foreign image": `<img src="http://127.0.0.1:9/x.png" alt="">`,
		"markup sink":   `<script src="/sink.js"></script>`,
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", r.Static())
	mux.HandleFunc("GET /sink.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`document.body.innerHTML = "<h1>harmed</h1>"`))
	})
	mux.HandleFunc("GET /harm", func(w http.ResponseWriter, req *http.Request) {
		page := httptest.NewRecorder()
		if err := r.Write(page, 200, pages.Context{}, pages.SignedOutPage{}); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", page.Header().Get("Content-Security-Policy"))
		_, _ = w.Write([]byte(strings.Replace(page.Body.String(), "</main>", harm[req.URL.Query().Get("kind")]+"</main>", 1)))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	browser := testenv.Browser(t)
	w := newWatch(t, browser, server.URL)
	for kind := range harm {
		do(t, browser, chromedp.Navigate(server.URL+"/harm?kind="+strings.ReplaceAll(kind, " ", "%20")))
		ask[any](t, browser, settle)
		if seen := w.take(); len(seen) == 0 {
			t.Errorf("%s: nothing was seen", kind)
		}
		if ask[bool](t, browser, `document.title === "harmed" || document.querySelector("h1").textContent === "harmed"`) {
			t.Errorf("%s: it worked", kind)
		}
	}
}

func TestReducedMotion(t *testing.T) {
	base, browser := serve(t), testenv.Browser(t)
	const longest = `Math.max(...[...document.querySelectorAll("*")].flatMap(e => [null, "::after", "::before"].flatMap(p => {
		const s = getComputedStyle(e, p);
		return [s.transitionDuration, s.animationDuration].join(",").split(",").map(parseFloat).filter(n => !isNaN(n));
	})))`
	do(t, browser, chromedp.Navigate(base+"/s/login"))
	if got := ask[float64](t, browser, longest); got <= 0 || got > 0.12 {
		t.Errorf("motion of %v s, want at most 0.12 and some for the check to bite", got)
	}
	calm(t, browser)
	if got := ask[float64](t, browser, longest); got != 0 {
		t.Errorf("reduced motion of %v s", got)
	}
}
