package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
)

// machine turns an app into one that acts for itself.
func machine(c *idp.Client) {
	c.GrantTypes, c.RedirectURIs, c.PostLogoutRedirectURIs = []string{idp.GrantClientCredentials}, nil, nil
}

func usesPost(c *idp.Client) { machine(c); c.AuthMethod = idp.AuthMethodPost }

func clientCredentials() url.Values { return url.Values{"grant_type": {"client_credentials"}} }

func TestT1_ClientAuthentication(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		s.token(t, s.newApp(t, machine), clientCredentials()).want(t, 200, "")
		s.token(t, s.newApp(t, usesPost), clientCredentials()).want(t, 200, "")
		public := s.newPublicApp(t, callback)
		s.token(t, public, exchange(public, s.newBrowser(t).code(public, s.sharedUser(t).Username))).want(t, 200, "")
	})
	t.Run("form-decoded", func(t *testing.T) {
		s := defaultSystem(t, onSQLite)
		a := s.newApp(t, machine)
		secret := "p%:+ ä&=secret"
		if _, err := s.admin.Clients.RotateSecret(t.Context(), a.ID, secret); err != nil {
			t.Fatal(err)
		}
		a.secret = secret
		eventually(t, "the new secret", func() bool { return s.token(t, a, clientCredentials()).status == 200 })
	})
	t.Run("a public client with a secret of no worth", func(t *testing.T) {
		s := defaultSystem(t, onSQLite)
		a := s.newPublicApp(t, callback)
		a.AuthMethod, a.secret = idp.AuthMethodPost, "anything"
		s.token(t, a, refreshForm("x")).want(t, 401, "invalid_client")
	})
}

func TestT2_TwoMethodsAtOnce(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, machine)
	form := clientCredentials()
	form.Set("client_secret", a.secret)
	s.token(t, a, form).want(t, 400, "invalid_request")
	form = clientCredentials()
	form.Set("client_id", "somebody-else")
	s.token(t, a, form).want(t, 400, "invalid_request")
	form.Set("client_id", a.ID)
	s.token(t, a, form).want(t, 200, "")
}

func TestT3_FailedClientAuthentication(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		good := s.newApp(t, machine)
		wrong := app{good.Client, "wrong"}
		empty := app{good.Client, ""}
		unknown := app{&idp.Client{ID: "nobody", AuthMethod: idp.AuthMethodBasic}, "x"}
		disabled := s.newApp(t, machine)
		if err := s.admin.Clients.SetDisabled(t.Context(), disabled.ID, true); err != nil {
			t.Fatal(err)
		}
		for name, a := range map[string]app{"wrong secret": wrong, "empty secret": empty, "unknown": unknown, "disabled": disabled} {
			r := s.token(t, a, clientCredentials()).want(t, 401, "invalid_client")
			if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("%s: challenge is %q", name, r.header.Get("WWW-Authenticate"))
			}
		}
		post := s.newApp(t, usesPost)
		post.secret = "wrong"
		if r := s.token(t, post, clientCredentials()).want(t, 401, "invalid_client"); r.header.Get("WWW-Authenticate") != "" {
			t.Error("a challenge for a scheme that was not tried")
		}
		for _, header := range []string{"Basic", "Basic !!!", "Basic " + "bm9jb2xvbg==", "Bearer x", "Basic JTp4", "basic\x01"} {
			req := s.request(t, "/oauth2/token", clientCredentials())
			req.Header["Authorization"] = []string{strings.TrimRight(header, "\x01")}
			call(t, req).want(t, 401, "invalid_client")
		}
	})
}

func TestT4_AnswersAreNotStored(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, machine)
	for name, r := range map[string]*reply{
		"success": s.token(t, a, clientCredentials()),
		"refusal": s.token(t, a, url.Values{}),
		"401":     s.token(t, app{a.Client, "x"}, clientCredentials()),
		"active":  s.post(t, a, "/oauth2/introspect", url.Values{"token": {"x"}}),
	} {
		if got := r.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", name, got)
		}
	}
}

