package sqlstore

import (
	"strconv"
	"strings"
	"time"
)

// dialect holds what differs between the databases.
type dialect struct {
	name string // "postgres" or "sqlite", the label of its metrics
	// words replaces the words that begin with @ in a statement.
	words *strings.Replacer
	// time and duration turn values into parameters.
	time     func(time.Time) any
	duration func(time.Duration) any
	// explain says what a driver's error means.
	explain func(error) fault
	// contains is the condition that a column holds a text, and part what is passed for the text.
	contains string
	// along is what makes a list be read along an index; "" where the planner knows better.
	along string
	part  func(text string) any
}

func postgresDialect() dialect {
	return dialect{
		name: "postgres",
		words: strings.NewReplacer(
			"@now", "now()",
			"@clock", "clock_timestamp()", // within a transaction it goes on
			"@never", "timestamptz '1970-01-01 00:00:00+00'",
			"@least", "least",
			"@roles", "jsonb_agg(jsonb_build_array(r.name, r.permission))",
			"@denied_with", "denied || to_jsonb($2::text)",
			"@denied_has", "denied ? $2",
		),
		time: func(t time.Time) any { return t },
		duration: func(d time.Duration) any {
			return strconv.FormatInt(d.Microseconds(), 10) + " microseconds"
		},
		explain:  explainPostgres,
		contains: "%s LIKE ?", // what a trigram index knows
		part: func(text string) any {
			return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
		},
	}
}

// sqliteClock is the time in microseconds; the clock gives milliseconds as a fraction.
const sqliteClock = "(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)"

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite",
		words: strings.NewReplacer(
			"@now", sqliteClock,
			"@clock", sqliteClock,
			"@never", "0",
			"@least", "min",
			"@roles", "json_group_array(json_array(r.name, r.permission))",
			"@denied_with", "json_insert(denied, '$[#]', $2)",
			"@denied_has", "EXISTS (SELECT 1 FROM json_each(denied) WHERE value = $2)",
		),
		time:     func(t time.Time) any { return t.UnixMicro() },
		duration: func(d time.Duration) any { return d.Microseconds() },
		explain:  explainSQLite,
		contains: "instr(%s, ?) > 0",
		along:    " INDEXED BY ",
		part:     func(text string) any { return text },
	}
}
