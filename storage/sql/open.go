package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"
)

// Options say which database to open.
type Options struct {
	// URL is "postgres://…", "postgresql://…" or "sqlite:PATH".
	URL string
	// MaxConns bounds the connections to Postgres; 0 means 4 for each CPU, at least 10.
	MaxConns int
	// Observe is told of every call: which store ("users", "grants", …), which
	// method, how long it took and its error. May be nil.
	Observe func(store, op string, d time.Duration, err error)

	// wrap lets the tests count what goes over the wire.
	wrap func(driver.Connector) driver.Connector
}

// Open opens the database and waits for its first answer. The schema must be up
// to date (see Migrator). An error never repeats the URL, which may hold a password.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.wrap == nil {
		o.wrap = func(c driver.Connector) driver.Connector { return c }
	}
	var db *DB
	var err error
	if path, ok := sqlitePath(o.URL); ok {
		db, err = openSQLite(ctx, path, o)
	} else {
		db, err = openPostgres(o)
	}
	if err != nil {
		return nil, err
	}
	db.observe = o.Observe
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openPostgres(o Options) (*DB, error) {
	connector, err := postgresConnector(o.URL, func(c *pq.Config) {
		// One round trip for a statement with parameters that is not prepared.
		c.BinaryParameters = true
	})
	if err != nil {
		return nil, err
	}
	connector.Dialer(patientDialer{limit: answerLimit})
	size := o.MaxConns
	if size <= 0 {
		size = max(10, 4*runtime.GOMAXPROCS(0))
	}
	// Connections stay open: making one costs more than a hundred statements.
	// Statements are prepared on them, so a pooler in front must keep sessions
	// or know prepared statements (PgBouncer 1.21 with max_prepared_statements).
	db := sql.OpenDB(o.wrap(connector))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(5 * time.Minute)
	d := postgresDialect()
	p := &pool{db: db, dialect: d}
	return &DB{dialect: d, write: p, read: p}, nil
}

// postgresConnector makes connections as the URL says, with changes on top.
func postgresConnector(databaseURL string, change func(*pq.Config)) (*pq.Connector, error) {
	if !strings.HasPrefix(databaseURL, "postgres://") && !strings.HasPrefix(databaseURL, "postgresql://") {
		return nil, errors.New("the database URL begins neither with postgres:// (or postgresql://) nor with sqlite: as it must")
	}
	config, err := pq.NewConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the database URL is not valid") // the cause may quote the password
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if config.FallbackApplicationName == "" {
		config.FallbackApplicationName = "gatehouse"
	}
	change(&config)
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errors.New("the database URL is not valid")
	}
	return connector, nil
}

// answerLimit is how long a verb waits for a Postgres that has stopped answering
// but not hung up. No statement of ours takes a tenth of it.
const answerLimit = 15 * time.Second

// patientDialer makes connections whose reads give up after a limit: without it
// a lost network leaves every request hanging. pq dials with a context; the
// other two methods complete its interface.
type patientDialer struct{ limit time.Duration }

// Dial implements pq.Dialer.
func (d patientDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d patientDialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext.
func (d patientDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return patientConn{c, d.limit}, nil
}

type patientConn struct {
	net.Conn
	limit time.Duration
}

func (c patientConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// sqlitePath returns the file that a sqlite: URL names.
func sqlitePath(databaseURL string) (path string, ok bool) {
	path, ok = strings.CutPrefix(databaseURL, "sqlite:")
	return strings.TrimPrefix(path, "//"), ok
}

// sqliteWriter are the writer's parameters. Statements of many rows keep what
// would undo them in memory, not in a file, and 8 MB of pages at hand.
const sqliteWriter = "_txlock=immediate&_journal_mode=WAL&_pragma=temp_store(memory)&_pragma=cache_size(-8000)"

func openSQLite(ctx context.Context, path string, o Options) (*DB, error) {
	if err := makeSQLiteFile(path); err != nil {
		return nil, err
	}
	write, err := sqlitePool(path, o, sqliteWriter, 1)
	if err != nil {
		return nil, err
	}
	read, err := sqlitePool(path, o, "_query_only=1", max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, write.db.Close())
	}
	db := &DB{dialect: write.dialect, write: write, read: read}
	// The writer goes first: it turns the log on, which readers must find in place.
	if err := write.db.PingContext(ctx); err != nil {
		return nil, errors.Join(db.named(ctx, err), db.Close())
	}
	return db, nil
}

// makeSQLiteFile makes sure of the file: the database holds password digests,
// so nobody else may read it. SQLite gives its side files the same mode.
func makeSQLiteFile(path string) error {
	if path == "" || path == ":memory:" {
		return errors.New("the database URL must name a file, as in sqlite:data/gatehouse.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { //nolint:gosec // the operator names it
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteURI names the file so that no character of its path has a meaning.
func sqliteURI(path, parameters string) string {
	// An acknowledged write survives the end of the process: it is in the log
	// file, written through the kernel. NORMAL spares the disk flush that only
	// a power cut needs.
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_busy_timeout=5000&_foreign_keys=1&_synchronous=NORMAL&_dqs=0&" + parameters
}

func sqlitePool(path string, o Options, parameters string, size int) (*pool, error) {
	connector, err := sqlite.NewConnector(sqliteURI(path, parameters))
	if err != nil {
		return nil, errors.New("the database URL is not valid")
	}
	db := sql.OpenDB(o.wrap(connector))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return &pool{db: db, dialect: sqliteDialect()}, nil
}