func TestT5_ErrorsKeepToTheirForm(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, machine)
	for _, form := range []url.Values{
		{},
		{"grant_type": {"x\"\\\n\x7fé"}},
		{"grant_type": {"client_credentials"}, "scope": {"\"evil\\\""}},
		{"grant_type": {"client_credentials"}, "scope": {"ünknown"}},
		{"grant_type": {"a", "b"}},
		{"grant_type": {"authorization_code"}},
		{"x\"y\\": {"1", "2"}, "grant_type": {"client_credentials"}},
	} {
		r := s.token(t, a, form)
		if r.status != 400 || r.str("error") == "" {
			t.Errorf("%v: %d %s", form, r.status, r.body)
		}
		for _, c := range r.str("error_description") {
			if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
				t.Errorf("%v: description holds %q", form, c)
			}
		}
	}
}

func TestT6_GrantTypes(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, machine)
	s.token(t, a, url.Values{"grant_type": {"password"}, "username": {"x"}, "password": {"y"}}).want(t, 400, "unauthorized_client")
	s.token(t, a, exchange(app{&idp.Client{RedirectURIs: []string{callback}}, ""}, "x")).want(t, 400, "unauthorized_client")
	s.token(t, a, url.Values{"grant_type": {"urn:x"}}).want(t, 400, "unsupported_grant_type")
	s.token(t, a, url.Values{}).want(t, 400, "invalid_request")
}

func TestT7_Scopes(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, machine)
		all := s.token(t, a, clientCredentials()).want(t, 200, "")
		if all.str("scope") != "reports:read reports:write" {
			t.Errorf("without a scope: %q", all.str("scope"))
		}
		form := clientCredentials()
		form.Set("scope", "reports:read")
		if r := s.token(t, a, form).want(t, 200, ""); r.str("scope") != "reports:read" || claimsOf(t, r.str("access_token"))["scope"] != "reports:read" {
			t.Errorf("narrowed: %q", r.str("scope"))
		}
		form.Set("scope", "reports:read admin")
		s.token(t, a, form).want(t, 400, "invalid_scope")
		wantError(t, s.newBrowser(t).authorize(authorization(s.newApp(t, nil), "scope", "openid admin")), "invalid_scope")
	})
}

func TestT8_CodesAreBound(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, other, user := s.newApp(t, nil), s.newApp(t, nil), s.sharedUser(t)
		code := s.newBrowser(t).code(a, user.Username)
		for name, change := range map[string]func(url.Values){
			"verifier":       func(v url.Values) { v.Set("code_verifier", strings.Repeat("y", 50)) },
			"short verifier": func(v url.Values) { v.Set("code_verifier", "y") },
			"redirect URI":   func(v url.Values) { v.Set("redirect_uri", "https://rp.example/other") },
			"no redirect":    func(v url.Values) { v.Del("redirect_uri") },
			"cut code":       func(v url.Values) { v.Set("code", code[:len(code)-1]) },
			"altered code":   func(v url.Values) { v.Set("code", flip(code)) },
			"long code":      func(v url.Values) { v.Set("code", strings.Repeat(code, 40)) },
		} {
			form := exchange(a, code)
			change(form)
			if r := s.token(t, a, form); r.status != 400 || r.str("error") != "invalid_grant" {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		s.token(t, other, exchange(other, code)).want(t, 400, "invalid_grant")
		s.token(t, a, url.Values{"grant_type": {"authorization_code"}}).want(t, 400, "invalid_request")
		s.token(t, a, exchange(a, code)).want(t, 200, "")
	})
}

