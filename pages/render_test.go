package pages_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/pages"
)

// show renders a page and reads it back.
func show(tb testing.TB, r *pages.Renderer, c pages.Context, p pages.Page) (*goquery.Document, http.Header) {
	tb.Helper()
	w := httptest.NewRecorder()
	if err := r.Write(w, http.StatusOK, c, p); err != nil {
		tb.Fatalf("%T: %v", p, err)
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return doc, w.Header()
}

// TestEveryPage holds what is true of each page in each state and language.
func TestEveryPage(t *testing.T) {
	r := newRenderer(t)
	for _, s := range states() {
		for _, lang := range append(r.Languages(), "en-XA") {
			doc, _ := show(t, r, s.context(pages.Context{Lang: lang, Path: "/login", RawQuery: "flow=1"}), s.page)
			where := s.name + " " + lang
			for selector, n := range map[string]int{
				"h1": 1, "main": 1, "head title": 1, `link[href*="/app.css"]`: 1, "style": 0, "[style]": 0,
				`[tabindex]:not([role=region][tabindex="0"])`: 0, "[placeholder]": 0, "[maxlength]": 0, "script:not([src])": 0, `[href="#ZgotmplZ"], [action="#ZgotmplZ"]`: 0,
			} {
				if got := doc.Find(selector).Length(); got != n {
					t.Errorf("%s: %d of %s, want %d", where, got, selector, n)
				}
			}
			scripts := 1 // auth.js, and admin.js within a shell
			if s.shell != nil {
				scripts = 2
			}
			if got := doc.Find("script").Length(); got != scripts {
				t.Errorf("%s: %d scripts, want %d", where, got, scripts)
			}
			html := doc.Find("html")
			if html.AttrOr("lang", "") != lang || html.AttrOr("dir", "") == "" {
				t.Errorf("%s: lang %q dir %q", where, html.AttrOr("lang", ""), html.AttrOr("dir", ""))
			}
			if (html.AttrOr("dir", "") == "rtl") != (lang == "ar") {
				t.Errorf("%s: direction %s", where, html.AttrOr("dir", ""))
			}
			checkIDs(t, where, doc)
			checkHandlers(t, where, doc)
		}
	}
}

// checkIDs finds ids given twice and references to none.
func checkIDs(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	ids := map[string]string{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if _, twice := ids[id]; twice {
			t.Errorf("%s: id %s twice", where, id)
		}
		ids[id] = strings.TrimSpace(s.Text())
	})
	for _, attr := range []string{"for", "aria-describedby", "aria-labelledby"} {
		doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
			for id := range strings.FieldsSeq(s.AttrOr(attr, "")) {
				if said, ok := ids[id]; !ok || (attr != "for" && said == "") {
					t.Errorf("%s: %s=%s leads to nothing", where, attr, id)
				}
			}
		})
	}
}

// checkHandlers finds inline script.
func checkHandlers(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	addresses := []string{"href", "src", "action", "formaction"}
	doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Nodes[0].Attr {
			scripted := strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:")
			if strings.HasPrefix(a.Key, "on") || (scripted && slices.Contains(addresses, a.Key)) {
				t.Errorf("%s: <%s %s=%q>", where, s.Nodes[0].Data, a.Key, a.Val)
			}
		}
	})
}

func TestPostFormsCarryTheToken(t *testing.T) {
	r := newRenderer(t)
	forms := 0
	for _, s := range states() {
		if _, ok := s.page.(pages.FormPostPage); ok {
			continue // leads to the application, which must not see our token
		}
		doc, _ := show(t, r, s.context(pages.Context{}), s.page)
		doc.Find(`form[method="post"]`).Each(func(_ int, f *goquery.Selection) {
			forms++
			if f.Find(`input[type="hidden"][name="csrf"]`).Length() != 1 {
				t.Errorf("%s: a form without csrf", s.name)
			}
		})
	}
	if forms < 10 {
		t.Errorf("only %d forms seen", forms)
	}
}

