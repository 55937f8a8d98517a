package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/handlers"
	"gatehouse/idp"
)

// call sends a form to a protocol endpoint as the client web.
func (e *env) call(path, form string, change func(*http.Request)) *answer {
	e.t.Helper()
	b := e.browser()
	req := b.request(http.MethodPost, path, form)
	req.SetBasicAuth("web", webSecret)
	if change != nil {
		change(req)
	}
	return b.do(req)
}

func (a *answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		a.t.Fatalf("%d: not JSON: %q", a.status, a.body)
	}
	return m
}

func TestTokenEndpointInput(t *testing.T) {
	e := newEnv(t)
	const good = "grant_type=client_credentials&scope=email"
	if a := e.call("/oauth2/token", good, nil); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || a.json()["access_token"] == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	contentType := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Content-Type", v) }
	}
	for name, c := range map[string]struct {
		form   string
		change func(*http.Request)
		status int
	}{
		"charset is fine":     {good, contentType("application/x-www-form-urlencoded; charset=UTF-8"), 200},
		"JSON":                {`{"grant_type":"client_credentials"}`, contentType("application/json"), 400},
		"multipart":           {good, contentType("multipart/form-data; boundary=x"), 400},
		"no content type":     {good, func(r *http.Request) { r.Header.Del("Content-Type") }, 400},
		"broken content type": {good, contentType(";;;"), 400},
		"compressed":          {good, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 400},
		"repeated parameter":  {good + "&scope=openid", nil, 400},
		"NUL":                 {good + "&x=%00", nil, 400},
		"NUL in a name":       {good + "&%00=x", nil, 400},
		"invalid UTF-8":       {good + "&x=%ff%fe", nil, 400},
		"broken encoding":     {good + "&x=%zz", nil, 400},
		"semicolon":           {good + ";x=1", nil, 400},
		"empty body":          {"", nil, 400},
		"in the query only":   {"", func(r *http.Request) { r.URL.RawQuery = good }, 400},
		"secret in the query": {good, func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "client_id=web&client_secret=" + webSecret
		}, 401},
		"two Authorization fields": {good, func(r *http.Request) { r.Header.Add("Authorization", "Basic eDp5") }, 400},
		"10 MB":                    {good + "&x=" + strings.Repeat("a", 10<<20), nil, 413},
		"10 MB, length unknown": {good, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat("a", 10<<20)))
			r.ContentLength = -1
		}, 413},
		"just below the limit": {good + "&x=" + strings.Repeat("a", 60<<10), nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := e.call("/oauth2/token", c.form, c.change)
			if a.status != c.status {
				t.Fatalf("want %d, got %d %s", c.status, a.status, a.body)
			}
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", a.header)
			}
			if c.status != 200 && (a.json()["error"] == "" || a.json()["error_description"] == "") {
				t.Errorf("body %s", a.body)
			}
		})
	}
}

