package oauth

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// Issue answers an authorization request with a code, for the person of the
// session. Call it only after Next said StepIssue.
func (p *Provider) Issue(ctx context.Context, r *AuthorizeRequest, s *idp.Session) (*AuthorizeResponse, error) {
	client, err := p.o.Clients.Client(ctx, r.ClientID)
	if err != nil {
		return nil, err
	}
	if client.Disabled || !redirectRegistered(client, r.RedirectURI) {
		return nil, &PageError{PageBadRedirectURI, "the client changed while the request was in progress"}
	}
	ex := p.newExchange(client, originOf(ctx))
	ex.grant, ex.commit = newCodeGrant(r, s), commitCode
	info, err := p.engine.GenerateAuthToken(withExchange(ctx, ex), oauth2.Code, &oauth2.TokenGenerateRequest{
		ClientID: client.ID, UserID: s.UserID, RedirectURI: r.RedirectURI, Scope: ex.grant.Scope,
	})
	if err != nil {
		return nil, err
	}
	// A sign-out or a change of password ends the sessions first and then the
	// grants. Whoever races it with a request must not keep a grant that was
	// made in between.
	if _, err := p.o.Sessions.Session(ctx, s.Digest); err != nil {
		if revokeErr := p.o.Grants.RevokeGrant(ctx, ex.grant.ID); revokeErr != nil {
			return nil, revokeErr
		}
		if errors.Is(err, idp.ErrNotFound) {
			return nil, p.redirectError(r, codeLoginRequired, "the person has signed out")
		}
		return nil, err
	}
	p.recordCode(ctx, ex)
	return p.respond(r, url.Values{"code": {info.GetCode()}}), nil
}

// recordCode tells that the person let the client in. The context's act gives the name.
func (p *Provider) recordCode(ctx context.Context, ex *exchange) {
	ex.scope = ex.grant.Scope
	ex.user = &idp.User{ID: ex.grant.UserID}
	if act := idp.ActOf(ctx); act.ID == ex.user.ID {
		ex.user.Username = act.Name
	}
	p.recordIssue(ex, idp.GrantAuthorizationCode)
}

func newCodeGrant(r *AuthorizeRequest, s *idp.Session) *idp.Grant {
	g := &idp.Grant{
		ID: newGrantID(), State: idp.GrantCode, ClientID: r.ClientID, UserID: s.UserID, SessionID: s.ID,
		Scope: strings.Join(r.Scopes, " "),
		Code:  idp.CodeBinding{CodeChallenge: r.CodeChallenge},
		Facts: idp.Facts{
			Offline: slices.Contains(r.Scopes, idp.ScopeOfflineAccess), Nonce: r.Nonce,
			AuthTime: s.AuthTime.Unix(), ACR: s.ACR, AMR: s.AMR,
			WantAuthTime: r.MaxAge != nil, WantACR: r.WantACR,
			IDTokenClaims: r.IDTokenClaims, UserinfoClaims: r.UserinfoClaims,
			SessionEnd: s.ExpiresAt.Unix(),
		},
	}
	if r.RedirectGiven {
		g.Code.RedirectURI = r.RedirectURI
	}
	return g
}
