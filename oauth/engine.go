package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	oautherrors "github.com/go-oauth2/oauth2/v4/errors"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"

	"gatehouse/idp"
)

// engine is go-oauth2's Manager with our stores and generators under it. Every
// code and token is issued and exchanged through the Manager; its server is not
// used. The atomic commit of each exchange is one store verb, in tokenStore.
type engine struct{ *manage.Manager }

func newEngine(p *Provider) *engine {
	m := manage.NewManager()
	m.SetAuthorizeCodeExp(p.o.CodeTTL)
	// Each request brings the life of its access token; one without an expiry here would never expire.
	cfg := &manage.Config{AccessTokenExp: time.Minute, IsGenerateRefresh: true}
	m.SetAuthorizeCodeTokenCfg(cfg)
	m.SetPasswordTokenCfg(cfg)
	m.SetClientTokenCfg(&manage.Config{AccessTokenExp: time.Minute})
	m.SetRefreshTokenCfg(&manage.RefreshingConfig{AccessTokenExp: time.Minute, IsGenerateRefresh: true})
	// grant_code.go judges the redirect URI, and the code is bound to the very string.
	m.SetValidateURIHandler(func(_, _ string) error { return nil })
	m.MapClientStorage(clientStore{})
	m.MapTokenStorage(tokenStore{p})
	m.MapAuthorizeGenerate(codeGenerator{p})
	m.MapAccessGenerate(accessGenerator{p})
	return &engine{m}
}

// exchange is one request's way through the Manager. It carries what the
// Manager's own types have no room for; without one, everything below refuses.
type exchange struct {
	client *idp.Client // authenticated
	grant  *idp.Grant
	user   *idp.User // nil for client_credentials
	scope  string    // of the access token; within grant.Scope
	commit commit
	// set are the settings as the exchange began, so that all its lives fit together.
	set      idp.Settings
	issuedAt time.Time
	from     origin
}

// commit is the store verb that makes an exchange final.
type commit int

const (
	commitNone   commit = iota // nothing to write: the rotation was the commit
	commitCode                 // a new authorization code
	commitRedeem               // a code becomes tokens
	commitGrant                // tokens without a code
)

type exchangeKey struct{}

func withExchange(ctx context.Context, ex *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, ex)
}

var errNoExchange = errors.New("no exchange in progress")

func exchangeOf(ctx context.Context) (*exchange, error) {
	if ex, ok := ctx.Value(exchangeKey{}).(*exchange); ok && ex.client != nil {
		return ex, nil
	}
	return nil, errNoExchange
}

// clientStore hands the Manager the client that was authenticated before.
type clientStore struct{}

func (clientStore) GetByID(ctx context.Context, id string) (oauth2.ClientInfo, error) {
	ex, err := exchangeOf(ctx)
	if err != nil || ex.client.ID != id {
		return nil, oautherrors.ErrInvalidClient
	}
	return authenticatedClient{ex.client}, nil
}

// authenticatedClient answers the Manager's question for a secret with the
// fact that authentication took place.
type authenticatedClient struct{ *idp.Client }

func (c authenticatedClient) GetID() string              { return c.ID }
func (c authenticatedClient) GetSecret() string          { return "" }
func (c authenticatedClient) GetDomain() string          { return "" }
func (c authenticatedClient) GetUserID() string          { return "" }
func (c authenticatedClient) VerifyPassword(string) bool { return true }

// tokenStore joins the Manager to the grants.
type tokenStore struct{ p *Provider }

// Create is the commit of an exchange.
func (s tokenStore) Create(ctx context.Context, info oauth2.TokenInfo) error {
	ex, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	grants := s.p.o.Grants
	switch ex.commit {
	case commitCode:
		return grants.CreateGrant(ctx, ex.grant, info.GetCodeExpiresIn(), 0)
	case commitRedeem:
		life := s.p.lifeOf(ex)
		err := grants.RedeemCode(ctx, idp.Redemption{
			GrantID: ex.grant.ID, ClientID: ex.client.ID, Generation: ex.grant.Generation,
			RefreshTTL: life.refresh, TTL: life.grant,
		})
		if errors.Is(err, idp.ErrReplayed) { // two at the same moment
			s.p.recordReplay(ex, ex.grant.ID, ex.grant.UserID)
		}
		return err
	case commitGrant:
		life := s.p.lifeOf(ex)
		return grants.CreateGrant(ctx, ex.grant, life.grant, life.refresh)
	case commitNone:
	}
	return nil
}

