package oauth

import (
	"context"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// grantCode exchanges an authorization code (RFC 6749 §4.1.3). The Manager
// compares redirect URI and PKCE verifier with what the code is bound to; a
// wrong one leaves the code as it is.
func (p *Provider) grantCode(ctx context.Context, ex *exchange, r Request) (oauth2.TokenInfo, error) {
	code, verifier, uri := r.Form.Get("code"), r.Form.Get("code_verifier"), r.Form.Get("redirect_uri")
	if code == "" {
		return nil, refuse(codeInvalidRequest, "code is missing")
	}
	if verifier != "" && !isCodeVerifier(verifier) {
		return nil, refuse(codeInvalidGrant, "code_verifier must be 43 to 128 letters, digits or - . _ ~")
	}
	if uri != "" && !redirectRegistered(ex.client, uri) {
		return nil, refuse(codeInvalidGrant, "redirect_uri is not the one of the authorization request")
	}
	ex.commit = commitRedeem
	return p.engine.GenerateAccessToken(ctx, oauth2.AuthorizationCode, &oauth2.TokenGenerateRequest{
		ClientID: ex.client.ID, Code: code, CodeVerifier: verifier, RedirectURI: uri, AccessTokenExp: ex.set.AccessTokenTTL,
	})
}

// prepareRedeem completes the exchange with the grant that the code belongs to.
func (p *Provider) prepareRedeem(ctx context.Context, ex *exchange, g *idp.Grant) error {
	user, err := p.activeUser(ctx, g.UserID)
	if err != nil {
		return err
	}
	if ex.client.MayUse(idp.GrantRefreshToken) {
		g.Generation = 1
	}
	ex.grant, ex.user, ex.scope = g, user, stillAllowed(ex.client, g.Scope)
	return nil
}

// activeUser returns a user who may hold tokens, or an error that matches idp.ErrNotFound.
func (p *Provider) activeUser(ctx context.Context, id string) (*idp.User, error) {
	user, err := p.o.Users.User(ctx, id)
	if err != nil {
		return nil, err
	}
	if !user.MayAuthenticate(p.o.Now()) {
		return nil, idp.ErrNotFound
	}
	return user, nil
}

// isCodeVerifier is RFC 7636 §4.1.
func isCodeVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		if !isUnreserved(c) {
			return false
		}
	}
	return true
}

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
