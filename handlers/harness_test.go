package handlers_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/demo"
	"gatehouse/handlers"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/selfservice"
	"gatehouse/settings"
	"gatehouse/storage"
	"gatehouse/web"
)

const (
	adaPassword = "correct horse battery ada"
	bobPassword = "correct horse battery bob"
	webSecret   = "web-secret-0123456789abcdef"
	webCallback = "https://app.example/cb"
	appCallback = "com.example.app:/cb"
	verifier    = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"
	masterKey   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// hashParams keep the tests quick; what costs is tested in account.
func hashParams() account.HashParams { return account.HashParams{MemoryKiB: 64, Time: 1, Threads: 1} }

// template is a database with keys, people and clients, made once and copied for each test.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "handlers")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "t.db")
	ctx := context.Background()
	m, err := storage.Migrator("sqlite:" + path)
	if err != nil {
		return nil, err
	}
	if err := m.Up(ctx); err != nil {
		return nil, err
	}
	stores, err := storage.Open(ctx, storage.Options{DatabaseURL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := populate(ctx, stores); err != nil {
		return nil, err
	}
	if err := stores.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func populate(ctx context.Context, st *storage.Stores) error {
	if _, err := keyring(ctx, st); err != nil {
		return err
	}
	people := account.NewUsers(account.UsersOptions{
		Users: st.Users, Roles: st.Roles, Sessions: st.Sessions, Grants: st.Grants,
		Passwords: account.NewPasswords(hashParams(), 2, nil), Now: time.Now,
	})
	if _, err := people.Seed(ctx, account.SeedOptions{Username: "root", Password: "correct horse battery root"}); err != nil {
		return err
	}
	for _, u := range []struct{ name, email, display, password string }{
		{"ada", "ada@example.com", "Ada Lovelace", adaPassword},
		{"bob", "bob@example.com", "Bob Babbage", bobPassword},
		{"off", "off@example.com", "Off Line", adaPassword},
	} {
		if _, err := people.Create(ctx, &idp.User{Username: u.name, Email: u.email, Name: u.display, Roles: []string{idp.RoleUser}}, u.password); err != nil {
			return err
		}
	}
	if err := people.SetDisabled(ctx, "off", true); err != nil {
		return err
	}
	clients := oauth.NewClients(st.Clients, time.Now)
	for _, c := range []oauth.NewClient{
		{Client: webClient("web", "Grafana", webCallback), Secret: webSecret},
		{Client: idp.Client{
			ID: "phone", Name: "Phone app", AuthMethod: idp.AuthMethodNone, RedirectURIs: []string{appCallback},
			GrantTypes: []string{idp.GrantAuthorizationCode}, Scopes: []string{"openid"}, RequirePKCE: true,
		}},
		{Client: func() idp.Client {
			c := webClient("first", "First party", "https://first.example/cb")
			c.SkipConsent = true
			return c
		}(), Secret: webSecret},
	} {
		if _, _, err := clients.Create(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func webClient(id, name, callback string) idp.Client {
	return idp.Client{
		ID: id, Name: name, AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{callback},
		PostLogoutRedirectURIs: []string{strings.Replace(callback, "/cb", "/bye", 1)},
		GrantTypes:             idp.GrantTypes(), Scopes: idp.StandardScopes(), ResourceServer: true,
	}
}

func keyring(ctx context.Context, st *storage.Stores) (*oauth.Keyring, error) {
	master, err := oauth.ParseMasterKeys(masterKey)
	if err != nil {
		return nil, err
	}
	return oauth.OpenKeyring(ctx, oauth.KeyringOptions{
		Store: st.Keys, Master: master, RotateEvery: 24 * time.Hour, Settings: idp.DefaultSettings, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

// env is a running system over its own database.
type env struct {
	t       *testing.T
	url     string
	server  *httptest.Server
	stores  *storage.Stores
	people  *account.Users
	options handlers.Options
	log     *syncBuffer
	fault   *fault
	metrics *counts
}

type setting func(*handlers.Options)

func newEnv(t *testing.T, settings ...setting) *env {
	t.Helper()
	return buildEnv(t, false, settings...)
}

// newDemoEnv has the demo relying party, which is a client of the server itself.
func newDemoEnv(t *testing.T) *env {
	t.Helper()
	return buildEnv(t, true)
}

func buildEnv(t *testing.T, withDemo bool, settings ...setting) *env {
	t.Helper()
	data, err := template()
	must(t, err)
	path := filepath.Join(t.TempDir(), "t.db")
	must(t, os.WriteFile(path, data, 0o600))
	e := &env{t: t, log: &syncBuffer{}, fault: &fault{}, metrics: &counts{}}
	e.stores, err = storage.Open(t.Context(), storage.Options{DatabaseURL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = e.stores.Close() })
	e.server = httptest.NewUnstartedServer(nil)
	e.url = "http://" + e.server.Listener.Addr().String()
	e.options = e.assemble(t)
	if withDemo {
		e.options.Demo = e.demo(t)
	}
	for _, set := range settings {
		set(&e.options)
	}
	h, err := handlers.New(e.options)
	must(t, err)
	e.server.Config.Handler = h
	e.server.Start()
	t.Cleanup(e.server.Close)
	return e
}

func (e *env) assemble(t *testing.T) handlers.Options {
	t.Helper()
	f, st := e.fault, e.stores
	keys, err := keyring(t.Context(), st)
	must(t, err)
	master, err := oauth.ParseMasterKeys(masterKey)
	must(t, err)
	passwords := account.NewPasswords(hashParams(), 2, nil)
	browsers := account.NewKnownBrowsers(master.Derive("browsers"))
	quiet := slog.New(slog.DiscardHandler)
	users := faultyUsers{st.Users, f}
	signIn := account.NewSignIn(account.SignInOptions{
		Users: users, Throttles: st.Throttles, Passwords: passwords, Browsers: browsers, Log: quiet,
		Limits: account.Limits{Account: account.Limit{Tries: 5, Window: time.Hour}},
	})
	t.Cleanup(func() { _ = signIn.Close(context.Background()) })
	sessions := faultySessions{st.Sessions, f}
	e.people = account.NewUsers(account.UsersOptions{
		Users: users, Roles: st.Roles, Sessions: sessions, Grants: st.Grants, Passwords: passwords, Now: time.Now,
	})
	clients, grants, interactions := faultyClients{st.Clients, f}, faultyGrants{st.Grants, f}, faultyInteractions{st.Interactions, f}
	provider, err := oauth.New(oauth.Options{
		Issuer: e.url, CodeTTL: time.Minute, RefreshGrace: 10 * time.Second, Settings: idp.DefaultSettings,
		Clients: clients, Users: users, Consents: st.Consents, Grants: grants, Sessions: sessions, Keys: keys, Master: master,
		Password: func(ctx context.Context, username, password, ip string) (*idp.User, error) {
			return signIn.WithPassword(ctx, account.Attempt{Login: username, Password: password, IP: ip})
		},
		Now: time.Now,
	})
	must(t, err)
	renderer, err := pages.New(pages.Options{})
	must(t, err)
	return handlers.Options{
		Rooms: []handlers.Room{selfservice.New(selfservice.Options{
			Users: e.people, SignIn: signIn, Browsers: browsers, Settings: settings.New(settings.Options{Store: st.Settings, Base: idp.DefaultSettings()}),
			SignUp: account.NewSignUp(account.SignUpOptions{Users: e.people, Throttles: st.Throttles, Browsers: browsers}),
			Access: account.NewAccess(account.AccessOptions{
				Sessions: sessions, Grants: grants, Consents: st.Consents, Clients: clients, Users: users, Now: time.Now,
			}),
			Clients: clients, Consents: st.Consents, Grants: grants, Audit: st.Audit, Demo: "/demo", Now: time.Now,
		})},
		SignIn: signIn, Browsers: browsers, Metrics: e.metrics,
		Users: users, Clients: clients, Grants: grants, Interactions: interactions,
		Web: web.Options{
			Provider: provider, Sessions: account.NewSessions(account.SessionsOptions{Store: sessions, Users: users}),
			Notes: st.Notes, Pages: renderer, Issuer: e.url, CSRFKey: master.Derive("forms"),
			Log: slog.New(slog.NewJSONHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
	}
}

func (e *env) demo(t *testing.T) http.Handler {
	t.Helper()
	_, secret, err := oauth.NewClients(e.stores.Clients, time.Now).Create(t.Context(), oauth.NewClient{Client: idp.Client{
		ID: "demo", Name: "Demo", AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{demo.RedirectURI(e.url)},
		PostLogoutRedirectURIs: []string{demo.PostLogoutRedirectURI(e.url)},
		GrantTypes:             []string{idp.GrantAuthorizationCode, idp.GrantRefreshToken}, Scopes: demo.Scopes(), RequirePKCE: true,
	}})
	must(t, err)
	return demo.New(demo.Options{Issuer: e.url, ClientID: "demo", ClientSecret: secret, Pages: e.options.Web.Pages})
}

// must stops the test on an error of its own making.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func trust(networks ...string) setting {
	return func(o *handlers.Options) {
		for _, n := range networks {
			o.Web.TrustedProxies = append(o.Web.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}
