package idp

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels that stores return, wrapped or bare; compare with errors.Is.
var (
	// ErrNotFound says that the record is absent or has expired.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable says that a store did not answer. Handlers turn it into
	// 503 with Retry-After; nothing may read it as "no such record".
	ErrUnavailable = errors.New("store unavailable")
	// ErrStale says that a record changed since it was read.
	ErrStale = errors.New("changed since it was read")
	// ErrReplayed says that a one-time value (a code, a spent refresh token)
	// was used again. The grant is gone when a store returns it.
	ErrReplayed = errors.New("used before")
	// ErrBuiltIn says that a record is Gatehouse's own and can be neither changed so nor deleted.
	ErrBuiltIn = errors.New("is built in")
	// ErrLastAdmin says that a change would leave nobody who may administer.
	ErrLastAdmin = errors.New("this is the last active administrator")
)

// ConflictError says that a value which must be unique is taken already.
type ConflictError struct {
	// Field is the member that clashes, in its JSON name ("username", "email", "client_id", "name").
	Field string
}

func (e *ConflictError) Error() string { return e.Field + " is taken" }

// Fault is one thing wrong with one field of the input.
type Fault struct {
	Field   string `json:"field"`   // JSON name of the member
	Message string `json:"message"` // a sentence for a person, without the field's name
	// Format and Args are the message before it was put together: the key under
	// which catalogues have it in other languages. An empty Format is the Message itself.
	Format string `json:"-"`
	Args   []any  `json:"-"`
}

// NewFault makes a fault whose message is a format of fmt.
func NewFault(field, format string, args ...any) Fault {
	return Fault{Field: field, Message: fmt.Sprintf(format, args...), Format: format, Args: args}
}

// InvalidError collects every fault of an input, so that a person can mend all at once.
type InvalidError struct{ Faults []Fault }

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		parts[i] = fmt.Sprintf("%s: %s", f.Field, f.Message)
	}
	return strings.Join(parts, "; ")
}

// faults gathers findings while a Validate method walks its value.
type faults []Fault

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, NewFault(field, format, args...))
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &InvalidError{Faults: f}
}
