package keyset

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Bounds on what is taken for a cursor.
const (
	maxCursor   = 8192 // characters; a name of 500 runes and an ID fit
	maxPosition = 1 << 40
)

// cursor is the edge of a page.
type cursor struct {
	Mark
	Sort     string // of the list that it belongs to
	Position int    // in that list, from 1
}

// String returns the cursor as base64url of a JSON list.
func (c cursor) String() string {
	text, err := json.Marshal([]any{c.Sort, c.Value, c.ID, c.Position})
	if err != nil {
		panic(err) // texts and a number always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parse reads a cursor as String writes it, and no other form.
func parse(text string) (c cursor, ok bool) {
	if len(text) > maxCursor {
		return c, false
	}
	list, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return c, false
	}
	parts := []any{&c.Sort, &c.Value, &c.ID, &c.Position}
	if json.Unmarshal(list, &parts) != nil || len(parts) != 4 {
		return c, false
	}
	// No page begins beside an item at 0. NUL is in no database.
	if c.Position < 1 || c.Position > maxPosition || c.ID == "" || strings.Contains(c.Value+c.ID, "\x00") {
		return c, false
	}
	return c, c.String() == text
}
