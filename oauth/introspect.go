package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"gatehouse/idp"
)

// introspection is the answer about a live token (RFC 7662 §2.2, RFC 9068 §2.2 for the rest).
type introspection struct {
	Active    bool      `json:"active"`
	Scope     string    `json:"scope,omitempty"`
	ClientID  string    `json:"client_id,omitempty"`
	Username  string    `json:"username,omitempty"`
	TokenType string    `json:"token_type,omitempty"`
	Expires   int64     `json:"exp,omitempty"`
	IssuedAt  int64     `json:"iat,omitempty"`
	Subject   string    `json:"sub,omitempty"`
	Audience  audience  `json:"aud,omitempty"`
	Issuer    string    `json:"iss,omitempty"`
	JTI       string    `json:"jti,omitempty"`
	SID       string    `json:"sid,omitempty"`
	AuthTime  int64     `json:"auth_time,omitempty"`
	ACR       string    `json:"acr,omitempty"`
	AMR       []string  `json:"amr,omitempty"`
	Roles     *[]string `json:"roles,omitempty"`
}

// Introspect answers the introspection endpoint (RFC 7662) with the body to send.
// Unknown, expired, revoked, malformed and foreign tokens all read the same.
func (p *Provider) Introspect(ctx context.Context, r Request) ([]byte, error) {
	if refused := checkParams(r.Form); refused != nil {
		return nil, refused
	}
	caller, err := p.authenticateClient(ctx, r)
	if err != nil {
		return nil, err
	}
	if caller.IsPublic() { // RFC 7662 §2.1: some form of authorization is required
		return nil, invalidClient(caller.AuthMethod, "introspection needs a client that has a secret")
	}
	token := r.Form.Get("token")
	if token == "" {
		return nil, refuse(codeInvalidRequest, "token is missing")
	}
	answer, err := p.introspectToken(ctx, caller, token)
	if errors.Is(err, errBadToken) {
		answer, err = &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (p *Provider) introspectToken(ctx context.Context, caller *idp.Client, token string) (*introspection, error) {
	if strings.Count(token, ".") == 2 {
		return p.introspectAccess(ctx, caller, token)
	}
	return p.introspectRefresh(ctx, caller, token)
}

func (p *Provider) introspectAccess(ctx context.Context, caller *idp.Client, token string) (*introspection, error) {
	live, err := p.liveAccess(ctx, token)
	if err != nil {
		return nil, err
	}
	c := live.claims
	if !mayAsk(caller, c.ClientID, c.Audience) {
		return nil, errBadToken
	}
	out := &introspection{
		Active: true, Scope: c.Scope, ClientID: c.ClientID, TokenType: "Bearer", Expires: c.Expires, IssuedAt: c.IssuedAt,
		Subject: c.Subject, Audience: c.Audience, Issuer: c.Issuer, JTI: c.JTI, SID: c.SID,
		AuthTime: c.AuthTime, ACR: c.ACR, AMR: c.AMR, Roles: c.Roles,
	}
	if live.user != nil {
		out.Username = live.user.Username
	}
	return out, nil
}

func (p *Provider) introspectRefresh(ctx context.Context, caller *idp.Client, token string) (*introspection, error) {
	live, err := p.liveRefresh(ctx, token)
	if err != nil {
		return nil, err
	}
	g := live.grant
	if !mayAsk(caller, g.ClientID, nil) {
		return nil, errBadToken
	}
	return &introspection{
		Active: true, Scope: g.Scope, ClientID: g.ClientID, Username: live.user.Username, Expires: g.RefreshExpiresAt.Unix(),
		Subject: g.UserID, Issuer: p.o.Issuer, SID: g.SessionID, AuthTime: g.Facts.AuthTime, ACR: g.Facts.ACR, AMR: g.Facts.AMR,
	}, nil
}

// liveRefresh returns the grant of a refresh token that is current and could
// be used now, or errBadToken. It spends nothing.
func (p *Provider) liveRefresh(ctx context.Context, token string) (*liveToken, error) {
	cred, err := p.o.Master.read(token)
	if err != nil || cred.kind == kindCode {
		return nil, errBadToken
	}
	g, err := p.o.Grants.Grant(ctx, cred.grantID)
	if err != nil {
		return nil, absentIsBad(err)
	}
	now := p.o.Now()
	if g.State != idp.GrantActive || cred.generation != g.Generation || !now.Before(g.RefreshExpiresAt) || sessionOver(g, now) || g.UserID == "" {
		return nil, errBadToken
	}
	live := &liveToken{grant: g}
	return live, p.checkHolders(ctx, live)
}

// mayAsk says whether a client may learn of a token: its own, one meant for it, or any for a resource server.
func mayAsk(caller *idp.Client, issuedTo string, aud audience) bool {
	return caller.ResourceServer || caller.ID == issuedTo || aud.has(caller.ID)
}
