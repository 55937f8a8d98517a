package oauth

import (
	"context"
	"errors"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// grantPassword is the legacy password grant (RFC 6749 §4.3; RFC 9700 §2.4
// advises against it, so a client must be registered for it). The policy is
// that of the sign-in page, and all failures read the same.
func (p *Provider) grantPassword(ctx context.Context, ex *exchange, r Request) (oauth2.TokenInfo, error) {
	if ex.client.IsPublic() && !ex.client.SkipConsent {
		return nil, refuse(codeUnauthorizedClient, "password needs a client that has a secret, or a first-party one")
	}
	username, password := r.Form.Get("username"), r.Form.Get("password")
	if username == "" || password == "" {
		return nil, refuse(codeInvalidRequest, "username and password are required")
	}
	scope, err := requestedScope(ex.client, r.Form.Get("scope"))
	if err != nil {
		return nil, err
	}
	user, err := p.o.Password(idp.WithAct(ctx, idp.Act{
		Kind: idp.ActorNobody, ClientID: ex.client.ID, IP: r.IP, RequestID: r.RequestID,
	}), username, password, r.IP)
	if errors.Is(err, ErrBadCredentials) {
		return nil, refuse(codeInvalidGrant, "the username or password is wrong, or there were too many tries").because(err)
	}
	if err != nil {
		return nil, err
	}
	ex.user, ex.scope = user, scope
	return p.issueOnPassword(ctx, ex, ex.client.MayUse(idp.GrantRefreshToken))
}

// issueOnPassword makes the grant of a person who has just given their
// password, without a browser session behind it, and looks again afterwards.
func (p *Provider) issueOnPassword(ctx context.Context, ex *exchange, refresh bool) (oauth2.TokenInfo, error) {
	ex.grant = &idp.Grant{
		ID: newGrantID(), State: idp.GrantActive, ClientID: ex.client.ID, UserID: ex.user.ID, Scope: ex.scope,
		Facts: idp.Facts{Offline: true, AuthTime: ex.issuedAt.Unix(), AMR: []string{idp.AMRPassword}, ACR: idp.ACRPassword},
	}
	if refresh {
		ex.grant.Generation = 1
	}
	ex.commit = commitGrant
	info, err := p.engine.GenerateAccessToken(ctx, oauth2.PasswordCredentials, &oauth2.TokenGenerateRequest{
		ClientID: ex.client.ID, UserID: ex.user.ID, Scope: ex.scope, AccessTokenExp: ex.set.AccessTokenTTL,
	})
	if err != nil {
		return nil, err
	}
	return info, p.stillSignsIn(ctx, ex)
}

// stillSignsIn looks again after the grant was made: a change of password or a
// disabled account ends the grants that exist at that moment, and must not
// miss one that was on its way.
func (p *Provider) stillSignsIn(ctx context.Context, ex *exchange) error {
	now, err := p.o.Users.UserByLogin(ctx, ex.user.Username)
	if err == nil && now.StillIs(ex.user, p.o.Now()) {
		return nil
	}
	if revokeErr := p.o.Grants.RevokeGrant(ctx, ex.grant.ID); revokeErr != nil {
		return revokeErr
	}
	if err == nil || errors.Is(err, idp.ErrNotFound) {
		return idp.ErrNotFound // renamed, disabled, or with another password
	}
	return err
}
