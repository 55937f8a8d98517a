package oauth

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"gatehouse/idp"
)

// LogoutRequest is a logout request of a client (OpenID Connect RP-Initiated Logout 1.0 §2).
type LogoutRequest struct {
	// Verified says that id_token_hint is an ID token of ours for a client that
	// still exists. Without it nothing below is set but State.
	Verified  bool
	ClientID  string
	Subject   string
	SessionID string // sid, "" if the ID token had none
	// RedirectURI is where the browser may go afterwards: set only when the
	// client registered exactly this one.
	RedirectURI string
	State       string
	HasState    bool
}

// Location is RedirectURI with the state, which is echoed only if it was sent.
func (l *LogoutRequest) Location() string {
	if !l.HasState {
		return l.RedirectURI
	}
	r := AuthorizeResponse{RedirectURI: l.RedirectURI, Params: url.Values{"state": {l.State}}}
	return r.Location()
}

// ParseLogout reads a logout request. What cannot be trusted counts as absent;
// only a repeated parameter or broken text is an *Error.
func (p *Provider) ParseLogout(ctx context.Context, params url.Values) (*LogoutRequest, error) {
	if refused := checkParams(params); refused != nil {
		return nil, refused
	}
	l := &LogoutRequest{State: params.Get("state"), HasState: params.Has("state")}
	hint, err := p.verifyHint(params.Get("id_token_hint"))
	if err != nil {
		return l, nil //nolint:nilerr // an altered, foreign or unsigned hint counts as none
	}
	clientID := hint.Audience[0]
	if id := params.Get("client_id"); id != "" && id != clientID { // RP-Initiated Logout §2: they must match
		return l, nil
	}
	client, err := p.o.Clients.Client(ctx, clientID)
	if errors.Is(err, idp.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	l.Verified, l.ClientID, l.Subject, l.SessionID = true, clientID, hint.Subject, hint.SID
	if uri := params.Get("post_logout_redirect_uri"); !client.Disabled && slices.Contains(client.PostLogoutRedirectURIs, uri) {
		l.RedirectURI = uri
	}
	return l, nil
}

// EndSession ends what depends on a browser session: its codes that were not
// redeemed, and its tokens without offline_access.
func (p *Provider) EndSession(ctx context.Context, sessionID string) error {
	if sessionID == "" {
		return nil
	}
	return p.o.Grants.RevokeSession(ctx, sessionID)
}
