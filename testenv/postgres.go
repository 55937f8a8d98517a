package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"
)

// PostgresURLVariable names a server to use instead of a started one. Its user must be allowed to create databases.
const PostgresURLVariable = "TEST_DATABASE_URL"

// shared is the one server of the test process. A test binary has no other
// place that all of its tests share.
var shared struct {
	once   sync.Once
	server *pgServer
	err    error
	count  atomic.Int64
}

// Postgres returns the URL of a fresh, empty database, dropped when the test ends.
func Postgres(tb testing.TB) (databaseURL string) {
	tb.Helper()
	if base := os.Getenv(PostgresURLVariable); base != "" {
		return freshDatabase(tb, base)
	}
	bins := findPostgres(tb)
	shared.once.Do(func() {
		dir, err := processDir("gh-pg-")
		if err == nil {
			shared.server, err = newPgServer(bins, dir)
		}
		if err == nil {
			err = shared.server.start()
		}
		shared.err = err
	})
	if shared.err != nil {
		tb.Fatalf("start postgres: %v", shared.err)
	}
	return freshDatabase(tb, shared.server.url())
}

// freshDatabase creates a database on the server that base names.
func freshDatabase(tb testing.TB, base string) string {
	tb.Helper()
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatalf("%s: not a URL", PostgresURLVariable)
	}
	name := fmt.Sprintf("gh_test_%d_%d", os.Getpid(), shared.count.Add(1))
	if err := onServer(tb.Context(), base, "CREATE DATABASE "+pq.QuoteIdentifier(name)); err != nil {
		tb.Fatalf("create a database: %v", err)
	}
	tb.Cleanup(func() {
		// The server may be gone already; its folder goes with the process.
		_ = onServer(context.Background(), base, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
	})
	u.Path = "/" + name
	return u.String()
}

func onServer(ctx context.Context, serverURL, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	db, err := sql.Open("postgres", serverURL)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
