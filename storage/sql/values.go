package sqlstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Times are kept in microseconds, which is what Postgres has. They are cut
// before they are passed: Postgres would round, and a rounded time compares
// unequal to the one it came from.
func (d *dialect) at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return d.time(t.UTC().Truncate(time.Microsecond))
}

func (d *dialect) atPtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return d.at(*t)
}

// lasting passes a length of time, NULL for none.
func (d *dialect) lasting(l time.Duration) any {
	if l <= 0 {
		return nil
	}
	return d.duration(l)
}

// timeTo scans a time from either database; NULL is the zero time.
type timeTo struct{ dst *time.Time }

func (t timeTo) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.dst = time.Time{}
	case time.Time:
		*t.dst = v.UTC()
	case int64:
		*t.dst = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time came as %T", src)
	}
	return nil
}

// timePtrTo scans a time that may be NULL.
type timePtrTo struct{ dst **time.Time }

func (t timePtrTo) Scan(src any) error {
	*t.dst = nil
	if src == nil {
		return nil
	}
	*t.dst = new(time.Time)
	return timeTo{*t.dst}.Scan(src)
}

// jsonTo scans a JSON value; NULL changes nothing.
type jsonTo struct{ dst any }

func (j jsonTo) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), j.dst)
	case []byte:
		return json.Unmarshal(v, j.dst)
	}
	return fmt.Errorf("JSON came as %T", src)
}

// asJSON passes a value as JSON text. What is passed here always marshals: it
// is made of strings, numbers, times and lists of them.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// asList passes a list of strings as JSON, never as null.
func asList(list []string) string {
	if list == nil {
		return "[]"
	}
	return asJSON(list)
}

// storable reports whether a text can be in a database: Postgres refuses NUL and
// invalid UTF-8, so a value with either is not found anywhere.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// clean makes a text that strangers send storable.
func clean(s string) string {
	if storable(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// isID reports whether s is a UUID in the one form in which IDs are made. Other
// spellings of the same UUID are other texts, so they name nothing.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}