func TestUserinfoTakesTheTokenOneWay(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	token, _ := b.tokensFor()["access_token"].(string)
	send := func(method, query, body string, headers ...string) *answer {
		req := e.browser().request(method, "/oauth2/userinfo"+query, body)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Add(headers[i], headers[i+1])
		}
		return e.browser().do(req)
	}
	for name, c := range map[string]struct {
		a      *answer
		status int
		code   string
	}{
		"GET":                    {send("GET", "", "", "Authorization", "Bearer "+token), 200, ""},
		"scheme in small":        {send("GET", "", "", "Authorization", "bearer "+token), 200, ""},
		"POST with a header":     {send("POST", "", "", "Authorization", "BEARER "+token), 200, ""},
		"POST with a body":       {send("POST", "", "access_token="+token), 200, ""},
		"header and body":        {send("POST", "", "access_token="+token, "Authorization", "Bearer "+token), 400, "invalid_request"},
		"two headers":            {send("GET", "", "", "Authorization", "Bearer "+token, "Authorization", "Bearer "+token), 400, "invalid_request"},
		"in the query":           {send("GET", "?access_token="+token, ""), 401, ""},
		"in the query of a POST": {send("POST", "?access_token="+token, ""), 401, ""},
		"none":                   {send("GET", "", ""), 401, ""},
		"another scheme":         {send("GET", "", "", "Authorization", "Basic "+token), 401, ""},
		"no token":               {send("GET", "", "", "Authorization", "Bearer"), 400, "invalid_request"},
		"not a token":            {send("GET", "", "", "Authorization", "Bearer a b"), 401, "invalid_token"},
		"cut short":              {send("GET", "", "", "Authorization", "Bearer "+token[:len(token)-4]), 401, "invalid_token"},
		"repeated in the body":   {send("POST", "", "access_token="+token+"&access_token="+token), 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.a.status != c.status {
				t.Fatalf("want %d, got %d %s", c.status, c.a.status, c.a.body)
			}
			challenge := c.a.header.Get("WWW-Authenticate")
			switch {
			case c.status == 200:
				if c.a.json()["email"] != "ada@example.com" {
					t.Errorf("claims %s", c.a.body)
				}
			case c.code == "":
				if strings.Contains(challenge, "error") || !strings.HasPrefix(challenge, "Bearer") {
					t.Errorf("want a bare challenge, got %q", challenge)
				}
			case c.a.json()["error"] != c.code:
				t.Errorf("want %s, got %s", c.code, c.a.body)
			}
		})
	}
}

func TestMetadataAndKeys(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	for _, at := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"} {
		t.Run(at, func(t *testing.T) {
			a := b.get(at)
			if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json" || !strings.Contains(a.header.Get("Cache-Control"), "max-age=") {
				t.Fatalf("%d %v", a.status, a.header)
			}
			a.json()
			if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" || len(a.cookies) != 0 {
				t.Errorf("headers %v", a.header)
			}
			for _, tag := range []string{a.header.Get("ETag"), "W/" + a.header.Get("ETag"), `"x", ` + a.header.Get("ETag"), "*"} {
				req := b.request(http.MethodGet, at, "")
				req.Header.Set("If-None-Match", tag)
				if again := b.do(req); again.status != http.StatusNotModified || again.body != "" || again.header.Get("ETag") == "" {
					t.Errorf("If-None-Match %s: %d", tag, again.status)
				}
			}
			req := b.request(http.MethodGet, at, "")
			req.Header.Set("If-None-Match", `"other"`)
			if again := b.do(req); again.status != http.StatusOK {
				t.Errorf("another tag: %d", again.status)
			}
			if head := b.do(b.request(http.MethodHead, at, "")); head.status != http.StatusOK || head.header.Get("Content-Length") != fmt.Sprint(len(a.body)) {
				t.Errorf("HEAD: %d %v", head.status, head.header)
			}
		})
	}
	one, two := b.get("/.well-known/openid-configuration"), b.get("/.well-known/oauth-authorization-server")
	if one.body != two.body {
		t.Error("the two metadata documents differ")
	}
}

