package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse/idp"
)

// fault is what a driver's error means to a store.
type fault int

const (
	faultOther      fault = iota // the database failed
	faultUnique                  // a value that must be unique is taken
	faultForeignKey              // a row that is pointed to is missing, or one that points here is left
	faultRace                    // two transactions got in each other's way; try again
)

// explainPostgres reads SQLSTATE codes (PostgreSQL manual, appendix A).
func explainPostgres(err error) fault {
	var e *pq.Error
	if !errors.As(err, &e) {
		return faultOther
	}
	switch e.SQLState() {
	case "23505":
		return faultUnique
	case "23503", "23001":
		return faultForeignKey
	case "40001", "40P01": // serialization failure, deadlock
		return faultRace
	}
	return faultOther
}

func explainSQLite(err error) fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return faultOther
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return faultUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return faultForeignKey // ON DELETE RESTRICT comes as TRIGGER
	}
	return faultOther
}

// named turns the error of a verb into one of the vocabulary. An error that is
// of it already stays as it is; whatever is left means that the database failed.
func (db *DB) named(ctx context.Context, err error) error {
	var conflict *idp.ConflictError
	var invalid *idp.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, idp.ErrNotFound), errors.Is(err, idp.ErrStale), errors.Is(err, idp.ErrReplayed),
		errors.Is(err, idp.ErrLastAdmin), errors.As(err, &conflict), errors.As(err, &invalid):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%w: %w", context.Canceled, err)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w: %w", idp.ErrUnavailable, ctx.Err(), err)
	case db.dialect.explain(err) == faultUnique:
		return &idp.ConflictError{Field: takenField(err)}
	}
	return fmt.Errorf("%s: %w: %w", db.dialect.name, idp.ErrUnavailable, err)
}

// uniqueFields names the member behind each unique constraint, by the
// constraint's name in Postgres and by the columns in SQLite.
var uniqueFields = []struct{ postgres, sqlite, field string }{
	{"users_username_key", "users.username", "username"},
	{"users_email_key", "users.email", "email"},
	{"users_pkey", "users.id", "id"},
	{"roles_name_key", "roles.name", "name"},
	{"roles_pkey", "roles.id", "id"},
	{"clients_pkey", "clients.id", "client_id"},
	{"signing_keys_predecessor_key", "signing_keys.alg, signing_keys.predecessor", "predecessor"},
	{"signing_keys_pkey", "signing_keys.kid", "kid"},
}

func takenField(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		for _, u := range uniqueFields {
			if e.Constraint == u.postgres {
				return u.field
			}
		}
		return "id"
	}
	// SQLite has the columns in the message alone: "… UNIQUE constraint failed: users.email (2067)".
	_, columns, _ := strings.Cut(err.Error(), "constraint failed: ")
	for _, u := range uniqueFields {
		if strings.Contains(columns, u.sqlite+" (") {
			return u.field
		}
	}
	return "id"
}

// noTable reports whether SQLite misses a table; it has no code of its own for that.
func noTable(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_ERROR && strings.Contains(err.Error(), "no such table")
}
