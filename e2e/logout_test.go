package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const bye = "https://rp.example/bye"

func (b *browser) logout(pairs ...string) *page {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.get("/oauth2/logout?" + v.Encode())
}

// signedIn reports whether the browser still has a session, seen by a client.
func (b *browser) signedIn(a app) bool {
	b.t.Helper()
	return b.authorize(authorization(a, "prompt", "none")).answer().Get("error") != "login_required"
}

func TestL1_BackToTheClient(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		for name, state := range map[string]string{"with state": "a b+ü", "without": ""} {
			t.Run(name, func(t *testing.T) {
				b := s.newBrowser(t)
				hint := b.tokens(a, user.Username).str("id_token")
				pairs := []string{"id_token_hint", hint, "post_logout_redirect_uri", bye}
				if state != "" {
					pairs = append(pairs, "state", state)
				}
				p := b.logout(pairs...)
				if p.left == nil || !strings.HasPrefix(p.left.String(), bye) || p.left.Query().Get("state") != state || (state == "" && p.left.RawQuery != "") {
					t.Fatalf("left to %v (at %s, status %d)", p.left, p.url.Path, p.status)
				}
				if b.signedIn(a) {
					t.Error("still signed in")
				}
			})
		}
		t.Run("POST", func(t *testing.T) {
			b := s.newBrowser(t)
			hint := b.tokens(a, user.Username).str("id_token")
			p := b.post("/oauth2/logout", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}, "client_id": {a.ID}})
			if p.left == nil || p.left.String() != bye || b.signedIn(a) {
				t.Errorf("left to %v (at %s, status %d)", p.left, p.url.Path, p.status)
			}
		})
	})
}

func TestL2_OtherwiseAConfirmPage(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		hint := b.tokens(a, user.Username).str("id_token")
		for name, pairs := range map[string][]string{
			"nothing":                 {},
			"URI without a hint":      {"post_logout_redirect_uri", bye, "client_id", a.ID},
			"unregistered URI":        {"id_token_hint", hint, "post_logout_redirect_uri", "https://evil.example/"},
			"URI not exact":           {"id_token_hint", hint, "post_logout_redirect_uri", bye + "?x"},
			"hint of another client":  {"id_token_hint", hint, "post_logout_redirect_uri", bye, "client_id", "other"},
			"the callback is no exit": {"id_token_hint", hint, "post_logout_redirect_uri", callback},
		} {
			p := b.logout(pairs...)
			if p.left != nil || p.status != http.StatusOK {
				t.Errorf("%s: left to %v, status %d", name, p.left, p.status)
			}
			if !b.signedIn(a) {
				t.Fatalf("%s: the session ended without being asked", name)
			}
		}
		p := b.submit(b.logout("post_logout_redirect_uri", "https://evil.example/"), "csrf", nil)
		if p.left != nil || p.status != http.StatusOK {
			t.Errorf("after confirming: left to %v, status %d", p.left, p.status)
		}
		if b.signedIn(a) {
			t.Error("still signed in after confirming")
		}
	})
}

func TestL3_HintsThatCountAsNone(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		got := b.tokens(a, user.Username)
		parts := strings.Split(got.str("id_token"), ".")
		for name, hint := range map[string]string{
			"altered":      parts[0] + "." + flip(parts[1]) + "." + parts[2],
			"alg none":     "eyJhbGciOiJub25lIn0." + parts[1] + ".",
			"access token": got.str("access_token"),
			"garbage":      "x",
			"foreign":      "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ." + parts[1] + "." + parts[2],
		} {
			if p := b.logout("id_token_hint", hint, "post_logout_redirect_uri", bye); p.left != nil || !b.signedIn(a) {
				t.Errorf("%s: left to %v", name, p.left)
			}
		}
		// Somebody else's ID token must not end this session unasked.
		other := s.newBrowser(t).tokens(a, s.newUser(t).Username).str("id_token")
		b.logout("id_token_hint", other, "post_logout_redirect_uri", bye)
		if !b.signedIn(a) {
			t.Error("an ID token of another person ended the session")
		}
	})
	t.Run("expired", func(t *testing.T) {
		s := startSystem(t, onSQLite, "GATEHOUSE_ID_TOKEN_TTL=1s")
		a, user := s.newApp(t, nil), s.newUser(t)
		b := s.newBrowser(t)
		hint := b.tokens(a, user.Username).str("id_token")
		time.Sleep(1200 * time.Millisecond)
		if p := b.logout("id_token_hint", hint, "post_logout_redirect_uri", bye); p.left == nil || b.signedIn(a) {
			t.Errorf("an expired hint: left to %v", p.left)
		}
	})
}

func TestL4_AfterwardsTheSessionIsGone(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		online := b.tokens(a, user.Username)
		offline := b.tokens(a, user.Username, "scope", "openid offline_access")
		code := b.code(a, user.Username)
		offlineCode := b.code(a, user.Username, "scope", "openid offline_access")
		elsewhere := s.newBrowser(t)
		kept := elsewhere.tokens(a, user.Username)

		b.logout("id_token_hint", online.str("id_token"), "post_logout_redirect_uri", bye)

		wantError(t, b.authorize(authorization(a, "prompt", "none")), "login_required")
		s.token(t, a, exchange(a, code)).want(t, 400, "invalid_grant")
		s.token(t, a, exchange(a, offlineCode)).want(t, 400, "invalid_grant")
		s.token(t, a, refreshForm(online.str("refresh_token"))).want(t, 400, "invalid_grant")
		s.token(t, a, refreshForm(offline.str("refresh_token"))).want(t, 200, "")
		s.token(t, a, refreshForm(kept.str("refresh_token"))).want(t, 200, "")
		if !elsewhere.signedIn(a) {
			t.Error("a session in another browser ended too")
		}
	})
}
