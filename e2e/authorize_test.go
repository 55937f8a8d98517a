package e2e

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// wantError fails unless the client got the error, with state and iss.
func wantError(t *testing.T, p *page, code string) {
	t.Helper()
	got := p.answer()
	if got.Get("error") != code {
		t.Fatalf("got %v at %s (status %d), want error %s", got, p.url.Path, p.status, code)
	}
	if got.Get("state") != "state-value" {
		t.Errorf("state is %q", got.Get("state"))
	}
	if got.Get("iss") == "" {
		t.Error("iss is missing")
	}
}

func TestA1_GetAndPostMeanTheSame(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		if !b.authorize(authorization(a)).is("/login") {
			t.Fatal("GET does not lead to the sign-in page")
		}
		// Clients post from their own origin.
		req := s.request(t, "/oauth2/authorize", authorization(a))
		req.Header.Set("Origin", "https://rp.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		p := b.finish(b.do(req), user.Username)
		if p.answer().Get("code") == "" {
			t.Errorf("POST gave %v", p.answer())
		}
	})
}

func TestA2_DoubtfulRequestsEndOnOurErrorPage(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		several := s.newApp(t, func(c *idp.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://rp.example/other") })
		disabled := s.newApp(t, nil)
		if err := s.admin.Clients.SetDisabled(t.Context(), disabled.ID, true); err != nil {
			t.Fatal(err)
		}
		twice := authorization(a)
		twice.Add("redirect_uri", "https://evil.example/")
		for name, v := range map[string]url.Values{
			"unknown client":            authorization(a, "client_id", "nobody"),
			"no client":                 authorization(a, "client_id", ""),
			"disabled client":           authorization(disabled),
			"unregistered redirect URI": authorization(a, "redirect_uri", "https://evil.example/callback"),
			"added query":               authorization(a, "redirect_uri", callback+"?x=1"),
			"fragment":                  authorization(a, "redirect_uri", callback+"#x"),
			"several and none sent":     authorization(several, "redirect_uri", "", "scope", "reports:read"),
			"redirect URI sent twice":   twice,
			"NUL in the client":         authorization(a, "client_id", "a\x00b"),
			"script":                    authorization(a, "redirect_uri", "javascript:alert(1)"),
		} {
			t.Run(name, func(t *testing.T) {
				p := s.newBrowser(t).authorize(v)
				if p.status != http.StatusBadRequest || p.left != nil || p.header.Get("Location") != "" {
					t.Errorf("status %d, left to %v", p.status, p.left)
				}
				if !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") || p.doc.Find("h1").Length() != 1 {
					t.Error("not a page of ours")
				}
			})
		}
	})
}

func TestA3_RedirectURIsAreComparedExactly(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	for _, uri := range []string{
		"https://rp.example/callback/", "https://rp.example/Callback", "https://rp.example:443/callback", "HTTPS://rp.example/callback",
		"https://evilrp.example/callback", "https://rp.example.evil.example/callback", "https://rp.example/callback%2f", "http://rp.example/callback",
		"https://rp.example@evil.example/callback", "https://rp.example/x/../callback", " https://rp.example/callback",
	} {
		if p := s.newBrowser(t).authorize(authorization(a, "redirect_uri", uri)); p.status != http.StatusBadRequest || p.left != nil {
			t.Errorf("%s: status %d, left to %v", uri, p.status, p.left)
		}
	}
}

