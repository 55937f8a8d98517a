package storage_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/testenv"
)

// modes are the three ways in which Gatehouse keeps things.
var modes = []struct {
	name  string
	urls  func(t *testing.T) (database, redis string)
	pools []string
}{
	{"SQLite", func(t *testing.T) (string, string) { return sqliteURL(t), "" }, []string{"sqlite_read", "sqlite_write"}},
	{"Postgres", func(t *testing.T) (string, string) { return testenv.Postgres(t), "" }, []string{"postgres"}},
	{"Postgres and Redis", func(t *testing.T) (string, string) { return testenv.Postgres(t), testenv.Redis(t) }, []string{"postgres", "redis"}},
}

func sqliteURL(t *testing.T) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")
}

func open(t *testing.T, o storage.Options) *storage.Stores {
	t.Helper()
	m, err := storage.Migrator(o.DatabaseURL)
	noError(t, err)
	noError(t, m.Up(t.Context()))
	s, err := storage.Open(t.Context(), o)
	noError(t, err)
	t.Cleanup(func() { noError(t, s.Close()) })
	return s
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newUser() *idp.User {
	id, now := uuid.NewString(), time.Now().UTC()
	return &idp.User{ID: id, Username: "u" + id, Status: idp.UserActive, CreatedAt: now, UpdatedAt: now}
}

func TestEveryModeKeepsEverything(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			var log bytes.Buffer
			seen := map[string]bool{}
			database, redis := mode.urls(t)
			s := open(t, storage.Options{
				DatabaseURL: database, RedisURL: redis, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Observe: func(store, op string, _ time.Duration, _ error) { seen[store+"."+op] = true },
			})
			ctx, u := t.Context(), newUser()
			noError(t, s.Ping(ctx))
			noError(t, s.Users.CreateUser(ctx, u))
			_, err := s.Roles.ListRoles(ctx)
			noError(t, err)
			_, err = s.Keys.Keys(ctx)
			noError(t, err)
			_, err = s.Consents.ListConsents(ctx, u.ID)
			noError(t, err)
			_, err = s.Clients.ListClients(ctx, "", 1)
			noError(t, err)
			noError(t, s.Grants.CreateGrant(ctx, &idp.Grant{ID: "g", State: idp.GrantActive, ClientID: "c"}, time.Minute, 0))
			_, err = s.Grants.Grant(ctx, "g")
			noError(t, err)
			_, err = s.Sessions.ListSessions(ctx, u.ID)
			noError(t, err)
			noError(t, s.Interactions.CreateInteraction(ctx, &idp.Interaction{ID: "i", ExpiresAt: time.Now().Add(time.Minute)}))
			_, err = s.Throttles.Try(ctx, idp.Attempt{Key: "k", Limit: 1, Window: time.Minute})
			noError(t, err)
			noError(t, s.Notes.PutNote(ctx, "n", nil, time.Minute))
			_, err = s.Sessions.CountSessions(ctx)
			noError(t, err)
			_, err = s.Settings.Settings(ctx)
			noError(t, err)
			_, err = s.Tallies.Tallies(ctx, time.Now(), time.Now())
			noError(t, err)
			noError(t, s.Images.PutImage(ctx, &idp.Image{ID: "i"}))
			storagetest.Chain(t, s.Audit, 1) // of the user
			_, err = s.Purge(ctx)
			noError(t, err)

			var pools []string
			for _, p := range s.PoolStats() {
				pools = append(pools, p.Pool)
				if p.Open < 1 || p.Open != p.InUse+p.Idle {
					t.Errorf("pool %+v", p)
				}
			}
			if !slices.Equal(pools, mode.pools) {
				t.Errorf("pools are %q, want %q", pools, mode.pools)
			}
			for _, call := range []string{"users.CreateUser", "grants.Grant", "throttles.Try", "keys.Keys", "notes.PutNote", "audit.AuditHead", "settings.Settings", "tallies.Tallies", "images.PutImage"} {
				if !seen[call] {
					t.Errorf("nothing was heard of %s", call)
				}
			}
			if line := log.String(); !strings.Contains(line, strings.Fields(strings.ToLower(mode.name))[0]) || strings.Contains(line, "://") {
				t.Errorf("the log says %q", line)
			}
		})
	}
}

func TestCachedStoresKeepTheContracts(t *testing.T) {
	s := open(t, storage.Options{DatabaseURL: sqliteURL(t)})
	d := storagetest.Durable{Users: s.Users, Roles: s.Roles, Consents: s.Consents, Clients: s.Clients}
	factory := func(*testing.T) storagetest.Durable { return d }
	t.Run("Users", func(t *testing.T) { storagetest.Users(t, factory) })
	t.Run("Clients", func(t *testing.T) { storagetest.Clients(t, factory) })
}

