package sqlstore

import (
	"fmt"
	"strings"
	"testing"
)

// TestHotStatementsUseAnIndex: what every request asks must not grow with the tables.
func TestHotStatementsUseAnIndex(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		explain, scan := "EXPLAIN QUERY PLAN ", "SCAN "
		if db.Name() == "postgres" {
			explain, scan = "EXPLAIN ", "Seq Scan"
			// Small tables are read whole whatever indexes there are; this asks for the way of big ones.
			if _, err := db.write.db.ExecContext(t.Context(), "ALTER DATABASE "+currentDatabase(t, db)+" SET enable_seqscan = off"); err != nil {
				t.Fatal(err)
			}
			db.write.db.SetMaxIdleConns(0) // connect again
		}
		const id = "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"
		for _, query := range []string{
			`SELECT 1 FROM users u WHERE u.id = ` + id,
			`SELECT 1 FROM users u WHERE u.username = 'x' OR (u.email = 'x' AND u.email <> '') ORDER BY CASE WHEN u.username = 'x' THEN 0 ELSE 1 END LIMIT 1`,
			`SELECT 1 FROM grants WHERE id = 'x' AND expires_at > @now`,
			`SELECT 1 FROM grants WHERE user_id = 'x' AND user_id <> '' AND expires_at > @now`,
			`DELETE FROM grants WHERE session_id = 'x' AND session_id <> '' AND (NOT offline OR state = 'code')`,
			`SELECT 1 FROM sessions WHERE digest = 'x' AND ends_at > @now`,
			`SELECT 1 FROM sessions WHERE user_id = 'x' AND ends_at > @now`,
			`SELECT id FROM grants WHERE expires_at <= @now ORDER BY expires_at LIMIT 500`,
			`SELECT digest FROM sessions WHERE ends_at <= @now ORDER BY ends_at LIMIT 500`,
			`SELECT 1 FROM consents WHERE user_id = ` + id + ` AND client_id = 'x'`,
			`DELETE FROM consents WHERE client_id = 'x'`,
			`SELECT 1 FROM user_roles WHERE role_id = ` + id,
		} {
			plan := planOf(t, db, explain+query)
			if strings.Contains(plan, scan) || plan == "" {
				t.Errorf("%s\nis answered by reading the whole table:\n%s", query, plan)
			}
		}
	})
}

// planOf returns the last column of every line that explains the statement.
func planOf(t *testing.T, db *DB, explained string) string {
	t.Helper()
	rows, err := db.write.db.QueryContext(t.Context(), db.dialect.words.Replace(explained))
	noError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	noError(t, err)
	var plan strings.Builder
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(any)
		}
		noError(t, rows.Scan(line...))
		fmt.Fprintln(&plan, *line[len(line)-1].(*any))
	}
	noError(t, rows.Err())
	return plan.String()
}

func currentDatabase(t *testing.T, db *DB) string {
	t.Helper()
	var name string
	noError(t, first(t.Context(), db.read, into(&name), `SELECT current_database()`))
	return name
}
