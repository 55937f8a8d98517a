package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Grants keeps grants; it is an idp.GrantStore.
type Grants struct{ db aggregate }

// NewGrants returns the grant store of the database.
func NewGrants(db *DB) *Grants { return &Grants{aggregate{db, "grants"}} }

const grantColumns = `id, state, client_id, user_id, session_id, scope, generation,
	created_at, expires_at, rotated_at, refresh_expires_at, code, facts, denied`

func grantInto(g *idp.Grant) scanner { return into(grantMembers(g)...) }

// grantMembers are in the order of grantColumns.
func grantMembers(g *idp.Grant) []any {
	return []any{
		&g.ID, &g.State, &g.ClientID, &g.UserID, &g.SessionID, &g.Scope, &g.Generation,
		timeTo{&g.CreatedAt},
		timeTo{&g.ExpiresAt},
		timeTo{&g.RotatedAt},
		timeTo{&g.RefreshExpiresAt},
		jsonTo{&g.Code},
		jsonTo{&g.Facts},
		jsonTo{&g.DeniedTokens},
	}
}

// CreateGrant implements idp.GrantStore.
func (s *Grants) CreateGrant(ctx context.Context, g *idp.Grant, ttl, refreshTTL time.Duration) error {
	d := &s.db.dialect
	return s.db.do(ctx, "CreateGrant", func() error {
		return first(ctx, s.db.write, into(timeTo{&g.CreatedAt}, timeTo{&g.ExpiresAt}, timeTo{&g.RefreshExpiresAt}),
			`INSERT INTO grants (id, state, client_id, user_id, session_id, scope, generation, offline, code, facts,
				denied, created_at, expires_at, refresh_expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, @now, @now + $12, @now + $13)
			RETURNING created_at, expires_at, refresh_expires_at`,
			g.ID, string(g.State), g.ClientID, g.UserID, g.SessionID, g.Scope, g.Generation, g.Offline(),
			asJSON(g.Code), asJSON(g.Facts), asList(g.DeniedTokens), d.duration(ttl), d.lasting(min(refreshTTL, ttl)))
	})
}

// Grant implements idp.GrantStore.
func (s *Grants) Grant(ctx context.Context, id string) (*idp.Grant, error) {
	if !storable(id) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Grant]{s.db, grantInto}.one(ctx, "Grant",
		`SELECT `+grantColumns+` FROM grants WHERE id = $1 AND expires_at > @now`, id)
}

// ListUserGrants implements idp.GrantStore.
func (s *Grants) ListUserGrants(ctx context.Context, userID string) ([]*idp.Grant, error) {
	if userID == "" || !storable(userID) {
		return []*idp.Grant{}, nil
	}
	return records[idp.Grant]{s.db, grantInto}.list(ctx, "ListUserGrants",
		`SELECT `+grantColumns+` FROM grants WHERE user_id = $1 AND user_id <> '' AND expires_at > @now
			ORDER BY created_at DESC, id`, userID)
}

// DenyToken implements idp.GrantStore.
func (s *Grants) DenyToken(ctx context.Context, id, jti string) error {
	if !storable(id) || !storable(jti) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "DenyToken",
		`UPDATE grants SET denied = @denied_with WHERE id = $1 AND NOT @denied_has`, id, jti))
}

// RevokeGrant implements idp.GrantStore.
func (s *Grants) RevokeGrant(ctx context.Context, id string) error {
	if !storable(id) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "RevokeGrant", `DELETE FROM grants WHERE id = $1`, id))
}

// RevokeSession implements idp.GrantStore.
func (s *Grants) RevokeSession(ctx context.Context, sessionID string) error {
	if sessionID == "" || !storable(sessionID) {
		return nil // "" is what grants without a session have
	}
	return absentIsFine(s.db.change(ctx, "RevokeSession", `DELETE FROM grants
		WHERE session_id = $1 AND session_id <> '' AND (NOT offline OR state = 'code')`, sessionID))
}

// RevokeUser implements idp.GrantStore.
func (s *Grants) RevokeUser(ctx context.Context, userID, clientID string) error {
	if userID == "" || !storable(userID) || !storable(clientID) {
		return nil // "" is what grants without a user have
	}
	return absentIsFine(s.db.change(ctx, "RevokeUser", `DELETE FROM grants
		WHERE user_id = $1 AND user_id <> '' AND ($2 = '' OR client_id = $2)`, userID, clientID))
}
