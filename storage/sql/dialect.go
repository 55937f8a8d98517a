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
}

func postgresDialect() dialect {
	return dialect{
		name: "postgres",
		words: strings.NewReplacer(
			"@now", "now()",
			"@least", "least",
			"@names", "jsonb_agg(r.name)",
			"@denied_with", "denied || to_jsonb($2::text)",
			"@denied_has", "denied ? $2",
		),
		time: func(t time.Time) any { return t },
		duration: func(d time.Duration) any {
			return strconv.FormatInt(d.Microseconds(), 10) + " microseconds"
		},
		explain: explainPostgres,
	}
}

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite",
		words: strings.NewReplacer(
			// The clock gives milliseconds as a fraction; times are microseconds.
			"@now", "(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)",
			"@least", "min",
			"@names", "json_group_array(r.name)",
			"@denied_with", "json_insert(denied, '$[#]', $2)",
			"@denied_has", "EXISTS (SELECT 1 FROM json_each(denied) WHERE value = $2)",
		),
		time:     func(t time.Time) any { return t.UnixMicro() },
		duration: func(d time.Duration) any { return d.Microseconds() },
		explain:  explainSQLite,
	}
}
