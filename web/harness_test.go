package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/storage"
	"gatehouse/web"
)

// site is a small site of one guarded form, on real stores.
type site struct {
	t        *testing.T
	url      string
	web      *web.Site
	stores   *storage.Stores
	sessions *account.Sessions
	now      *clock
	audit    *recorded
	engine   *gin.Engine
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type recorded struct {
	mu  sync.Mutex
	all []*idp.AuditEvent
}

func (r *recorded) Record(e *idp.AuditEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, e)
}

func (r *recorded) events() []*idp.AuditEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

func newSite(t *testing.T) *site {
	t.Helper()
	ctx := t.Context()
	database := "sqlite:" + filepath.Join(t.TempDir(), "t.db")
	m, err := storage.Migrator(database)
	must(t, err)
	must(t, m.Up(ctx))
	s := &site{t: t, now: &clock{at: time.Now()}, audit: &recorded{}}
	s.stores, err = storage.Open(ctx, storage.Options{DatabaseURL: database})
	must(t, err)
	t.Cleanup(func() { _ = s.stores.Close() })
	s.sessions = account.NewSessions(account.SessionsOptions{
		Store: s.stores.Sessions, Users: s.stores.Users, Settings: idp.DefaultSettings, Now: s.now.Now,
	})
	renderer, err := pages.New(pages.Options{})
	must(t, err)
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	s.web, err = web.New(web.Options{
		Provider: &oauth.Provider{}, Sessions: s.sessions, Notes: s.stores.Notes, Pages: renderer, Issuer: s.url,
		CSRFKey: []byte(strings.Repeat("k", 32)), Audit: s.audit, Log: slog.New(slog.DiscardHandler), Now: s.now.Now,
	})
	must(t, err)
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.Use(s.web.Observe)
	server.Config.Handler = s.engine
	server.Start()
	t.Cleanup(server.Close)
	return s
}

func (s *site) guarded(may func(idp.Permissions) bool) *gin.RouterGroup {
	return s.engine.Group("", s.web.WithSession(), s.web.SameOrigin, s.web.Require(may, pages.AreaAdmin))
}

// visitor is a browser.
type visitor struct {
	s       *site
	client  *http.Client
	jar     map[string]string
	session *idp.Session
}

func (s *site) visitor() *visitor {
	return &visitor{s: s, jar: map[string]string{}, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// person makes somebody with a role of that permission.
func (s *site) person(name string, p idp.Permission) *idp.User {
	s.t.Helper()
	now := s.now.Now().UTC().Truncate(time.Microsecond)
	role := &idp.Role{ID: uuid.NewString(), Name: "Role-" + name, Permission: p, CreatedAt: now, UpdatedAt: now}
	must(s.t, s.stores.Roles.CreateRole(s.t.Context(), role))
	u := &idp.User{
		ID: uuid.NewString(), Username: name, Status: idp.UserActive, Roles: []string{role.Name}, CreatedAt: now, UpdatedAt: now,
	}
	must(s.t, s.stores.Users.CreateUser(s.t.Context(), u))
	u, err := s.stores.Users.UserByLogin(s.t.Context(), name)
	must(s.t, err)
	return u
}

func (v *visitor) signIn(u *idp.User) {
	v.s.t.Helper()
	handle, session, err := v.s.sessions.Begin(context.Background(), u, account.BeginOptions{IP: "127.0.0.1"})
	must(v.s.t, err)
	v.jar["gh_session"], v.session = handle, session
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     string
}

func (v *visitor) get(path string) answer { return v.do(http.MethodGet, path, nil) }

func (v *visitor) post(path string, form url.Values) answer {
	return v.do(http.MethodPost, path, strings.NewReader(form.Encode()))
}

func (v *visitor) do(method, path string, body io.Reader) answer {
	v.s.t.Helper()
	r, err := http.NewRequestWithContext(v.s.t.Context(), method, v.s.url+path, body)
	must(v.s.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.s.url)
	}
	return v.send(r)
}

func (v *visitor) send(r *http.Request) answer {
	v.s.t.Helper()
	for name, value := range v.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := v.client.Do(r)
	must(v.s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(v.s.t, err)
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(v.jar, c.Name)
			continue
		}
		v.jar[c.Name] = c.Value
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(text)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
