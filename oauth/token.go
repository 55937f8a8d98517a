package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oautherrors "github.com/go-oauth2/oauth2/v4/errors"

	"gatehouse/idp"
)

// TokenResponse is the answer of the token endpoint (RFC 6749 §5.1, OIDC Core §3.1.3.3).
type TokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"` // always Bearer
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	IDToken      string `json:"id_token,omitempty"`

	// ClientID, UserID and GrantType are for the log, not for the answer.
	ClientID  string `json:"-"`
	UserID    string `json:"-"`
	GrantType string `json:"-"`
}

// Token answers the token endpoint. A refusal is an *Error; any other error is
// a fault of a store or of ours.
func (p *Provider) Token(ctx context.Context, r Request) (*TokenResponse, error) {
	// 1. The form of the request.
	if refused := checkParams(r.Form); refused != nil {
		return nil, refused
	}
	// 2. The client.
	client, err := p.authenticateClient(ctx, r)
	if err != nil {
		return nil, err
	}
	// 3. The grant.
	grantType := r.Form.Get("grant_type")
	grant, err := p.grantFor(client, grantType)
	if err != nil {
		return nil, err
	}
	// 4. Its own checks, and the exchange.
	ex := p.newExchange(client, r.origin())
	info, err := grant(withExchange(ctx, ex), ex, r)
	if err != nil {
		return nil, grantError(err)
	}
	// 5. The answer.
	return p.tokenResponse(ex, info, grantType)
}

func (p *Provider) newExchange(client *idp.Client, from origin) *exchange {
	return &exchange{client: client, issuedAt: p.o.Now(), set: p.o.Settings(), from: from}
}

// grantFunc is one grant: it completes the exchange and runs it through the engine.
type grantFunc func(ctx context.Context, ex *exchange, r Request) (oauth2.TokenInfo, error)

func (p *Provider) grantFor(client *idp.Client, grantType string) (grantFunc, error) {
	var f grantFunc
	switch grantType {
	case idp.GrantAuthorizationCode:
		f = p.grantCode
	case idp.GrantRefreshToken:
		f = p.grantRefresh
	case idp.GrantClientCredentials:
		f = p.grantClient
	case idp.GrantPassword:
		f = p.grantPassword
	case "":
		return nil, refuse(codeInvalidRequest, "grant_type is missing")
	default:
		return nil, refuse(codeUnsupportedGrantType, "use one of %s", strings.Join(idp.GrantTypes(), ", "))
	}
	if !client.MayUse(grantType) {
		return nil, refuse(codeUnauthorizedClient, "this client is not registered for %s", grantType)
	}
	return f, nil
}

// grantError turns what the engine and the stores say into the protocol's
// words. One answer for everything that is wrong with a code or token, so that
// it tells nothing; the cause goes to the log.
func grantError(err error) error {
	var ready *Error
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.Is(err, oautherrors.ErrMissingCodeVerifier):
		return refuse(codeInvalidGrant, "code_verifier does not fit the authorization request").because(err)
	case errors.Is(err, idp.ErrNotFound), errors.Is(err, idp.ErrReplayed), errors.Is(err, errForged),
		errors.Is(err, oautherrors.ErrInvalidAuthorizeCode), errors.Is(err, oautherrors.ErrInvalidCodeChallenge),
		errors.Is(err, oautherrors.ErrInvalidRefreshToken), errors.Is(err, oautherrors.ErrExpiredRefreshToken):
		return refuse(codeInvalidGrant, "the code or token is not valid, has expired, was used before or is bound to other values").because(err)
	}
	return err
}

func (p *Provider) tokenResponse(ex *exchange, info oauth2.TokenInfo, grantType string) (*TokenResponse, error) {
	out := &TokenResponse{
		AccessToken: info.GetAccess(), TokenType: "Bearer", ExpiresIn: int64(ex.set.AccessTokenTTL / time.Second),
		RefreshToken: info.GetRefresh(), Scope: ex.scope,
		ClientID: ex.client.ID, UserID: ex.grant.UserID, GrantType: grantType,
	}
	if ex.user != nil && hasScope(ex.scope, idp.ScopeOpenID) {
		var err error
		if out.IDToken, err = p.signID(ex, out.AccessToken, grantType); err != nil {
			return nil, err
		}
	}
	p.issued(ex, grantType)
	return out, nil
}

