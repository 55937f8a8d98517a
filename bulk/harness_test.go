package bulk_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/settings"
	"gatehouse/storage"
	"gatehouse/testenv"
)

// house is the rooms that bulk works with, on real stores.
type house struct {
	*storage.Stores
	users  *account.Users
	roles  *account.Roles
	signIn *account.SignIn
	keeper *bulk.Keeper
	env    map[string]string
}

// onEach runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newHouse(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, openHouse(t, testenv.Postgres(t))) })
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return openHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
}

func openHouse(t *testing.T, url string) *house {
	t.Helper()
	m, err := storage.Migrator(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), storage.Options{DatabaseURL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{Stores: s, env: map[string]string{}}
	held := settings.New(settings.Options{
		Store: s.Settings, Base: idp.DefaultSettings(), Fixed: map[string]string{"session_ttl": "the variable GATEHOUSE_SESSION_TTL"},
	})
	passwords := account.NewPasswords(account.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}, 2, nil)
	h.users = account.NewUsers(account.UsersOptions{
		Users: s.Users, Roles: s.Roles, Sessions: s.Sessions, Grants: s.Grants, Passwords: passwords, Settings: held.Current, Now: time.Now,
	})
	h.roles = account.NewRoles(account.RolesOptions{Roles: s.Roles})
	h.signIn = account.NewSignIn(account.SignInOptions{
		Users: s.Users, Throttles: s.Throttles, Passwords: passwords, Browsers: account.NewKnownBrowsers(bytes.Repeat([]byte{7}, 32)),
	})
	t.Cleanup(func() { _ = h.signIn.Close(t.Context()) })
	h.keeper = &bulk.Keeper{
		Roles: h.roles, Clients: oauth.NewClients(s.Clients, time.Now), Settings: held,
		Env: func(name string) (string, bool) { v, ok := h.env[name]; return v, ok },
	}
	return h
}

// take imports a file that can be read to its end.
func (h *house) take(t *testing.T, file string, o bulk.ImportOptions) bulk.ImportReport {
	t.Helper()
	if o.Format == "" {
		o.Format = bulk.FormatCSV
	}
	r, err := (&bulk.Importer{Users: h.users, Roles: h.roles}).Run(t.Context(), strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts fails unless the report counts so many rows as added, there and failed.
func counts(t *testing.T, r bulk.ImportReport, added, there, failed int) {
	t.Helper()
	if r.Added != added || r.There != there || r.Failed != failed || r.Rows != added+there+failed {
		t.Errorf("of %d rows %d added, %d there, %d failed; want %d, %d, %d: %v", r.Rows, r.Added, r.There, r.Failed, added, there, failed, r.Failures)
	}
}

// everybody returns all users by username.
func (h *house) everybody(t *testing.T) map[string]*idp.User {
	t.Helper()
	page, err := h.users.Query(t.Context(), idp.UserQuery{ListQuery: idp.ListQuery{Limit: idp.MaxPage}})
	if err != nil || page.Next != "" {
		t.Fatalf("%v, next %q", err, page.Next)
	}
	all := map[string]*idp.User{}
	for _, u := range page.Items {
		all[u.Username] = u
	}
	return all
}

// events counts the audit events of an action.
func (h *house) events(t *testing.T, action string) int {
	t.Helper()
	page, err := h.Audit.QueryAudit(t.Context(), idp.AuditQuery{Action: action, ListQuery: idp.ListQuery{Limit: idp.MaxPage}})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Items)
}

func (h *house) signsIn(t *testing.T, login, password string) bool {
	t.Helper()
	_, err := h.signIn.WithPassword(t.Context(), account.Attempt{Login: login, Password: password, IP: "::1"})
	if err != nil && !errors.Is(err, account.ErrBadCredentials) {
		t.Fatal(err)
	}
	return err == nil
}
