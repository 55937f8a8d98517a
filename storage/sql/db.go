package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"gatehouse/idp"
)

// DB is an open database. The stores over it (Users, Roles, …) share it.
type DB struct {
	dialect dialect
	write   *pool
	read    *pool // the same as write but in SQLite
	observe func(store, op string, d time.Duration, err error)
}

// Name returns "postgres" or "sqlite".
func (db *DB) Name() string { return db.dialect.name }

// Ping asks the database for an answer; an error matches idp.ErrUnavailable.
func (db *DB) Ping(ctx context.Context) error {
	return aggregate{db, db.dialect.name}.do(ctx, "Ping", func() error {
		var one int
		return first(ctx, db.read, into(&one), "SELECT 1")
	})
}

// Close closes the connections.
func (db *DB) Close() error {
	err := db.write.db.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.db.Close())
	}
	return err
}

// Stats returns the state of the connection pools by name: "postgres", or
// "sqlite_read" and "sqlite_write".
func (db *DB) Stats() map[string]sql.DBStats {
	if db.read == db.write {
		return map[string]sql.DBStats{db.dialect.name: db.write.db.Stats()}
	}
	return map[string]sql.DBStats{
		db.dialect.name + "_read":  db.read.db.Stats(),
		db.dialect.name + "_write": db.write.db.Stats(),
	}
}

// aggregate is the database as one of the stores over it uses it.
type aggregate struct {
	*DB
	store string // for metrics: "users", "grants", …
}

// maxTries bounds how often a verb that lost a race starts again.
const maxTries = 5

// do runs one verb: it repeats what lost a race, times it and names its error.
func (a aggregate) do(ctx context.Context, op string, verb func() error) error {
	begin := time.Now()
	err := verb()
	for try := 1; try < maxTries && err != nil && a.dialect.explain(err) == faultRace && ctx.Err() == nil; try++ {
		// The database lets one of the racers through, so a short wait is enough.
		time.Sleep(time.Duration(try) * 2 * time.Millisecond)
		err = verb()
	}
	err = a.named(ctx, err)
	if a.observe != nil {
		a.observe(a.store, op, time.Since(begin), err)
	}
	return err
}

// change runs one statement that changes rows; idp.ErrNotFound when it changes none.
func (a aggregate) change(ctx context.Context, op, query string, args ...any) error {
	return a.do(ctx, op, func() error {
		n, err := a.write.exec(ctx, query, args...)
		if err == nil && n == 0 {
			return idp.ErrNotFound
		}
		return err
	})
}

// transact runs a verb that is one transaction.
func (a aggregate) transact(ctx context.Context, op string, work func(tx runner) error) error {
	return a.do(ctx, op, func() error { return a.write.transact(ctx, work) })
}

// runner runs statements, in a transaction or out of one.
type runner interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	// exec returns how many rows changed.
	exec(ctx context.Context, text string, args ...any) (int64, error)
}

// pool runs statements on the connections of one sql.DB. Each statement is
// prepared once for each connection, so that it costs one round trip and no parsing.
type pool struct {
	db       *sql.DB
	dialect  dialect
	prepared sync.Map // statement as written → *sql.Stmt
}

func (p *pool) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := p.prepared.Load(text); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := p.db.PrepareContext(ctx, p.dialect.words.Replace(text))
	if err != nil {
		return nil, err
	}
	if earlier, ok := p.prepared.LoadOrStore(text, s); ok {
		_ = s.Close() //nolint:sqlclosecheck // only the one that is not kept
		return earlier.(*sql.Stmt), nil
	}
	return s, nil
}

func (p *pool) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.prepare(ctx, text) //nolint:sqlclosecheck // lives as long as the pool
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *pool) exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, err := p.prepare(ctx, text) //nolint:sqlclosecheck // lives as long as the pool
	if err != nil {
		return 0, err
	}
	return affected(s.ExecContext(ctx, args...))
}

// transact runs work in a transaction and commits it unless work fails.
func (p *pool) transact(ctx context.Context, work func(runner) error) error {
	t, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() //nolint:errcheck // does nothing after the commit
	if err := work(unprepared{t, p.dialect}); err != nil {
		return err
	}
	return t.Commit()
}

// unprepared runs statements without preparing them. In a transaction the
// connection is taken, and SQLite's writer pool has no other to prepare them on;
// a list has many forms, and Postgres plans each best when it sees the values.
type unprepared struct {
	on interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	}
	dialect dialect
}

func (u unprepared) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return u.on.QueryContext(ctx, u.dialect.words.Replace(text), args...)
}

func (u unprepared) exec(ctx context.Context, text string, args ...any) (int64, error) {
	return affected(u.on.ExecContext(ctx, u.dialect.words.Replace(text), args...))
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// scanner reads the columns of the current row.
type scanner func(scan func(dest ...any) error) error

// into scans a row into the destinations.
func into(dest ...any) scanner {
	return func(scan func(...any) error) error { return scan(dest...) }
}

// first runs a statement that gives at most one row; idp.ErrNotFound when it gives none.
func first(ctx context.Context, r runner, read scanner, text string, args ...any) error {
	n, err := each(ctx, r, read, text, args...)
	if err == nil && n == 0 {
		return idp.ErrNotFound
	}
	return err
}

// each runs a statement and reads every row. It always goes on to the end: a
// statement that changes and returns rows may still fail after the first one.
func each(ctx context.Context, r runner, read scanner, text string, args ...any) (n int, err error) {
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}