func TestA4_LoopbackPortsAreFreeForPublicClients(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	native := s.newPublicApp(t, "http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb", "com.example.app:/cb")
	web := s.newApp(t, func(c *idp.Client) { c.RedirectURIs = []string{"http://127.0.0.1/cb"} })
	for _, c := range []struct {
		app  app
		uri  string
		good bool
	}{
		{native, "http://127.0.0.1:51004/cb", true},
		{native, "http://[::1]:61023/cb", true},
		{native, "com.example.app:/cb", true},
		{native, "http://localhost:51004/cb", false},
		{native, "http://127.0.0.1:51004/other", false},
		{native, "http://127.0.0.2:51004/cb", false},
		{native, "https://127.0.0.1:51004/cb", false},
		{native, "http://127.0.0.1:51004@evil.example/cb", false},
		{web, "http://127.0.0.1:51004/cb", false},
	} {
		p := s.newBrowser(t).authorize(authorization(c.app, "redirect_uri", c.uri))
		if p.is("/login") != c.good {
			t.Errorf("%s %s: at %s, status %d", c.app.AuthMethod, c.uri, p.url.Path, p.status)
		}
	}
	code := s.newBrowser(t).code(native, s.sharedUser(t).Username, "redirect_uri", "http://127.0.0.1:51004/cb")
	form := exchange(native, code)
	form.Set("redirect_uri", "http://127.0.0.1:9/cb")
	s.token(t, native, form).want(t, 400, "invalid_grant")
	form.Set("redirect_uri", "http://127.0.0.1:51004/cb")
	s.token(t, native, form).want(t, 200, "")
}

func TestA5_ARegisteredQuerySurvives(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, func(c *idp.Client) { c.RedirectURIs = []string{"https://rp.example/cb?tenant=a%20b&x"} })
	p := s.newBrowser(t).authorize(authorization(a, "prompt", "none"))
	if p.left == nil || !strings.HasPrefix(p.left.String(), "https://rp.example/cb?tenant=a%20b&x&") {
		t.Errorf("left to %v", p.left)
	}
}

func TestA6_ErrorsBringStateAndIssBack(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	for _, n := range []int{1, 128, 384} {
		state := strings.Repeat("a+/ é", n)[:n]
		p := s.newBrowser(t).authorize(authorization(a, "prompt", "none", "state", state))
		if got := p.answer(); got.Get("state") != state || got.Get("iss") != s.issuer || got.Get("error") != "login_required" {
			t.Errorf("%d characters: %v", n, got)
		}
	}
	p := s.newBrowser(t).authorize(authorization(a, "prompt", "none", "state", ""))
	if p.answer().Has("state") {
		t.Error("a state came back that was not sent")
	}
}

func TestA7_ResponseType(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	b := s.newBrowser(t)
	wantError(t, b.authorize(authorization(a, "response_type", "")), "invalid_request")
	for _, kind := range []string{"token", "id_token", "code token", "none", "x"} {
		wantError(t, b.authorize(authorization(a, "response_type", kind)), "unsupported_response_type")
	}
}

func TestA8_ResponseMode(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		b := s.newBrowser(t)
		for _, mode := range []string{"fragment", "web_message", "query.jwt"} {
			wantError(t, b.authorize(authorization(a, "response_mode", mode)), "invalid_request")
		}
		p := b.finish(b.authorize(authorization(a, "response_mode", "form_post")), s.sharedUser(t).Username)
		if p.leftForm == nil || p.leftForm.Get("code") == "" || p.leftForm.Get("state") != "state-value" || p.leftForm.Get("iss") != s.issuer {
			t.Fatalf("form_post sent %v", p.leftForm)
		}
		if p.left.RawQuery != "" {
			t.Errorf("form_post leaks into the address: %s", p.left)
		}
		s.token(t, a, exchange(a, p.leftForm.Get("code"))).want(t, 200, "")
		wantError(t, s.newBrowser(t).authorize(authorization(a, "response_mode", "form_post", "prompt", "none")), "login_required")
	})
}

