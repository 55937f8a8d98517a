package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/idp"
)

// reply is the answer of a protocol endpoint.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (r *reply) str(name string) string {
	s, _ := r.json[name].(string)
	return s
}

// want fails unless the reply has the status and the error code ("" for none).
func (r *reply) want(t *testing.T, status int, code string) *reply {
	t.Helper()
	if r.status != status || r.str("error") != code {
		t.Fatalf("got %d %q, want %d %q: %s", r.status, r.str("error"), status, code, r.body)
	}
	return r
}

func call(t *testing.T, req *http.Request) *reply {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := &reply{status: res.StatusCode, header: res.Header, body: string(body)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(body, &r.json); err != nil {
			t.Fatalf("not JSON: %s", body)
		}
	}
	return r
}

// request makes a request to the server; form is the body of a POST, nil for a GET.
func (s *system) request(t *testing.T, path string, form url.Values) *http.Request {
	t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.issuer+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

// post sends a form to an endpoint as the client, by its registered method.
func (s *system) post(t *testing.T, a app, path string, form url.Values) *reply {
	t.Helper()
	send := url.Values{}
	for k, v := range form {
		send[k] = v
	}
	switch a.AuthMethod {
	case idp.AuthMethodPost:
		send.Set("client_id", a.ID)
		send.Set("client_secret", a.secret)
	case idp.AuthMethodNone:
		send.Set("client_id", a.ID)
	}
	req := s.request(t, path, send)
	if a.AuthMethod == idp.AuthMethodBasic {
		req.SetBasicAuth(url.QueryEscape(a.ID), url.QueryEscape(a.secret))
	}
	return call(t, req)
}

func (s *system) token(t *testing.T, a app, form url.Values) *reply {
	t.Helper()
	return s.post(t, a, "/oauth2/token", form)
}

// introspect tells whether the client's own token is live.
func (s *system) active(t *testing.T, a app, token string) bool {
	t.Helper()
	r := s.post(t, a, "/oauth2/introspect", url.Values{"token": {token}}).want(t, http.StatusOK, "")
	return r.json["active"] == true
}

func (s *system) userinfo(t *testing.T, access string) *reply {
	t.Helper()
	req := s.request(t, "/oauth2/userinfo", nil)
	req.Header.Set("Authorization", "Bearer "+access)
	return call(t, req)
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-verifier"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorization are the parameters of an authorization request with PKCE,
// changed by name-value pairs ("" removes a parameter).
func authorization(a app, pairs ...string) url.Values {
	v := url.Values{
		"client_id": {a.ID}, "redirect_uri": {a.RedirectURIs[0]}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"state-value"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		} else {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func (b *browser) authorize(v url.Values) *page {
	b.t.Helper()
	return b.get("/oauth2/authorize?" + v.Encode())
}

// code signs in where needed and returns a code.
func (b *browser) code(a app, username string, pairs ...string) string {
	b.t.Helper()
	p := b.finish(b.authorize(authorization(a, pairs...)), username)
	code := p.answer().Get("code")
	if code == "" {
		b.t.Fatalf("no code came back: %v", p.answer())
	}
	return code
}

func exchange(a app, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {a.RedirectURIs[0]}, "code_verifier": {verifier},
	}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// tokens signs in and exchanges the code.
func (b *browser) tokens(a app, username string, pairs ...string) *reply {
	b.t.Helper()
	return b.s.token(b.t, a, exchange(a, b.code(a, username, pairs...))).want(b.t, http.StatusOK, "")
}

// claimsOf reads a JWT's payload without checking it.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return part(t, token, 1)
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return part(t, token, 0)
}

func part(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func setBody(req *http.Request, body string) {
	req.Body = io.NopCloser(strings.NewReader(body))
	req.ContentLength = int64(len(body))
}
