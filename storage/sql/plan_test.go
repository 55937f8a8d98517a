package sqlstore

import (
	"fmt"
	"strings"
	"testing"
)

// asBig makes the planner go the way of big tables: small ones are read whole
// whatever indexes there are, so Postgres is denied ways. It returns what explains
// a statement, and what in a plan tells of a whole table and of sorting.
func asBig(t *testing.T, db *DB, denied ...string) (explain, scan, sorting string) {
	t.Helper()
	if db.Name() == "sqlite" {
		return "EXPLAIN QUERY PLAN ", "SCAN ", "USE TEMP B-TREE"
	}
	for _, way := range append(denied, "enable_seqscan") {
		_, err := db.write.db.ExecContext(t.Context(), "ALTER DATABASE "+currentDatabase(t, db)+" SET "+way+" = off")
		noError(t, err)
	}
	db.write.db.SetMaxIdleConns(0) // connect again
	return "EXPLAIN ", "Seq Scan", "Sort"
}

const someUUID = "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"

// TestHotStatementsUseAnIndex: what every request asks must not grow with the tables.
func TestHotStatementsUseAnIndex(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		explain, scan, _ := asBig(t, db)
		for _, query := range []string{
			`SELECT 1 FROM users u WHERE u.id = ` + someUUID,
			`SELECT 1 FROM users u WHERE u.username = 'x' OR (u.email = 'x' AND u.email <> '') ORDER BY CASE WHEN u.username = 'x' THEN 0 ELSE 1 END LIMIT 1`,
			`SELECT 1 FROM grants WHERE id = 'x' AND expires_at > @now`,
			`SELECT 1 FROM grants WHERE user_id = 'x' AND user_id <> '' AND expires_at > @now`,
			`DELETE FROM grants WHERE session_id = 'x' AND session_id <> '' AND (NOT offline OR state = 'code')`,
			`SELECT 1 FROM sessions WHERE digest = 'x' AND ends_at > @now`,
			`SELECT 1 FROM sessions WHERE user_id = 'x' AND ends_at > @now`,
			`SELECT count(*) FROM sessions WHERE ends_at > @now`,
			`SELECT id FROM grants WHERE expires_at <= @now ORDER BY expires_at LIMIT 500`,
			`SELECT digest FROM sessions WHERE ends_at <= @now ORDER BY ends_at LIMIT 500`,
			`SELECT key FROM notes WHERE expires_at <= @now ORDER BY expires_at LIMIT 500`,
			`SELECT 1 FROM consents WHERE user_id = ` + someUUID + ` AND client_id = 'x'`,
			`DELETE FROM consents WHERE client_id = 'x'`,
			`SELECT 1 FROM user_roles WHERE role_id = ` + someUUID,
			`SELECT id FROM users WHERE delete_at <= @now ORDER BY delete_at LIMIT 10`,
			`SELECT 1 FROM audit WHERE seq > 5 ORDER BY seq LIMIT 10`,
			`SELECT 1 FROM tallies WHERE hour >= @now AND hour < @now ORDER BY hour, kind, label`,
		} {
			plan := planOf(t, db, explain+query)
			if strings.Contains(plan, scan) || plan == "" {
				t.Errorf("%s\nis answered by reading the whole table:\n%s", query, plan)
			}
		}
	})
}

// TestListsPageByAnIndex holds the plans of the lists to an index in the order
// that is asked for: at the beginning and deep inside, forth and back.
func TestListsPageByAnIndex(t *testing.T) {
	type list struct{ table, value, id, where, someValue, someID string }
	lists := []list{
		{"sessions", "ends_at", "id", "ends_at > @now", "@now", "'x'"},
		{"grants", "expires_at", "id", "expires_at > @now AND user_id <> ''", "@now", "'x'"},
		{"grants", "expires_at", "id", "user_id <> '' AND client_id = 'x'", "@now", "'x'"},
		{"audit", "time", "seq", "seq > 0", "@now", "7"},
		{"audit", "time", "seq", "actor_id <> '' AND actor_id = 'x'", "@now", "7"},
		{"audit", "time", "seq", "target_id <> '' AND target_id = 'x'", "@now", "7"},
		{"audit", "time", "seq", "client_id <> '' AND client_id = 'x'", "@now", "7"},
		{"audit", "time", "seq", "action = 'x'", "@now", "7"},
		{"audit", "time", "seq", "result = 'refused'", "@now", "7"},
	}
	add := func(table, id, someID string, orders []order) {
		for _, o := range orders {
			l := list{table, o.column, id, id + " <> " + someID, "'x'", someID}
			if o.time {
				l.someValue = "@now"
			}
			lists = append(lists, l)
		}
	}
	add("users u", "u.id", someUUID, userOrders)
	add("clients", "clients.id", "'x'", clientOrders)
	onEach(t, func(t *testing.T, db *DB) {
		explain, scan, sorting := asBig(t, db, "enable_bitmapscan", "enable_sort")
		for _, l := range lists {
			for _, direction := range []string{"ASC", "DESC"} {
				for _, beside := range []string{"true", "(" + l.value + ", " + l.id + ") > (" + l.someValue + ", " + l.someID + ")"} {
					if direction == "DESC" {
						beside = strings.Replace(beside, ") > (", ") < (", 1)
					}
					query := fmt.Sprintf(`SELECT 1 FROM %s WHERE %s AND %s ORDER BY %s %s, %s %[5]s LIMIT 51`, l.table, l.where, beside, l.value, direction, l.id)
					// Few of one value may be put in order.
					plan := strings.ReplaceAll(planOf(t, db, explain+query), "Incremental Sort", "")
					plan = strings.ReplaceAll(plan, "Sort Key", "")
					whole := strings.Contains(plan, scan) && !strings.Contains(plan, "USING ") // along an index is as asked
					if whole || strings.Contains(plan, sorting) || plan == "" {
						t.Errorf("%s\nis answered by reading the whole table, or sorting:\n%s", query, plan)
					}
				}
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
