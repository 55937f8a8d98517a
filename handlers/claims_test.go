package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
)

// payloadOf reads a JWT without checking it.
func payloadOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %v", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(raw, &claims))
	return claims
}

// A scope that is taken from a client takes its claims along, also from grants
// that live on, and however the claims were asked for.
func TestClaimsEndWithTheClientsScope(t *testing.T) {
	for name, ask := range map[string][]string{
		"by scope": {"scope", "openid email offline_access"},
		"by name":  {"scope", "openid offline_access", "claims", `{"userinfo":{"email":null},"id_token":{"email":null}}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			b := e.browser()
			b.signIn("ada", adaPassword)
			tokens := b.tokensFor(ask...)
			userinfo := func() any {
				return e.call("/oauth2/userinfo", "", func(r *http.Request) {
					r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
				}).json()["email"]
			}
			if userinfo() != "ada@example.com" {
				t.Fatal("userinfo gives no email at first")
			}
			_, err := oauth.NewClients(e.stores.Clients, time.Now).Update(t.Context(), "web", func(c *idp.Client) error {
				c.Scopes = slices.DeleteFunc(c.Scopes, func(s string) bool { return s == idp.ScopeEmail })
				return nil
			})
			must(t, err)
			if got := userinfo(); got != nil {
				t.Errorf("userinfo still gives %v", got)
			}
			refresh, _ := tokens["refresh_token"].(string)
			a := e.call("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode(), nil)
			if got, has := payloadOf(t, a.json()["id_token"])["email"]; has {
				t.Errorf("a refreshed ID token still gives %v", got)
			}
		})
	}
}
