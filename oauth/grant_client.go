package oauth

import (
	"context"
	"slices"
	"strings"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// grantClient gives a client a token of its own (RFC 6749 §4.4): never a
// refresh token, never an ID token.
func (p *Provider) grantClient(ctx context.Context, ex *exchange, r Request) (oauth2.TokenInfo, error) {
	if ex.client.IsPublic() {
		return nil, refuse(codeUnauthorizedClient, "client_credentials needs a client that has a secret")
	}
	scope, err := requestedScope(ex.client, r.Form.Get("scope"))
	if err != nil {
		return nil, err
	}
	ex.scope = withoutPersonScopes(scope)
	ex.grant = &idp.Grant{ID: newGrantID(), State: idp.GrantActive, ClientID: ex.client.ID, Scope: ex.scope}
	ex.commit = commitGrant
	return p.engine.GenerateAccessToken(ctx, oauth2.ClientCredentials, &oauth2.TokenGenerateRequest{
		ClientID: ex.client.ID, Scope: ex.scope, AccessTokenExp: ex.set.AccessTokenTTL,
	})
}

// withoutPersonScopes leaves out the scopes that speak of a person; there is none.
func withoutPersonScopes(scope string) string {
	list := slices.DeleteFunc(scopeList(scope), func(s string) bool {
		return s == idp.ScopeAccount || slices.Contains(idp.StandardScopes(), s)
	})
	return strings.Join(list, " ")
}
