package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/testenv"
)

// TestStoreAway: what needs a store that is away answers 503 with Retry-After
// and never yes; the rest goes on; all recovers by itself.
func TestStoreAway(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (env []string, stop, again func()){
		"redis": func(t *testing.T) ([]string, func(), func()) {
			r := testenv.RedisServer(t)
			return []string{"DATABASE_URL=" + migrated(t, testenv.Postgres(t)), "REDIS_URL=" + r.URL}, r.Stop, r.Start
		},
		"postgres": func(t *testing.T) ([]string, func(), func()) {
			p := testenv.PostgresServer(t)
			return []string{"DATABASE_URL=" + migrated(t, p.URL)}, p.Stop, p.Start
		},
	} {
		t.Run(name, func(t *testing.T) {
			env, stop, again := start(t)
			s := boot(t, append(environment(t, onSQLite), env...))
			a := s.newApp(t, nil)
			m := s.newApp(t, machine)
			user := s.newUser(t)
			b := s.newBrowser(t)
			tokens := b.tokens(a, user.Username)
			s.token(t, m, clientCredentials()).want(t, 200, "")

			stop()
			time.Sleep(2500 * time.Millisecond) // what was read before is not known any more
			s.checkAway(t, a, m, b, tokens)

			again()
			eventually(t, "recovery", func() bool {
				return s.token(t, m, clientCredentials()).status == 200 && call(t, s.request(t, "/readyz", nil)).status == 200
			})
			s.token(t, a, exchange(a, b.code(a, user.Username))).want(t, 200, "")
		})
	}
}

func (s *system) checkAway(t *testing.T, a, m app, b *browser, tokens *reply) {
	t.Helper()
	for what, r := range map[string]*reply{
		"client credentials": s.token(t, m, clientCredentials()),
		"refresh":            s.token(t, a, refreshForm(tokens.str("refresh_token"))),
		"introspect":         s.post(t, m, "/oauth2/introspect", url.Values{"token": {tokens.str("access_token")}}),
		"own introspect":     s.post(t, a, "/oauth2/introspect", url.Values{"token": {tokens.str("refresh_token")}}),
		"userinfo":           s.userinfo(t, tokens.str("access_token")),
		"revoke":             s.post(t, a, "/oauth2/revoke", url.Values{"token": {tokens.str("refresh_token")}}),
	} {
		if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" || r.str("error") != "temporarily_unavailable" {
			t.Errorf("%s: %d %q %s", what, r.status, r.header.Get("Retry-After"), r.body)
		}
	}
	p := b.authorize(authorization(a))
	if p.status != http.StatusServiceUnavailable || p.left != nil || p.header.Get("Retry-After") == "" {
		t.Errorf("authorize: %d at %s", p.status, p.url.Path)
	}
	if r := call(t, s.request(t, "/readyz", nil)); r.status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d", r.status)
	}
	for _, path := range []string{"/healthz", "/.well-known/jwks.json", "/.well-known/openid-configuration"} {
		if r := call(t, s.request(t, path, nil)); r.status != http.StatusOK {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}
