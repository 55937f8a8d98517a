package oauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/idp"
)

// Step is what an authorization request needs next.
type Step int

// The steps, in the order in which they come.
const (
	StepSignIn  Step = iota + 1 // show the sign-in page
	StepSelect                  // show the account chooser
	StepConsent                 // ask what the client may have
	StepIssue                   // nothing more: issue the code
)

// Progress is what is known of the person at the browser.
type Progress struct {
	Session *idp.Session // nil when nobody is signed in
	User    *idp.User    // of the session
	// Reauthenticated says that the person signed in after this request came.
	Reauthenticated bool
	AccountChosen   bool // the chooser was answered
	Consented       bool // consent was given to this very request
}

// Next decides what the request needs (OIDC Core §3.1.2.3, §3.1.2.4). With
// prompt=none nothing may be shown: a need is a *RedirectError. Any other
// error is a fault of a store.
func (p *Provider) Next(ctx context.Context, r *AuthorizeRequest, at Progress) (Step, error) {
	silent := r.prompts(promptNone)
	// 1. Is the right person signed in, recently enough?
	if p.needsSignIn(r, at) {
		if silent {
			return 0, p.redirectError(r, codeLoginRequired, "the person has to sign in")
		}
		if at.Reauthenticated && !fitsSubject(r, at) {
			return 0, p.redirectError(r, codeLoginRequired, "another person signed in than was asked for")
		}
		return StepSignIn, nil
	}
	// 2. Does the client want the account chosen? Signing in was a choice.
	if r.prompts(promptSelectAccount) && !at.AccountChosen && !at.Reauthenticated {
		return StepSelect, nil
	}
	// 3. Was everything allowed?
	needed, err := p.consentNeeded(ctx, r, at)
	if err != nil {
		return 0, err
	}
	if needed {
		if silent {
			return 0, p.redirectError(r, codeConsentRequired, "the person has to consent")
		}
		return StepConsent, nil
	}
	return StepIssue, nil
}

func (p *Provider) redirectError(r *AuthorizeRequest, code, description string) *RedirectError {
	return &RedirectError{Request: r, Response: p.Refuse(r, code, description)}
}

func (p *Provider) needsSignIn(r *AuthorizeRequest, at Progress) bool {
	if at.Session == nil || at.User == nil || !at.User.MayAuthenticate(p.o.Now()) || !fitsSubject(r, at) {
		return true
	}
	if at.Reauthenticated {
		return false
	}
	if r.prompts(promptLogin) || (r.BadHint && r.prompts(promptNone)) {
		return true
	}
	// At max_age=0 every earlier sign-in is too old, even one in this very second.
	return r.MaxAge != nil && (*r.MaxAge == 0 || p.o.Now().Sub(at.Session.AuthTime) > time.Duration(*r.MaxAge)*time.Second)
}

func fitsSubject(r *AuthorizeRequest, at Progress) bool {
	return r.Subject == "" || (at.User != nil && at.User.ID == r.Subject)
}

func (p *Provider) consentNeeded(ctx context.Context, r *AuthorizeRequest, at Progress) (bool, error) {
	if at.Consented {
		return false, nil
	}
	if r.prompts(promptConsent) {
		return true, nil
	}
	client, err := p.o.Clients.Client(ctx, r.ClientID)
	if err != nil {
		return false, err
	}
	if client.SkipConsent {
		return false, nil
	}
	// RFC 8252 §8.6: any app on the device can claim such a scheme, so what was
	// allowed before was perhaps allowed to another.
	if client.IsPublic() && isPrivateUse(r.RedirectURI) {
		return true, nil
	}
	fresh, _, err := p.ConsentScopes(ctx, r, at.User.ID)
	return len(fresh) > 0, err
}

// ConsentScopes splits what the request asks for into what the person has not
// allowed this client yet and what was allowed before. Claims that are asked
// for one by one count as the scope they belong to.
func (p *Provider) ConsentScopes(ctx context.Context, r *AuthorizeRequest, userID string) (fresh, known []string, err error) {
	before := &idp.Consent{}
	c, err := p.o.Consents.Consent(ctx, userID, r.ClientID)
	switch {
	case err == nil:
		before = c
	case !errors.Is(err, idp.ErrNotFound):
		return nil, nil, err
	}
	for _, s := range r.consentScopes() {
		if slices.Contains(before.Scopes, s) {
			known = append(known, s)
		} else {
			fresh = append(fresh, s)
		}
	}
	return fresh, known, nil
}

func (r *AuthorizeRequest) consentScopes() []string {
	all := slices.Clone(r.Scopes)
	for _, name := range slices.Concat(r.IDTokenClaims, r.UserinfoClaims) {
		if s := scopeOfClaim(name); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// RememberConsent notes that the person allowed all that the request asks for.
func (p *Provider) RememberConsent(ctx context.Context, r *AuthorizeRequest, userID string) error {
	return p.o.Consents.AddConsent(ctx, userID, r.ClientID, r.consentScopes(), p.o.Now().UTC())
}
