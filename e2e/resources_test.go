package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestU1_WaysToAskUserinfo(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		token := s.newBrowser(t).tokens(a, user.Username).str("access_token")
		ask := func(form url.Values, header string) *reply {
			req := s.request(t, "/oauth2/userinfo", form)
			if header != "" {
				req.Header.Set("Authorization", header)
			}
			return call(t, req)
		}
		for name, r := range map[string]*reply{
			"GET":                ask(nil, "Bearer "+token),
			"lower-case scheme":  ask(nil, "bearer "+token),
			"POST with a header": ask(url.Values{}, "BEARER "+token),
			"POST with a body":   ask(url.Values{"access_token": {token}}, ""),
		} {
			if r.status != 200 || r.str("sub") != user.ID {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		if r := ask(url.Values{"access_token": {token}}, "Bearer "+token); r.status != 400 || r.str("error") != "invalid_request" {
			t.Errorf("two ways at once: %d %s", r.status, r.body)
		}
		if r := call(t, s.request(t, "/oauth2/userinfo?access_token="+token, nil)); r.status != 401 {
			t.Errorf("a token in the address: %d", r.status)
		}
	})
}

func TestU2_ClaimsOfTheGrantedScopes(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		for scope, want := range map[string]string{
			"openid":         "sub",
			"openid email":   "email email_verified sub",
			"openid phone":   "phone_number phone_number_verified sub",
			"openid address": "address sub",
			"openid roles":   "roles sub",
			"openid profile": "birthdate family_name gender given_name locale middle_name name nickname picture preferred_username profile sub updated_at website zoneinfo",
		} {
			info := s.userinfo(t, b.tokens(a, user.Username, "scope", scope).str("access_token")).want(t, 200, "").json
			if !slices.Equal(names(info), strings.Fields(want)) {
				t.Errorf("%s: %v", scope, names(info))
			}
		}
		info := s.userinfo(t, b.tokens(a, user.Username, "scope", "openid address profile").str("access_token")).want(t, 200, "").json
		if addr, _ := info["address"].(map[string]any); addr["formatted"] != user.Address.Formatted || addr["locality"] != "London" {
			t.Errorf("address is %v", info["address"])
		}
		if info["name"] != user.Name || info["birthdate"] != user.Birthdate || info["zoneinfo"] != user.Zoneinfo {
			t.Errorf("claims are %v", info)
		}
	})
}

func TestU3_UserinfoRefusals(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		bare := call(t, s.request(t, "/oauth2/userinfo", nil))
		challenge := bare.header.Get("WWW-Authenticate")
		if bare.status != 401 || !strings.HasPrefix(challenge, "Bearer") || strings.Contains(challenge, "error") {
			t.Errorf("without a token: %d %q", bare.status, challenge)
		}
		a, user := s.newApp(t, nil), s.sharedUser(t)
		got := s.newBrowser(t).tokens(a, user.Username)
		parts := strings.Split(got.str("access_token"), ".")
		for name, token := range map[string]string{
			"garbage": "x", "ID token": got.str("id_token"), "refresh token": got.str("refresh_token"),
			"altered":       parts[0] + "." + flip(parts[1]) + "." + parts[2],
			"no signature":  parts[0] + "." + parts[1] + ".",
			"alg none":      "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + parts[1] + ".",
			"HS256":         "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9." + parts[1] + "." + parts[2],
			"very long":     strings.Repeat("a", 7000) + "." + parts[1] + "." + parts[2],
			"empty payload": parts[0] + ".." + parts[2],
		} {
			r := s.userinfo(t, token)
			if r.status != 401 || r.str("error") != "invalid_token" {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			mustContain(t, r.header.Get("WWW-Authenticate"), `error="invalid_token"`)
		}
		plain := s.newBrowser(t).tokens(a, user.Username, "scope", "reports:read")
		r := s.userinfo(t, plain.str("access_token")).want(t, 403, "insufficient_scope")
		mustContain(t, r.header.Get("WWW-Authenticate"), `scope="openid"`)
	})
}

func TestU4_IntrospectionAuthenticates(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, machine)
		token := s.token(t, a, clientCredentials()).want(t, 200, "").str("access_token")
		form := url.Values{"token": {token}}
		call(t, s.request(t, "/oauth2/introspect", form)).want(t, 401, "invalid_client")
		s.post(t, app{a.Client, "wrong"}, "/oauth2/introspect", form).want(t, 401, "invalid_client")
		s.post(t, s.newPublicApp(t, callback), "/oauth2/introspect", form).want(t, 401, "invalid_client")
		s.post(t, a, "/oauth2/introspect", url.Values{}).want(t, 400, "invalid_request")
		if r := call(t, s.request(t, "/oauth2/introspect?token=x", nil)); r.status != http.StatusMethodNotAllowed {
			t.Errorf("GET answers %d", r.status)
		}
		r := s.post(t, a, "/oauth2/introspect", form).want(t, 200, "")
		if r.json["active"] != true || r.str("client_id") != a.ID || r.str("token_type") != "Bearer" || r.str("iss") != s.issuer || r.str("sub") != a.ID {
			t.Errorf("got %s", r.body)
		}
	})
}

