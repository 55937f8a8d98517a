package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/storage"
)

const testIssuer = "https://id.example"

// emptyDatabase is one with the schema, roles and keys, made once and copied for each test.
var emptyDatabase = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "oauth")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path, ctx := filepath.Join(dir, "t.db"), context.Background()
	m, err := storage.Migrator("sqlite:" + path)
	if err != nil {
		return nil, err
	}
	if err := m.Up(ctx); err != nil {
		return nil, err
	}
	st, err := storage.Open(ctx, storage.Options{DatabaseURL: "sqlite:" + path})
	if err != nil {
		return nil, err
	}
	for i, r := range []*idp.Role{
		{Name: idp.RoleAdmin, Permission: idp.PermissionAdmin},
		{Name: idp.RoleUser},
		{Name: "Auditor", Permission: idp.PermissionRead},
		{Name: "Support", Permission: idp.PermissionUsers},
	} {
		r.ID, r.CreatedAt, r.UpdatedAt = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), time.Now().UTC(), time.Now().UTC()
		if _, err := st.Roles.EnsureRole(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := NewClients(st.Clients, time.Now).EnsureGatehouse(ctx); err != nil {
		return nil, err
	}
	keys := KeyringOptions{
		Store: st.Keys, Master: testMaster(), RotateEvery: 24 * time.Hour, Settings: idp.DefaultSettings,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	if _, err := OpenKeyring(ctx, keys); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// system is a Provider over a database of its own.
type system struct {
	t       *testing.T
	stores  *storage.Stores
	clients *Clients
	keys    *Keyring
	p       *Provider
	now     time.Time // of the Provider; stores have their own clock
	set     idp.Settings
	heard   *recording
}

// recording keeps what is recorded and counted.
type recording struct {
	mu     sync.Mutex
	events []*idp.AuditEvent
	counts map[string]int
}

func (r *recording) Record(e *idp.AuditEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recording) Count(kind idp.TallyKind, label string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[string(kind)+" "+label]++
}

// take returns the events so far and forgets them.
func (r *recording) take() []*idp.AuditEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.events
	r.events = nil
	return out
}

func newSystem(t *testing.T) *system {
	t.Helper()
	data, err := emptyDatabase()
	ok(t, err)
	path := filepath.Join(t.TempDir(), "t.db")
	ok(t, os.WriteFile(path, data, 0o600))
	s := &system{t: t, now: time.Now().UTC(), set: idp.DefaultSettings(), heard: &recording{counts: map[string]int{}}}
	s.stores, err = storage.Open(t.Context(), storage.Options{DatabaseURL: "sqlite:" + path})
	ok(t, err)
	t.Cleanup(func() { _ = s.stores.Close() })
	s.clients = NewClients(s.stores.Clients, time.Now)
	s.keys = s.openKeyring()
	s.p, err = New(Options{
		Issuer: testIssuer, CodeTTL: time.Minute, RefreshGrace: 0, Settings: func() idp.Settings { return s.set },
		Clients: s.stores.Clients, Users: s.stores.Users, Consents: s.stores.Consents, Grants: s.stores.Grants, Sessions: s.stores.Sessions,
		Keys: s.keys, Master: testMaster(), Now: s.clock, Audit: s.heard, Counter: s.heard,
		Password: func(ctx context.Context, login, password, _ string) (*idp.User, error) {
			u, err := s.stores.Users.UserByLogin(ctx, login)
			if err != nil || password != "right" {
				return nil, errors.Join(ErrBadCredentials, err)
			}
			return u, nil
		},
	})
	ok(t, err)
	return s
}

func (s *system) clock() time.Time { return s.now }

func testMaster() MasterKeys {
	m, err := ParseMasterKeys(strings.Repeat("ab", 32))
	if err != nil {
		panic(err)
	}
	return m
}

// openKeyring opens the keys as another instance does.
func (s *system) openKeyring() *Keyring {
	s.t.Helper()
	k, err := OpenKeyring(s.t.Context(), KeyringOptions{
		Store: s.stores.Keys, Master: testMaster(), RotateEvery: 24 * time.Hour, Settings: func() idp.Settings { return s.set },
		Now: s.clock, Log: slog.New(slog.DiscardHandler),
	})
	ok(s.t, err)
	return k
}

var userCount atomic.Int64

// user makes a person who holds the roles, and returns them as the store has them.
func (s *system) user(name string, roles ...string) *idp.User {
	s.t.Helper()
	at := time.Now().UTC().Truncate(time.Microsecond)
	ok(s.t, s.stores.Users.CreateUser(s.t.Context(), &idp.User{
		ID: fmt.Sprintf("00000000-0000-4000-9000-%012d", userCount.Add(1)), Username: name, Email: name + "@example.com",
		Status: idp.UserActive, Roles: roles, CreatedAt: at, UpdatedAt: at,
	}))
	return s.person(name)
}

// person reads a person anew.
func (s *system) person(name string) *idp.User {
	s.t.Helper()
	u, err := s.stores.Users.UserByLogin(s.t.Context(), name)
	ok(s.t, err)
	return u
}

// change changes a person in the store.
func (s *system) change(name string, do func(*idp.User)) {
	s.t.Helper()
	u := s.person(name)
	do(u)
	ok(s.t, s.stores.Users.UpdateUser(s.t.Context(), u, time.Time{}))
}

// client registers a client whose secret is "secret of <id>" unless it is public.
func (s *system) client(c idp.Client) *idp.Client {
	s.t.Helper()
	n := NewClient{Client: c}
	if !c.IsPublic() {
		n.AuthMethod, n.Secret = idp.AuthMethodPost, "secret of "+c.ID
	}
	made, _, err := s.clients.Create(s.t.Context(), n)
	ok(s.t, err)
	return made
}

// token asks the token endpoint.
func (s *system) token(id string, pairs ...string) (*TokenResponse, error) {
	return s.p.Token(s.t.Context(), s.request(id, pairs...))
}

// request is one of the client; "-id" is a public one.
func (s *system) request(id string, pairs ...string) Request {
	form := url.Values{"client_id": {id}, "client_secret": {"secret of " + id}}
	if public, found := strings.CutPrefix(id, "-"); found {
		form = url.Values{"client_id": {public}}
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return Request{Form: form, IP: "192.0.2.1", RequestID: "request-1"}
}

// issue gives a person tokens for the REST API.
func (s *system) issue(u *idp.User, refresh bool) *TokenResponse {
	s.t.Helper()
	out, err := s.p.IssueToPerson(s.t.Context(), u, "192.0.2.1", "request-1", refresh)
	ok(s.t, err)
	return out
}

// claims reads what a token says.
func (s *system) claims(token string) map[string]any {
	s.t.Helper()
	parts := strings.Split(token, ".")
	payload, err := b64.DecodeString(parts[1])
	ok(s.t, err)
	var out map[string]any
	ok(s.t, json.Unmarshal(payload, &out))
	return out
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails unless the error is a refusal with the status and code.
func refused(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Status != status || e.Code != code {
		t.Errorf("%v, want %d %s", err, status, code)
	}
}
