package idp

import (
	"context"
	"time"
)

// ClientStore keeps the registered clients.
type ClientStore interface {
	// CreateClient inserts the client; *ConflictError on "client_id" when taken.
	CreateClient(ctx context.Context, c *Client) error
	// Client returns the client, disabled or not, or ErrNotFound.
	Client(ctx context.Context, id string) (*Client, error)
	// UpdateClient writes every member but ID, CreatedAt and LastUsedAt, if the stored
	// UpdatedAt equals ifUnchangedSince (ErrStale otherwise; ErrNotFound when
	// absent). A zero ifUnchangedSince skips the check.
	UpdateClient(ctx context.Context, c *Client, ifUnchangedSince time.Time) error
	// DeleteClient removes the client and every consent to it in one transaction, or ErrNotFound.
	DeleteClient(ctx context.Context, id string) error
	// QueryClients finds and sorts clients.
	QueryClients(ctx context.Context, q ClientQuery) (Page[*Client], error)
	// ListClients returns at most limit clients after the cursor (the ID of the last one seen, "" to begin), by ID.
	ListClients(ctx context.Context, after string, limit int) ([]*Client, error)
}

// KeyStore keeps the signing keys, sealed.
type KeyStore interface {
	// Keys returns every key, oldest first.
	Keys(ctx context.Context) ([]*SigningKey, error)
	// AddKey inserts a key; *ConflictError on "predecessor" when the algorithm
	// already has a key after that predecessor, so one of several instances wins.
	AddKey(ctx context.Context, k *SigningKey) error
	// ScheduleKey sets ActivateAt of a key that waits (ActivateAt nil);
	// ErrStale when it was set before, ErrNotFound when absent.
	ScheduleKey(ctx context.Context, kid string, at time.Time) error
	// ResealKey replaces the sealed private key if SealedBy still equals old; ErrStale otherwise.
	ResealKey(ctx context.Context, kid, old string, sealed []byte, sealedBy string) error
	// RevokeKey makes the key retired from then on, whatever its times say: it is no longer published
	// and nothing it signed counts. ErrNotFound when absent.
	RevokeKey(ctx context.Context, kid string, at time.Time) error
	// WipeKey removes the sealed private key of a retired key. No error when absent.
	WipeKey(ctx context.Context, kid string) error
}
