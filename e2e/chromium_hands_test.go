package e2e

import (
	"fmt"
	"strconv"
	"strings"

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
const stops = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, textarea, [tabindex='0']")].filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled &&
	!(e.type === "radio" && !e.checked && document.querySelector('[name="' + e.name + '"]:checked')))`

// stop is where the focus is.
type stop struct {
	Index   int     `json:"index"` // among the stops, -1 for none
	Away    int     `json:"away"`  // how many stops further on the one is that is looked for, 0 when it is none
	Nowhere bool    `json:"nowhere"`
	Name    string  `json:"name"`
	Outline float64 `json:"outline"` // pixels
	Inside  bool    `json:"inside"`  // it is within the window
	Hit     bool    `json:"hit"`     // it is the one that is looked for
}

func focus(b *tab, selector string) stop {
	b.t.Helper()
	return ask[stop](b, fmt.Sprintf(`(() => {
		const e = document.activeElement ?? document.body, s = getComputedStyle(e), r = e.getBoundingClientRect();
		const all = %s, to = all.indexOf(document.querySelector(%s)), index = all.indexOf(e);
		return {
			index, away: to < 0 ? 0 : to - index, nowhere: e === document.body, name: e.outerHTML.slice(0, 120), hit: to >= 0 && to === index,
			outline: s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth),
			inside: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth,
		};
	})()`, stops, strconv.Quote(selector)))
}

// reach tabs to the control, forth or back, all the stops on the way at once:
// arrive looks at each of them. A few keys more are needed where the way has
// stops within a control, as a date has.
func (keyboard) reach(b *tab, selector string) {
	b.t.Helper()
	for range 20 {
		at := focus(b, selector)
		switch {
		case at.Hit:
			at.check(b)
			return
		case at.Away > 0:
			b.do(chromedp.KeyEvent(strings.Repeat(kb.Tab, at.Away)))
		case at.Away < 0:
			b.do(chromedp.KeyEvent(strings.Repeat(kb.Tab, -at.Away), chromedp.KeyModifiers(kb.ModifierShift)))
		default:
			b.t.Fatalf("the tab key does not reach %s; %s", selector, b.where())
		}
	}
	b.t.Fatalf("the tab key does not come to %s; %s", selector, b.where())
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
	seen, last := map[int]bool{}, -1
	for range 2*n + 10 { // a date has stops of its own
		b.do(chromedp.KeyEvent(kb.Tab))
		at := focus(b, ":root")
		if len(seen) == n && at.Index != last {
			return
		}
		last = at.Index
		if at.Nowhere { // beyond the page's end
			continue
		}
		if !seen[at.Index] {
			at.check(b)
		}
		if at.Index >= 0 {
			seen[at.Index] = true
		}
	}
	b.t.Errorf("%s: %d of %d controls are reached; %s", name, len(seen), n, b.where())
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
