package oauth

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/idp"
)

// Inspection is what can be said of a token that an administrator pasted.
type Inspection struct {
	Kind InspectedKind `json:"kind"`
	// Problem is why the token does not work now, "" when it works.
	Problem InspectionProblem `json:"problem"`
	// Header and Claims are what the token says, whoever made it; nil when they cannot be read.
	Header json.RawMessage `json:"header"`
	Claims json.RawMessage `json:"claims"`
	// Signed says that a key of ours signed it, which KID names; the rest is set only then.
	Signed   bool         `json:"signed"`
	KID      string       `json:"kid"`
	KeyState idp.KeyState `json:"key_state"`
	// IssuerMatches says that we are its issuer.
	IssuerMatches bool       `json:"issuer_matches"`
	IssuedAt      *time.Time `json:"issued_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
	Expired       bool       `json:"expired"`
	ClientID      string     `json:"client_id"`
	UserID        string     `json:"user_id"`  // "" for a client's own token
	GrantID       string     `json:"grant_id"` // of an access token
	GrantLives    bool       `json:"grant_lives"`
}

// InspectedKind is what a pasted text is.
type InspectedKind string

// The kinds of texts.
const (
	InspectedAccess     InspectedKind = "access_token"
	InspectedID         InspectedKind = "id_token"
	InspectedCredential InspectedKind = "credential" // a refresh token or code of ours: like a password
	InspectedOther      InspectedKind = "other"
)

// InspectionProblem says why a token does not work; pages have the words.
type InspectionProblem string

// The problems, in the order in which they are looked for.
const (
	ProblemNotJWT         InspectionProblem = "not_jwt"         // no JSON Web Token that can be read
	ProblemCredential     InspectionProblem = "credential"      // a refresh token or code: it is not inspected
	ProblemUnknownKey     InspectionProblem = "unknown_key"     // it names no key of ours
	ProblemBadSignature   InspectionProblem = "bad_signature"   // no key of ours made the signature
	ProblemRevokedKey     InspectionProblem = "revoked_key"     // its key was revoked
	ProblemOtherIssuer    InspectionProblem = "other_issuer"    // it speaks for another issuer
	ProblemExpired        InspectionProblem = "expired"         // its time is over
	ProblemRetiredKey     InspectionProblem = "retired_key"     // its key retired, so it should have expired
	ProblemGrantEnded     InspectionProblem = "grant_ended"     // its grant was revoked or is over
	ProblemTokenRevoked   InspectionProblem = "token_revoked"   // the token alone was revoked
	ProblemClientDisabled InspectionProblem = "client_disabled" // its client is disabled or gone, or had its tokens revoked
	ProblemUserDisabled   InspectionProblem = "user_disabled"   // its person may not sign in, or is gone
)

// InspectionProblems returns every problem, in order.
func InspectionProblems() []InspectionProblem {
	return []InspectionProblem{
		ProblemNotJWT, ProblemCredential, ProblemUnknownKey, ProblemBadSignature, ProblemRevokedKey, ProblemOtherIssuer,
		ProblemExpired, ProblemRetiredKey, ProblemGrantEnded, ProblemTokenRevoked, ProblemClientDisabled, ProblemUserDisabled,
	}
}

// InspectToken says what a pasted text is and why it does not work, if it does
// not. Bad input is a Problem; an error is a fault of a store.
func (p *Provider) InspectToken(_ context.Context, _ string) (*Inspection, error) {
	return nil, idp.ErrUnavailable
}