func TestWhatIsReadMayBeChanged(t *testing.T) {
	s, ctx := open(t, storage.Options{DatabaseURL: sqliteURL(t)}), t.Context()
	_, err := s.Roles.EnsureRole(ctx, &idp.Role{ID: uuid.NewString(), Name: "a", CreatedAt: time.Now()})
	noError(t, err)
	u := newUser()
	u.Roles, u.ExpiresAt = []string{"a"}, &u.CreatedAt
	noError(t, s.Users.CreateUser(ctx, u))
	c := &idp.Client{
		ID: "app", AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{"https://a.example/"}, PostLogoutRedirectURIs: []string{"https://a.example/"},
		GrantTypes: []string{idp.GrantPassword}, Scopes: []string{"openid"}, Secrets: []idp.ClientSecret{{Digest: "d"}},
		TokensNotBefore: &u.CreatedAt, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt,
	}
	noError(t, s.Clients.CreateClient(ctx, c))
	for range 2 {
		gotUser, err := s.Users.User(ctx, u.ID)
		noError(t, err)
		gotClient, err := s.Clients.Client(ctx, c.ID)
		noError(t, err)
		if gotUser.Roles[0] != "a" || !gotUser.ExpiresAt.Equal(u.CreatedAt.Truncate(time.Microsecond)) {
			t.Errorf("user is %+v", gotUser)
		}
		if gotClient.RedirectURIs[0] != c.RedirectURIs[0] || gotClient.PostLogoutRedirectURIs[0] != c.PostLogoutRedirectURIs[0] ||
			gotClient.GrantTypes[0] != c.GrantTypes[0] || gotClient.Scopes[0] != "openid" || gotClient.Secrets[0].Digest != "d" ||
			!gotClient.TokensNotBefore.Equal(u.CreatedAt.Truncate(time.Microsecond)) {
			t.Errorf("client is %+v", gotClient)
		}
		gotUser.Roles[0], *gotUser.ExpiresAt = "Admin", time.Time{}
		gotClient.RedirectURIs[0], gotClient.PostLogoutRedirectURIs[0], gotClient.GrantTypes[0] = "x", "x", "x"
		gotClient.Scopes[0], gotClient.Secrets[0].Digest, *gotClient.TokensNotBefore = "x", "x", time.Time{}
	}
}

func TestAnotherProcessIsSeenWithinFiveSeconds(t *testing.T) {
	url, ctx := sqliteURL(t), t.Context()
	server, cli := open(t, storage.Options{DatabaseURL: url}), open(t, storage.Options{DatabaseURL: url})
	u := newUser()
	noError(t, server.Users.CreateUser(ctx, u))
	_, err := server.Users.User(ctx, u.ID)
	noError(t, err)
	begin := time.Now()
	noError(t, cli.Users.DeleteUser(ctx, u.ID, time.Time{}))
	for time.Since(begin) < 5*time.Second {
		if _, err := server.Users.User(ctx, u.ID); errors.Is(err, idp.ErrNotFound) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the user is still there after five seconds")
}

func TestOpenFailures(t *testing.T) {
	for _, f := range []struct {
		name string
		o    storage.Options
		want error
	}{
		{"no database", storage.Options{}, nil},
		{"database down", storage.Options{DatabaseURL: "postgres://ada:secret@127.0.0.1:1/db?sslmode=disable"}, idp.ErrUnavailable},
		{"Redis down", storage.Options{DatabaseURL: sqliteURL(t), RedisURL: "redis://:secret@127.0.0.1:1/0"}, idp.ErrUnavailable},
		{"bad Redis URL", storage.Options{DatabaseURL: sqliteURL(t), RedisURL: "http://:secret@127.0.0.1:1/0"}, nil},
	} {
		t.Run(f.name, func(t *testing.T) {
			s, err := storage.Open(t.Context(), f.o)
			if err == nil {
				noError(t, s.Close())
				t.Fatal("it was opened")
			}
			if f.want != nil && !errors.Is(err, f.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestPingTellsTheTruth(t *testing.T) {
	server := testenv.RedisServer(t)
	s := open(t, storage.Options{DatabaseURL: sqliteURL(t), RedisURL: server.URL})
	noError(t, s.Ping(t.Context()))
	server.Stop()
	if err := s.Ping(t.Context()); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("with Redis gone: %v", err)
	}
}
