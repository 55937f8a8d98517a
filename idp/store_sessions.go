package idp

import (
	"context"
	"time"
)

// SessionStore keeps browser sessions. A record past its ExpiresAt or
// IdleExpiresAt is absent.
type SessionStore interface {
	// CreateSession inserts the session and deletes the one under replaces (a
	// digest, "" for none), which may be absent: a sign-in gives a new handle.
	CreateSession(ctx context.Context, s *Session, replaces string) error
	// Session returns the session under the digest, or ErrNotFound. One round trip.
	Session(ctx context.Context, digest string) (*Session, error)
	// TouchSession sets LastSeenAt and IdleExpiresAt. No error when absent; it never brings one back.
	TouchSession(ctx context.Context, digest string, seen, idleExpires time.Time) error
	// DeleteSession removes the session under the digest. No error when absent.
	DeleteSession(ctx context.Context, digest string) error
	// QuerySessions lists live sessions across people.
	QuerySessions(ctx context.Context, q SessionQuery) (Page[*Session], error)
	// CountSessions returns how many sessions are live, give or take those that ended within the minute.
	CountSessions(ctx context.Context) (int, error)
	// ListSessions returns a user's live sessions, last seen first.
	ListSessions(ctx context.Context, userID string) ([]*Session, error)
	// DeleteUserSessions removes a user's sessions but the one with the digest
	// keep ("" for none), and returns the public IDs of those removed.
	DeleteUserSessions(ctx context.Context, userID, keep string) ([]string, error)
}

// InteractionStore keeps sign-ins in progress. A record past its ExpiresAt is absent.
type InteractionStore interface {
	// CreateInteraction inserts it with Version 1 (set in it too).
	CreateInteraction(ctx context.Context, in *Interaction) error
	// Interaction returns it, or ErrNotFound.
	Interaction(ctx context.Context, id string) (*Interaction, error)
	// UpdateInteraction writes it if the stored Version equals in.Version and
	// raises Version (in it too); of several callers with one version one
	// wins, the others get ErrStale. ErrNotFound when absent.
	UpdateInteraction(ctx context.Context, in *Interaction) error
}

// Attempt is one counted try against a limit.
type Attempt struct {
	Key    string        // what is limited, already hashed or safe to store
	Limit  int           // tries allowed in a window
	Window time.Duration // starts at the first try, by the store's clock
}

// ThrottleStore counts tries. Counters vanish when their window ends.
type ThrottleStore interface {
	// Try counts one try against every attempt, atomically for each key, and returns how
	// long to wait: 0 when no limit was passed, otherwise the longest time until a
	// passed limit's window ends. Of n concurrent tries against a limit l, exactly l get 0.
	// One round trip on Redis.
	Try(ctx context.Context, attempts ...Attempt) (wait time.Duration, err error)
	// Forgive takes one try back from each key, never below zero.
	Forgive(ctx context.Context, keys ...string) error
	// Clear forgets the keys.
	Clear(ctx context.Context, keys ...string) error
}
