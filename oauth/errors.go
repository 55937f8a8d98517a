package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1 and OIDC Core §3.1.2.6.
const (
	codeInvalidRequest          = "invalid_request"
	codeInvalidClient           = "invalid_client"
	codeInvalidGrant            = "invalid_grant"
	codeUnauthorizedClient      = "unauthorized_client"
	codeUnsupportedGrantType    = "unsupported_grant_type"
	codeUnsupportedResponseType = "unsupported_response_type"
	codeInvalidScope            = "invalid_scope"
	codeAccessDenied            = "access_denied"
	codeInvalidToken            = "invalid_token"
	codeInsufficientScope       = "insufficient_scope"
	codeLoginRequired           = "login_required"
	codeConsentRequired         = "consent_required"
	codeRequestNotSupported     = "request_not_supported"
	codeRequestURINotSupported  = "request_uri_not_supported"
	codeRegistrationUnsupported = "registration_not_supported"
)

// ErrBadCredentials is what a PasswordFunc returns (or wraps) when the person
// may not sign in, for whatever reason.
var ErrBadCredentials = errors.New("bad credentials")

// Error is a refusal in the words of the protocol, ready to be sent.
type Error struct {
	Code        string // a registered error code; "" for a bare challenge (RFC 6750 §3.1)
	Description string // for developers; only %x20-21 %x23-5B %x5D-7E (RFC 6749 §5.2)
	Status      int    // HTTP status
	Challenge   string // WWW-Authenticate, "" for none
	cause       error  // for the log
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Description, e.cause)
	}
	return e.Code + ": " + e.Description
}

// Unwrap returns what led to the refusal, for the log alone.
func (e *Error) Unwrap() error { return e.cause }

// refuse makes a 400 answer, the status of every token endpoint error but invalid_client.
func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Description: describe(format, args...), Status: http.StatusBadRequest}
}

func (e *Error) because(cause error) *Error {
	e.cause = cause
	return e
}

// describe keeps a description inside the characters that RFC 6749 §5.2 allows.
func describe(format string, args ...any) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '.'
		}
		return r
	}, fmt.Sprintf(format, args...))
}

// PageReason says why an authorization request ends on our error page.
type PageReason string

// The reasons for which a request is never sent back to its redirect URI.
const (
	PageUnknownClient  PageReason = "unknown_client"
	PageDisabledClient PageReason = "disabled_client"
	PageBadRedirectURI PageReason = "bad_redirect_uri"
	PageBadRequest     PageReason = "bad_request"
)

// PageError refuses an authorization request on a page of ours, since its
// client or redirect URI is in doubt (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
type PageError struct {
	Reason      PageReason
	Description string
}

func (e *PageError) Error() string { return string(e.Reason) + ": " + e.Description }

// RedirectError refuses an authorization request at its redirect URI.
type RedirectError struct {
	Request  *AuthorizeRequest
	Response *AuthorizeResponse
}

func (e *RedirectError) Error() string {
	return e.Response.Params.Get("error") + ": " + e.Response.Params.Get("error_description")
}