// GetByCode loads the grant that a code belongs to. A code that was redeemed
// before ends everything that came from it (RFC 6749 §4.1.2).
func (s tokenStore) GetByCode(ctx context.Context, code string) (oauth2.TokenInfo, error) {
	ex, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	cred, err := s.p.o.Master.read(code)
	if err != nil || cred.kind != kindCode {
		return nil, errForged
	}
	g, err := s.p.o.Grants.Grant(ctx, cred.grantID)
	if err != nil {
		return nil, err
	}
	if g.ClientID != ex.client.ID {
		return nil, oautherrors.ErrInvalidAuthorizeCode
	}
	if g.State != idp.GrantCode {
		if err := s.p.o.Grants.RevokeGrant(ctx, g.ID); err != nil {
			return nil, err
		}
		s.p.recordReplay(ex, g.ID, g.UserID)
		return nil, idp.ErrReplayed
	}
	if ex.client.HasRevoked(g) {
		return nil, idp.ErrNotFound
	}
	if err := s.p.prepareRedeem(ctx, ex, g); err != nil {
		return nil, err
	}
	ti := models.NewToken()
	ti.SetCode(code)
	ti.SetCodeCreateAt(time.Now()) // the store's clock has judged the code already
	ti.SetCodeExpiresIn(s.p.o.CodeTTL)
	ti.SetClientID(g.ClientID)
	ti.SetUserID(g.UserID)
	ti.SetScope(g.Scope)
	ti.SetRedirectURI(g.Code.RedirectURI)
	ti.SetCodeChallenge(g.Code.CodeChallenge)
	if g.Code.CodeChallenge != "" {
		ti.SetCodeChallengeMethod(oauth2.CodeChallengeS256)
	}
	return ti, nil
}

// RemoveByCode does nothing: RedeemCode is where a code ends, once.
func (tokenStore) RemoveByCode(context.Context, string) error { return nil }

// GetByRefresh spends the refresh token: the rotation is atomic in the store
// and the only round trip.
func (s tokenStore) GetByRefresh(ctx context.Context, token string) (oauth2.TokenInfo, error) {
	ex, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	cred, err := s.p.o.Master.read(token)
	if err != nil || cred.kind == kindCode {
		return nil, errForged
	}
	rotation := idp.Rotation{
		GrantID: cred.grantID, ClientID: ex.client.ID, Generation: cred.generation,
		Grace: s.p.o.RefreshGrace, RefreshTTL: refreshTTL(&ex.set, cred.kind == kindRefreshOffline),
	}
	if ex.client.TokensNotBefore != nil {
		rotation.NotBefore = *ex.client.TokensNotBefore
	}
	g, err := s.p.o.Grants.RotateRefresh(ctx, rotation)
	if errors.Is(err, idp.ErrReplayed) {
		s.p.recordReplay(ex, cred.grantID, "")
	}
	if err != nil {
		return nil, err
	}
	if err := s.p.afterRotation(ctx, ex, g); err != nil {
		return nil, err
	}
	ti := models.NewToken()
	ti.SetRefresh(token)
	ti.SetClientID(g.ClientID)
	ti.SetUserID(g.UserID)
	ti.SetScope(ex.scope)
	return ti, nil
}

// errUnused marks the Manager's verbs that Gatehouse never calls: they refuse.
var errUnused = errors.New("not used by this server")

// GetByAccess refuses: access tokens are JWTs, checked in jwt.go.
func (tokenStore) GetByAccess(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errUnused
}

// RemoveByAccess refuses: revoke.go does it.
func (tokenStore) RemoveByAccess(context.Context, string) error { return errUnused }

// RemoveByRefresh refuses: revoke.go does it.
func (tokenStore) RemoveByRefresh(context.Context, string) error { return errUnused }

// codeGenerator writes authorization codes.
type codeGenerator struct{ p *Provider }

func (g codeGenerator) Token(ctx context.Context, _ *oauth2.GenerateBasic) (string, error) {
	ex, err := exchangeOf(ctx)
	if err != nil {
		return "", err
	}
	return g.p.o.Master.mint(credential{kind: kindCode, grantID: ex.grant.ID})
}

// accessGenerator signs access tokens and writes refresh tokens.
type accessGenerator struct{ p *Provider }

func (g accessGenerator) Token(ctx context.Context, _ *oauth2.GenerateBasic, withRefresh bool) (access, refresh string, err error) {
	ex, err := exchangeOf(ctx)
	if err != nil {
		return "", "", err
	}
	if access, err = g.p.signAccess(ex); err != nil {
		return "", "", err
	}
	if withRefresh && ex.grant.Generation > 0 {
		refresh, err = g.p.o.Master.mint(credential{
			kind: refreshKind(ex.grant), grantID: ex.grant.ID, generation: ex.grant.Generation,
		})
	}
	return access, refresh, err
}

func refreshKind(g *idp.Grant) credentialKind {
	if g.Offline() {
		return kindRefreshOffline
	}
	return kindRefresh
}
