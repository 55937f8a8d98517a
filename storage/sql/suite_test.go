package sqlstore

import (
	"path/filepath"
	"testing"

	"gatehouse/idp"
	"gatehouse/storage/storagetest"
	"gatehouse/testenv"
)

// backends are the two databases; url gives an empty one.
var backends = []struct {
	name string
	url  func(t testing.TB) string
}{
	{"sqlite", func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "a b?#%41.db") }},
	{"postgres", func(t testing.TB) string { return testenv.Postgres(t) }},
}

// open returns an open database with the schema in place.
func open(t testing.TB, o Options) *DB {
	t.Helper()
	m, err := NewMigrator(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// each runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, db *DB)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, Options{URL: b.url(t)}))
		})
	}
}

func durable(db *DB) storagetest.Durable {
	return storagetest.Durable{Users: NewUsers(db), Roles: NewRoles(db), Consents: NewConsents(db), Clients: NewClients(db)}
}

func recorded(db *DB) storagetest.Recorded {
	return storagetest.Recorded{
		Durable: durable(db), Keys: NewKeys(db), Settings: NewSettings(db), Tallies: NewTallies(db), Audit: NewAudit(db),
	}
}

// always is a factory that hands out one store.
func always[T any](store T) func(*testing.T) T {
	return func(*testing.T) T { return store }
}

func TestContracts(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		t.Run("Users", func(t *testing.T) { storagetest.Users(t, always(durable(db))) })
		t.Run("Roles", func(t *testing.T) { storagetest.Roles(t, always(durable(db))) })
		t.Run("Consents", func(t *testing.T) { storagetest.Consents(t, always(durable(db))) })
		t.Run("Clients", func(t *testing.T) { storagetest.Clients(t, always(durable(db))) })
		t.Run("Keys", func(t *testing.T) { storagetest.Keys(t, always[idp.KeyStore](NewKeys(db))) })
		t.Run("Grants", func(t *testing.T) { storagetest.Grants(t, always[idp.GrantStore](NewGrants(db))) })
		t.Run("Sessions", func(t *testing.T) { storagetest.Sessions(t, always[idp.SessionStore](NewSessions(db))) })
		t.Run("Interactions", func(t *testing.T) { storagetest.Interactions(t, always[idp.InteractionStore](NewInteractions(db))) })
		t.Run("Notes", func(t *testing.T) { storagetest.Notes(t, always[idp.NoteStore](NewNotes(db))) })
		t.Run("Images", func(t *testing.T) { storagetest.Images(t, always[idp.ImageStore](NewImages(db))) })
		t.Run("Tallies", func(t *testing.T) {
			storagetest.Tallies(t, func(*testing.T) (idp.TallyStore, storagetest.Durable) { return NewTallies(db), durable(db) })
		})
		t.Run("Changes", func(t *testing.T) { storagetest.Changes(t, always(recorded(db))) })
		t.Run("Throttles", func(t *testing.T) { storagetest.Throttles(t, always[idp.ThrottleStore](NewThrottles(db))) })
	})
}

// TestContractsOfWhatIsWhole runs the suites that want an empty database each time.
func TestContractsOfWhatIsWhole(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			fresh := func(t *testing.T) *DB { return open(t, Options{URL: b.url(t)}) }
			t.Run("Audit", func(t *testing.T) {
				storagetest.Audit(t, func(t *testing.T) idp.AuditStore { return NewAudit(fresh(t)) })
			})
			t.Run("Settings", func(t *testing.T) {
				storagetest.Settings(t, func(t *testing.T) idp.SettingsStore { return NewSettings(fresh(t)) })
			})
		})
	}
}