func TestPreflight(t *testing.T) {
	e := newEnv(t)
	for at, open := range map[string]bool{
		"/oauth2/token": true, "/oauth2/userinfo": true, "/oauth2/revoke": true, "/.well-known/jwks.json": true,
		"/.well-known/openid-configuration": true, "/oauth2/introspect": false, "/oauth2/authorize": false, "/login": false, "/account": false,
	} {
		b := e.browser()
		req := b.request(http.MethodOptions, at, "")
		req.Header.Set("Origin", "https://spa.example")
		req.Header.Set("Access-Control-Request-Method", "POST")
		a := b.do(req)
		allowed := a.status == http.StatusNoContent && a.header.Get("Access-Control-Allow-Origin") == "*" &&
			strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization")
		if allowed != open {
			t.Errorf("%s: allowed %v, want %v (%d)", at, allowed, open, a.status)
		}
		if !open && a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is open to other origins", at)
		}
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	e := newEnv(t)
	for _, c := range []struct {
		method, path string
		status       int
		page         bool
	}{
		{"GET", "/nothing", 404, true},
		{"GET", "/login/", 404, true},
		{"GET", "/oauth2/nothing", 404, false},
		{"GET", "/.well-known/nothing", 404, false},
		{"GET", "/api/v1/nothing", 404, false},
		{"GET", "/oauth2/token", 405, false},
		{"PUT", "/oauth2/userinfo", 405, false},
		{"DELETE", "/login", 405, true},
		{"POST", "/account", 405, true},
		{"BREW", "/login", 405, true},
		{"GET", "/error", 404, true},
		{"GET", "/demo", 404, true},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := e.browser().do(e.browser().request(c.method, c.path, ""))
			if a.status != c.status || (a.doc != nil) != c.page {
				t.Fatalf("%d %s", a.status, a.header.Get("Content-Type"))
			}
			if !c.page {
				a.json()
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	for _, at := range []string{
		"/", "/login", "/account", "/logout", "/nothing", "/oauth2/authorize", authorizeAt(), "/oauth2/token", "/oauth2/userinfo",
		"/.well-known/jwks.json", "/healthz", "/readyz", "/static/app.css", "/static/nothing", "/continue", "/consent", "/login/select",
	} {
		a := b.get(at)
		h := a.header
		csp := h.Get("Content-Security-Policy")
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Request-Id") == "" ||
			!strings.Contains(csp, "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %v", at, h)
		}
		if a.doc != nil && (!strings.Contains(csp, "require-trusted-types-for 'script'") || h.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: headers of a page: %v", at, h)
		}
		if h.Get("Strict-Transport-Security") != "" || h.Get("Server") != "" {
			t.Errorf("%s: %v", at, h)
		}
	}
}

func TestHealth(t *testing.T) {
	var broken error
	e := newEnv(t, func(o *handlers.Options) { o.Ready = func(context.Context) error { return broken } })
	b := e.browser()
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz %d", a.status)
	}
	if a := b.get("/readyz"); a.status != http.StatusOK {
		t.Errorf("readyz %d", a.status)
	}
	broken = errors.New("dial tcp 10.0.0.7:5432: refused")
	a := b.get("/readyz")
	if a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "10.0.0.7") {
		t.Errorf("readyz %d %s", a.status, a.body)
	}
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz follows a store: %d", a.status)
	}
	if !strings.Contains(e.log.String(), "10.0.0.7") {
		t.Error("the log does not say why")
	}
}

func TestNoInternalTextLeaks(t *testing.T) {
	const secret = "pq: password authentication failed for user gatehouse at 10.1.2.3"
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"unavailable": {fmt.Errorf("%w: %s", idp.ErrUnavailable, secret), http.StatusServiceUnavailable},
		"unknown":     {errors.New(secret), http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t)
			b := e.browser()
			b.signIn("ada", adaPassword)
			token, _ := b.tokensFor()["access_token"].(string)
			login := e.browser()
			loginForm := login.open("/login")
			consent := b.open(authorizeAt("scope", "openid phone"))
			e.fault.set(c.err)
			answers := map[string]*answer{
				"authorize":    b.get(authorizeAt()),
				"account":      b.get("/account"),
				"logout page":  b.get("/logout"),
				"login":        login.send(loginForm, "username", "ada", "password", adaPassword),
				"consent":      b.get(b.last),
				"consent post": b.send(consent, "decision", "allow"),
				"continue":     b.get(strings.Replace(b.last, "/consent", "/continue", 1)),
				"select":       b.get(strings.Replace(b.last, "/consent", "/login/select", 1)),
				"end session":  b.get("/oauth2/logout"),
				"token":        e.call("/oauth2/token", "grant_type=client_credentials", nil),
				"introspect":   e.call("/oauth2/introspect", "token="+token, nil),
				"revoke":       e.call("/oauth2/revoke", "token="+token, nil),
				"userinfo":     e.call("/oauth2/userinfo", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }),
			}
			for at, a := range answers {
				if a.status != c.status {
					t.Errorf("%s: want %d, got %d %s", at, c.status, a.status, a.location)
				}
				for _, v := range append([]string{a.body}, headerText(a.header)) {
					if strings.Contains(v, "pq:") || strings.Contains(v, "10.1.2.3") || strings.Contains(v, "goroutine") {
						t.Errorf("%s leaks internal text: %s", at, v)
					}
				}
				if !strings.Contains(a.body, a.header.Get("X-Request-Id")) {
					t.Errorf("%s: the request id is not told", at)
				}
				if (c.status == 503) != (a.header.Get("Retry-After") != "") {
					t.Errorf("%s: Retry-After %q", at, a.header.Get("Retry-After"))
				}
			}
			if got := answers["token"].json()["error"]; (c.status == 503) != (got == "temporarily_unavailable") {
				t.Errorf("token error %v", got)
			}
			if !strings.Contains(e.log.String(), "10.1.2.3") {
				t.Error("the log does not tell the cause")
			}
		})
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}