func TestA9_PKCE(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		user := s.sharedUser(t).Username
		public := s.newPublicApp(t, callback)
		strict := s.newApp(t, func(c *idp.Client) { c.RequirePKCE = true })
		lax := s.newApp(t, nil)
		b := s.newBrowser(t)
		none := []string{"code_challenge", "", "code_challenge_method", ""}
		wantError(t, b.authorize(authorization(public, none...)), "invalid_request")
		wantError(t, b.authorize(authorization(strict, none...)), "invalid_request")
		wantError(t, b.authorize(authorization(lax, "code_challenge_method", "plain")), "invalid_request")
		wantError(t, b.authorize(authorization(lax, "code_challenge_method", "")), "invalid_request") // absent means plain
		wantError(t, b.authorize(authorization(lax, "code_challenge", "")), "invalid_request")
		wantError(t, b.authorize(authorization(lax, "code_challenge", "short")), "invalid_request")

		// Enforced when it was sent, also for a client that need not.
		code := b.code(lax, user)
		form := exchange(lax, code)
		form.Del("code_verifier")
		s.token(t, lax, form).want(t, 400, "invalid_grant")
		form.Set("code_verifier", strings.Repeat("x", 43))
		s.token(t, lax, form).want(t, 400, "invalid_grant")
		form.Set("code_verifier", challenge()) // the challenge itself must not do
		s.token(t, lax, form).want(t, 400, "invalid_grant")
		s.token(t, lax, exchange(lax, code)).want(t, 200, "") // the wrong tries did not burn it
		// A verifier without a challenge is a downgrade (RFC 9700 §4.8.2).
		s.token(t, lax, exchange(lax, b.code(lax, user, none...))).want(t, 400, "invalid_grant")
	})
}

func TestA10_DuplicatesAndUnknownParameters(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	b := s.newBrowser(t)
	for _, name := range []string{"scope", "response_type", "nonce", "prompt", "code_challenge", "response_mode"} {
		v := authorization(a)
		v.Del(name)
		v[name] = []string{"code", "code"}
		p := b.authorize(v)
		if got := p.answer().Get("error"); got != "invalid_request" {
			t.Errorf("%s twice: %v", name, p.answer())
		}
	}
	if !b.authorize(authorization(a, "foo", "bar", "resource_hint", "x")).is("/login") {
		t.Error("an unknown parameter is not ignored")
	}
}

func TestA11_HintsNeverCauseAnError(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	for _, pair := range [][2]string{
		{"display", "popup"},
		{"display", "nonsense"},
		{"ui_locales", "xx-YY de"},
		{"ui_locales", "<b>"},
		{"claims_locales", "de"},
		{"login_hint", "ada@example.com"},
		{"login_hint", "<script>"},
		{"acr_values", "urn:x 1"},
	} {
		if p := s.newBrowser(t).authorize(authorization(a, pair[0], pair[1])); !p.is("/login") || p.status != http.StatusOK {
			t.Errorf("%s=%s: at %s, status %d", pair[0], pair[1], p.url.Path, p.status)
		}
	}
}

func TestA12_PromptNoneShowsNoPage(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		wantError(t, b.authorize(authorization(a, "prompt", "none")), "login_required")
		b.code(a, user.Username)
		if p := b.authorize(authorization(a, "prompt", "none")); p.answer().Get("code") == "" {
			t.Errorf("signed in and allowed: %v", p.answer())
		}
		wantError(t, b.authorize(authorization(s.newApp(t, nil), "prompt", "none")), "consent_required")
		wantError(t, b.authorize(authorization(a, "prompt", "none", "scope", "openid email")), "consent_required")
	})
}

func TestA13_PromptLoginAsksAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		first := claimsOf(t, b.tokens(a, user.Username, "max_age", "1000").str("id_token"))
		time.Sleep(1100 * time.Millisecond)
		p := b.authorize(authorization(a, "prompt", "login"))
		if !p.is("/login") {
			t.Fatalf("stands at %s", p.url.Path)
		}
		second := claimsOf(t, b.tokens(a, user.Username, "prompt", "login", "max_age", "1000").str("id_token"))
		if second["auth_time"].(float64) <= first["auth_time"].(float64) {
			t.Errorf("auth_time went from %v to %v", first["auth_time"], second["auth_time"])
		}
	})
}