func TestU5_DeadTokensReadAlike(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		got := b.tokens(a, user.Username)
		s.post(t, a, "/oauth2/revoke", url.Values{"token": {got.str("access_token")}}).want(t, 200, "")
		next := s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 200, "")
		for name, token := range map[string]string{
			"unknown": "abc", "JWT-like": "a.b.c", "revoked": got.str("access_token"), "altered": flip(next.str("access_token")),
			"spent refresh": got.str("refresh_token"), "code": b.code(a, user.Username), "altered refresh": flip(next.str("refresh_token")),
			"ID token": got.str("id_token"), "long": strings.Repeat("x.", 4000),
		} {
			if r := s.post(t, a, "/oauth2/introspect", url.Values{"token": {token}}); r.status != 200 || r.body != `{"active":false}` {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		for _, hint := range []string{"access_token", "refresh_token", "nonsense"} {
			r := s.post(t, a, "/oauth2/introspect", url.Values{"token": {next.str("refresh_token")}, "token_type_hint": {hint}})
			if r.json["active"] != true || r.str("username") != user.Username {
				t.Errorf("hint %s: %s", hint, r.body)
			}
		}
	})
	t.Run("expired", func(t *testing.T) {
		s := startSystem(t, onSQLite, "GATEHOUSE_ACCESS_TOKEN_TTL=1s")
		a := s.newApp(t, machine)
		token := s.token(t, a, clientCredentials()).want(t, 200, "").str("access_token")
		if !s.active(t, a, token) {
			t.Error("it never lived")
		}
		time.Sleep(1200 * time.Millisecond)
		if s.active(t, a, token) {
			t.Error("it lives on")
		}
	})
	t.Run("user disabled", func(t *testing.T) {
		eachMode(t, func(t *testing.T, s *system) {
			a, user := s.newApp(t, nil), s.newUser(t)
			b := s.newBrowser(t)
			got := b.tokens(a, user.Username, "scope", "openid offline_access")
			if err := s.admin.Users.SetDisabled(t.Context(), user.ID, true); err != nil {
				t.Fatal(err)
			}
			if s.active(t, a, got.str("access_token")) {
				t.Error("the access token of a disabled user lives on")
			}
			s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 400, "invalid_grant")
			wantError(t, b.authorize(authorization(a, "prompt", "none")), "login_required")
		})
	})
	t.Run("client disabled", func(t *testing.T) {
		eachMode(t, func(t *testing.T, s *system) {
			a := s.newApp(t, nil)
			rs := s.newApp(t, func(c *idp.Client) { machine(c); c.ResourceServer = true })
			got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
			if err := s.admin.Clients.SetDisabled(t.Context(), a.ID, true); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the end of its tokens", func() bool { return !s.active(t, rs, got.str("access_token")) })
			s.userinfo(t, got.str("access_token")).want(t, 401, "invalid_token")
			if err := s.admin.Clients.SetDisabled(t.Context(), a.ID, false); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the return of the client", func() bool {
				return s.token(t, a, refreshForm("x")).str("error") == "invalid_grant"
			})
			s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 400, "invalid_grant")
		})
	})
}

func TestU6_WhoMayAsk(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, stranger := s.newApp(t, nil), s.newApp(t, nil)
		rs := s.newApp(t, func(c *idp.Client) { machine(c); c.ResourceServer = true })
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
		for _, token := range []string{got.str("access_token"), got.str("refresh_token")} {
			if !s.active(t, a, token) || !s.active(t, rs, token) {
				t.Error("the owner or the resource server learns nothing")
			}
			if s.active(t, stranger, token) {
				t.Error("a stranger learns of it")
			}
		}
	})
}

func TestU7_RevocationAnswers200(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, other := s.newApp(t, nil), s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
		revoke := func(by app, token string) {
			s.post(t, by, "/oauth2/revoke", url.Values{"token": {token}}).want(t, 200, "")
		}
		for _, token := range []string{"x", "a.b.c", flip(got.str("refresh_token"))} {
			revoke(a, token)
		}
		revoke(other, got.str("access_token"))
		revoke(other, got.str("refresh_token"))
		if !s.active(t, a, got.str("access_token")) || !s.active(t, a, got.str("refresh_token")) {
			t.Error("another client ended the tokens")
		}
		s.post(t, a, "/oauth2/revoke", url.Values{}).want(t, 400, "invalid_request")
		s.post(t, app{a.Client, "wrong"}, "/oauth2/revoke", url.Values{"token": {"x"}}).want(t, 401, "invalid_client")
		// One access token alone: the family lives.
		revoke(a, got.str("access_token"))
		if s.active(t, a, got.str("access_token")) || !s.active(t, a, got.str("refresh_token")) {
			t.Error("revoking the access token did something else")
		}
		s.userinfo(t, got.str("access_token")).want(t, 401, "invalid_token")
	})
}

func TestU8_RevokingARefreshTokenEndsItsFamily(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
		next := s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 200, "")
		s.post(t, a, "/oauth2/revoke", url.Values{"token": {next.str("refresh_token")}, "token_type_hint": {"access_token"}}).want(t, 200, "")
		for _, token := range []string{got.str("access_token"), next.str("access_token"), next.str("refresh_token")} {
			if s.active(t, a, token) {
				t.Error("a token of the family lives on")
			}
		}
		s.token(t, a, refreshForm(next.str("refresh_token"))).want(t, 400, "invalid_grant")
		public := s.newPublicApp(t, callback)
		got = s.newBrowser(t).tokens(public, s.sharedUser(t).Username)
		s.post(t, public, "/oauth2/revoke", url.Values{"token": {got.str("refresh_token")}}).want(t, 200, "")
		s.token(t, public, refreshForm(got.str("refresh_token"))).want(t, 400, "invalid_grant")
	})
}
