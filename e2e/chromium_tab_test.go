package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience bounds one step on a busy machine.
const patience = 30 * time.Second

// tab is a window of Chromium with an empty profile of its own.
type tab struct {
	t       *testing.T
	ctx     context.Context
	s       *system
	traffic *traffic
	before  float64 // when the document was made that the last step leaves
	scripts bool
}

// newTab opens a window in the running browser. Requests may leave for the
// given origins, as pages of their own, and for nowhere else.
func (s chromium) newTab(t *testing.T, origins ...string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(s.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	b := &tab{t: t, ctx: ctx, s: s.system, scripts: true}
	command(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.scheme("light")
	b.traffic = observe(b, append(origins, s.issuer))
	return b
}

// command sends a command of the protocol.
func command[P, R any](b *tab, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, c, params)
	if err != nil {
		b.t.Fatalf("%s: %v", c.Method, err)
	}
	return result
}

// do runs steps.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; %s", err, b.where())
	}
}

// ask evaluates an expression, a promise too. It works without scripts as well.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.80s: %v", expression, err)
	}
	return v
}

// until waits for a condition, whatever documents come and go meanwhile.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.t.Fatalf("%s did not happen; %s", what, b.where())
}

// where says where the tab stands, for a person to read.
func (b *tab) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`"at " + location.href + ", " + document.readyState + ": " + (document.body?.innerText ?? "").replace(/\s+/g, " ").slice(0, 300)`))
	if err != nil {
		return err.Error()
	}
	return text + "\nafter\n" + strings.Join(b.traffic.last(12), "\n")
}

// leave remembers the document that the next step leaves.
func (b *tab) leave() {
	b.t.Helper()
	b.before = ask[float64](b, `performance.timeOrigin`)
}

// next is the condition that the document that the last step led to is
// complete. With scripts it is a new one, also after Back: what the browser
// brings back as it was left loads itself again.
func (b *tab) next() string {
	differs := "!=="
	if b.scripts {
		differs = ">"
	}
	return fmt.Sprintf(`performance.timeOrigin %s %s && document.readyState === "complete"`, differs, strconv.FormatFloat(b.before, 'f', -1, 64))
}

// at waits until the next document is complete, and that at the path.
func (b *tab) at(path string) {
	b.t.Helper()
	b.until("the page "+path, fmt.Sprintf(`%s && location.pathname === %q`, b.next(), path))
}

// open goes to an address of ours, as typed into the address bar.
func (b *tab) open(target, path string) {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.s.issuer + target
	}
	b.leave()
	command(b, browserpage.Navigate, browserpage.NavigateParams{URL: target})
	b.at(path)
}

// authorize begins a sign-in at the application and waits for the page that it leads to.
func (b *tab) authorize(a app, path string, pairs ...string) {
	b.t.Helper()
	b.open("/oauth2/authorize?"+authorization(a, pairs...).Encode(), path)
}

// history goes steps back (negative) or forth.
func (b *tab) history(steps int64, path string) {
	b.t.Helper()
	h := command(b, browserpage.GetNavigationHistory, cdp.Empty{})
	to := h.CurrentIndex + steps
	if to < 0 || to >= int64(len(h.Entries)) {
		b.t.Fatalf("no entry %d of %d", to, len(h.Entries))
	}
	b.leave()
	command(b, browserpage.NavigateToHistoryEntry, browserpage.NavigateToHistoryEntryParams{EntryID: h.Entries[to].ID})
	b.at(path)
}

// back goes one step back, wherever that leads.
func (b *tab) back() {
	b.t.Helper()
	h := command(b, browserpage.GetNavigationHistory, cdp.Empty{})
	b.leave()
	command(b, browserpage.NavigateToHistoryEntry, browserpage.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
	b.until("going back", b.next())
}

func (b *tab) reload(path string) {
	b.t.Helper()
	b.leave()
	command(b, browserpage.Reload, browserpage.ReloadParams{})
	b.at(path)
}

// click presses with the mouse and waits for the page that it leads to.
func (b *tab) click(selector, path string) {
	b.t.Helper()
	b.leave()
	b.point(selector)
	b.at(path)
}

// point clicks on the middle of an element, or of its first line, which nothing may cover. It takes
// the document as it is now, also one that Back has brought back.
func (b *tab) point(selector string) {
	b.t.Helper()
	at := ask[[]float64](b, fmt.Sprintf(`(() => {
		const e = document.querySelector(%s);
		if (!e) return [];
		e.scrollIntoView({block: "nearest", behavior: "instant"});
		const r = e.getClientRects()[0], x = r.left + r.width / 2, y = r.top + r.height / 2;
		return e.contains(document.elementFromPoint(x, y)) ? [x, y] : [];
	})()`, strconv.Quote(selector)))
	if len(at) != 2 {
		b.t.Fatalf("%s cannot be clicked; %s", selector, b.where())
	}
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

// typeIn replaces what a field holds, with the keyboard.
func (b *tab) typeIn(selector, text string) {
	b.t.Helper()
	b.point(selector)
	b.overtype(text)
}

// overtype replaces what the field with the focus holds.
func (b *tab) overtype(text string) {
	b.t.Helper()
	b.edit("selectAll")
	b.do(chromedp.KeyEvent(text))
}

func (b *tab) signIn(login, pass, path string) {
	b.t.Helper()
	b.typeIn("#username", login)
	b.typeIn("#password", pass)
	b.click(submitButton, path)
}

// Selectors of the pages' controls.
const (
	submitButton = "main form .button-main"
	allowButton  = "button[value=allow]"
	denyButton   = "button[value=deny]"
	// of the chooser, the first person
	accountButton = "button[name=account]:not([value=other])"
)

func (b *tab) setScripts(on bool) {
	b.t.Helper()
	b.scripts = on
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// scheme sets what the system prefers. Colours change at once, so that what is measured is final.
func (b *tab) scheme(name string) {
	b.t.Helper()
	features := []*emulation.MediaFeature{
		{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: name},
	}
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

func (b *tab) resize(width int64) {
	b.t.Helper()
	command(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1})
}

func (b *tab) heading() string {
	b.t.Helper()
	return ask[string](b, `document.querySelector("h1")?.textContent ?? ""`)
}

func (b *tab) wantHeading(part string) {
	b.t.Helper()
	if got := b.heading(); !strings.Contains(got, part) {
		b.t.Errorf("the heading is %q, want %q; %s", got, part, b.where())
	}
}
