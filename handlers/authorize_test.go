package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
)

func TestFormPost(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	check := func(a *answer, want string) {
		t.Helper()
		form := a.doc.Find("form[method=post]").First()
		if action, _ := form.Attr("action"); a.status != http.StatusOK || action != webCallback {
			t.Fatalf("%d, form to %q", a.status, action)
		}
		if strings.Contains(a.header.Get("Content-Security-Policy"), "form-action") {
			t.Error("form-action would stop the form")
		}
		_, fields := a.form()
		if fields.Get(want) == "" || fields.Get("state") != "st-1" || fields.Get("iss") != e.url {
			t.Errorf("fields %v", fields)
		}
	}
	check(b.get(authorizeAt("response_mode", "form_post", "prompt", "none")), "error")
	a := b.submit(b.open(authorizeAt("response_mode", "form_post")), "username", "ada", "password", adaPassword)
	check(b.submit(a, "decision", "allow"), "code")
	check(b.get(authorizeAt("response_mode", "form_post")), "code")
}

func TestAppOnTheDevice(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	a := b.open(authorizeAt("client_id", "phone", "redirect_uri", appCallback, "scope", "openid"))
	for range 2 {
		if csp := a.header.Get("Content-Security-Policy"); strings.Contains(csp, "form-action") {
			t.Errorf("%s: form-action would stop the redirect to the app", b.last)
		}
		a = b.submit(a, "username", "ada", "password", adaPassword, "decision", "allow")
	}
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, appCallback+"?") || a.handedOver().Get("code") == "" {
		t.Fatalf("%d %s", a.status, a.location)
	}
}

// Any app on the device can claim a private-use scheme, so nothing goes to one
// without a person who sees it (RFC 8252 §8.6); a first party's is up to the operator.
func TestAppOnTheDeviceIsAlwaysAllowedAnew(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	at := func(pairs ...string) string {
		return authorizeAt(append(pairs, "client_id", "phone", "redirect_uri", appCallback, "scope", "openid")...)
	}
	for range 2 {
		a := b.open(at())
		if !strings.HasPrefix(b.last, "/consent?flow=") {
			t.Fatalf("%s: %d %s", b.last, a.status, a.location)
		}
		if code := b.submit(a, "decision", "allow").handedOver().Get("code"); code == "" {
			t.Fatal("no code")
		}
	}
	if a := b.get(at("prompt", "none")); a.handedOver().Get("error") != "consent_required" {
		t.Errorf("silently: %s", a.location)
	}
	_, err := oauth.NewClients(e.stores.Clients, time.Now).Update(t.Context(), "phone", func(c *idp.Client) error {
		c.SkipConsent = true
		return nil
	})
	must(t, err)
	if a := b.get(at("prompt", "none")); a.handedOver().Get("code") == "" {
		t.Errorf("a first party's app: %s", a.location)
	}
}

// crossSite is a form that a client's page sends: browsers leave SameSite=Lax cookies out.
func (b *browser) crossSite(path string, form url.Values) *answer {
	b.e.t.Helper()
	req := b.request(http.MethodPost, path, form.Encode())
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Origin", "https://app.example")
	jar := b.client.Jar
	b.client.Jar = nil
	a := b.do(req)
	b.client.Jar = jar
	if len(a.cookies) != 0 {
		b.e.t.Error("an answer to a cross-site form must not replace cookies")
	}
	return a
}

func TestAuthorizeByPostFromAnotherSite(t *testing.T) {
	e := newEnv(t)
	t.Run("not signed in", func(t *testing.T) {
		b := e.browser()
		a := b.follow(b.crossSite("/oauth2/authorize", authorizeQuery()))
		a = b.submit(a, "username", "ada", "password", adaPassword)
		if a = b.submit(a, "decision", "allow"); a.handedOver().Get("code") == "" {
			t.Fatalf("%v", a.handedOver())
		}
	})
	t.Run("signed in", func(t *testing.T) {
		b := e.browser()
		b.signIn("ada", adaPassword)
		first := b.crossSite("/oauth2/authorize", authorizeQuery())
		a := b.follow(first)
		if a.status != http.StatusSeeOther || a.handedOver().Get("code") == "" {
			t.Fatalf("want an answer without a page: %d %s", a.status, a.title())
		}
		if again := b.follow(first); again.location != "" || again.status != http.StatusOK {
			t.Errorf("a second visit got %d %s", again.status, again.location)
		}
		if other := e.browser().get(first.location); other.status != http.StatusBadRequest {
			t.Errorf("another browser got %d %s", other.status, other.location)
		}
	})
	t.Run("prompt=none", func(t *testing.T) {
		b := e.browser()
		a := b.follow(b.crossSite("/oauth2/authorize", authorizeQuery("prompt", "none")))
		if a.status != http.StatusSeeOther || a.handedOver().Get("error") != "login_required" {
			t.Fatalf("%d %s", a.status, a.title())
		}
	})
	t.Run("refusals go back at once", func(t *testing.T) {
		a := e.browser().crossSite("/oauth2/authorize", authorizeQuery("response_type", "token"))
		if a.handedOver().Get("error") != "unsupported_response_type" {
			t.Fatalf("%d %s", a.status, a.location)
		}
	})
}

func TestAuthorizeErrorPages(t *testing.T) {
	e := newEnv(t)
	must(t, disable(t, e, "phone"))
	for name, at := range map[string]string{
		"unknown client":     authorizeAt("client_id", "nobody"),
		"no client":          authorizeAt("client_id", ""),
		"disabled client":    authorizeAt("client_id", "phone", "redirect_uri", appCallback),
		"foreign redirect":   authorizeAt("redirect_uri", "https://evil.example/cb"),
		"repeated redirect":  authorizeAt() + "&redirect_uri=https://evil.example/cb",
		"broken encoding":    authorizeAt() + "&x=%zz",
		"NUL":                authorizeAt() + "&x=%00",
		"invalid UTF-8":      authorizeAt() + "&x=%ff",
		"semicolon":          authorizeAt() + ";x=1",
		"nothing":            "/oauth2/authorize",
		"very long, refused": authorizeAt() + "&x=" + strings.Repeat("a", 40<<10),
	} {
		t.Run(name, func(t *testing.T) {
			a := e.browser().get(at)
			if a.status < 400 || a.status > 499 || a.location != "" || a.doc == nil || len(a.cookies) != 0 {
				t.Errorf("%d %s", a.status, a.location)
			}
			if a.doc.Find("details").Length() != 1 || !strings.Contains(a.body, a.header.Get("X-Request-Id")) {
				t.Error("no details for support")
			}
		})
	}
	if a := e.browser().get(authorizeAt() + "&state=again"); a.handedOver().Get("error") != "invalid_request" {
		t.Errorf("a repeated parameter: %d %s", a.status, a.location)
	}
}

func TestPostedFlowIsClaimedByOneBrowser(t *testing.T) {
	e := newEnv(t)
	at := e.browser().crossSite("/oauth2/authorize", authorizeQuery()).location
	const browsers = 8
	e.fault.meet(browsers)
	var wg sync.WaitGroup
	var claimed, refused atomic.Int32
	for range browsers {
		b := e.browser()
		req := b.request(http.MethodGet, at, "")
		wg.Go(func() {
			resp, err := b.client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			switch resp.StatusCode {
			case http.StatusOK:
				claimed.Add(1)
			case http.StatusBadRequest:
				refused.Add(1)
			default:
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	if claimed.Load() != 1 || refused.Load() != browsers-1 {
		t.Fatalf("%d claimed it, %d were refused", claimed.Load(), refused.Load())
	}
}
