package account_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"gatehouse/idp"
	"gatehouse/storage"
)

// stores are what the room needs of the real ones.
type stores struct {
	Users     idp.UserStore
	Roles     idp.RoleStore
	Sessions  idp.SessionStore
	Grants    idp.GrantStore
	Throttles idp.ThrottleStore
	Consents  idp.ConsentStore
	Clients   idp.ClientStore
	Audit     idp.AuditStore
}

// openStores opens an empty SQLite database, with everything in it.
func openStores(t *testing.T) stores {
	t.Helper()
	return openURL(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
}

// openURL opens a database a second time, as another instance would.
func openURL(t *testing.T, url string) stores {
	t.Helper()
	m, err := storage.Migrator(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), storage.Options{DatabaseURL: url, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return stores{
		Users: s.Users, Roles: s.Roles, Sessions: s.Sessions, Grants: s.Grants, Throttles: s.Throttles,
		Consents: s.Consents, Clients: s.Clients, Audit: s.Audit,
	}
}
