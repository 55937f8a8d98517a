package oauth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
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
// not. Bad input is a Problem; an error is a fault of a store. Of what the
// token says about its own key, only the kid is used, to choose among our keys.
func (p *Provider) InspectToken(ctx context.Context, text string) (*Inspection, error) {
	in := &Inspection{Kind: InspectedOther}
	// 1. What is it?
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "Bearer "))
	if _, err := p.o.Master.read(text); err == nil {
		in.Kind, in.Problem = InspectedCredential, ProblemCredential
		return in, nil
	}
	if !in.read(text) {
		in.Problem = ProblemNotJWT
		return in, nil
	}
	// 2. Did we sign it?
	key, payload, problem := p.o.Keys.inspect(text, in.Header)
	if problem != "" {
		in.Problem = problem
		return in, nil
	}
	var c accessClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		in.Problem = ProblemBadSignature // we sign nothing like it
		return in, nil
	}
	// 3. What does it say, and does that hold?
	p.describe(in, key, &c)
	if key.RevokedAt != nil || !in.IssuerMatches || in.Kind != InspectedAccess {
		return in, nil
	}
	// 4. Does what it hangs on live?
	ended, err := p.inspectGrant(ctx, in, c.JTI)
	in.Problem = cmp.Or(in.Problem, ended)
	return in, err
}

// read takes the token apart without trusting it.
func (in *Inspection) read(text string) bool {
	parts := strings.Split(text, ".")
	if len(text) > maxJWT || len(parts) != 3 {
		return false
	}
	in.Header, in.Claims = readObject(parts[0]), readObject(parts[1])
	if in.Header == nil || in.Claims == nil {
		in.Header, in.Claims = nil, nil
	}
	return in.Header != nil
}

// readObject returns the JSON object of a token's part, fit to be shown, or nil.
func readObject(part string) json.RawMessage {
	text, err := b64.DecodeString(part)
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, bytes.ToValidUTF8(text, []byte("\uFFFD"))); err != nil || out.Bytes()[0] != '{' {
		return nil
	}
	return out.Bytes()
}

// inspect finds the key of ours, of any state, that signed the token, and
// returns what it signed.
func (k *Keyring) inspect(token string, header json.RawMessage) (*ringKey, []byte, InspectionProblem) {
	var says struct {
		KID string `json:"kid"`
	}
	_ = json.Unmarshal(header, &says) // a kid that is no text names no key
	key := k.state.Load().byKID[says.KID]
	if key == nil {
		return nil, nil, ProblemUnknownKey
	}
	jws, err := parseJWS(token)
	if err != nil {
		return nil, nil, ProblemBadSignature
	}
	for _, typ := range []string{typAccess, typID} {
		if payload, err := key.check(jws, typ); err == nil {
			return key, payload, ""
		}
	}
	return nil, nil, ProblemBadSignature
}

// describe fills in what a token says that we signed.
func (p *Provider) describe(in *Inspection, key *ringKey, c *accessClaims) {
	now := p.o.Now()
	in.Signed, in.KID, in.KeyState = true, key.KID, p.o.Keys.stateOf(key)
	in.IssuerMatches = c.Issuer == p.o.Issuer
	in.IssuedAt, in.ExpiresAt = instant(c.IssuedAt), instant(c.Expires)
	in.Expired = !now.Before(time.Unix(c.Expires, 0))
	in.UserID = c.Subject
	if c.ClientID != "" { // an ID token has none
		in.Kind, in.ClientID = InspectedAccess, c.ClientID
		in.GrantID, _ = grantOfJTI(c.JTI)
	} else {
		in.Kind = InspectedID
		if len(c.Audience) > 0 {
			in.ClientID = c.Audience[0]
		}
	}
	if in.UserID == in.ClientID { // RFC 9068 §2.2: a client's own
		in.UserID = ""
	}
	switch {
	case key.RevokedAt != nil:
		in.Problem = ProblemRevokedKey
	case !in.IssuerMatches:
		in.Problem = ProblemOtherIssuer
	case in.Expired:
		in.Problem = ProblemExpired
	case in.KeyState == idp.KeyRetired:
		in.Problem = ProblemRetiredKey
	}
}

func instant(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	return new(time.Unix(seconds, 0).UTC())
}

// inspectGrant looks at what can end an access token before its time.
func (p *Provider) inspectGrant(ctx context.Context, in *Inspection, jti string) (InspectionProblem, error) {
	g, err := p.o.Grants.Grant(ctx, in.GrantID)
	if err != nil && !errors.Is(err, idp.ErrNotFound) {
		return "", err
	}
	if err != nil || g.State != idp.GrantActive || g.ClientID != in.ClientID {
		return ProblemGrantEnded, nil
	}
	in.GrantLives = true
	if slices.Contains(g.DeniedTokens, jti) {
		return ProblemTokenRevoked, nil
	}
	live := &liveToken{grant: g}
	err = p.checkHolders(ctx, live)
	switch {
	case err != nil && !errors.Is(err, errBadToken):
		return "", err
	case err != nil && (live.client == nil || live.client.Disabled || live.client.HasRevoked(g)):
		return ProblemClientDisabled, nil
	case err != nil:
		return ProblemUserDisabled, nil
	}
	return "", nil
}