func TestLoginFields(t *testing.T) {
	r := newRenderer(t)
	doc, _ := show(t, r, pages.Context{}, login(func(p *pages.LoginPage) { p.Login, p.Remember = "ada", true }))
	for selector, attrs := range map[string]map[string]string{
		"form[method=post]": {"action": "/login", "novalidate": ""},
		"#username": {
			"name": "username", "type": "text", "value": "ada", "autocomplete": "username webauthn", "autocapitalize": "none", "spellcheck": "false",
		},
		"#password":           {"name": "password", "type": "password", "autocomplete": "current-password"},
		"[name=remember]":     {"type": "checkbox", "value": "1", "checked": ""},
		"[name=flow]":         {"value": "Zmxvdw", "type": "hidden"},
		"[name=csrf]":         {"value": "Y3NyZg", "type": "hidden"},
		"button[data-reveal]": {"hidden": "", "type": "button"},
		"label[for=username]": {},
		"label[for=password]": {},
	} {
		found := doc.Find(selector)
		if found.Length() == 0 {
			t.Errorf("no %s", selector)
			continue
		}
		for name, want := range attrs {
			if got, ok := found.Attr(name); !ok || got != want {
				t.Errorf("%s %s = %q, want %q", selector, name, got, want)
			}
		}
	}
	if _, ok := doc.Find("#password").Attr("value"); ok {
		t.Error("the password has a value")
	}
}

func TestLoginNotices(t *testing.T) {
	r := newRenderer(t)
	for _, c := range []struct {
		name    string
		page    pages.LoginPage
		says    string
		title   string // prefix
		invalid []string
		link    string
	}{
		{
			"wrong pair", login(func(p *pages.LoginPage) { p.Login, p.Notice = "ada", pages.NoticeWrongPair }),
			"That username and password don't match. Check both and try again.", "Error: Sign in",
			[]string{"password"},
			"#password",
		},
		{
			"wrong pair, nothing kept", login(func(p *pages.LoginPage) { p.Notice = pages.NoticeWrongPair }),
			"That username and password", "Error: Sign in",
			[]string{"username", "password"},
			"#username",
		},
		{
			"missing", login(func(p *pages.LoginPage) { p.Notice = pages.NoticeMissing }),
			"Enter your username", "Error: Sign in",
			[]string{"username", "password"},
			"#username",
		},
		{
			"missing password", login(func(p *pages.LoginPage) { p.Login, p.Notice = "ada", pages.NoticeMissing }),
			"Enter your password.", "Error: Sign in",
			[]string{"password"},
			"#password",
		},
		{
			"throttled", login(func(p *pages.LoginPage) { p.Notice = pages.Throttled(4*time.Minute + time.Second) }),
			"Too many tries. Wait 5 minutes, then try again.", "Error: Sign in", nil, "",
		},
		{
			"throttled shortly", login(func(p *pages.LoginPage) { p.Notice = pages.Throttled(time.Millisecond) }),
			"Wait 1 minute,", "Error: Sign in", nil, "",
		},
		{
			"stale", login(func(p *pages.LoginPage) { p.Notice = pages.NoticeStale }),
			"This page was open for a long time. Nothing was changed. Try again.", "Error: Sign in", nil, "",
		},
		{"expired", login(func(p *pages.LoginPage) { p.Notice = pages.NoticeExpired }), "took too long", "Sign in", nil, ""},
		{"unknown", login(func(p *pages.LoginPage) { p.Notice = "throttled:x" }), "", "Sign in", nil, ""},
		{
			"reauth", login(func(p *pages.LoginPage) { p.Reauth, p.KnownAs, p.Notice = true, "ada", pages.NoticeWrongPair }),
			"don't match", "Error: Confirm it's you",
			[]string{"password"},
			"#password",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, _ := show(t, r, pages.Context{}, c.page)
			notice := doc.Find(".notice")
			if got := strings.TrimSpace(notice.Text()); (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
				t.Errorf("says %q", got)
			}
			if title := doc.Find("title").Text(); !strings.HasPrefix(title, c.title) || !strings.HasSuffix(title, " · Gatehouse") {
				t.Errorf("title %q", title)
			}
			bad := strings.HasPrefix(c.title, "Error")
			if c.says != "" && (notice.AttrOr("role", "") == "alert") != bad {
				t.Errorf("role %q", notice.AttrOr("role", ""))
			}
			if link := notice.Find("a").AttrOr("href", ""); link != c.link {
				t.Errorf("link %q", link)
			}
			var invalid []string
			doc.Find(`[aria-invalid="true"]`).Each(func(_ int, s *goquery.Selection) {
				invalid = append(invalid, s.AttrOr("name", ""))
				if s.AttrOr("aria-describedby", "") != "problem" {
					t.Errorf("%s is not described", s.AttrOr("name", ""))
				}
			})
			if !slices.Equal(invalid, c.invalid) {
				t.Errorf("invalid %v", invalid)
			}
			focus := doc.Find("[autofocus]")
			if focus.Length() != 1 || (len(c.invalid) > 0 && focus.AttrOr("name", "") != c.invalid[0]) {
				t.Errorf("focus on %d, %q", focus.Length(), focus.AttrOr("name", ""))
			}
		})
	}
}

