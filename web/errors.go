package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

// failure is an error in the form in which strangers see it, beside what the
// log is told. Nothing of cause ever reaches an answer.
type failure struct {
	status      int
	code        string // OAuth error code, "" for a bare challenge
	description string
	challenge   string // WWW-Authenticate
	retryAfter  string // seconds
	kind        string // for log and metrics
	page        pages.ErrorPage
	cause       error // for the log alone
}

// PageError is a refusal of a browser page, in the words of pages.
type PageError struct {
	Status int
	Page   pages.ErrorPage
}

func (e *PageError) Error() string { return string(e.Page.Kind) }

// RefusePage is a refusal that is told by the kind alone.
func RefusePage(status int, kind pages.ErrorKind) error {
	return &PageError{Status: status, Page: pages.ErrorPage{Kind: kind}}
}

// Refusals that have no values.
var (
	ErrNoAddress = errors.New("no such address")
	ErrMethod    = errors.New("method not allowed")
	ErrCrossSite = errors.New("form sent by another site")
	errPanic     = errors.New("panic")
)

// Error codes of RFC 6749, and what else answers say.
const (
	CodeInvalidRequest = "invalid_request"
	CodeAccessDenied   = "access_denied"
	codeUnavailable    = "temporarily_unavailable"
	codeServerError    = "server_error"
	retrySeconds       = "5"
	// statusClientGone is written for nobody: the log's word for a caller that hung up.
	statusClientGone = 499
)

// plainFailures are the errors whose answer is always the same, the first that
// matches. A caller who hung up comes first: stores tell of it as a failure of theirs.
var plainFailures = []struct {
	is          error
	status      int
	code        string
	description string
	kind        string
	page        pages.ErrorKind
}{
	{context.Canceled, statusClientGone, codeUnavailable, "the request was given up", "client_gone", pages.ErrorUnavailable},
	{idp.ErrUnavailable, http.StatusServiceUnavailable, codeUnavailable, "try again in a few seconds", "unavailable", pages.ErrorUnavailable},
	{idp.ErrStale, http.StatusServiceUnavailable, codeUnavailable, "try again in a few seconds", "stale", pages.ErrorUnavailable},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, codeUnavailable, "try again in a few seconds", "timeout", pages.ErrorUnavailable},
	{ErrNoAddress, http.StatusNotFound, "not_found", "there is nothing at this address", "not_found", pages.ErrorNotFound},
	{ErrMethod, http.StatusMethodNotAllowed, CodeInvalidRequest, "this address does not take that method", "method", pages.ErrorMethod},
	{ErrCrossSite, http.StatusForbidden, CodeInvalidRequest, "the form was sent by another site", "cross_site", pages.ErrorCrossSite},
}

// failureOf is the one map from errors to answers. What it does not know is a
// fault of ours, and says nothing but that.
func failureOf(err error) *failure {
	var (
		protocol *oauth.Error
		page     *PageError
		authz    *oauth.PageError
		input    *InputError
		tooLarge *http.MaxBytesError
		problem  *ProblemError
	)
	switch {
	case errors.As(err, &problem):
		return problem.failure(err)
	case errors.As(err, &protocol):
		return protocolFailure(protocol, err)
	case errors.As(err, &page):
		return &failure{status: page.Status, code: CodeInvalidRequest, kind: string(page.Page.Kind), page: page.Page, cause: err}
	case errors.As(err, &authz):
		return authorizeFailure(authz)
	case errors.As(err, &tooLarge):
		return newFailure(http.StatusRequestEntityTooLarge, CodeInvalidRequest, "the body is too large", "too_large", pages.ErrorTooLarge, err)
	case errors.As(err, &input):
		return newFailure(input.Status, CodeInvalidRequest, input.Text, "bad_input", pages.ErrorBadRequest, err)
	}
	for _, p := range plainFailures {
		if errors.Is(err, p.is) {
			f := newFailure(p.status, p.code, p.description, p.kind, p.page, err)
			if p.status == http.StatusServiceUnavailable {
				f.retryAfter = retrySeconds
			}
			return f
		}
	}
	return newFailure(http.StatusInternalServerError, codeServerError, "something went wrong here, not with you", "internal", pages.ErrorServer, err)
}

// AnswerOf is the status of the answer to the error, and its challenge.
func AnswerOf(err error) (status int, challenge string) {
	f := failureOf(err)
	return f.status, f.challenge
}

// CodeOf is the error code that the answer to the error carries.
func CodeOf(err error) string { return failureOf(err).code }

func newFailure(status int, code, description, kind string, page pages.ErrorKind, cause error) *failure {
	return &failure{
		status: status, code: code, description: description, kind: kind, cause: cause,
		page: pages.ErrorPage{Kind: page, Code: code, Description: description},
	}
}

func protocolFailure(e *oauth.Error, err error) *failure {
	kind := e.Code
	if kind == "" {
		kind = "unauthenticated"
	}
	page := pages.ErrorBadRequest
	if e.Status >= 500 {
		page = pages.ErrorUnavailable
	}
	f := newFailure(e.Status, e.Code, e.Description, kind, page, err)
	f.challenge = e.Challenge
	if e.Status == http.StatusServiceUnavailable {
		f.retryAfter = retrySeconds
	}
	return f
}

// authorizeFailure shows an authorization request that must not be answered at its redirect URI.
func authorizeFailure(e *oauth.PageError) *failure {
	kinds := map[oauth.PageReason]pages.ErrorKind{
		oauth.PageUnknownClient:  pages.ErrorBadClient,
		oauth.PageDisabledClient: pages.ErrorAppDisabled,
		oauth.PageBadRedirectURI: pages.ErrorBadRedirect,
	}
	kind, ok := kinds[e.Reason]
	if !ok {
		kind = pages.ErrorBadRequest
	}
	return newFailure(http.StatusBadRequest, CodeInvalidRequest, e.Description, string(e.Reason), kind, e)
}

// stamped adds to an error page what support will ask for.
func (f *failure) stamped(now time.Time) pages.ErrorPage {
	p := f.page
	p.Time = now
	return p
}
