package handlers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/account"
	"gatehouse/demo"
	"gatehouse/handlers"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/storage"
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
		Store: st.Keys, Master: master, RotateEvery: 24 * time.Hour, TokenTTL: 10 * time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler),
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
		Users: st.Users, Roles: st.Roles, Sessions: st.Sessions, Grants: st.Grants, Passwords: passwords, Now: time.Now,
	})
	clients, grants, interactions := faultyClients{st.Clients, f}, faultyGrants{st.Grants, f}, faultyInteractions{st.Interactions, f}
	provider, err := oauth.New(oauth.Options{
		Issuer: e.url, CodeTTL: time.Minute, AccessTokenTTL: 10 * time.Minute, IDTokenTTL: 10 * time.Minute,
		RefreshTTL: time.Hour, RefreshMaxTTL: 24 * time.Hour, RefreshGrace: 10 * time.Second, SessionTTL: time.Hour,
		Clients: clients, Users: users, Consents: st.Consents, Grants: grants, Sessions: sessions, Keys: keys, Master: master,
		Password: func(ctx context.Context, username, password, ip string) (*idp.User, error) {
			return signIn.WithPassword(ctx, account.Attempt{Login: username, Password: password, IP: ip})
		},
		Now: time.Now, Log: quiet,
	})
	must(t, err)
	renderer, err := pages.New(pages.Options{})
	must(t, err)
	return handlers.Options{
		Provider: provider, SignIn: signIn, Browsers: browsers,
		Sessions: account.NewSessions(account.SessionsOptions{Store: sessions, Users: users}),
		Users:    users, Clients: clients, Grants: grants, Interactions: interactions, Pages: renderer,
		Issuer: e.url, CSRFKey: master.Derive("forms"), Metrics: e.metrics,
		Log: slog.New(slog.NewJSONHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
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
	return demo.New(demo.Options{Issuer: e.url, ClientID: "demo", ClientSecret: secret, Pages: e.options.Pages})
}

// must stops the test on an error of its own making.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is a person's browser: cookies, no automatic redirects.
type browser struct {
	e      *env
	client *http.Client
	// last is the address of the page that is shown.
	last string
}

func (e *env) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(e.t, err)
	return &browser{e: e, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response with its page.
type answer struct {
	t        *testing.T
	status   int
	header   http.Header
	location string
	body     string
	doc      *goquery.Document
	cookies  []*http.Cookie
}

func (b *browser) do(req *http.Request) *answer {
	b.e.t.Helper()
	resp, err := b.client.Do(req)
	must(b.e.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	must(b.e.t, err)
	a := &answer{
		t: b.e.t, status: resp.StatusCode, header: resp.Header, location: resp.Header.Get("Location"),
		body: string(raw), cookies: resp.Cookies(),
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		a.doc, err = goquery.NewDocumentFromReader(bytes.NewReader(raw))
		must(b.e.t, err)
	}
	return a
}

// at makes an address of ours absolute.
func (b *browser) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.e.url + path
	}
	return path
}

func (b *browser) request(method, path, body string) *http.Request {
	req, err := http.NewRequestWithContext(b.e.t.Context(), method, b.at(path), strings.NewReader(body))
	must(b.e.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

func (b *browser) get(path string) *answer {
	b.e.t.Helper()
	return b.do(b.request(http.MethodGet, path, ""))
}

// post sends a form as a page of ours would.
func (b *browser) post(path string, form url.Values) *answer {
	b.e.t.Helper()
	req := b.request(http.MethodPost, path, form.Encode())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// follow goes along redirects on our origin, until a page is shown or the way leads elsewhere.
func (b *browser) follow(a *answer) *answer {
	b.e.t.Helper()
	for range 10 {
		if a.location == "" {
			return a
		}
		if !strings.HasPrefix(a.location, "/") && !strings.HasPrefix(a.location, b.e.url+"/") {
			return a
		}
		b.last = a.location
		a = b.get(a.location)
	}
	b.e.t.Fatal("too many redirects")
	return nil
}

func (b *browser) open(path string) *answer {
	b.e.t.Helper()
	b.last = path
	return b.follow(b.get(path))
}

// form reads the page's POST form: where it leads and what it holds.
func (a *answer) form() (action string, fields url.Values) {
	a.t.Helper()
	f := a.doc.Find("form[method=post]").First()
	if f.Length() == 0 {
		a.t.Fatalf("the page has no form: %d %s", a.status, a.title())
	}
	action, _ = f.Attr("action")
	fields = url.Values{}
	f.Find("input").Each(func(_ int, i *goquery.Selection) {
		kind, _ := i.Attr("type")
		if _, checked := i.Attr("checked"); kind == "checkbox" && !checked {
			return
		}
		if name, ok := i.Attr("name"); ok {
			fields.Set(name, i.AttrOr("value", ""))
		}
	})
	return action, fields
}

func (a *answer) title() string {
	if a.doc == nil {
		return ""
	}
	return a.doc.Find("title").Text()
}

func (a *answer) heading() string { return strings.TrimSpace(a.doc.Find("h1").Text()) }

// submit fills in the page's form and follows what comes.
func (b *browser) submit(a *answer, pairs ...string) *answer {
	b.e.t.Helper()
	return b.follow(b.send(a, pairs...))
}

// send fills in the page's form and returns the answer itself.
func (b *browser) send(a *answer, pairs ...string) *answer {
	b.e.t.Helper()
	action, fields := a.form()
	for i := 0; i < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	return b.post(action, fields)
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.e.url)
	must(b.e.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	u, err := url.Parse(b.e.url)
	must(b.e.t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// signIn signs in without a client.
func (b *browser) signIn(username, password string) {
	b.e.t.Helper()
	a := b.submit(b.open("/login"), "username", username, "password", password)
	if a.status != http.StatusOK || b.last != "/account" {
		b.e.t.Fatalf("sign-in ended at %s: %d %s", b.last, a.status, a.title())
	}
}

// authorizeQuery is a good request of the client web, changed by the pairs ("" removes).
func authorizeQuery(pairs ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"web"}, "redirect_uri": {webCallback}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {"st-1"}, "nonce": {"n-1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

func authorizeAt(pairs ...string) string {
	return "/oauth2/authorize?" + authorizeQuery(pairs...).Encode()
}

// handedOver reads the parameters that the page at /continue carries to the client.
func (a *answer) handedOver() url.Values {
	a.t.Helper()
	to := a.location
	if to == "" {
		refresh := a.header.Get("Refresh")
		var ok bool
		if to, ok = strings.CutPrefix(refresh, "0;url="); !ok {
			a.t.Fatalf("nothing is handed over: %d %q %s", a.status, refresh, a.title())
		}
	}
	u, err := url.Parse(to)
	must(a.t, err)
	return u.Query()
}

// redeem exchanges a code and returns the token response, or the error code.
func (e *env) redeem(code string) (tokens map[string]any, errorCode string) {
	e.t.Helper()
	b := e.browser()
	req := b.request(http.MethodPost, "/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {webCallback}, "code_verifier": {verifier},
	}.Encode())
	req.SetBasicAuth("web", webSecret)
	a := b.do(req)
	must(e.t, json.Unmarshal([]byte(a.body), &tokens))
	errorCode, _ = tokens["error"].(string)
	return tokens, errorCode
}

// tokensFor runs the whole flow for a browser that is signed in.
func (b *browser) tokensFor(pairs ...string) map[string]any {
	b.e.t.Helper()
	a := b.open(authorizeAt(pairs...))
	if a.location == "" {
		a = b.submit(a, "decision", "allow")
	}
	tokens, code := b.e.redeem(a.handedOver().Get("code"))
	if code != "" {
		b.e.t.Fatalf("redeem: %s", code)
	}
	return tokens
}

// syncBuffer collects the log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// lines returns the log's lines, decoded.
func (s *syncBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(s.String()) {
		var m map[string]any
		must(t, json.Unmarshal([]byte(line), &m))
		out = append(out, m)
	}
	return out
}

// counts are metrics that can be read.
type counts struct {
	mu  sync.Mutex
	all []string
}

func (c *counts) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, s)
}

func (c *counts) Request(route, method string, _ int, _ time.Duration) { c.add(method + " " + route) }

func (c *counts) Token(grant, outcome string) { c.add("token " + grant + " " + outcome) }

func (c *counts) SignIn(outcome string) { c.add("sign-in " + outcome) }

func (c *counts) has(s string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if x == s {
			return true
		}
	}
	return false
}

func trust(networks ...string) setting {
	return func(o *handlers.Options) {
		for _, n := range networks {
			o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}
