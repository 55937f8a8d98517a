package web

import (
	"net/url"
	"time"
)

// formVersion is how a form names the state of the record that it was made on.
const formVersion = time.RFC3339Nano

// FormVersion names the state of a record for its form's field "version": the time of its last change.
func FormVersion(changed time.Time) string { return changed.UTC().Format(formVersion) }

// ReadFormVersion reads it back from what was sent. A form without one is none
// of ours: saving it would overwrite what somebody else changed meanwhile.
func ReadFormVersion(values url.Values) (time.Time, error) {
	at, err := time.Parse(formVersion, values.Get("version"))
	if err != nil || at.IsZero() {
		return time.Time{}, BadInput("the form lacks the version of what it edits")
	}
	return at, nil
}
