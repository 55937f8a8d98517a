package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"gatehouse/idp"
)

// Bearer is who calls with an access token of ours, and what the token lets them do.
type Bearer struct {
	User    *idp.User // nil for a client's own token
	Client  *idp.Client
	GrantID string
	Scopes  []string // granted, and still registered for the client
	// Permissions are what the scopes and the person's roles of now have in
	// common; for a client's own token, what the scopes say.
	Permissions idp.Permissions
	OwnAccount  bool      // the person's own record may be read and changed
	AuthTime    time.Time // when the person signed in; zero for a client's own token
}

// Authenticate says who calls with an access token, "" when the request
// brought none. It checks all that can end a token, at this moment. The
// refusal is an *Error with a challenge (RFC 6750 §3); any other error is a
// fault of a store.
func (p *Provider) Authenticate(ctx context.Context, bearer string) (*Bearer, error) {
	if bearer == "" {
		return nil, &Error{Status: http.StatusUnauthorized, Challenge: bearerChallenge("", "")}
	}
	live, err := p.liveAccess(ctx, bearer)
	if errors.Is(err, errBadToken) {
		return nil, bearerError(http.StatusUnauthorized, codeInvalidToken, badAccessToken)
	}
	if err != nil {
		return nil, err
	}
	b := &Bearer{
		User: live.user, Client: live.client, GrantID: live.grant.ID,
		Scopes: scopeList(stillAllowed(live.client, live.claims.Scope)),
	}
	b.Permissions = permissionsOf(b.Scopes)
	if b.User == nil {
		return b, nil
	}
	b.Permissions = b.User.Permissions.Limit(b.Permissions)
	b.OwnAccount = slices.Contains(b.Scopes, idp.ScopeAccount)
	b.AuthTime = time.Unix(live.grant.Facts.AuthTime, 0).UTC()
	return b, nil
}

// permissionsOf is what the scopes of the REST API allow at most.
func permissionsOf(scopes []string) idp.Permissions {
	return idp.Permissions{
		Users: slices.Contains(scopes, idp.ScopeAPIUsers),
		Read:  slices.Contains(scopes, idp.ScopeAPIRead),
		Admin: slices.Contains(scopes, idp.ScopeAPIAdmin),
	}
}

// scopesOf is the inverse of permissionsOf.
func scopesOf(may idp.Permissions) []string {
	var out []string
	if may.Users {
		out = append(out, idp.ScopeAPIUsers)
	}
	if may.Read {
		out = append(out, idp.ScopeAPIRead)
	}
	if may.Admin {
		out = append(out, idp.ScopeAPIAdmin)
	}
	return out
}

// RevokeBearer ends everything that came from the bearer's authorization.
func (p *Provider) RevokeBearer(ctx context.Context, b *Bearer) error {
	if err := p.o.Grants.RevokeGrant(ctx, b.GrantID); err != nil || p.o.Audit == nil {
		return err
	}
	e := idp.NewEvent(ctx, p.o.Now().UTC(), idp.ActionGrantRevoke, idp.Target{Kind: "grant", ID: b.GrantID}, idp.AuditOK)
	e.ActorKind, e.ActorID, e.ActorName, e.ClientID = idp.ActorClient, b.Client.ID, b.Client.Name, b.Client.ID
	if b.User != nil {
		e.ActorKind, e.ActorID, e.ActorName = idp.ActorUser, b.User.ID, b.User.Username
		e.Target, e.Changes = grantTarget(b.GrantID, b.User.ID)
		e.Target.Name = b.User.Username
	}
	p.o.Audit.Record(e)
	return nil
}
