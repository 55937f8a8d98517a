package sqlstore

import "context"

// purgeBatch is small, so that a purge never holds SQLite's one writer for long.
const purgeBatch = 500

// Purge deletes records that have expired, a few hundred at a time, and returns
// how many. Expired records are absent to every reader already; this only frees
// their room, so it may be interrupted and run by several instances at once.
func (db *DB) Purge(ctx context.Context) (int, error) {
	total := 0
	for _, statement := range []string{
		`DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= @now ORDER BY expires_at LIMIT $1)`,
		`DELETE FROM sessions WHERE digest IN (SELECT digest FROM sessions WHERE ends_at <= @now ORDER BY ends_at LIMIT $1)`,
		`DELETE FROM interactions WHERE id IN (SELECT id FROM interactions WHERE expires_at <= @now ORDER BY expires_at LIMIT $1)`,
		`DELETE FROM notes WHERE expires_at <= @now AND key IN (SELECT key FROM notes WHERE expires_at <= @now ORDER BY expires_at LIMIT $1)`,
		// A key may have begun a new window since it was listed.
		`DELETE FROM throttles WHERE expires_at <= @now AND key IN (SELECT key FROM throttles WHERE expires_at <= @now ORDER BY expires_at LIMIT $1)`,
	} {
		for n := int64(purgeBatch); n == purgeBatch; {
			err := aggregate{db, db.dialect.name}.do(ctx, "Purge", func() (err error) {
				n, err = db.write.exec(ctx, statement, purgeBatch)
				return err
			})
			if err != nil {
				return total, err
			}
			total += int(n)
		}
	}
	return total, nil
}
