package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/handlers"
)

// overHTTPS serves one request with an https issuer, behind a trusted proxy.
func overHTTPS(t *testing.T, e *env, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	o := e.options
	o.Web.Issuer = "https://login.example"
	o.Web.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // of httptest's requests
	h, err := handlers.New(o)
	must(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestCookies(t *testing.T) {
	e := newEnv(t)
	t.Run("http", func(t *testing.T) {
		b := e.browser()
		form := b.open("/login")
		a := b.send(form, "username", "ada", "password", adaPassword)
		seen := map[string]bool{}
		for _, c := range append(a.cookies, e.browser().get("/login").cookies...) {
			seen[c.Name] = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure {
				t.Errorf("%s", c)
			}
			if c.Name == "gh_session" && (c.MaxAge != 0 || len(c.Value) < 40) {
				t.Errorf("%s", c)
			}
		}
		if !seen["gh_session"] || !seen["gh_browser"] || !seen["gh_known"] {
			t.Errorf("cookies %v", seen)
		}
		first := b.cookie("gh_session")
		if again := b.submit(b.open(authorizeAt("prompt", "login", "client_id", "first", "redirect_uri", "https://first.example/cb")), "password", adaPassword); again.handedOver().Get("code") == "" {
			t.Fatal("sign-in again failed")
		}
		if b.cookie("gh_session") == first {
			t.Error("the handle stays at sign-in")
		}
		// The old handle is dead.
		old := e.browser()
		old.setCookie("gh_session", first)
		if a := old.get("/account"); a.status != http.StatusSeeOther {
			t.Errorf("the old handle works: %d", a.status)
		}
	})
	t.Run("a planted handle is never taken over", func(t *testing.T) {
		b := e.browser()
		planted := strings.Repeat("A", 43)
		b.setCookie("gh_session", planted)
		b.signIn("ada", adaPassword)
		if b.cookie("gh_session") == planted {
			t.Error("fixed")
		}
	})
	t.Run("remembered", func(t *testing.T) {
		b := e.browser()
		a := b.send(b.open("/login"), "username", "ada", "password", adaPassword, "remember", "1")
		for _, c := range a.cookies {
			if c.Name == "gh_session" && c.MaxAge < 3600 {
				t.Errorf("%s", c)
			}
		}
	})
	t.Run("https", func(t *testing.T) {
		req := httptest.NewRequest(http.MethodGet, "/login", nil)
		req.Header.Set("X-Forwarded-Proto", "https")
		w := overHTTPS(t, e, req)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Name != "__Host-gh_browser" || !cookies[0].Secure || cookies[0].Path != "/" || cookies[0].Domain != "" {
			t.Errorf("%v", cookies)
		}
		if w.Header().Get("Strict-Transport-Security") == "" {
			t.Error("no HSTS over https")
		}
		if w := overHTTPS(t, e, httptest.NewRequest(http.MethodGet, "/login", nil)); w.Header().Get("Strict-Transport-Security") != "" {
			t.Error("HSTS over http")
		}
	})
	t.Run("an unprefixed cookie does not count over https", func(t *testing.T) {
		b := e.browser()
		b.signIn("ada", adaPassword)
		req := httptest.NewRequest(http.MethodGet, "/account", nil)
		req.AddCookie(&http.Cookie{Name: "gh_session", Value: b.cookie("gh_session")})
		if w := overHTTPS(t, e, req); w.Code != http.StatusSeeOther {
			t.Errorf("%d", w.Code)
		}
	})
}

func TestSignInWithoutAnApplication(t *testing.T) {
	e := newEnv(t)
	t.Run("account asks to sign in and comes back", func(t *testing.T) {
		b := e.browser()
		a := b.open("/")
		if b.last != "/login?next=%2Faccount" {
			t.Fatalf("%s", b.last)
		}
		a = b.submit(a, "username", "ada", "password", "wrong")
		a = b.submit(a, "username", "ada", "password", adaPassword)
		if b.last != "/account" || !strings.Contains(a.doc.Text(), "Ada Lovelace") {
			t.Fatalf("%s", b.last)
		}
	})
	t.Run("already signed in", func(t *testing.T) {
		b := e.browser()
		b.signIn("ada", adaPassword)
		if a := b.get("/login"); a.location != "/account" {
			t.Errorf("%d %s", a.status, a.location)
		}
	})
	for _, next := range []string{
		"https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil", "/a//b", "%2f%2fevil.example", "/x#//evil",
	} {
		t.Run("next "+next, func(t *testing.T) {
			b := e.browser()
			at := "/login?next=" + url.QueryEscape(next)
			a := b.send(b.open(at), "username", "ada", "password", adaPassword)
			if a.location != "/account" {
				t.Errorf("led to %q", a.location)
			}
			if a := b.get(at); a.location != "/account" {
				t.Errorf("signed in, led to %q", a.location)
			}
		})
	}
	t.Run("a good next", func(t *testing.T) {
		b := e.browser()
		if a := b.send(b.open("/login?next=/account%3Fa%3Db"), "username", "ada", "password", adaPassword); a.location != "/account?a=b" {
			t.Errorf("%s", a.location)
		}
	})
}

func TestFormInputOfPages(t *testing.T) {
	e := newEnv(t)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"JSON":        {"application/json", `{}`, 415},
		"repeated":    {"application/x-www-form-urlencoded", "username=a&username=b", 400},
		"NUL":         {"application/x-www-form-urlencoded", "username=%00", 400},
		"10 MB":       {"application/x-www-form-urlencoded", "username=" + strings.Repeat("a", 10<<20), 413},
		"bad flow":    {"application/x-www-form-urlencoded", "flow=x", 400},
		"no csrf":     {"application/x-www-form-urlencoded", "", 200}, // the form again
		"not encoded": {"application/x-www-form-urlencoded", "%", 400},
	} {
		for _, at := range []string{"/login", "/login/select", "/consent"} {
			t.Run(name+at, func(t *testing.T) {
				if at != "/login" && c.status == 200 {
					c.status = 400 // no flow
				}
				b := e.browser()
				req := b.request(http.MethodPost, at, c.body)
				req.Header.Set("Content-Type", c.contentType)
				if a := b.follow(b.do(req)); a.status != c.status || a.doc == nil {
					t.Errorf("want %d, got %d", c.status, a.status)
				}
			})
		}
	}
}

func TestLanguageIsRemembered(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	if a := b.get("/login?lang=de"); a.header.Get("Content-Language") != "de" {
		t.Fatalf("%s", a.header.Get("Content-Language"))
	}
	if a := b.get("/login"); a.header.Get("Content-Language") != "de" {
		t.Errorf("forgotten: %s", a.header.Get("Content-Language"))
	}
	if a := e.browser().open(authorizeAt("ui_locales", "de")); a.header.Get("Content-Language") != "de" {
		t.Errorf("ui_locales: %s", a.header.Get("Content-Language"))
	}
	if a := e.browser().get("/login?lang=%3Cscript%3E"); len(a.cookies) != 1 {
		t.Errorf("cookies %v", a.cookies)
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	e := newEnv(t)
	for name, spoil := range map[string]func(*handlers.Options){
		"issuer with a path": func(o *handlers.Options) { o.Web.Issuer += "/auth" },
		"no issuer":          func(o *handlers.Options) { o.Web.Issuer = "" },
		"not a web address":  func(o *handlers.Options) { o.Web.Issuer = "ftp://x" },
		"short key":          func(o *handlers.Options) { o.Web.CSRFKey = []byte("short") },
		"no provider":        func(o *handlers.Options) { o.Web.Provider = nil },
		"no store":           func(o *handlers.Options) { o.Interactions = nil },
	} {
		o := e.options
		spoil(&o)
		if _, err := handlers.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFlowExpires(t *testing.T) {
	now := time.Now()
	e := newEnv(t, func(o *handlers.Options) { o.Web.Now = func() time.Time { return now } })
	now = now.Add(-11 * time.Minute)
	b := e.browser()
	a := b.get(authorizeAt())
	if a = b.get(a.location); a.status != http.StatusBadRequest || !strings.Contains(a.body, "too long") {
		t.Errorf("%d %q", a.status, a.heading())
	}
}
