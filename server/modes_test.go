package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/server"
	"gatehouse/testenv"
)

const (
	masterKey     = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	adminPassword = "violet-otter-92-lamp-sings"
)

// modes are the ways to store things. Each gives the environment of a new,
// empty system, schema included.
var modes = []struct {
	name    string
	environ func(t *testing.T) []string
}{
	{"sqlite", func(t *testing.T) []string { return baseEnviron(t) }},
	{"postgres", func(t *testing.T) []string {
		return migrated(t, append(baseEnviron(t), "DATABASE_URL="+testenv.Postgres(t)))
	}},
	{"postgres+redis", func(t *testing.T) []string {
		return migrated(t, append(baseEnviron(t), "DATABASE_URL="+testenv.Postgres(t), "REDIS_URL="+testenv.Redis(t)))
	}},
}

func baseEnviron(t *testing.T) []string {
	return []string{
		"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_DATA_DIR=" + t.TempDir(),
		"GATEHOUSE_MASTER_KEY=" + masterKey, "GATEHOUSE_ADMIN_PASSWORD=" + adminPassword,
	}
}

func migrated(t *testing.T, environ []string) []string {
	t.Helper()
	if _, err := server.MigrateUp(t.Context(), load(t, environ)); err != nil {
		t.Fatal(err)
	}
	return environ
}

func load(t *testing.T, environ []string) *server.Config {
	t.Helper()
	c, err := server.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// program is the real program, running.
type program struct {
	*server.Main
	log *buffer
}

// start runs the program until stop or the end of the test.
func start(t *testing.T, environ []string) *program {
	t.Helper()
	p := &program{log: &buffer{}}
	p.Main = server.New(load(t, environ), "test", p.log)
	began := time.Now()
	if err := p.Open(context.Background()); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	t.Logf("ready after %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func (p *program) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return fetch(t, http.DefaultClient, p.Issuer()+path)
}

func fetch(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// token posts a form to the token endpoint as a client.
func (p *program) token(t *testing.T, clientID, secret string, form url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.Issuer()+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(clientID, secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return res.StatusCode, body
}

// keyIDs returns the kids in the JWKS.
func (p *program) keyIDs(t *testing.T) []string {
	t.Helper()
	_, body := p.get(t, "/.well-known/jwks.json")
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// administer opens the stores beside the server, as the command line does.
func administer(t *testing.T, environ []string) *server.Admin {
	t.Helper()
	a, err := server.OpenAdmin(t.Context(), load(t, environ), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// newClient registers a confidential client that may use every grant.
func newClient(t *testing.T, a *server.Admin, id string) (secret string) {
	t.Helper()
	_, secret, err := a.Clients.Create(t.Context(), oauth.NewClient{Client: idp.Client{
		ID: id, Name: id, RedirectURIs: []string{"https://rp.example/callback"},
		GrantTypes: idp.GrantTypes(), Scopes: idp.StandardScopes(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually waits for something that happens beside the test.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// newMain is a program that has not started.
func newMain(t *testing.T, environ []string) *server.Main {
	t.Helper()
	return server.New(load(t, environ), "test", &buffer{})
}
