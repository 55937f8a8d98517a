package api

import (
	"cmp"
	"errors"
	"net/http"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/web"
)

// fault names one wrong member or parameter.
func fault(field, format string, args ...any) idp.Fault { return idp.NewFault(field, format, args...) }

// invalid gathers faults; nil when there are none.
func invalid(faults ...idp.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return &idp.InvalidError{Faults: faults}
}

// refuse is a refusal by a rule.
func refuse(status int, code, detail string, faults ...idp.Fault) error {
	return &web.ProblemError{Status: status, Code: code, Detail: detail, Errors: faults}
}

// forbidden is the one answer to whoever asks for what is not theirs, whether it exists or not.
func forbidden(faults ...idp.Fault) error {
	return refuse(http.StatusForbidden, "forbidden", "this token may not do that: it lacks a scope that the call needs (see /docs), or its person lacks the role", faults...)
}

// ownAccount refuses what nobody may do to themselves.
func ownAccount(detail string, faults ...idp.Fault) error {
	return refuse(http.StatusConflict, "own_account", detail, faults...)
}

// told puts the errors of the rooms below into the words of HTTP, where
// package web does not know them by itself.
func told(err error) error {
	var (
		throttled *account.ThrottledError
		protocol  *oauth.Error
	)
	switch {
	case errors.As(err, new(*web.ProblemError)): // said already
	case errors.As(err, new(*idp.InvalidError)): // a password that is too long matches ErrBadCredentials as well
	case errors.As(err, &throttled):
		return &web.ProblemError{
			Status: http.StatusTooManyRequests, Code: "too_many_tries", Cause: err, RetryAfter: throttled.Wait,
			Detail: "too many tries; wait, then try again",
		}
	case errors.Is(err, account.ErrBadCredentials):
		return &web.ProblemError{
			Status: http.StatusUnauthorized, Code: "wrong_credentials", Cause: err, Challenge: `Bearer realm="gatehouse"`,
			Detail: "username and password do not match",
		}
	case errors.Is(err, account.ErrSignupClosed):
		return refuse(http.StatusForbidden, "signup_closed", "registration is closed here; ask an administrator for an account")
	case errors.As(err, &protocol):
		return &web.ProblemError{
			Status: protocol.Status, Code: cmp.Or(protocol.Code, "unauthenticated"), Cause: err, Challenge: protocol.Challenge,
			Detail: cmp.Or(protocol.Description, "this call needs an access token: Authorization: Bearer …"),
		}
	}
	return err
}
