package handlers

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

// pageError is a refusal of a browser page, in the words of pages.
type pageError struct {
	status int
	page   pages.ErrorPage
}

func (e *pageError) Error() string { return string(e.page.Kind) }

func refusePage(status int, kind pages.ErrorKind) error {
	return &pageError{status: status, page: pages.ErrorPage{Kind: kind}}
}

// Refusals that have no values.
var (
	errNotFound  = errors.New("no such address")
	errMethod    = errors.New("method not allowed")
	errCrossSite = errors.New("form sent by another site")
	errPanic     = errors.New("panic")
)

const (
	codeInvalidRequest = "invalid_request"
	codeAccessDenied   = "access_denied"
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
	{errNotFound, http.StatusNotFound, "not_found", "there is nothing at this address", "not_found", pages.ErrorNotFound},
	{errMethod, http.StatusMethodNotAllowed, codeInvalidRequest, "this address does not take that method", "method", pages.ErrorMethod},
	{errCrossSite, http.StatusForbidden, codeInvalidRequest, "the form was sent by another site", "cross_site", pages.ErrorCrossSite},
}

// failureOf is the one map from errors to answers. What it does not know is a
// fault of ours, and says nothing but that.
func failureOf(err error) *failure {
	var (
		protocol *oauth.Error
		page     *pageError
		authz    *oauth.PageError
		input    *inputError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &protocol):
		return protocolFailure(protocol, err)
	case errors.As(err, &page):
		return &failure{status: page.status, code: codeInvalidRequest, kind: string(page.page.Kind), page: page.page, cause: err}
	case errors.As(err, &authz):
		return authorizeFailure(authz)
	case errors.As(err, &tooLarge):
		return newFailure(http.StatusRequestEntityTooLarge, codeInvalidRequest, "the body is too large", "too_large", pages.ErrorTooLarge, err)
	case errors.As(err, &input):
		return newFailure(input.status, codeInvalidRequest, input.text, "bad_input", pages.ErrorBadRequest, err)
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
	return newFailure(http.StatusBadRequest, codeInvalidRequest, e.Description, string(e.Reason), kind, e)
}

// stamped adds to an error page what support will ask for.
func (f *failure) stamped(now time.Time) pages.ErrorPage {
	p := f.page
	p.Time = now
	return p
}
