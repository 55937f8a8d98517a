package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"gatehouse/idp"
)

// Userinfo answers the userinfo endpoint (OIDC Core §5.3) for a bearer token,
// "" when the request brought none.
func (p *Provider) Userinfo(ctx context.Context, bearer string) (map[string]any, error) {
	if bearer == "" {
		// RFC 6750 §3.1: without authentication information no error code is given.
		return nil, &Error{Status: http.StatusUnauthorized, Challenge: bearerChallenge("", "")}
	}
	access, err := p.liveAccess(ctx, bearer)
	if errors.Is(err, errBadToken) {
		return nil, bearerError(http.StatusUnauthorized, codeInvalidToken, badAccessToken)
	}
	if err != nil {
		return nil, err
	}
	if !hasScope(access.claims.Scope, idp.ScopeOpenID) || access.user == nil {
		return nil, bearerError(http.StatusForbidden, codeInsufficientScope, "the access token needs the scope openid")
	}
	out := map[string]any{}
	names := slices.Concat(scopeClaims(access.claims.Scope), access.grant.Facts.UserinfoClaims)
	addClaims(out, access.user, claimsAllowed(access.client, names))
	out["sub"] = access.user.ID
	return out, nil
}

const badAccessToken = "the access token is not valid, has expired or was revoked"

// liveToken is an access token that works at this moment.
type liveToken struct {
	claims *accessClaims
	grant  *idp.Grant
	client *idp.Client
	user   *idp.User // nil for a client's own token
}

// liveAccess checks everything that can end an access token: its signature and
// time, its grant, the token itself, its client, the client's watermark and
// its user. It returns errBadToken, or a store's fault.
func (p *Provider) liveAccess(ctx context.Context, token string) (*liveToken, error) {
	claims, err := p.verifyAccess(token)
	if err != nil {
		return nil, err
	}
	id, ok := grantOfJTI(claims.JTI)
	if !ok {
		return nil, errBadToken
	}
	g, err := p.o.Grants.Grant(ctx, id)
	if err != nil {
		return nil, absentIsBad(err)
	}
	if g.State != idp.GrantActive || g.ClientID != claims.ClientID || slices.Contains(g.DeniedTokens, claims.JTI) {
		return nil, errBadToken
	}
	live := &liveToken{claims: claims, grant: g}
	return live, p.checkHolders(ctx, live)
}

// checkHolders sees that the grant's client and user are still in good standing.
func (p *Provider) checkHolders(ctx context.Context, live *liveToken) error {
	var err error
	if live.client, err = p.o.Clients.Client(ctx, live.grant.ClientID); err != nil {
		return absentIsBad(err)
	}
	if live.client.Disabled || live.client.HasRevoked(live.grant) {
		return errBadToken
	}
	if live.grant.UserID != "" {
		live.user, err = p.activeUser(ctx, live.grant.UserID)
	}
	return absentIsBad(err)
}

func absentIsBad(err error) error {
	if errors.Is(err, idp.ErrNotFound) {
		return errBadToken
	}
	return err
}

// bearerError is RFC 6750 §3.1.
func bearerError(status int, code, description string) *Error {
	return &Error{Code: code, Description: description, Status: status, Challenge: bearerChallenge(code, description)}
}

func bearerChallenge(code, description string) string {
	c := `Bearer realm="gatehouse"`
	if code != "" {
		c += `, error="` + code + `", error_description="` + description + `"`
	}
	if code == codeInsufficientScope {
		c += `, scope="openid"`
	}
	return c
}
