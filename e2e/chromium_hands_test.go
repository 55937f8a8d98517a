package e2e

import (
	"fmt"
	"strconv"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hands are a way to use a page.
type hands interface {
	// act presses a button or follows a link.
	act(b *tab, selector string)
	fill(b *tab, selector, text string)
	// arrive looks over a page that was come to.
	arrive(b *tab, name string)
}

// mouse points and clicks.
type mouse struct{}

func (mouse) act(b *tab, selector string)        { b.t.Helper(); b.point(selector) }
func (mouse) fill(b *tab, selector, text string) { b.t.Helper(); b.typeIn(selector, text) }
func (mouse) arrive(*tab, string)                {}

// keyboard touches nothing but keys.
type keyboard struct{}

func (k keyboard) act(b *tab, selector string) {
	b.t.Helper()
	k.reach(b, selector)
	b.do(chromedp.KeyEvent(kb.Enter))
}

func (k keyboard) fill(b *tab, selector, text string) {
	b.t.Helper()
	k.reach(b, selector)
	b.overtype(text)
}

// stops are the controls that the tab key must reach, in the order of the
// document. Of a group of radio buttons it reaches the one that is chosen, and
// arrows the others.
const stops = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, textarea")].filter(e => e.checkVisibility() && !e.disabled &&
	!(e.type === "radio" && !e.checked && document.querySelector('[name="' + e.name + '"]:checked')))`

// stop is where the focus is.
type stop struct {
	Index   int     `json:"index"` // among the stops, -1 for none
	Name    string  `json:"name"`
	Outline float64 `json:"outline"` // pixels
	Inside  bool    `json:"inside"`  // it is within the window
	Hit     bool    `json:"hit"`     // it is the one that is looked for
}

func focus(b *tab, selector string) stop {
	b.t.Helper()
	return ask[stop](b, fmt.Sprintf(`(() => {
		const e = document.activeElement ?? document.body, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return {
			index: %s.indexOf(e), name: e.outerHTML.slice(0, 120), hit: e === document.querySelector(%s),
			outline: s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth),
			inside: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth,
		};
	})()`, stops, strconv.Quote(selector)))
}

// reach tabs to the control, at most twice around the page.
func (keyboard) reach(b *tab, selector string) {
	b.t.Helper()
	n := ask[int](b, stops+`.length`)
	for range 2*n + 3 {
		at := focus(b, selector)
		if at.Hit {
			at.check(b)
			return
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.t.Fatalf("the tab key does not reach %s; %s", selector, b.where())
}

// check fails unless the focus can be seen.
func (at stop) check(b *tab) {
	b.t.Helper()
	if at.Outline < 2 || !at.Inside {
		b.t.Errorf("the focus on %s has an outline of %v px, in the window: %v", at.Name, at.Outline, at.Inside)
	}
}

// arrive goes once around: each control is reached, the focus shows on each,
// and none keeps it.
func (keyboard) arrive(b *tab, name string) {
	b.t.Helper()
	if odd := ask[[]string](b, `[...document.querySelectorAll("[tabindex]")].filter(e => e.tabIndex > 0).map(e => e.outerHTML)`); len(odd) > 0 {
		b.t.Errorf("%s: positive tabindex on %v", name, odd)
	}
	n := ask[int](b, stops+`.length`)
	seen := map[int]bool{}
	for range n + 3 {
		b.do(chromedp.KeyEvent(kb.Tab))
		at := focus(b, ":root")
		if at.Index < 0 {
			continue // beyond the page's end
		}
		if !seen[at.Index] {
			at.check(b)
		}
		seen[at.Index] = true
	}
	if len(seen) != n || n == 0 {
		b.t.Errorf("%s: %d of %d controls are reached; %s", name, len(seen), n, b.where())
	}
}

// inspector is a mouse that has axe look at every page, light and dark, with
// what can be opened shut and open.
type inspector struct {
	mouse
	axe string
}

// runAxe runs every rule but the experimental ones.
const runAxe = `axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}})
	.then(r => r.violations.map(v => v.id + ": " + v.help + " at " + v.nodes.map(n => n.target.join(" ")).join(", ")))`

func (i inspector) arrive(b *tab, name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](i.axe))
	for _, look := range []struct {
		scheme string
		width  int64
	}{{"light", 1280}, {"dark", 390}} {
		b.scheme(look.scheme)
		b.resize(look.width)
		for _, open := range []bool{false, true} {
			if ask[int](b, fmt.Sprintf(`(all => { for (const d of all) d.open = %v; return all.length })(document.querySelectorAll("details"))`, open)) == 0 && open {
				continue
			}
			for _, fault := range ask[[]string](b, runAxe) {
				b.t.Errorf("%s, %s, %d wide, open %v: %s", name, look.scheme, look.width, open, fault)
			}
		}
	}
	ask[bool](b, `document.querySelectorAll("details").forEach(d => { d.open = false }) ?? true`)
	b.scheme("light")
	b.resize(1280)
}
