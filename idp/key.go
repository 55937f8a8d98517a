package idp

import (
	"log/slog"
	"time"
)

// SigningKey is a key pair that signs tokens. Its state follows from its times
// alone, so several instances agree without talking to each other.
type SigningKey struct {
	KID string // distinct over all algorithms
	Alg string // ES256 or RS256
	// Predecessor is the KID that this key follows, "" for the first of its
	// algorithm. It is unique per algorithm, so two instances that make the
	// next key at the same moment cannot both succeed.
	Predecessor string
	// Sealed is the private key under a master key (AES-256-GCM). It is empty once the key has retired.
	Sealed []byte
	// SealedBy identifies the master key that Sealed was made with.
	SealedBy  string
	PublicJWK []byte // JSON, without private members
	CreatedAt time.Time
	// ActivateAt is when the key starts to sign; nil while it waits.
	ActivateAt *time.Time
	// RevokedAt is when an operator took the key back; nil when not. It is retired from then on.
	RevokedAt *time.Time
}

// KeyState is where a signing key stands in its life.
type KeyState string

// The states of a signing key, in order.
const (
	KeyNext     KeyState = "next"     // published, does not sign yet
	KeyActive   KeyState = "active"   // signs
	KeyRetiring KeyState = "retiring" // published until the last token it signed has expired
	KeyRetired  KeyState = "retired"  // no longer published
)

// Secret is a text that must not reach a log.
type Secret string

// LogValue hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// String hides the text; convert with string(s) to use it.
func (Secret) String() string { return "[hidden]" }

// GoString hides the text from %#v.
func (Secret) GoString() string { return "[hidden]" }
