// Package migrations holds the schema of each database as numbered pairs of
// files, up and down, for golang-migrate.
//
// It owns the text only; storage/sql runs it. Both folders have the same
// versions, so one number says how old a schema is. A migration must leave the
// previous release able to run, since both run during a deployment.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// Postgres returns the folder of the Postgres schema.
func Postgres() fs.FS { return folder("postgres") }

// SQLite returns the folder of the SQLite schema.
func SQLite() fs.FS { return folder("sqlite") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the names above are valid paths
	}
	return sub
}