func TestLogHasOneLineAndNoSecrets(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	a := b.submit(b.open(authorizeAt("state", "secret-state")), "username", "ada", "password", "typed-wrong-password")
	a = b.submit(a, "username", "ada", "password", adaPassword)
	a = b.submit(a, "decision", "allow")
	code := a.handedOver().Get("code")
	tokens, _ := e.redeem(code)
	access, _ := tokens["access_token"].(string)
	e.call("/oauth2/introspect", "token="+access, nil)
	e.call("/oauth2/userinfo?access_token="+access, "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+access) })
	text := e.log.String()
	for what, secret := range map[string]string{
		"password": adaPassword, "wrong password": "typed-wrong-password", "code": code, "access token": access, "state": "secret-state",
		"client secret": webSecret, "session handle": b.cookie("gh_session"), "browser": b.cookie("gh_browser"), "flow": b.last[strings.Index(b.last, "=")+1:],
		"username": `"ada"`, "verifier": verifier,
	} {
		if secret == "" || strings.Contains(text, secret) {
			t.Errorf("the log holds the %s (or there was none)", what)
		}
	}
	var token map[string]any
	ids := map[string]bool{}
	for _, line := range e.log.lines(t) {
		id, _ := line["request_id"].(string)
		if id == "" || ids[id] {
			t.Errorf("not one line for each request: %v", line)
		}
		ids[id] = true
		if line["route"] == "/oauth2/token" {
			token = line
		}
	}
	if token["client_id"] != "web" || token["user"] == nil || token["outcome"] != "authorization_code:ok" || token["status"] != 200.0 || token["duration"] == nil {
		t.Errorf("the line of the token request: %v", token)
	}
	for _, want := range []string{"POST /login", "GET /oauth2/authorize", "token authorization_code ok", "sign-in ok", "sign-in refused"} {
		if !e.metrics.has(want) {
			t.Errorf("not counted: %s", want)
		}
	}
}

func TestHostileLabelsStayOut(t *testing.T) {
	e := newEnv(t)
	e.browser().get("/made-up/path?x=1")
	e.browser().do(e.browser().request("MADEUP", "/login", ""))
	e.call("/oauth2/token", "grant_type=made-up&client_id=a%0Ab", func(r *http.Request) { r.Header.Del("Authorization") })
	if strings.Contains(e.log.String(), "made-up") || strings.Contains(e.log.String(), "MADEUP") || strings.Contains(e.log.String(), `a\nb`) {
		t.Errorf("log: %s", e.log.String())
	}
	if !e.metrics.has("GET unmatched") || !e.metrics.has("token other unsupported_grant_type") && !e.metrics.has("token other invalid_client") {
		t.Errorf("metrics %v", e.metrics.all)
	}
}

func TestForwardedHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []string
		header  map[string]string
		ip, id  string
	}{
		"nobody is trusted":        {nil, map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "given"}, "127.0.0.1", ""},
		"the proxy is":             {[]string{"127.0.0.0/8"}, map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "given"}, "203.0.113.9", "given"},
		"what strangers add":       {[]string{"127.0.0.0/8"}, map[string]string{"X-Forwarded-For": "10.0.0.1, 203.0.113.9"}, "203.0.113.9", ""},
		"a chain of proxies":       {[]string{"127.0.0.0/8", "10.0.0.0/8"}, map[string]string{"X-Forwarded-For": "1.2.3.4, 203.0.113.9, 10.0.0.1"}, "203.0.113.9", ""},
		"only proxies":             {[]string{"127.0.0.0/8", "10.0.0.0/8"}, map[string]string{"X-Forwarded-For": "10.0.0.2, 10.0.0.1"}, "10.0.0.2", ""},
		"garbage":                  {[]string{"127.0.0.0/8"}, map[string]string{"X-Forwarded-For": "1.2.3.4, unknown"}, "127.0.0.1", ""},
		"with a port":              {[]string{"127.0.0.0/8"}, map[string]string{"X-Forwarded-For": "203.0.113.9:4711"}, "203.0.113.9", ""},
		"IPv6":                     {[]string{"127.0.0.0/8"}, map[string]string{"X-Forwarded-For": "2001:db8::1"}, "2001:db8::1", ""},
		"mapped IPv4":              {[]string{"127.0.0.0/8", "10.0.0.0/8"}, map[string]string{"X-Forwarded-For": "203.0.113.9, ::ffff:10.0.0.1"}, "203.0.113.9", ""},
		"another header":           {[]string{"127.0.0.0/8"}, map[string]string{"X-Real-Ip": "203.0.113.9", "Forwarded": "for=203.0.113.9"}, "127.0.0.1", ""},
		"a bad request id":         {[]string{"127.0.0.0/8"}, map[string]string{"X-Request-Id": "a\tb"}, "127.0.0.1", ""},
		"a very long request id":   {[]string{"127.0.0.0/8"}, map[string]string{"X-Request-Id": strings.Repeat("a", 65)}, "127.0.0.1", ""},
		"trust in another network": {[]string{"10.0.0.0/8"}, map[string]string{"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, trust(c.trusted...))
			b := e.browser()
			req := b.request(http.MethodGet, "/login", "")
			for k, v := range c.header {
				req.Header.Set(k, v)
			}
			a := b.do(req)
			line := e.log.lines(t)[0]
			if line["ip"] != c.ip {
				t.Errorf("want %s, got %v", c.ip, line["ip"])
			}
			id := a.header.Get("X-Request-Id")
			if id == "" || (c.id != "" && id != c.id) || (c.id == "" && id == c.header["X-Request-Id"]) || line["request_id"] != id {
				t.Errorf("request id %q", id)
			}
		})
	}
}

