package webtest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/server"
	"gatehouse/storage"
)

// Password is everybody's.
const Password = "a quiet gate by the river" //nolint:gosec // of people who are made up

// The people that there are: one for each permission, and one without.
const (
	Admin   = "admin"   // role Admin
	Reader  = "reader"  // role Auditor: sees everything, changes nothing
	Manager = "manager" // role Helpdesk: manages people without a permission
	User    = "user"    // role User
)

// Env is the running program.
type Env struct {
	URL string
	// Stores are open beside the program's own, as another instance has them:
	// what they change, the program sees within two seconds.
	Stores *storage.Stores
	// Admin is administration as the command line has it.
	Admin *server.Admin
	Main  *server.Main
	Log   *Log
	t     testing.TB
}

// Log is what the program logs.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// New starts the program on SQLite, or as the variables ("NAME=value") say.
func New(t testing.TB, variables ...string) *Env {
	t.Helper()
	environ := append([]string{
		"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "LOG_FORMAT=json", "LOG_LEVEL=info",
		"GATEHOUSE_MASTER_KEY=" + strings.Repeat("0f", 32), "GATEHOUSE_ADMIN_PASSWORD=" + Password,
		"GATEHOUSE_DATA_DIR=" + t.TempDir(), "GATEHOUSE_SIGNIN_NETWORK_LIMIT=10000",
	}, variables...)
	config, err := server.Load(environ)
	must(t, err)
	e := &Env{Log: &Log{}, t: t}
	e.Main = server.New(config, "test", e.Log)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	must(t, e.Main.Open(ctx))
	t.Cleanup(func() {
		if err := e.Main.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	e.URL = e.Main.Issuer()
	e.Stores, err = storage.Open(ctx, storage.Options{
		DatabaseURL: config.Database(), RedisURL: string(config.RedisURL), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	t.Cleanup(func() { _ = e.Stores.Close() })
	e.Admin, err = server.OpenAdmin(ctx, config, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = e.Admin.Close() })
	e.people()
	return e
}

func (e *Env) people() {
	e.t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for name, permission := range map[string]idp.Permission{"Auditor": idp.PermissionRead, "Helpdesk": idp.PermissionUsers} {
		must(e.t, e.Stores.Roles.CreateRole(context.Background(), &idp.Role{
			ID: newID(), Name: name, Permission: permission, CreatedAt: now, UpdatedAt: now,
		}))
	}
	e.Person(Reader, "Auditor")
	e.Person(Manager, "Helpdesk")
	e.Person(User, idp.RoleUser)
}

// Person adds somebody with the password Password.
func (e *Env) Person(username string, roles ...string) *idp.User {
	e.t.Helper()
	u, err := e.Admin.Users.Create(context.Background(), &idp.User{
		Username: username, Email: username + "@example.com", Name: strings.ToUpper(username[:1]) + username[1:], Roles: roles,
	}, Password)
	must(e.t, err)
	return u
}

// People adds n users user-0001… without a password, quickly.
func (e *Env) People(n int) {
	e.t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for begin := 0; begin < n; begin += 500 {
		var us []*idp.User
		for i := begin; i < min(begin+500, n); i++ {
			name := "user-" + pad(i+1)
			us = append(us, &idp.User{
				ID: newID(), Username: name, Email: name + "@example.com", Name: "Person " + pad(i+1),
				Roles: []string{idp.RoleUser}, Status: idp.UserActive, CreatedAt: now, UpdatedAt: now,
			})
		}
		errs, err := e.Stores.Users.AddUsers(context.Background(), us)
		must(e.t, err)
		for _, err := range errs {
			must(e.t, err)
		}
	}
}

// FindUser returns the user of that login, as the store has it now.
func (e *Env) FindUser(login string) *idp.User {
	e.t.Helper()
	u, err := e.Stores.Users.UserByLogin(context.Background(), login)
	must(e.t, err)
	return u
}

// must stops the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
