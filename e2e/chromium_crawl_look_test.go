package e2e

import (
	"github.com/chromedp/chromedp"
)

// run runs a script for what it does.
func (b *tab) run(script string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](script))
}

// pageState is what a page shows of itself.
type pageState struct {
	Title   string   `json:"title"`
	Faults  []string `json:"faults"`
	Links   []string `json:"links"`   // of our origin, and where forms lead as they are, of a list with its first row
	Scripts []string `json:"scripts"` // addresses
}

// lookOver finds what is wrong with a page's outline, its forms and its times.
//
// A time is told in <time>. Outside of it a text may hold one only where it is
// no telling: in code, in an identifier, in what a chart draws (which names
// its zone in words), in a value that a person typed.
const lookOver = `(() => {
	const all = (selector, from = document) => [...from.querySelectorAll(selector)], faults = [], root = document.documentElement;
	const want = (fine, what) => { if (!fine) faults.push(what) };
	want(all("h1").length === 1, all("h1").length + " h1");
	want(all("main").length === 1, all("main").length + " main");
	want(all("[id]").length === new Set(all("[id]").map(e => e.id)).size, "an id twice");
	want(root.lang !== "" && ["ltr", "rtl"].includes(root.dir), "lang " + root.lang + ", dir " + root.dir);
	want(document.compatMode === "CSS1Compat", "quirks mode");
	const first = document.querySelector("a[href], button, summary, input, select, textarea");
	if (document.querySelector("nav:not(main nav)")) want(first.matches("a.skip") && first.hash && document.querySelector("main" + first.hash), "the skip link is not first, or leads nowhere");
	// Controls may be called action and method, so the attributes are asked.
	const to = f => new URL(f.getAttribute("action") ?? "", location);
	for (const f of all("form[method=post]")) {
		const tokens = all("input[type=hidden][name=csrf]", f);
		want(tokens.length === 1 && tokens[0].value !== "", "no token in the form to " + to(f));
		want(to(f).origin === location.origin, "a form to " + to(f));
	}
	for (const e of all("time")) {
		want(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(e.dateTime), "not a time in UTC: " + e.outerHTML);
		want(/ ([A-Z]{3,5}|UTC[+-]\d\d:\d\d)$/.test(e.textContent) && e.checkVisibility() || e.closest("details"), "a time without its zone: " + e.outerHTML);
	}
	const month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*";
	const moment = new RegExp("\\b(19|20)\\d\\d-\\d\\d-\\d\\d|\\b\\d{1,2}:\\d\\d\\b|\\b" + month + "\\.? \\d|\\d\\.? " + month + "\\b|\\b\\d{1,2}/\\d{1,2}/\\d{2,4}");
	const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		if (node.parentElement.closest("time, pre, code, .mono, bdi, svg, option, textarea, script")) continue;
		want(!moment.test(node.data), "a time outside of <time>: " + node.data.trim());
	}
	const links = all("a[href]").filter(a => a.origin === location.origin).map(a => a.pathname + a.search);
	for (const f of all("main form[method=get]:not(#bulk)")) links.push(to(f).pathname + "?" + new URLSearchParams(new FormData(f)));
	for (const bulk of all("form#bulk")) {
		const picked = document.querySelector("[data-pick]"), act = bulk.querySelector("select[name=act] option[value]:not([value=''])");
		if (picked) links.push(to(bulk).pathname + "?" + new URLSearchParams({...act ? {act: act.value} : {}, id: picked.value}));
	}
	return {title: document.title, faults, links, scripts: [...document.scripts].map(s => s.getAttribute("src") ?? "inline")};
})()`