func TestReauthFixesTheName(t *testing.T) {
	r := newRenderer(t)
	doc, _ := show(t, r, pages.Context{}, login(func(p *pages.LoginPage) { p.Reauth, p.KnownAs, p.SwitchTo = true, "ada", "/login?switch=1" }))
	name := doc.Find("[name=username]")
	if _, fixed := name.Attr("readonly"); !fixed || name.AttrOr("value", "") != "ada" || name.AttrOr("autocomplete", "") != "username" {
		t.Errorf("username field: %v", name.Nodes[0].Attr)
	}
	if doc.Find(`a[href="/login?switch=1"]`).Length() != 1 {
		t.Error("no way to another account")
	}
}

func TestConsentShowsWhatIsAsked(t *testing.T) {
	r := newRenderer(t)
	page := pages.ConsentPage{App: *grafana(), SignedInAs: "ada@example.com", SwitchTo: "/s", Scopes: scopes()}
	lines := func(p pages.ConsentPage) string {
		doc, _ := show(t, r, pages.Context{}, p)
		return doc.Find("ul.lines").Text()
	}
	all := lines(page)
	for _, want := range []string{"See your name", "Ada Lovelace", "ada@example.com", "Stay connected", "invoices:read"} {
		if !strings.Contains(all, want) {
			t.Errorf("lacks %q", want)
		}
	}
	page.OnlyNew = true
	if more := lines(page); strings.Contains(more, "See your name") || !strings.Contains(more, "Stay connected") {
		t.Errorf("only new: %q", more)
	}
	doc, _ := show(t, r, pages.Context{}, page)
	var decisions []string
	doc.Find("button[name=decision]").Each(func(_ int, b *goquery.Selection) { decisions = append(decisions, b.AttrOr("value", "")) })
	if !slices.Equal(decisions, []string{"deny", "allow"}) {
		t.Errorf("decisions %v", decisions)
	}
	if doc.Find(".button-main").Length() != 1 {
		t.Error("one primary button, no more")
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	r := newRenderer(t)
	said := map[string]pages.ErrorKind{}
	for _, kind := range append(errorKinds(), "invented") {
		p := pages.ErrorPage{Kind: kind, Code: "the_code", Description: "the description", Time: noon}
		doc, _ := show(t, r, pages.Context{RequestID: "the-request"}, p)
		h1 := doc.Find("h1").Text()
		if other, twice := said[h1]; twice && kind != "invented" {
			t.Errorf("%s and %s say the same", kind, other)
		}
		said[h1] = kind
		if doc.Find("main p").Length() < 2 || doc.Find("main a.button, main form").Length() == 0 {
			t.Errorf("%s leads nowhere", kind)
		}
		details := doc.Find("details").Text()
		for _, want := range []string{"the_code", "the description", "the-request", "2026-11-21 16:59:05 UTC"} {
			if !strings.Contains(details, want) {
				t.Errorf("%s: details lack %q", kind, want)
			}
		}
		human := doc.Find("main").Clone()
		human.Find("details").Remove()
		for _, word := range []string{"the_code", "redirect_uri", "client_id", "OAuth", "CSRF", "token"} {
			if strings.Contains(human.Text(), word) {
				t.Errorf("%s: %q outside the details", kind, word)
			}
		}
		if got := doc.Find("details time").AttrOr("datetime", ""); got != "2026-11-21T16:59:05Z" {
			t.Errorf("%s: datetime %q", kind, got)
		}
	}
}

func TestHomeShowsTheZone(t *testing.T) {
	r := newRenderer(t)
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lang, zone string
		at         time.Time
		want       string
	}{
		{"en", "", noon, "November 21, 2026, 16:59 UTC"},
		{"en", "Asia/Kolkata", noon, "November 21, 2026, 22:29 IST"},
		{"en", "America/New_York", noon, "November 21, 2026, 11:59 EST"},
		{"en", "America/New_York", summer, "July 1, 2026, 08:00 EDT"},
		{"de", "Europe/Berlin", summer, "1. Juli 2026, 14:00 CEST"},
		{"en", "America/Sao_Paulo", noon, "November 21, 2026, 13:59 UTC-03:00"},
		{"en", "No/Where", noon, "November 21, 2026, 16:59 UTC"},
	} {
		doc, _ := show(t, r, pages.Context{Lang: c.lang, Shell: &pages.Shell{Area: pages.AreaAccount, Path: "/account", Zone: c.zone}}, pages.AccountPage{Username: "ada", SignedInAt: c.at})
		element := doc.Find("main time")
		if element.Text() != c.want || element.AttrOr("datetime", "") != c.at.Format(time.RFC3339) {
			t.Errorf("%s %s: %q %q", c.lang, c.zone, element.Text(), element.AttrOr("datetime", ""))
		}
	}
}

