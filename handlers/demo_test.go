package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// signInToDemo goes through the demo as a person would.
func (b *browser) signInToDemo() *answer {
	b.e.t.Helper()
	a := b.open("/demo/login")
	if !strings.HasPrefix(b.last, "/login?flow=") {
		b.e.t.Fatalf("the demo leads to %s: %s", b.last, a.doc.Text())
	}
	a = b.submit(a, "username", "ada", "password", adaPassword)
	a = b.submit(a, "decision", "allow")
	to := strings.TrimPrefix(a.header.Get("Refresh"), "0;url=")
	if !strings.HasPrefix(to, b.e.url+"/demo/callback?") {
		b.e.t.Fatalf("handed over to %q", to)
	}
	b.last = to
	return b.follow(b.get(to))
}

func (b *browser) press(a *answer, button string) *answer {
	b.e.t.Helper()
	csrf, ok := a.doc.Find("form[action='/demo/" + button + "'] input[name=csrf]").Attr("value")
	if !ok {
		b.e.t.Fatalf("no button %s", button)
	}
	return b.follow(b.post("/demo/"+button, url.Values{"csrf": {csrf}}))
}

func TestDemo(t *testing.T) {
	e := newDemoEnv(t)
	b := e.browser()
	if a := b.open("/demo"); a.status != http.StatusOK || a.doc.Find("form[action='/demo/login']").Length() != 1 {
		t.Fatalf("%d %s", a.status, a.title())
	}
	a := b.signInToDemo()
	if b.last != "/demo" || !strings.Contains(a.doc.Text(), "ID token claims") || !strings.Contains(a.doc.Text(), `"nonce"`) {
		t.Fatalf("%s: %s", b.last, a.doc.Text())
	}
	before := a.doc.Find("pre").Text()
	if a = b.press(a, "userinfo"); !strings.Contains(a.doc.Text(), "ada@example.com") {
		t.Errorf("userinfo: %s", a.doc.Text())
	}
	if a = b.press(a, "introspect"); !strings.Contains(a.doc.Text(), `"active": true`) {
		t.Errorf("introspect: %s", a.doc.Text())
	}
	if a = b.press(a, "refresh"); !strings.Contains(a.doc.Text(), "Refreshed") || a.doc.Find("pre").Text() == before {
		t.Errorf("refresh: %s", a.doc.Text())
	}
	if a = b.open("/demo"); strings.Contains(a.doc.Text(), "Refreshed") {
		t.Error("the message is shown twice")
	}
	a = b.press(a, "logout")
	if b.last != e.url+"/demo" || a.doc.Find("pre").Length() != 0 || b.isSignedIn() {
		t.Errorf("logout ended at %s", b.last)
	}
}

func TestDemoRefusesWhatDoesNotFit(t *testing.T) {
	e := newDemoEnv(t)
	b := e.browser()
	a := b.signInToDemo()
	t.Run("form without its token", func(t *testing.T) {
		for _, button := range []string{"refresh", "introspect", "userinfo", "logout"} {
			if a := b.post("/demo/"+button, url.Values{"csrf": {"x"}}); a.status != http.StatusForbidden || a.location != "" {
				t.Errorf("%s: %d %s", button, a.status, a.location)
			}
			csrf, _ := a.doc.Find("input[name=csrf]").Attr("value")
			req := b.request(http.MethodPost, "/demo/"+button, url.Values{"csrf": {csrf}}.Encode())
			req.Header.Set("Sec-Fetch-Site", "cross-site")
			if a := b.do(req); a.status != http.StatusForbidden {
				t.Errorf("%s from another site: %d", button, a.status)
			}
		}
	})
	t.Run("nonce of another request", func(t *testing.T) {
		to := b.get("/demo/login").location
		u, err := url.Parse(to)
		must(t, err)
		to = strings.Replace(to, u.Query().Get("nonce"), "another", 1)
		if shown := b.follow(b.get(to)); !strings.Contains(shown.doc.Text(), "nonce") || strings.Contains(shown.doc.Text(), `"another"`) {
			t.Errorf("%s", shown.doc.Text())
		}
	})
	t.Run("good answer under another issuer's name", func(t *testing.T) {
		answer := b.get(b.get("/demo/login").location).location
		answer = strings.Replace(answer, url.QueryEscape(e.url), url.QueryEscape("https://evil.example"), 1)
		if shown := b.follow(b.get(answer)); !strings.Contains(shown.doc.Text(), "another issuer") {
			t.Errorf("%s", shown.doc.Text())
		}
	})
	for name, query := range map[string]string{
		"unknown state":  "?code=x&state=x&iss=" + url.QueryEscape(e.url),
		"nothing":        "",
		"another issuer": "?code=x&state=STATE&iss=https://evil.example",
		"an error":       "?error=access_denied&error_description=no&state=STATE&iss=" + url.QueryEscape(e.url),
		"a forged code":  "?code=x&state=STATE&iss=" + url.QueryEscape(e.url),
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(b.get("/demo/login").location)
			must(t, err)
			shown := b.follow(b.get("/demo/callback" + strings.Replace(query, "STATE", u.Query().Get("state"), 1)))
			if shown.doc.Find("[role=status]").Length() != 1 {
				t.Errorf("nothing is said: %s", shown.doc.Text())
			}
			if shown.doc.Find("pre").First().Text() != a.doc.Find("pre").First().Text() {
				t.Error("the tokens changed")
			}
		})
	}
	t.Run("an answer for another browser", func(t *testing.T) {
		other := e.browser()
		to := b.get("/demo/login").location
		answer := b.get(to)
		if shown := other.follow(other.get(answer.location)); shown.doc.Find("pre").Length() != 0 {
			t.Error("signed in with somebody else's answer")
		}
	})
	t.Run("unknown address", func(t *testing.T) {
		if a := b.get("/demo/nothing"); a.status != http.StatusNotFound || a.doc == nil {
			t.Errorf("%d", a.status)
		}
	})
	t.Run("10 MB", func(t *testing.T) {
		if a := b.post("/demo/refresh", url.Values{"csrf": {strings.Repeat("a", 10<<20)}}); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", a.status)
		}
	})
}

func TestDemoInTwoTabs(t *testing.T) {
	e := newDemoEnv(t)
	b := e.browser()
	b.signInToDemo()
	one, two := b.get("/demo/login").location, b.get("/demo/login").location
	for _, to := range []string{one, two} {
		a := b.follow(b.get(to))
		if !strings.Contains(a.doc.Text(), "Signed in.") {
			t.Errorf("%s", a.doc.Text())
		}
	}
}
