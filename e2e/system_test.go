package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/testenv"
)

// mode is one way to store things.
type mode string

const (
	onSQLite   mode = "sqlite"
	onPostgres mode = "postgres"
	onRedis    mode = "postgres+redis"
)

var allModes = []mode{onSQLite, onPostgres, onRedis}

const (
	password      = "a quiet gate by the river"
	masterKeyText = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)

// system is the running program with what tests need to prepare it.
type system struct {
	main   *server.Main
	admin  *server.Admin
	stores *storage.Stores // beside the program's own, as another instance has them
	issuer string
	log    *logBuffer
	env    []string
}

// logBuffer keeps what the program logs, to look for what must not be there.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eachMode runs f on a default system of each mode.
func eachMode(t *testing.T, f func(t *testing.T, s *system)) {
	t.Helper()
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) { f(t, defaultSystem(t, m)) })
	}
}

var defaults struct {
	sync.Mutex
	systems map[mode]*system
}

// defaultSystem returns the shared system of a mode. It lives as long as the test binary.
func defaultSystem(t *testing.T, m mode) *system {
	t.Helper()
	defaults.Lock()
	defer defaults.Unlock()
	if s := defaults.systems[m]; s != nil {
		return s
	}
	forever := processTB{t}
	s := boot(forever, environment(forever, m))
	if defaults.systems == nil {
		defaults.systems = map[mode]*system{}
	}
	defaults.systems[m] = s
	return s
}

// startSystem starts a system of its own for the test, with extra settings.
func startSystem(t *testing.T, m mode, extra ...string) *system {
	t.Helper()
	return boot(t, append(environment(t, m), extra...))
}

// processTB is for what one test starts and others use: nothing of it ends
// before the process does.
type processTB struct{ testing.TB }

func (processTB) Cleanup(func())           {}
func (processTB) Context() context.Context { return context.Background() }

func (p processTB) TempDir() string {
	p.Helper()
	dir, err := os.MkdirTemp(scratch, "system-")
	if err != nil {
		p.Fatal(err)
	}
	return dir
}

// scratch is removed when the process ends.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "gatehouse-e2e-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

func environment(t testing.TB, m mode) []string {
	t.Helper()
	env := []string{
		"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "LOG_FORMAT=json", "LOG_LEVEL=debug",
		"GATEHOUSE_MASTER_KEY=" + masterKeyText, "GATEHOUSE_ADMIN_PASSWORD=" + password,
		"GATEHOUSE_DATA_DIR=" + t.TempDir(),
	}
	switch m {
	case onPostgres:
		env = append(env, "DATABASE_URL="+migrated(t, testenv.Postgres(t)))
	case onRedis:
		env = append(env, "DATABASE_URL="+migrated(t, testenv.Postgres(t)), "REDIS_URL="+testenv.Redis(t))
	case onSQLite:
	}
	return env
}

// migrated brings a new database up to date, as an operator does before the first start.
func migrated(t testing.TB, databaseURL string) string {
	t.Helper()
	m, err := storage.Migrator(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return databaseURL
}

func boot(t testing.TB, env []string) *system {
	t.Helper()
	cfg, err := server.Load(env)
	if err != nil {
		t.Fatal(err)
	}
	s := &system{log: &logBuffer{}, env: env}
	s.main = server.New(cfg, "test", s.log)
	if err := s.main.Open(context.Background()); err != nil {
		t.Fatalf("start: %v\n%s", err, s.log)
	}
	t.Cleanup(func() { _ = s.main.Close() })
	s.issuer = s.main.Issuer()
	quiet := slog.New(slog.DiscardHandler)
	if s.admin, err = server.OpenAdmin(context.Background(), cfg, quiet); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.admin.Close() })
	s.stores, err = storage.Open(context.Background(), storage.Options{
		DatabaseURL: cfg.Database(), RedisURL: string(cfg.RedisURL), Log: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.stores.Close() })
	return s
}

var counter atomic.Int64

// unique makes a name that no other test uses.
func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, counter.Add(1)) }

const callback = "https://rp.example/callback"

// app is a client with its secret.
type app struct {
	*idp.Client
	secret string
}

// newApp registers a client; change adapts a confidential web application
// that may use every scope and asks for consent.
func (s *system) newApp(t *testing.T, change func(*idp.Client)) app {
	t.Helper()
	c := idp.Client{
		ID: unique("app"), Name: "Grafana", AuthMethod: idp.AuthMethodBasic,
		RedirectURIs: []string{callback}, PostLogoutRedirectURIs: []string{"https://rp.example/bye"},
		GrantTypes: []string{idp.GrantAuthorizationCode, idp.GrantRefreshToken},
		Scopes:     append(idp.StandardScopes(), "reports:read", "reports:write"),
	}
	if change != nil {
		change(&c)
	}
	made, secret, err := s.admin.Clients.Create(t.Context(), oauth.NewClient{Client: c})
	if err != nil {
		t.Fatal(err)
	}
	return app{made, secret}
}

// newPublicApp registers a public client.
func (s *system) newPublicApp(t *testing.T, redirects ...string) app {
	t.Helper()
	return s.newApp(t, func(c *idp.Client) {
		c.AuthMethod, c.RequirePKCE, c.RedirectURIs = idp.AuthMethodNone, true, redirects
	})
}

// newUser makes a person who has a value for every claim.
func (s *system) newUser(t *testing.T) *idp.User {
	t.Helper()
	name := unique("ada")
	u, err := s.admin.Users.Create(t.Context(), &idp.User{
		Username: name, Email: name + "@example.com", EmailVerified: true,
		Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", MiddleName: "King", Nickname: "A",
		Profile: "https://ada.example/", Picture: "https://ada.example/a.png", Website: "https://ada.example/w",
		Gender: "female", Birthdate: "1815-12-10", Zoneinfo: "Europe/London", Locale: "en-GB",
		PhoneNumber: "+44 20 7946 0000", PhoneNumberVerified: true,
		Address: idp.Address{Formatted: "12 St James's Square\nLondon", Locality: "London", Country: "UK"},
		Roles:   []string{idp.RoleUser},
	}, password)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sharedUser is a person of the mode that tests which do not change it can share.
func (s *system) sharedUser(t *testing.T) *idp.User {
	t.Helper()
	sharedUsers.Lock()
	defer sharedUsers.Unlock()
	if u := sharedUsers.of[s]; u != nil {
		return u
	}
	u := s.newUser(t)
	sharedUsers.of[s] = u
	return u
}

var sharedUsers = struct {
	sync.Mutex
	of map[*system]*idp.User
}{of: map[*system]*idp.User{}}

// eventually waits until ok holds: changes made beside the server are seen within 5 s.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen within 6 s", what)
}

func mustContain(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is missing in:\n%s", part, text)
	}
}

// keyring opens the signing keys as the command line does.
func (s *system) keyring(t *testing.T) *oauth.Keyring {
	t.Helper()
	master, err := oauth.ParseMasterKeys(masterKeyText)
	if err != nil {
		t.Fatal(err)
	}
	k, err := oauth.OpenKeyring(t.Context(), oauth.KeyringOptions{
		Store: s.stores.Keys, Master: master, RotateEvery: time.Hour,
		Settings: func() idp.Settings { return idp.Settings{AccessTokenTTL: time.Hour} },
		Now:      time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}
