package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// call is the i-th request of a chunk, on a connection of the worker's own.
type call func(worker, i int) error

// endpoint is what is compared. prepare makes what n calls need; it is not measured.
type endpoint struct {
	name    string
	chunk   int // calls in a row on one side; about a fifth of a second
	prepare func(s *side, n int) (call, error)
}

func endpoints() []endpoint {
	return []endpoint{
		{"client_credentials", 800, func(s *side, _ int) (call, error) {
			return func(_, _ int) error { _, err := s.machineToken(); return err }, nil
		}},
		{"refresh", 800, func(s *side, _ int) (call, error) {
			chains, err := s.chains(application, "api")
			return func(worker, _ int) error { _, err := s.refresh(application, &chains[worker]); return err }, err
		}},
		{"code", 100, prepareCode},
		{"password", 16, func(s *side, _ int) (call, error) {
			form := url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {password}, "scope": {"api"}}
			return func(_, _ int) error { _, err := s.token(application, form); return err }, nil
		}},
		{"introspect_cold", 800, func(s *side, n int) (call, error) { return prepareIntrospect(s, n) }},
		{"introspect_warm", 1200, func(s *side, _ int) (call, error) { return prepareIntrospect(s, 8) }},
		{"userinfo_cold", 800, func(s *side, n int) (call, error) { return prepareUserinfo(s, n) }},
		{"userinfo_warm", 1200, func(s *side, _ int) (call, error) { return prepareUserinfo(s, 8) }},
		{"jwks", 4000, preparePage("/.well-known/jwks.json")},
		{"metadata", 4000, preparePage(firstPage)},
	}
}

func prepareCode(s *side, n int) (call, error) {
	codes, err := collect(n, func(_, _ int) (string, error) { return s.code(application, "openid api") })
	return func(_, i int) error { _, err := s.exchange(application, codes[i]); return err }, err
}

func prepareIntrospect(s *side, tokens int) (call, error) {
	list, err := collect(tokens, func(_, _ int) (string, error) { return s.machineToken() })
	return func(_, i int) error {
		body, err := s.post(application, "/oauth2/introspect", url.Values{"token": {list[i%tokens]}})
		if err == nil && !bytes.HasPrefix(body, []byte(`{"active":true,`)) {
			err = fmt.Errorf("introspection says %s", body)
		}
		return err
	}, err
}

func prepareUserinfo(s *side, tokens int) (call, error) {
	chains, err := s.chains(quick, "openid profile email")
	if err != nil {
		return nil, err
	}
	list, err := collect(tokens, func(worker, _ int) (string, error) { return s.refresh(quick, &chains[worker]) })
	return func(_, i int) error {
		_, _, err := s.get("/oauth2/userinfo", http.StatusOK, "Authorization", "Bearer "+list[i%tokens])
		return err
	}, err
}

func preparePage(path string) func(*side, int) (call, error) {
	return func(s *side, _ int) (call, error) {
		return func(_, _ int) error { _, _, err := s.get(path, http.StatusOK); return err }, nil
	}
}

// collect gathers what n calls return.
func collect(n int, do func(worker, i int) (string, error)) ([]string, error) {
	list := make([]string, n)
	return list, spread(n, func(worker, i int) (err error) {
		list[i], err = do(worker, i)
		return err
	})
}

func (s *side) token(c client, form url.Values) (t tokens, err error) {
	body, err := s.post(c, "/oauth2/token", form)
	if err == nil {
		err = json.Unmarshal(body, &t)
	}
	return t, err
}

func (s *side) machineToken() (string, error) {
	t, err := s.token(application, url.Values{"grant_type": {"client_credentials"}, "scope": {"api"}})
	return t.Access, err
}

const (
	callback  = "https://rp.example/callback"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // both from RFC 7636 appendix B
)

// code is what a client gets for a person who is signed in.
func (s *side) code(c client, scope string) (string, error) {
	ask := url.Values{
		"client_id": {c.id}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {scope}, "state": {"state"},
		"prompt": {"none"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	header, _, err := s.get("/oauth2/authorize?"+ask.Encode(), http.StatusSeeOther, "Cookie", s.cookies)
	if err != nil {
		return "", err
	}
	back, err := url.Parse(header.Get("Location"))
	if err == nil && back.Query().Get("code") == "" {
		err = fmt.Errorf("no code came back: %s", back)
	}
	return back.Query().Get("code"), err
}

func (s *side) exchange(c client, code string) (tokens, error) {
	return s.token(c, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	})
}

// chains returns a refresh token for each worker.
func (s *side) chains(c client, scope string) ([]string, error) {
	return collect(connections, func(_, _ int) (string, error) {
		code, err := s.code(c, scope)
		if err != nil {
			return "", err
		}
		t, err := s.exchange(c, code)
		return t.Refresh, err
	})
}

// refresh moves a chain on by one and returns the new access token.
func (s *side) refresh(c client, chain *string) (string, error) {
	t, err := s.token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {*chain}})
	if err == nil && t.Refresh == *chain {
		err = fmt.Errorf("the refresh token did not change")
	}
	*chain = t.Refresh
	return t.Access, err
}

// BenchmarkEndpoints compares each endpoint with the floor, in both ways to store things.
func BenchmarkEndpoints(b *testing.B) {
	for _, mode := range []string{"redis", "sqlite"} {
		b.Run(mode, func(b *testing.B) {
			p := startPair(b, mode == "redis")
			for _, e := range endpoints() {
				b.Run(e.name, func(b *testing.B) { p.compare(b, e) })
			}
		})
	}
}