// signAccess makes the access token of an exchange (RFC 9068).
func (p *Provider) signAccess(ex *exchange) (string, error) {
	key, err := p.o.Keys.signer(algES256)
	if err != nil {
		return "", err
	}
	g := ex.grant
	c := accessClaims{
		Issuer: p.o.Issuer, Audience: audience{p.o.Issuer}, Subject: g.UserID,
		IssuedAt: ex.issuedAt.Unix(), Expires: ex.issuedAt.Add(ex.set.AccessTokenTTL).Unix(),
		JTI: newJTI(g.ID), ClientID: ex.client.ID, Scope: ex.scope,
		AuthTime: g.Facts.AuthTime, ACR: g.Facts.ACR, AMR: g.Facts.AMR, SID: g.SessionID,
	}
	if ex.user == nil {
		c.Subject = ex.client.ID // RFC 9068 §2.2
	} else if hasScope(ex.scope, idp.ScopeRoles) {
		roles := slices.Concat([]string{}, ex.user.Roles)
		c.Roles = &roles
	}
	return sign(key.access, c)
}

// signID makes the ID token of an exchange (OIDC Core §2). It holds no claim
// that was not asked for: profile, email and the like belong to userinfo.
func (p *Provider) signID(ex *exchange, access, grantType string) (string, error) {
	alg := ex.client.IDTokenAlg
	if alg == "" {
		alg = algRS256
	}
	key, err := p.o.Keys.signer(alg)
	if err != nil {
		return "", err
	}
	g, f := ex.grant, ex.grant.Facts
	claims := map[string]any{}
	addClaims(claims, ex.user, claimsAllowed(ex.client, f.IDTokenClaims))
	claims["iss"], claims["sub"], claims["aud"] = p.o.Issuer, g.UserID, ex.client.ID
	claims["iat"], claims["exp"] = ex.issuedAt.Unix(), ex.issuedAt.Add(ex.set.IDTokenTTL).Unix()
	// Both algorithms use SHA-256, so at_hash is its left half (OIDC Core §3.1.3.6).
	sum := sha256.Sum256([]byte(access))
	claims["at_hash"] = b64.EncodeToString(sum[:sha256.Size/2])
	if len(f.AMR) > 0 {
		claims["amr"] = f.AMR
	}
	if g.SessionID != "" {
		claims["sid"] = g.SessionID
	}
	if f.WantAuthTime || slices.Contains(f.IDTokenClaims, "auth_time") {
		claims["auth_time"] = f.AuthTime
	}
	if f.WantACR && f.ACR != "" {
		claims["acr"] = f.ACR
	}
	// OIDC Core §12.2: a refreshed ID token should not repeat the nonce.
	if f.Nonce != "" && grantType != idp.GrantRefreshToken {
		claims["nonce"] = f.Nonce
	}
	return sign(key.id, claims)
}

// life is how long a grant and its refresh token live from now.
type life struct{ grant, refresh time.Duration }

// lifeOf decides it when tokens are first issued.
func (p *Provider) lifeOf(ex *exchange) life {
	g, set := ex.grant, &ex.set
	if g.Generation == 0 {
		return life{grant: set.AccessTokenTTL}
	}
	out := life{grant: set.RefreshTokenMaxTTL, refresh: refreshTTL(set, g.Offline())}
	if end := g.Facts.SessionEnd; end != 0 && !g.Offline() {
		out.grant = min(out.grant, time.Unix(end, 0).Sub(p.o.Now()))
		out.refresh = min(out.refresh, out.grant)
	}
	// The record must outlive the access token that is issued with it.
	out.grant = max(out.grant, set.AccessTokenTTL)
	out.refresh = max(min(out.refresh, out.grant), time.Second)
	return out
}

// sessionOver reports whether a grant that ends with a browser session has
// outlived the session's absolute end.
func sessionOver(g *idp.Grant, now time.Time) bool {
	end := g.Facts.SessionEnd
	return end != 0 && !g.Offline() && !now.Before(time.Unix(end, 0))
}

// refreshTTL is the idle life of a refresh token.
func refreshTTL(set *idp.Settings, offline bool) time.Duration {
	if offline {
		return set.RefreshTokenTTL
	}
	return min(set.RefreshTokenTTL, set.SessionTTL)
}

// requestedScope reads the scope parameter of a token request. Absent, it is
// the client's own scopes without those of OpenID Connect (RFC 6749 §3.3: a predefined default).
func requestedScope(client *idp.Client, scope string) (string, error) {
	if scope == "" {
		return strings.Join(defaultScopes(client), " "), nil
	}
	return allowedScope(client, scope)
}

// Power over Gatehouse itself is never given unasked.
func defaultScopes(client *idp.Client) []string {
	var own []string
	for _, s := range client.Scopes {
		if !slices.Contains(idp.StandardScopes(), s) && !slices.Contains(idp.APIScopes(), s) {
			own = append(own, s)
		}
	}
	return own
}

// allowedScope refuses a scope beyond the client's.
func allowedScope(client *idp.Client, scope string) (string, error) {
	list := scopeList(scope)
	for _, s := range list {
		if !client.MayRequest(s) {
			return "", refuse(codeInvalidScope, "the scope %.60s is not registered for this client", s)
		}
	}
	return strings.Join(list, " "), nil
}
