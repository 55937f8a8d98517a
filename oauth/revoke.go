package oauth

import (
	"context"
	"errors"
	"strings"

	"gatehouse/idp"
)

// Revoke answers the revocation endpoint (RFC 7009). A token that is unknown,
// expired or another client's is left alone, and the answer is the same.
func (p *Provider) Revoke(ctx context.Context, r Request) error {
	if refused := checkParams(r.Form); refused != nil {
		return refused
	}
	client, err := p.authenticateClient(ctx, r)
	if err != nil {
		return err
	}
	token := r.Form.Get("token")
	if token == "" {
		return refuse(codeInvalidRequest, "token is missing")
	}
	if strings.Count(token, ".") == 2 {
		return p.revokeAccess(ctx, client, r.origin(), token)
	}
	return p.revokeRefresh(ctx, client, r.origin(), token)
}

// revokeAccess ends one access token; its grant lives on. A client's own token
// has a grant to itself, which goes with it.
func (p *Provider) revokeAccess(ctx context.Context, client *idp.Client, from origin, token string) error {
	claims, err := p.verifyAccess(token)
	if err != nil || claims.ClientID != client.ID {
		return nil //nolint:nilerr // RFC 7009 §2.2: an invalid token is no error
	}
	id, ok := grantOfJTI(claims.JTI)
	if !ok {
		return nil
	}
	if claims.AuthTime == 0 { // no person signed in for it
		if err := p.o.Grants.RevokeGrant(ctx, id); err != nil {
			return err
		}
		p.recordRevoke(client, from, id, "", "")
		return nil
	}
	if err := p.o.Grants.DenyToken(ctx, id, claims.JTI); err != nil {
		return err
	}
	p.recordRevoke(client, from, id, claims.Subject, claims.JTI)
	return nil
}

// revokeRefresh ends the whole family, with its access tokens (RFC 7009 §2.1).
// A spent refresh token, whoever holds it, is no less a reason.
func (p *Provider) revokeRefresh(ctx context.Context, client *idp.Client, from origin, token string) error {
	cred, err := p.o.Master.read(token)
	if err != nil || cred.kind == kindCode {
		return nil //nolint:nilerr // RFC 7009 §2.2
	}
	g, err := p.o.Grants.Grant(ctx, cred.grantID)
	if errors.Is(err, idp.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.ClientID != client.ID {
		return nil
	}
	if err := p.o.Grants.RevokeGrant(ctx, g.ID); err != nil {
		return err
	}
	p.recordRevoke(client, from, g.ID, g.UserID, "")
	return nil
}
