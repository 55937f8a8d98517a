package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const webBye = "https://app.example/bye"

func logoutAt(hint string, pairs ...string) string {
	q := url.Values{"post_logout_redirect_uri": {webBye}, "state": {"bye-1"}}
	if hint != "" {
		q.Set("id_token_hint", hint)
	}
	for i := 0; i < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return "/oauth2/logout?" + q.Encode()
}

func (b *browser) isSignedIn() bool { return b.get("/account").status == http.StatusOK }

func TestLogoutWithAHint(t *testing.T) {
	e := newEnv(t)
	for name, leave := range map[string]func(b *browser, at string) *answer{
		"GET": func(b *browser, at string) *answer { return b.get(at) },
		"POST": func(b *browser, at string) *answer {
			return b.post("/oauth2/logout", mustQuery(t, at))
		},
		"POST from another site": func(b *browser, at string) *answer {
			return b.follow(b.crossSite("/oauth2/logout", mustQuery(t, at)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := e.browser()
			b.signIn("ada", adaPassword)
			tokens := b.tokensFor()
			hint, _ := tokens["id_token"].(string)
			a := leave(b, logoutAt(hint))
			if a.status != http.StatusSeeOther || a.location != webBye+"?state=bye-1" {
				t.Fatalf("%d %s", a.status, a.location)
			}
			if b.isSignedIn() || b.cookie("gh_session") != "" {
				t.Error("still signed in")
			}
			if a := b.get(authorizeAt("prompt", "none")); a.handedOver().Get("error") != "login_required" {
				t.Errorf("%s", a.location)
			}
			refresh, _ := tokens["refresh_token"].(string)
			if a := e.call("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode(), nil); a.json()["error"] != "invalid_grant" {
				t.Errorf("the refresh token lives: %s", a.body)
			}
		})
	}
	t.Run("nobody is signed in", func(t *testing.T) {
		b := e.browser()
		b.signIn("ada", adaPassword)
		hint, _ := b.tokensFor()["id_token"].(string)
		if a := e.browser().get(logoutAt(hint, "state", "")); a.location != webBye {
			t.Fatalf("%d %s", a.status, a.location)
		}
		if !b.isSignedIn() {
			t.Error("a hint ended the session of another browser")
		}
	})
}

func mustQuery(t *testing.T, at string) url.Values {
	t.Helper()
	u, err := url.Parse(at)
	must(t, err)
	return u.Query()
}

func TestLogoutThatMustBeConfirmed(t *testing.T) {
	e := newEnv(t)
	ada, bob := e.browser(), e.browser()
	ada.signIn("ada", adaPassword)
	bob.signIn("bob", bobPassword)
	hint, _ := ada.tokensFor()["id_token"].(string)
	bobs, _ := bob.tokensFor()["id_token"].(string)
	elsewhere := e.browser()
	elsewhere.signIn("ada", adaPassword)
	elsewheres, _ := elsewhere.tokensFor()["id_token"].(string)
	for name, at := range map[string]string{
		"no hint":                 logoutAt(""),
		"nothing at all":          "/oauth2/logout",
		"altered hint":            logoutAt(hint[:len(hint)-6] + "AAAAAA"),
		"unsigned hint":           logoutAt("eyJhbGciOiJub25lIn0." + strings.Split(hint, ".")[1] + "."),
		"hint of another user":    logoutAt(bobs),
		"hint of another session": logoutAt(elsewheres),
		"unregistered address":    logoutAt(hint, "post_logout_redirect_uri", "https://evil.example/"),
		"longer address":          logoutAt(hint, "post_logout_redirect_uri", webBye+"/more"),
		"no address":              logoutAt(hint, "post_logout_redirect_uri", ""),
		"another client":          logoutAt(hint, "client_id", "first"),
	} {
		t.Run(name, func(t *testing.T) {
			a := ada.get(at)
			if a.status != http.StatusOK || a.location != "" || a.doc.Find("form[action='/logout']").Length() != 1 {
				t.Fatalf("want the confirm page, got %d %s", a.status, a.location)
			}
			if !strings.Contains(a.doc.Text(), "Grafana") || !strings.Contains(a.doc.Text(), "Ada Lovelace") {
				t.Error("the page does not say who and what is signed out")
			}
			if !ada.isSignedIn() || !bob.isSignedIn() || !elsewhere.isSignedIn() {
				t.Fatal("a session has ended without being confirmed")
			}
		})
	}
	t.Run("confirmed", func(t *testing.T) {
		a := ada.submit(ada.get(logoutAt("")))
		if a.status != http.StatusOK || ada.last != "/logout" || a.location != "" || ada.isSignedIn() {
			t.Fatalf("%d %s", a.status, ada.last)
		}
		if !bob.isSignedIn() || !elsewhere.isSignedIn() {
			t.Error("others are signed out too")
		}
		if again := ada.open("/logout"); again.doc.Find("form[method=post]").Length() != 0 {
			t.Error("asked again")
		}
	})
	t.Run("repeated parameter", func(t *testing.T) {
		if a := bob.get("/oauth2/logout?state=a&state=b"); a.status != http.StatusBadRequest || a.doc == nil {
			t.Errorf("%d", a.status)
		}
	})
}

func TestSignInOfAnotherEndsTheSessionBefore(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	refresh, _ := b.tokensFor()["refresh_token"].(string)
	form := b.open(authorizeAt("prompt", "login"))
	b.submit(form, "username", "bob", "password", bobPassword)
	if a := e.call("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode(), nil); a.json()["error"] != "invalid_grant" {
		t.Errorf("tokens of the session before live on: %s", a.body)
	}
}
