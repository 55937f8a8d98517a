package web

import (
	"math"
	"strconv"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
)

// ProblemError is a refusal in the words of HTTP, for calls that answer with
// problem documents. Its texts are for strangers.
type ProblemError struct {
	Status     int
	Code       string // a word for programs
	Detail     string // a sentence for people
	Errors     []idp.Fault
	Challenge  string        // WWW-Authenticate, "" for none
	RetryAfter time.Duration // 0 for none
	Cause      error         // for the log; may be nil
}

func (e *ProblemError) Error() string { return e.Code + ": " + e.Detail }

// Unwrap returns what led to the refusal, for the log alone.
func (e *ProblemError) Unwrap() error { return e.Cause }

func (e *ProblemError) failure(err error) *failure {
	f := newFailure(e.Status, e.Code, e.Detail, e.Code, pages.ErrorBadRequest, err)
	f.challenge = e.Challenge
	if e.RetryAfter > 0 {
		f.retryAfter = strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))
	}
	return f
}