func TestA14_PromptConsentAsksAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		b.code(a, user.Username)
		p := b.authorize(authorization(a, "prompt", "consent"))
		if !p.is("/consent") {
			t.Fatalf("stands at %s", p.url.Path)
		}
		if p = b.decide(p, "allow"); p.answer().Get("code") == "" {
			t.Errorf("after consent: %v", p.answer())
		}
	})
}

func TestA15_SelectAccountShowsTheChooser(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		b.code(a, user.Username)
		p := b.authorize(authorization(a, "prompt", "select_account"))
		if !p.is("/login/select") {
			t.Fatalf("stands at %s", p.url.Path)
		}
		mustContain(t, p.doc.Text(), user.Email)
		if p = b.finish(p, user.Username); p.answer().Get("code") == "" {
			t.Errorf("after choosing: %v", p.answer())
		}
	})
}

func TestA16_PromptNoneStandsAlone(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	for _, prompt := range []string{"none login", "login none", "none consent", "shout"} {
		wantError(t, s.newBrowser(t).authorize(authorization(a, "prompt", prompt)), "invalid_request")
	}
}

func TestA17_MaxAge(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		if _, ok := claimsOf(t, b.tokens(a, user.Username).str("id_token"))["auth_time"]; ok {
			t.Error("auth_time is there though nobody asked")
		}
		asked := b.tokens(a, user.Username, "claims", `{"id_token":{"auth_time":{"essential":true}}}`)
		if _, ok := claimsOf(t, asked.str("id_token"))["auth_time"]; !ok {
			t.Error("auth_time was asked for and is missing")
		}
		time.Sleep(2100 * time.Millisecond)
		if p := b.authorize(authorization(a, "max_age", "1")); !p.is("/login") {
			t.Errorf("an old sign-in is good enough: at %s", p.url.Path)
		}
		wantError(t, b.authorize(authorization(a, "max_age", "1", "prompt", "none")), "login_required")
		id := claimsOf(t, b.tokens(a, user.Username, "max_age", "1").str("id_token"))
		if age := time.Now().Unix() - int64(id["auth_time"].(float64)); age > 60 {
			t.Errorf("auth_time is %d s ago", age)
		}
		if p := b.authorize(authorization(a, "max_age", "0")); !p.is("/login") {
			t.Errorf("max_age=0 stands at %s", p.url.Path)
		}
		for _, bad := range []string{"-1", "x", "1.5", "99999999999999999999"} {
			wantError(t, b.authorize(authorization(a, "max_age", bad)), "invalid_request")
		}
	})
}

func TestA18_SilentRequestsKeepAuthTime(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		first := b.tokens(a, user.Username, "max_age", "1000").str("id_token")
		p := b.authorize(authorization(a, "prompt", "none", "max_age", "10000", "id_token_hint", first))
		code := p.answer().Get("code")
		if code == "" {
			t.Fatalf("got %v", p.answer())
		}
		second := s.token(t, a, exchange(a, code)).want(t, 200, "").str("id_token")
		if x, y := claimsOf(t, first)["auth_time"], claimsOf(t, second)["auth_time"]; x != y || x == nil {
			t.Errorf("auth_time went from %v to %v", x, y)
		}
	})
}

func TestA19_HintOfAnotherUser(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user, other := s.newApp(t, nil), s.sharedUser(t), s.newUser(t)
		hint := s.newBrowser(t).tokens(a, other.Username).str("id_token")
		b := s.newBrowser(t)
		b.code(a, user.Username)
		wantError(t, b.authorize(authorization(a, "prompt", "none", "id_token_hint", hint)), "login_required")
		wantError(t, b.authorize(authorization(a, "prompt", "none", "id_token_hint", hint+"x")), "login_required")
		p := b.authorize(authorization(a, "id_token_hint", hint))
		if !p.is("/login") {
			t.Fatalf("with a page it stands at %s", p.url.Path)
		}
		wantError(t, b.signIn(p, user.Username, password), "login_required")
	})
}

