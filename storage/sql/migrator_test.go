package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"gatehouse/idp"
	"gatehouse/migrations"
)

var migrationName = regexp.MustCompile(`^(\d{6}_[a-z0-9_]+)\.(up|down)\.sql$`)

func TestMigrationsArePairedAndTheSameForBoth(t *testing.T) {
	names := map[string][]string{}
	for folder, files := range map[string]fs.FS{"postgres": migrations.Postgres(), "sqlite": migrations.SQLite()} {
		entries, err := fs.ReadDir(files, ".")
		if err != nil {
			t.Fatal(err)
		}
		ways := map[string]string{}
		for _, e := range entries {
			m := migrationName.FindStringSubmatch(e.Name())
			if m == nil {
				t.Errorf("%s/%s is not named like 000001_words.up.sql", folder, e.Name())
				continue
			}
			ways[m[1]] += m[2]
		}
		for name, has := range ways {
			if has != "downup" { // in the order of the folder
				t.Errorf("%s/%s has %q, want one file up and one down", folder, name, has)
			}
		}
		names[folder] = slices.Sorted(maps.Keys(ways))
	}
	if len(names["sqlite"]) == 0 || !slices.Equal(names["postgres"], names["sqlite"]) {
		t.Errorf("postgres has %q, sqlite %q", names["postgres"], names["sqlite"])
	}
}

func migrator(t testing.TB, url string) *Migrator {
	t.Helper()
	m, err := NewMigrator(url)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *Migrator) is(t testing.TB, version uint) {
	t.Helper()
	got, latest, dirty, err := m.Status(t.Context())
	if err != nil || got != version || dirty || latest == 0 {
		t.Fatalf("version %d of %d, dirty %t, %v; want version %d", got, latest, dirty, err, version)
	}
}

func (m *Migrator) isLatest(t testing.TB) {
	t.Helper()
	_, latest, _, _ := m.Status(t.Context())
	m.is(t, latest)
}

// tables lists what is in the database but the migrator's own table.
func (m *Migrator) tables(t testing.TB) []string {
	t.Helper()
	query := `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'`
	if m.path != "" {
		query = `SELECT name FROM sqlite_schema WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'
			AND name NOT IN ('schema_migrations', 'version_unique')`
	}
	db, err := m.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names := []string{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

func onEachURL(t *testing.T, test func(t *testing.T, url string)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b.url(t))
		})
	}
}

func TestMigratorUpAndDown(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		m, ctx := migrator(t, url), t.Context()
		m.is(t, 0)
		if _, err := os.Stat(m.path); m.path != "" && !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("asking for the version made the file: %v", err)
		}
		_, latest, _, _ := m.Status(ctx)
		for range 2 { // and again: nothing to do
			if err := m.Up(ctx); err != nil {
				t.Fatal(err)
			}
			m.is(t, latest)
		}
		if err := m.Down(ctx, 1); err != nil {
			t.Fatal(err)
		}
		m.is(t, latest-1)
		if err := m.Up(ctx); err != nil {
			t.Fatal(err)
		}
		for range 2 { // more steps than there are, and none left
			if err := m.Down(ctx, 1000); err != nil {
				t.Fatal(err)
			}
			m.is(t, 0)
		}
		if left := m.tables(t); len(left) > 0 {
			t.Errorf("the way down leaves %q", left)
		}
	})
}

func TestMigratorKeepsANewerSchema(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		m := migrator(t, url)
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.setVersion(t, 900, false)
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.is(t, 900)
	})
}

func TestMigratorRefusesADirtySchema(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		m := migrator(t, url)
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.setVersion(t, 1, true)
		if _, _, dirty, err := m.Status(t.Context()); err != nil || !dirty {
			t.Errorf("dirty = %t, %v", dirty, err)
		}
		if err := m.Up(t.Context()); err == nil {
			t.Error("it went on with a dirty schema")
		}
	})
}

func (m *Migrator) setVersion(t *testing.T, version int, dirty bool) {
	t.Helper()
	db, err := m.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE schema_migrations SET version = $1, dirty = $2`, version, dirty); err != nil {
		t.Fatal(err)
	}
}

func TestMigrationIsWholeOrNotAtAll(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		m := migrator(t, url)
		m.files = fstest.MapFS{
			"000001_good.up.sql":   {Data: []byte(`CREATE TABLE good (x integer)`)},
			"000001_good.down.sql": {Data: []byte(`DROP TABLE good;`)},
			"000002_bad.up.sql":    {Data: []byte("CREATE TABLE half (x integer);\nINSERT INTO absent VALUES (1); -- fails")},
			"000002_bad.down.sql":  {Data: []byte(`DROP TABLE half;`)},
		}
		for range 2 {
			if err := m.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "absent") {
				t.Fatalf("the bad migration gives %v", err)
			}
			m.is(t, 1)
		}
		if got := m.tables(t); !slices.Equal(got, []string{"good"}) {
			t.Errorf("tables are %q", got)
		}
	})
}

func TestMigratorsAtTheSameMoment(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 8 {
			m := migrator(t, url)
			wg.Go(func() {
				if err := m.Up(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		migrator(t, url).isLatest(t)
	})
}

func TestMigratorFailures(t *testing.T) {
	t.Run("bad URL", func(t *testing.T) {
		if _, err := NewMigrator("mysql://root:secret@db/x"); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		m := migrator(t, "postgres://x:secret@127.0.0.1:1/db?sslmode=disable")
		if err := m.Up(t.Context()); !errors.Is(err, idp.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Up: %v", err)
		}
		if err := m.Down(t.Context(), 1); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("Down: %v", err)
		}
	})
	t.Run("not a database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		m := migrator(t, "sqlite:"+path)
		if _, _, _, err := m.Status(t.Context()); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("Status: %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := migrator(t, backends[0].url(t))
		if err := m.Up(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Up: %v", err)
		}
		m.is(t, 0)
	})
	t.Run("another process migrates", func(t *testing.T) {
		m := migrator(t, backends[0].url(t))
		unlock, err := m.lockFile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), waitAWhile)
		defer cancel()
		if err := m.Up(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Up while the lock is held: %v", err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		if err := m.Up(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSchemaIsStrict(t *testing.T) {
	// A column that takes anything hides a mistake until it is read.
	db := open(t, Options{URL: backends[0].url(t)})
	rows, err := db.read.db.QueryContext(t.Context(), `SELECT name FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_migrations' AND strict = 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name sql.RawBytes
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("table %s is not STRICT", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
