package account

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/idp"
)

// ErrBadCredentials is the one answer to an unknown user, a wrong password, a
// disabled account and an expired one.
var ErrBadCredentials = errors.New("username and password do not match")

// ErrSignupClosed says that strangers may not register here.
var ErrSignupClosed = errors.New("registration is closed")

// ErrBusy says that too many passwords wait to be hashed. It matches idp.ErrUnavailable.
var ErrBusy = fmt.Errorf("%w: too many passwords wait to be checked", idp.ErrUnavailable)

// ThrottledError says that too many tries failed; it is the same for accounts
// that exist and for those that do not. It matches ErrBadCredentials, so what
// does not care gives the same answer to both.
type ThrottledError struct {
	Wait time.Duration // until the next try counts
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many tries, wait %s", e.Wait.Round(time.Second))
}

// Is makes the error match ErrBadCredentials.
func (e *ThrottledError) Is(target error) bool { return target == ErrBadCredentials }

// tooLongError refuses a password before it costs a hash. As an answer to a
// sign-in it is ErrBadCredentials, as an answer to a form *idp.InvalidError.
type tooLongError struct{ invalid *idp.InvalidError }

func (e *tooLongError) Error() string   { return e.invalid.Error() }
func (e *tooLongError) Unwrap() []error { return []error{ErrBadCredentials, e.invalid} }

func checkLength(password string) error {
	if len(password) <= MaxPasswordBytes {
		return nil
	}
	return &tooLongError{invalid(idp.NewFault("password", "must be at most %d bytes", MaxPasswordBytes))}
}

func invalid(faults ...idp.Fault) *idp.InvalidError { return &idp.InvalidError{Faults: faults} }
