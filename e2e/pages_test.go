package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestB1_TheHandleChangesAtSignIn(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		handles := map[string]bool{}
		for range 3 {
			b.code(a, user.Username, "prompt", "login")
			h := b.cookie("gh_session")
			if h == "" || handles[h] {
				t.Fatalf("handle %q was used before", h)
			}
			handles[h] = true
		}
		// An old handle is worth nothing any more.
		old := s.newBrowser(t)
		for h := range handles {
			if h != b.cookie("gh_session") {
				old.setCookie("gh_session", h)
			}
		}
		wantError(t, old.authorize(authorization(a, "prompt", "none")), "login_required")
		// A handle that somebody planted is not taken over.
		planted := s.newBrowser(t)
		planted.setCookie("gh_session", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		planted.code(a, user.Username)
		if planted.cookie("gh_session") == "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" {
			t.Error("a planted handle became a session")
		}
	})
}

func (b *browser) cookie(name string) string {
	b.t.Helper()
	at, err := url.Parse(b.s.issuer)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if strings.TrimPrefix(c.Name, "__Host-") == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	b.t.Helper()
	at, err := url.Parse(b.s.issuer)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func TestB3_TwoTabs(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, c, user := s.newApp(t, nil), s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		one := b.authorize(authorization(a, "state", "one"))
		two := b.authorize(authorization(c, "state", "two"))
		second := b.finish(two, user.Username)
		first := b.finish(one, user.Username) // its form was shown before the sign-in
		if first.answer().Get("state") != "one" || second.answer().Get("state") != "two" {
			t.Fatalf("answers %v and %v", first.answer(), second.answer())
		}
		s.token(t, a, exchange(a, first.answer().Get("code"))).want(t, 200, "")
		s.token(t, c, exchange(c, second.answer().Get("code"))).want(t, 200, "")
	})
}

func TestB4_FormsAreGuarded(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		p := b.authorize(authorization(a))
		foreign := s.newBrowser(t).authorize(authorization(a))
		token, _ := foreign.doc.Find("input[name=csrf]").Attr("value")
		for name, csrf := range map[string]string{"missing": "", "stale": "x", "another browser's": token} {
			got := b.submit(p, "password", url.Values{"csrf": {csrf}, "username": {user.Username}, "password": {password}})
			if got.left != nil || b.cookie("gh_session") != "" {
				t.Errorf("%s: signed in", name)
			}
			mustContain(t, got.body, "<form")
			if strings.Contains(got.body, password) {
				t.Errorf("%s: the password comes back", name)
			}
		}
		// Cross-site, with a good token and the cookie.
		form := fields(p.doc.Find("form[method=post]").First())
		form.Set("username", user.Username)
		form.Set("password", password)
		req := s.request(t, "/login", form)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Origin", "https://evil.example")
		if got := b.do(req); got.status < 400 || got.status > 499 || b.cookie("gh_session") != "" {
			t.Errorf("cross-site: status %d", got.status)
		}
		consent := b.signIn(b.authorize(authorization(a)), user.Username, password)
		if got := b.submit(consent, "decision", url.Values{"csrf": {"x"}, "decision": {"allow"}}); got.left != nil {
			t.Errorf("consent with a stale token went to %v", got.left)
		}
		if got := b.submit(b.get("/logout"), "csrf", url.Values{"csrf": {"x"}}); !b.signedIn(a) {
			t.Errorf("a stale sign-out form signed out (status %d)", got.status)
		}
	})
}

func TestB5_PagesAreStrict(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	b := s.newBrowser(t)
	for name, p := range map[string]*page{
		"login": b.authorize(authorization(a)), "error": b.authorize(authorization(a, "client_id", "x")),
		"not found": b.get("/nothing-here"), "logout": b.get("/logout"),
	} {
		csp := p.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: %q lacks %s", name, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", name, csp)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if p.header.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, p.header.Get(header))
			}
		}
		p.doc.Find("*").Each(func(_ int, n *goquery.Selection) {
			for _, attr := range n.Get(0).Attr {
				if attr.Key == "style" || strings.HasPrefix(attr.Key, "on") {
					t.Errorf("%s: inline %s", name, attr.Key)
				}
			}
		})
		if p.doc.Find("style, script:not([src])").Length() > 0 {
			t.Errorf("%s: inline code", name)
		}
	}
}

func TestB6_NoOpenRedirect(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	user := s.sharedUser(t)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/%09/evil.example", "/\t/evil.example",
		"javascript:alert(1)", "/account/../..//evil.example", "http:evil.example", "/.//evil.example", "",
	} {
		b := s.newBrowser(t)
		p := b.get("/login?" + url.Values{"next": {next}}.Encode())
		if p.left != nil {
			t.Errorf("%q: the page itself left to %v", next, p.left)
			continue
		}
		if p = b.signIn(p, user.Username, password); p.left != nil || !strings.HasPrefix(p.url.String(), s.issuer+"/") {
			t.Errorf("%q: left to %v", next, p.left)
		}
	}
}

func TestB2_Cookies(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a, user := s.newApp(t, nil), s.sharedUser(t)
	b := s.newBrowser(t)
	seen := map[string]bool{}
	check := func(h http.Header, https bool) {
		for _, line := range h.Values("Set-Cookie") {
			c, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatal(err)
			}
			seen[c.Name] = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
				t.Errorf("%s", line)
			}
			if https != c.Secure || https != strings.HasPrefix(c.Name, "__Host-") || c.Domain != "" {
				t.Errorf("https %v: %s", https, line)
			}
		}
	}
	b.client.Transport = watch(func(h http.Header) { check(h, false) })
	b.code(a, user.Username)
	if !seen["gh_session"] || !seen["gh_browser"] {
		t.Errorf("cookies seen: %v", seen)
	}
	// An https issuer behind a proxy.
	secure := startSystem(t, onSQLite, "GATEHOUSE_ISSUER=https://id.example", "GATEHOUSE_TRUSTED_PROXIES=127.0.0.0/8")
	secure.issuer = "http://" + secure.main.Addr().String()
	sa := secure.newApp(t, nil)
	req := secure.request(t, "/oauth2/authorize?"+authorization(sa).Encode(), nil)
	req.Header.Set("X-Forwarded-Proto", "https")
	r := call(t, req)
	if len(r.header.Values("Set-Cookie")) == 0 {
		t.Error("no cookie was set")
	}
	check(r.header, true)
}

// watch shows each answer's header to f.
func watch(f func(http.Header)) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			f(res.Header)
		}
		return res, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
