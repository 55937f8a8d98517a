package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/database/postgres"
	migratesqlite "github.com/golang-migrate/migrate/v4/database/sqlite"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/lib/pq"

	"gatehouse/idp"
	"gatehouse/migrations"
)

// lockPatience is how long a migration waits for another one to end.
const lockPatience = time.Minute

// Migrator brings the schema of one database up and down. Each call opens a
// connection of its own and closes it: golang-migrate closes what it is given.
// Of several processes one migrates and the others wait for it: on an advisory
// lock in Postgres, on a lock file beside the database of SQLite.
type Migrator struct {
	path    string // of the SQLite file, "" for Postgres
	files   fs.FS
	connect func() (*sql.DB, error)
	driver  func(*sql.DB) (database.Driver, error)
}

// NewMigrator returns the migrator of the database that the URL names. It connects to nothing yet.
func NewMigrator(databaseURL string) (*Migrator, error) {
	if path, ok := sqlitePath(databaseURL); ok {
		return &Migrator{
			path:  path,
			files: migrations.SQLite(),
			connect: func() (*sql.DB, error) {
				return sql.Open("sqlite", sqliteURI(path, "_txlock=immediate&_journal_mode=WAL"))
			},
			driver: func(db *sql.DB) (database.Driver, error) {
				return migratesqlite.WithInstance(db, &migratesqlite.Config{})
			},
		}, nil
	}
	connector, err := postgresConnector(databaseURL, func(c *pq.Config) {
		// Bounds the wait for the advisory lock, and for tables in use.
		c.Runtime = map[string]string{"lock_timeout": fmt.Sprint(lockPatience.Milliseconds())}
	})
	if err != nil {
		return nil, err
	}
	return &Migrator{
		files:   migrations.Postgres(),
		connect: func() (*sql.DB, error) { return sql.OpenDB(connector), nil },
		driver: func(db *sql.DB) (database.Driver, error) {
			return postgres.WithInstance(db, &postgres.Config{})
		},
	}, nil
}

// Up runs every migration that has not been run. A schema newer than this
// program stays as it is.
func (m *Migrator) Up(ctx context.Context) error {
	version, latest, dirty, err := m.Status(ctx)
	if err != nil || version >= latest && !dirty {
		return err
	}
	return m.run(ctx, (*migrate.Migrate).Up)
}

// Down takes back the last steps migrations, or as many as there are.
func (m *Migrator) Down(ctx context.Context, steps int) error {
	version, _, _, err := m.Status(ctx)
	if err != nil || version == 0 || steps <= 0 {
		return err
	}
	return m.run(ctx, func(g *migrate.Migrate) error { return g.Steps(-steps) })
}

func (m *Migrator) run(ctx context.Context, move func(*migrate.Migrate) error) (err error) {
	unlock, err := m.lockFile(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	db, err := m.connect()
	if err != nil {
		return err
	}
	defer db.Close() // again, when all went well
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", idp.ErrUnavailable, err)
	}
	driver, err := m.driver(db)
	if err != nil {
		return fmt.Errorf("prepare the migration: %w", err)
	}
	files, err := iofs.New(m.files, ".")
	if err != nil {
		return err
	}
	g, err := migrate.NewWithInstance("iofs", files, "database", &atomicDriver{Driver: driver})
	if err != nil {
		return err
	}
	g.LockTimeout = lockPatience
	defer context.AfterFunc(ctx, func() { g.GracefulStop <- true })()
	moveErr := move(g)
	var short migrate.ErrShortLimit
	if errors.Is(moveErr, migrate.ErrNoChange) || errors.As(moveErr, &short) {
		moveErr = nil
	}
	fromFiles, fromDriver := g.Close()
	return errors.Join(moveErr, ctx.Err(), fromFiles, fromDriver)
}

// atomicDriver writes the schema's version in the same transaction as the
// migration. golang-migrate writes it before, marked dirty, and again after: a
// process that is killed between the two would leave a database that no
// program opens, although the transaction was rolled back. Each file therefore
// holds only statements that may run in a transaction.
type atomicDriver struct {
	database.Driver
	target int
}

func (d *atomicDriver) SetVersion(version int, dirty bool) error {
	if dirty {
		d.target = version // Run follows
		return nil
	}
	return d.Driver.SetVersion(version, false)
}

func (d *atomicDriver) Run(migration io.Reader) error {
	record := ";\nDELETE FROM schema_migrations;"
	if d.target >= 0 { // below: nothing is left of the schema
		record += fmt.Sprintf("\nINSERT INTO schema_migrations (version, dirty) VALUES (%d, false);", d.target)
	}
	return d.Driver.Run(io.MultiReader(migration, strings.NewReader(record)))
}

// lockFile waits for the lock beside the SQLite file: golang-migrate's own lock
// of SQLite holds within one process only.
func (m *Migrator) lockFile(ctx context.Context) (unlock func() error, err error) {
	if m.path == "" {
		return func() error { return nil }, nil
	}
	if err := makeSQLiteFile(m.path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock := flock.New(m.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another migration: %w", err)
	}
	return lock.Unlock, nil
}

// Status returns the schema's version (0 when nothing has been run), the latest
// one that this program has, and whether a migration broke off half-way. It
// changes nothing and does not create the database.
func (m *Migrator) Status(ctx context.Context) (version, latest uint, dirty bool, err error) {
	if latest, err = m.latest(); err != nil {
		return 0, 0, false, err
	}
	if m.path != "" {
		if _, err := os.Stat(m.path); errors.Is(err, fs.ErrNotExist) { //nolint:gosec // the operator names it
			return 0, latest, false, nil
		}
	}
	db, err := m.connect()
	if err != nil {
		return 0, latest, false, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `SELECT version, dirty FROM schema_migrations LIMIT 1`).Scan(&version, &dirty)
	var e *pq.Error
	switch {
	case err == nil:
		return version, latest, dirty, nil
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &e) && e.SQLState() == "42P01" /* no such table */, m.path != "" && noTable(err):
		return 0, latest, false, nil
	}
	return 0, latest, false, fmt.Errorf("read the schema's version: %w: %w", idp.ErrUnavailable, err)
}

func (m *Migrator) latest() (uint, error) {
	names, err := fs.Glob(m.files, "*.up.sql")
	if err != nil {
		return 0, err
	}
	var latest uint
	for _, name := range names {
		parsed, err := source.Parse(name)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		latest = max(latest, parsed.Version)
	}
	return latest, nil
}