// flip changes one character in the middle of a text.
func flip(s string) string {
	b := []byte(s)
	i := len(b) / 2
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

func TestT9_ACodeIsRedeemedOnce(t *testing.T) {
	t.Run("again", func(t *testing.T) {
		eachMode(t, func(t *testing.T, s *system) {
			a, user := s.newApp(t, nil), s.sharedUser(t)
			code := s.newBrowser(t).code(a, user.Username, "scope", "openid offline_access")
			got := s.token(t, a, exchange(a, code)).want(t, 200, "")
			if !s.active(t, a, got.str("access_token")) || !s.active(t, a, got.str("refresh_token")) {
				t.Fatal("the tokens do not live")
			}
			s.token(t, a, exchange(a, code)).want(t, 400, "invalid_grant")
			if s.active(t, a, got.str("access_token")) || s.active(t, a, got.str("refresh_token")) {
				t.Error("the tokens of the first use live on")
			}
			s.userinfo(t, got.str("access_token")).want(t, 401, "invalid_token")
			s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 400, "invalid_grant")
			s.token(t, a, exchange(a, code)).want(t, 400, "invalid_grant")
		})
	})
	t.Run("at once", func(t *testing.T) {
		eachMode(t, func(t *testing.T, s *system) {
			a, user := s.newApp(t, nil), s.sharedUser(t)
			b := s.newBrowser(t)
			for range 5 {
				code := b.code(a, user.Username)
				replies := together(20, func() *reply { return s.token(t, a, exchange(a, code)) })
				wins := slices.DeleteFunc(replies, func(r *reply) bool { return r.status != 200 })
				if len(wins) > 1 {
					t.Fatalf("%d of 20 uses of one code won", len(wins))
				}
				for _, r := range wins {
					if s.active(t, a, r.str("access_token")) || s.active(t, a, r.str("refresh_token")) {
						t.Error("the winner's tokens live on after the replays")
					}
				}
			}
		})
	})
}

// together runs f in n goroutines at the same moment.
func together(n int, f func() *reply) []*reply {
	out := make([]*reply, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			out[i] = f()
		})
	}
	close(start)
	wg.Wait()
	return out
}

func TestT10_RefreshTokensBelongToTheirClient(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, other := s.newApp(t, nil), s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username)
		s.token(t, other, refreshForm(got.str("refresh_token"))).want(t, 400, "invalid_grant")
		s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 200, "")
	})
}

func TestT11_RefreshOnlyNarrows(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username, "scope", "openid profile")
		form := refreshForm(got.str("refresh_token"))
		form.Set("scope", "openid profile email")
		s.token(t, a, form).want(t, 400, "invalid_scope")
		form.Set("scope", "profile")
		narrow := s.token(t, a, form).want(t, 200, "")
		if narrow.str("scope") != "profile" || narrow.str("id_token") != "" {
			t.Errorf("narrowed to %q, ID token %q", narrow.str("scope"), narrow.str("id_token"))
		}
		// The grant itself keeps what was granted.
		if full := s.token(t, a, refreshForm(narrow.str("refresh_token"))).want(t, 200, ""); full.str("scope") != "openid profile" {
			t.Errorf("afterwards %q", full.str("scope"))
		}
	})
}

func TestT12_ReuseEndsTheFamily(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m, "GATEHOUSE_REFRESH_GRACE=100ms")
			a := s.newApp(t, nil)
			first := s.newBrowser(t).tokens(a, s.newUser(t).Username)
			second := s.token(t, a, refreshForm(first.str("refresh_token"))).want(t, 200, "")
			if second.str("refresh_token") == first.str("refresh_token") || second.str("access_token") == first.str("access_token") {
				t.Fatal("nothing rotated")
			}
			time.Sleep(200 * time.Millisecond)
			replies := together(10, func() *reply { return s.token(t, a, refreshForm(first.str("refresh_token"))) })
			for _, r := range replies {
				r.want(t, 400, "invalid_grant")
			}
			s.token(t, a, refreshForm(second.str("refresh_token"))).want(t, 400, "invalid_grant")
			if s.active(t, a, second.str("access_token")) {
				t.Error("an access token of the family lives on")
			}
		})
	}
}

func TestT13_RacingRefreshesGetOneSuccessor(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		token := s.newBrowser(t).tokens(a, s.sharedUser(t).Username).str("refresh_token")
		for range 5 {
			replies := together(20, func() *reply { return s.token(t, a, refreshForm(token)) })
			next := replies[0].want(t, 200, "").str("refresh_token")
			for _, r := range replies {
				if r.status != 200 || r.str("refresh_token") != next {
					t.Fatalf("%d %s", r.status, r.body)
				}
			}
			token = next
		}
		s.token(t, a, refreshForm(token)).want(t, 200, "")
	})
}