// overHTTPS serves one request with an https issuer, behind a trusted proxy.
func overHTTPS(t *testing.T, e *env, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	o := e.options
	o.Issuer = "https://login.example"
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // of httptest's requests
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
		"no csrf":     {"application/x-www-form-urlencoded", "", 403},
		"not encoded": {"application/x-www-form-urlencoded", "%", 400},
	} {
		for _, at := range []string{"/login", "/login/select", "/consent"} {
			t.Run(name+at, func(t *testing.T) {
				if at != "/login" && c.status == 403 {
					c.status = 400 // no flow
				}
				b := e.browser()
				req := b.request(http.MethodPost, at, c.body)
				req.Header.Set("Content-Type", c.contentType)
				if a := b.do(req); a.status != c.status || a.doc == nil {
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
		"issuer with a path": func(o *handlers.Options) { o.Issuer += "/auth" },
		"no issuer":          func(o *handlers.Options) { o.Issuer = "" },
		"not a web address":  func(o *handlers.Options) { o.Issuer = "ftp://x" },
		"short key":          func(o *handlers.Options) { o.CSRFKey = []byte("short") },
		"no provider":        func(o *handlers.Options) { o.Provider = nil },
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
	e := newEnv(t, func(o *handlers.Options) { o.Now = func() time.Time { return now } })
	now = now.Add(-11 * time.Minute)
	b := e.browser()
	a := b.get(authorizeAt())
	if a = b.get(a.location); a.status != http.StatusBadRequest || !strings.Contains(a.body, "too long") {
		t.Errorf("%d %q", a.status, a.heading())
	}
}