func TestA20_ClaimsParameter(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		got := b.tokens(a, user.Username, "claims",
			`{"userinfo":{"nickname":null,"phone_number":{"essential":true},"unknown":null},"id_token":{"email":{"essential":true},"name":null}}`)
		id := claimsOf(t, got.str("id_token"))
		if id["email"] != user.Email || id["name"] != user.Name {
			t.Errorf("ID token says %v", id)
		}
		info := s.userinfo(t, got.str("access_token")).want(t, 200, "")
		if info.json["nickname"] != user.Nickname || info.json["phone_number"] != user.PhoneNumber || info.json["email"] != nil {
			t.Errorf("userinfo says %s", info.body)
		}
		for _, bad := range []string{"x", "[]", `{"userinfo":3}`, `{"userinfo":{"name":3}}`, strings.Repeat("[", 9000)} {
			wantError(t, b.authorize(authorization(a, "claims", bad)), "invalid_request")
		}
		wantError(t, b.authorize(authorization(a, "prompt", "none", "claims", `{"id_token":{"sub":{"value":"somebody"}}}`)), "login_required")
	})
}

func TestA21_RequestObjectsAreRefused(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, nil)
	wantError(t, s.newBrowser(t).authorize(authorization(a, "request", "eyJhbGciOiJub25lIn0.e30.")), "request_not_supported")
	wantError(t, s.newBrowser(t).authorize(authorization(a, "request_uri", "https://rp.example/r")), "request_uri_not_supported")
}

func TestA22_CodesAreLongAndShortLived(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m, "GATEHOUSE_CODE_TTL=1s")
			a, user := s.newApp(t, nil), s.newUser(t)
			b := s.newBrowser(t)
			first, second := b.code(a, user.Username), b.code(a, user.Username)
			raw, err := base64.RawURLEncoding.DecodeString(first)
			if err != nil || len(raw) < 24 || first == second {
				t.Errorf("codes %q and %q", first, second)
			}
			time.Sleep(1200 * time.Millisecond)
			s.token(t, a, exchange(a, second)).want(t, 400, "invalid_grant")
		})
	}
}

func TestA23_DeniedConsent(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		b := s.newBrowser(t)
		p := b.signIn(b.authorize(authorization(a)), user.Username, password)
		wantError(t, b.decide(p, "deny"), "access_denied")
		if !b.authorize(authorization(a)).is("/consent") {
			t.Error("a refusal was remembered as consent")
		}
	})
}

func TestA24_ConsentIsRememberedAndAskedForWhatIsNew(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.newUser(t)
		b := s.newBrowser(t)
		b.code(a, user.Username, "scope", "openid profile")
		if p := b.authorize(authorization(a, "scope", "openid profile")); p.answer().Get("code") == "" {
			t.Errorf("it asks again: at %s", p.url.Path)
		}
		p := b.authorize(authorization(a, "scope", "openid profile email"))
		if !p.is("/consent") {
			t.Fatalf("stands at %s", p.url.Path)
		}
		mustContain(t, p.doc.Text(), user.Email)
		b.decide(p, "allow")
		if p := b.authorize(authorization(a, "scope", "email openid")); p.answer().Get("code") == "" {
			t.Errorf("what was allowed in two steps is asked again: at %s", p.url.Path)
		}
		firstParty := s.newApp(t, func(c *idp.Client) { c.SkipConsent = true })
		if p := b.authorize(authorization(firstParty, "scope", "openid email")); p.answer().Get("code") == "" {
			t.Errorf("a first-party client asks: at %s", p.url.Path)
		}
		consents, err := s.stores.Consents.ListConsents(t.Context(), user.ID)
		if err != nil || len(consents) != 1 || !slices.Equal(consents[0].Scopes, []string{"email", "openid", "profile"}) {
			t.Errorf("stored: %v, %v", consents, err)
		}
	})
}
