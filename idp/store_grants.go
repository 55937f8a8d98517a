package idp

import (
	"context"
	"time"
)

// Redemption is what happens to a grant when its code is redeemed. Lengths
// count from the store's clock.
type Redemption struct {
	GrantID    string
	ClientID   string        // must be the grant's, or ErrNotFound and nothing changes
	Generation int64         // 1 when a refresh token is issued, else 0
	RefreshTTL time.Duration // idle life of the refresh token; 0 without one
	TTL        time.Duration // absolute life of the grant from now
}

// Rotation is the use of a refresh token whose MAC has been checked.
type Rotation struct {
	GrantID    string
	ClientID   string // must be the grant's, or ErrNotFound and nothing changes
	Generation int64  // as the token says
	// NotBefore is the client's watermark: a grant created before it is refused with ErrNotFound. Zero means none.
	NotBefore  time.Time
	Grace      time.Duration // how long the spent token still gets its successor
	RefreshTTL time.Duration // idle life of the successor, cut to the grant's ExpiresAt
}

// GrantStore keeps grants. Time is the store's own (Redis TIME, the database's
// clock), never the caller's. A record past its ExpiresAt is absent.
type GrantStore interface {
	// CreateGrant inserts g, which lives for ttl. The store sets CreatedAt and
	// ExpiresAt, and RefreshExpiresAt from refreshTTL (0 without a refresh
	// token), in g too. The grant is listed under its user and its session.
	// One round trip.
	CreateGrant(ctx context.Context, g *Grant, ttl, refreshTTL time.Duration) error
	// Grant returns the grant, or ErrNotFound. One round trip.
	Grant(ctx context.Context, id string) (*Grant, error)
	// RedeemCode turns a grant from GrantCode to GrantActive, once: of any
	// number of callers one gets nil. If the grant is active already, the
	// code was used before: the grant is deleted and ErrReplayed comes back.
	// ErrNotFound when absent or expired. One round trip.
	RedeemCode(ctx context.Context, r Redemption) error
	// RotateRefresh spends refresh token r.Generation of an active grant and
	// returns the grant with its Generation at the successor:
	//   - r.Generation is the current one, or later (a rotation that a
	//     failover lost; the MAC proves that we issued it): the successor is
	//     r.Generation+1, RotatedAt is now, the idle end moves on;
	//   - it is the one before the current, and at most r.Grace ago was it
	//     rotated: nothing changes, and the same successor comes back;
	//   - otherwise it was spent: the grant is deleted, ErrReplayed.
	// ErrNotFound when absent, expired, idle for too long, never given a
	// refresh token, of another client or below the watermark; nothing changes then.
	// One round trip when the token is current.
	RotateRefresh(ctx context.Context, r Rotation) (*Grant, error)
	// DenyToken makes one access token of the grant dead: its jti joins
	// DeniedTokens. No error when the grant is absent.
	DenyToken(ctx context.Context, id, jti string) error
	// RevokeGrant deletes the grant. No error when absent. The lists under user and
	// session may name it a while longer; they are read leniently.
	RevokeGrant(ctx context.Context, id string) error
	// RevokeSession deletes the grants of a session that are not Offline, and
	// those whose code was not redeemed.
	RevokeSession(ctx context.Context, sessionID string) error
	// RevokeUser deletes the user's grants, those of one client only unless clientID is "".
	RevokeUser(ctx context.Context, userID, clientID string) error
	// QueryGrants lists live grants across people.
	QueryGrants(ctx context.Context, q GrantQuery) (Page[*Grant], error)
	// ListUserGrants returns the user's live grants, newest first. Two round trips at most.
	ListUserGrants(ctx context.Context, userID string) ([]*Grant, error)
}
