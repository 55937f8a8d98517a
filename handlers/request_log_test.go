package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

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
	if token["client_id"] != "web" || token["user"] == nil || token["outcome"] != "authorization_code:ok" || token["status"] != 200.0 || token["duration_ms"] == nil {
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