func TestT14_RefreshedIDTokens(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username, "max_age", "1000", "nonce", "n-1")
		old := claimsOf(t, got.str("id_token"))
		time.Sleep(1100 * time.Millisecond)
		fresh := claimsOf(t, s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 200, "").str("id_token"))
		for _, name := range []string{"auth_time", "sub", "aud", "iss", "sid"} {
			if old[name] != fresh[name] || old[name] == nil {
				t.Errorf("%s went from %v to %v", name, old[name], fresh[name])
			}
		}
		if fresh["iat"].(float64) <= old["iat"].(float64) {
			t.Error("iat did not move")
		}
	})
}

func TestT15_OfflineAccessOutlivesTheSession(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		b := s.newBrowser(t)
		user := s.sharedUser(t).Username
		online := b.tokens(a, user)
		offline := b.tokens(a, user, "scope", "openid offline_access")
		b.signOut()
		s.token(t, a, refreshForm(online.str("refresh_token"))).want(t, 400, "invalid_grant")
		if s.active(t, a, online.str("access_token")) {
			t.Error("the access token outlives its session")
		}
		s.token(t, a, refreshForm(offline.str("refresh_token"))).want(t, 200, "")
	})
	t.Run("no refresh token for a client that may not use it", func(t *testing.T) {
		s := defaultSystem(t, onSQLite)
		a := s.newApp(t, func(c *idp.Client) { c.GrantTypes = []string{idp.GrantAuthorizationCode} })
		got := s.newBrowser(t).tokens(a, s.sharedUser(t).Username, "scope", "openid offline_access")
		if got.str("refresh_token") != "" || strings.Contains(got.str("scope"), "offline_access") {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("the end of the session's time", func(t *testing.T) {
		for _, m := range allModes {
			t.Run(string(m), func(t *testing.T) {
				s := startSystem(t, m, "GATEHOUSE_SESSION_TTL=2s", "GATEHOUSE_SESSION_MAX_TTL=2s")
				a, user := s.newApp(t, nil), s.newUser(t)
				b := s.newBrowser(t)
				offline := b.tokens(a, user.Username, "scope", "openid offline_access")
				online := b.tokens(a, user.Username)
				time.Sleep(2200 * time.Millisecond)
				s.token(t, a, refreshForm(online.str("refresh_token"))).want(t, 400, "invalid_grant")
				s.token(t, a, refreshForm(offline.str("refresh_token"))).want(t, 200, "")
				wantError(t, b.authorize(authorization(a, "prompt", "none")), "login_required")
			})
		}
	})
}

// signOut ends the browser's session by the page.
func (b *browser) signOut() {
	b.t.Helper()
	if p := b.submit(b.get("/logout"), "csrf", nil); p.status != http.StatusOK {
		b.t.Fatalf("sign out: status %d at %s", p.status, p.url.Path)
	}
}

func passwordForm(username, pass, scope string) url.Values {
	v := url.Values{"grant_type": {"password"}, "username": {username}, "password": {pass}}
	if scope != "" {
		v.Set("scope", scope)
	}
	return v
}

func usesPassword(c *idp.Client) {
	c.GrantTypes = []string{idp.GrantPassword, idp.GrantRefreshToken}
	c.RedirectURIs = nil
}

func TestT16_PasswordGrant(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, usesPassword), s.sharedUser(t)
		got := s.token(t, a, passwordForm(user.Username, password, "openid roles")).want(t, 200, "")
		if roles, _ := claimsOf(t, got.str("access_token"))["roles"].([]any); len(roles) != 1 || roles[0] != idp.RoleUser {
			t.Errorf("roles are %v", roles)
		}
		if claimsOf(t, got.str("id_token"))["sub"] != user.ID {
			t.Error("the ID token names somebody else")
		}
		s.token(t, a, refreshForm(got.str("refresh_token"))).want(t, 200, "")
		s.token(t, a, passwordForm(user.Email, password, "")).want(t, 200, "")

		disabled := s.newUser(t)
		if err := s.admin.Users.SetDisabled(t.Context(), disabled.ID, true); err != nil {
			t.Fatal(err)
		}
		var bodies []string
		for _, form := range []url.Values{
			passwordForm("nobody-at-all", password, ""), passwordForm(user.Username, "wrong", ""), passwordForm(disabled.Username, password, ""),
			passwordForm("no\u00a0body", "x", ""), passwordForm(strings.Repeat("x", 5000), "x", ""),
		} {
			r := s.token(t, a, form).want(t, 400, "invalid_grant")
			bodies = append(bodies, r.body)
		}
		locked := s.newUser(t)
		for range 12 {
			s.token(t, a, passwordForm(locked.Username, "wrong", "")).want(t, 400, "invalid_grant")
		}
		bodies = append(bodies, s.token(t, a, passwordForm(locked.Username, password, "")).want(t, 400, "invalid_grant").body)
		for _, body := range bodies {
			if body != bodies[0] {
				t.Errorf("refusals differ:\n%s\n%s", bodies[0], body)
			}
		}
		s.token(t, a, passwordForm("", "", "")).want(t, 400, "invalid_request")
	})
}

