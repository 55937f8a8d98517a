package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// IssueToPerson gives a person who has just proved who they are tokens for the
// REST API, by the rules of the password grant, and a refresh token if wanted.
// The client is idp.ClientGatehouse; while it is disabled, and when the person
// may not sign in any more, the refusal is an *Error.
func (p *Provider) IssueToPerson(ctx context.Context, u *idp.User, ip, requestID string, refresh bool) (*TokenResponse, error) {
	client, err := p.gatehouse(ctx)
	if err != nil {
		return nil, err
	}
	ex := p.newExchange(client, origin{ip, requestID})
	ex.user, ex.scope = u, stillAllowed(client, personScope(u, refresh))
	info, err := p.issueOnPassword(withExchange(ctx, ex), ex, refresh)
	if err != nil {
		return nil, grantError(err)
	}
	return p.tokenResponse(ex, info, idp.GrantPassword)
}

// RefreshForPerson spends a refresh token that IssueToPerson or an earlier call gave.
func (p *Provider) RefreshForPerson(ctx context.Context, refreshToken, ip, requestID string) (*TokenResponse, error) {
	client, err := p.gatehouse(ctx)
	if err != nil {
		return nil, err
	}
	ex := p.newExchange(client, origin{ip, requestID})
	info, err := p.engine.RefreshAccessToken(withExchange(ctx, ex), &oauth2.TokenGenerateRequest{ClientID: client.ID, Refresh: refreshToken})
	if err != nil {
		return nil, grantError(err)
	}
	return p.tokenResponse(ex, info, idp.GrantRefreshToken)
}

// gatehouse is the client of the REST API's own tokens.
func (p *Provider) gatehouse(ctx context.Context) (*idp.Client, error) {
	client, err := p.o.Clients.Client(ctx, idp.ClientGatehouse)
	if err != nil && !errors.Is(err, idp.ErrNotFound) {
		return nil, err
	}
	if err != nil || client.Disabled {
		return nil, &Error{
			Code: codeAccessDenied, Status: http.StatusForbidden,
			Description: "tokens for the REST API are turned off: the client " + idp.ClientGatehouse + " is disabled",
		}
	}
	return client, nil
}

// personScope is what a person's own token for the REST API may do.
func personScope(u *idp.User, refresh bool) string {
	scopes := []string{idp.ScopeOpenID, idp.ScopeProfile, idp.ScopeEmail, idp.ScopeRoles, idp.ScopeAccount}
	if refresh {
		scopes = append(scopes, idp.ScopeOfflineAccess)
	}
	return strings.Join(append(scopes, scopesOf(u.Permissions)...), " ")
}