func TestFooter(t *testing.T) {
	r := newRenderer(t)
	doc, _ := show(t, r, pages.Context{Lang: "de", Path: "/login", RawQuery: "flow=a%26b&lang=en&x=1&x=2"}, login(func(*pages.LoginPage) {}))
	form := doc.Find("footer form")
	if form.AttrOr("action", "") != "/login" || form.AttrOr("method", "") != "get" {
		t.Errorf("form %v", form.Nodes)
	}
	var kept []string
	form.Find("input").Each(func(_ int, s *goquery.Selection) { kept = append(kept, s.AttrOr("name", "")+"="+s.AttrOr("value", "")) })
	if !slices.Equal(kept, []string{"flow=a&b", "x=1", "x=2"}) {
		t.Errorf("kept %q", kept)
	}
	if got := form.Find("option[selected]").AttrOr("value", ""); got != "de" {
		t.Errorf("selected %q", got)
	}
	if doc.Find(`option[value="en-XA"]`).Length() != 0 {
		t.Error("the pseudo-locale is offered")
	}
	for _, path := range []string{"", "//evil.example", "/\\evil.example", "https://evil.example"} {
		doc, _ := show(t, r, pages.Context{Path: path}, pages.SignedOutPage{})
		if doc.Find("footer form").Length() != 0 {
			t.Errorf("a language form for %q", path)
		}
	}
	bare, err := pages.New(pages.Options{})
	if err != nil {
		t.Fatal(err)
	}
	doc, _ = show(t, bare, pages.Context{}, pages.SignedOutPage{})
	if doc.Find("footer").Length() != 0 {
		t.Error("an empty footer")
	}
}

func TestCustomSchemesReachTheApp(t *testing.T) {
	r := newRenderer(t)
	for action, want := range map[string]string{
		"https://app.example/cb":                 "https://app.example/cb",
		"com.example.app:/cb":                    "com.example.app:/cb",
		"javascript:alert(1)":                    "#",
		"data:text/html,x":                       "#",
		"java\nscript.x:alert(1)":                "#",
		"https://app.example/cb?a=\"><script>&b": "https://app.example/cb?a=\"><script>&b",
	} {
		doc, h := show(t, r, pages.Context{}, pages.FormPostPage{App: *grafana(), Action: action})
		if got := doc.Find("main form").AttrOr("action", ""); got != want {
			// html/template may normalise what is not allowed in an address.
			if !strings.Contains(action, "<script>") || strings.ContainsAny(got, "<>\"") {
				t.Errorf("%q became %q", action, got)
			}
		}
		if doc.Find("script").Length() != 1 {
			t.Errorf("%q broke out", action)
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "form-action") {
			t.Error("form-action would stop the way to the application")
		}
	}
}
