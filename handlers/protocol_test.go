package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

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