func TestT17_ClientCredentialsAreTheClientsOwn(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, func(c *idp.Client) { c.GrantTypes = append(c.GrantTypes, idp.GrantClientCredentials) })
		form := clientCredentials()
		form.Set("scope", "openid offline_access reports:read")
		r := s.token(t, a, form).want(t, 200, "")
		if r.str("refresh_token") != "" || r.str("id_token") != "" || r.str("scope") != "reports:read" {
			t.Errorf("got %s", r.body)
		}
		if claimsOf(t, r.str("access_token"))["sub"] != a.ID {
			t.Error("sub is not the client")
		}
		s.userinfo(t, r.str("access_token")).want(t, 403, "insufficient_scope")
		s.token(t, s.newPublicApp(t, callback), clientCredentials()).want(t, 400, "unauthorized_client")
	})
}

func TestT18_OnlyAPostedFormCounts(t *testing.T) {
	s := defaultSystem(t, onSQLite)
	a := s.newApp(t, usesPost)
	all := url.Values{"grant_type": {"client_credentials"}, "client_id": {a.ID}, "client_secret": {a.secret}}
	get := call(t, s.request(t, "/oauth2/token?"+all.Encode(), nil))
	if get.status != http.StatusMethodNotAllowed {
		t.Errorf("GET answers %d", get.status)
	}
	query := call(t, s.request(t, "/oauth2/token?"+all.Encode(), url.Values{}))
	if query.status == 200 || query.status >= 500 {
		t.Errorf("parameters in the address answer %d", query.status)
	}
	for kind, body := range map[string]string{
		"application/json":                  `{"grant_type":"client_credentials"}`,
		"text/plain":                        all.Encode(),
		"":                                  all.Encode(),
		"multipart/form-data; boundary=x":   "--x\r\n",
		"application/x-www-form-urlencoded": "grant_type=%zz&client_id=%",
	} {
		req := s.request(t, "/oauth2/token", url.Values{})
		req.Header.Del("Content-Type")
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		req.Body, req.ContentLength = http.NoBody, 0
		setBody(req, body)
		if r := call(t, req); r.status < 400 || r.status >= 500 || r.str("error") == "" {
			t.Errorf("%s: %d %s", kind, r.status, r.body)
		}
	}
	req := s.request(t, "/oauth2/token", url.Values{})
	setBody(req, "grant_type="+strings.Repeat("x", 10<<20))
	if r := call(t, req); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("10 MB answer %d", r.status)
	}
	for _, value := range []string{"a\x00b", "\xff\xfe"} {
		form := url.Values{}
		for k, v := range all {
			form[k] = v
		}
		form.Set("scope", value)
		call(t, s.request(t, "/oauth2/token", form)).want(t, 400, "invalid_request")
	}
	all.Add("grant_type", "client_credentials")
	call(t, s.request(t, "/oauth2/token", all)).want(t, 400, "invalid_request")
}
