package oauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/idp"
)

// NewOfKind is the beginning of a registration: what suits most applications
// of the kind. Names and addresses are still to be filled in.
func (c *Clients) NewOfKind(kind idp.ClientKind) NewClient {
	n := idp.Client{AuthMethod: idp.AuthMethodBasic, RequirePKCE: true}
	person := []string{idp.ScopeOpenID, idp.ScopeProfile, idp.ScopeEmail}
	codeAndRefresh := []string{idp.GrantAuthorizationCode, idp.GrantRefreshToken}
	switch kind {
	case idp.ClientWeb:
		n.GrantTypes, n.Scopes = codeAndRefresh, append(person, idp.ScopeOfflineAccess)
	case idp.ClientSPA:
		// Without offline_access its refresh tokens end with the browser session.
		n.AuthMethod, n.GrantTypes, n.Scopes = idp.AuthMethodNone, codeAndRefresh, person
	case idp.ClientNative:
		n.AuthMethod, n.GrantTypes, n.Scopes = idp.AuthMethodNone, codeAndRefresh, append(person, idp.ScopeOfflineAccess)
	case idp.ClientMachine:
		n.GrantTypes = []string{idp.GrantClientCredentials}
	case idp.ClientResource:
		n.ResourceServer = true
	}
	return NewClient{Client: n}
}

// EnsureGatehouse makes idp.ClientGatehouse, or brings it to the form that
// this version needs. Whether it is disabled stays as it is.
func (c *Clients) EnsureGatehouse(ctx context.Context) error {
	_, err := c.alter(ctx, idp.ClientGatehouse, time.Time{}, func(client *idp.Client) error {
		want := gatehouseClient()
		if isGatehouse(client, &want) {
			return errSame
		}
		want.Disabled, want.TokensNotBefore, want.LastUsedAt = client.Disabled, client.TokensNotBefore, client.LastUsedAt
		if !isPassive(client) {
			// Whoever had a client of this name before keeps no tokens of it.
			want.TokensNotBefore = new(c.at())
		}
		*client = want
		return nil
	})
	if !errors.Is(err, idp.ErrNotFound) {
		return err
	}
	made := gatehouseClient()
	made.CreatedAt = c.at()
	made.UpdatedAt = made.CreatedAt
	err = c.store.CreateClient(ctx, &made)
	var raced *idp.ConflictError
	if errors.As(err, &raced) {
		return nil // another instance made it
	}
	return err
}

// gatehouseClient is public, so that the token endpoint can say that it has no
// grant types, and has no redirect URI, so that the authorization endpoint refuses it.
func gatehouseClient() idp.Client {
	return idp.Client{
		ID: idp.ClientGatehouse, Name: "Gatehouse API", AuthMethod: idp.AuthMethodNone, RequirePKCE: true,
		Scopes: slices.Concat(
			[]string{idp.ScopeOpenID, idp.ScopeProfile, idp.ScopeEmail, idp.ScopeRoles, idp.ScopeOfflineAccess}, idp.APIScopes()),
	}
}

func isGatehouse(c, want *idp.Client) bool {
	return isPassive(c) && c.Name == want.Name && slices.Equal(c.Scopes, want.Scopes)
}

// isPassive reports whether nobody can do anything as the client.
func isPassive(c *idp.Client) bool {
	return c.IsPublic() && len(c.GrantTypes) == 0 && len(c.RedirectURIs) == 0 && len(c.Secrets) == 0 && !c.ResourceServer
}
