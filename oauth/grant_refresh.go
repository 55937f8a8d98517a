package oauth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-oauth2/oauth2/v4"

	"gatehouse/idp"
)

// grantRefresh spends a refresh token for the next one (RFC 6749 §6, RFC 9700 §4.14.2).
func (p *Provider) grantRefresh(ctx context.Context, ex *exchange, r Request) (oauth2.TokenInfo, error) {
	token := r.Form.Get("refresh_token")
	if token == "" {
		return nil, refuse(codeInvalidRequest, "refresh_token is missing")
	}
	if scope := r.Form.Get("scope"); scope != "" {
		if err := p.narrow(ctx, ex, token, scope); err != nil {
			return nil, err
		}
	}
	return p.engine.RefreshAccessToken(ctx, &oauth2.TokenGenerateRequest{ClientID: ex.client.ID, Refresh: token})
}

// narrow checks the scope parameter before the token is spent, so that asking
// for too much costs nothing. A grant's scope never changes, so looking first is safe.
func (p *Provider) narrow(ctx context.Context, ex *exchange, token, scope string) error {
	cred, err := p.o.Master.read(token)
	if err != nil || cred.kind == kindCode {
		return errForged
	}
	g, err := p.o.Grants.Grant(ctx, cred.grantID)
	if err != nil {
		return err
	}
	if g.ClientID != ex.client.ID {
		return idp.ErrNotFound
	}
	granted, wanted := scopeList(g.Scope), scopeList(scope)
	for _, s := range wanted {
		if !slices.Contains(granted, s) {
			return refuse(codeInvalidScope, "the scope %.60s was not granted", s)
		}
	}
	ex.scope = strings.Join(wanted, " ")
	return nil
}

// afterRotation completes the exchange with the rotated grant. A session or a
// user that has ended takes the grant along.
func (p *Provider) afterRotation(ctx context.Context, ex *exchange, g *idp.Grant) error {
	if sessionOver(g, p.o.Now()) {
		return errors.Join(idp.ErrNotFound, p.o.Grants.RevokeGrant(ctx, g.ID))
	}
	user, err := p.activeUser(ctx, g.UserID)
	if errors.Is(err, idp.ErrNotFound) {
		return errors.Join(err, p.o.Grants.RevokeGrant(ctx, g.ID))
	}
	if err != nil {
		return err
	}
	if ex.scope == "" {
		ex.scope = g.Scope
	}
	ex.grant, ex.user, ex.scope = g, user, stillAllowed(ex.client, ex.scope)
	return nil
}

// stillAllowed drops scopes that the client has lost since they were granted.
func stillAllowed(client *idp.Client, scope string) string {
	list := scopeList(scope)
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return !client.MayRequest(s) }), " ")
}
