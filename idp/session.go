package idp

import "time"

// What a sign-in with a password is called in tokens.
const (
	AMRPassword = "pwd" // RFC 8176 §2
	ACRPassword = "1"   // the only context class there is
)

// Session is a person signed in with one browser.
type Session struct {
	// Digest is the SHA-256 (hex) of the cookie's random handle, the key under
	// which the record lies; the handle itself is never stored.
	Digest string
	// ID is the public sid: it names the session in tokens and lists and authenticates nothing.
	ID       string
	UserID   string
	AuthTime time.Time // last time the password was given
	AMR      []string  // RFC 8176 values
	ACR      string
	// Remember keeps the cookie when the browser closes.
	Remember   bool
	UserAgent  string // as sent, at most 300 characters
	IP         string
	CreatedAt  time.Time
	LastSeenAt time.Time
	// IdleExpiresAt moves on with use, ExpiresAt does not.
	IdleExpiresAt time.Time
	ExpiresAt     time.Time
}

// Interaction is a sign-in in progress: what an authorization request asked
// for, while pages are shown. Each request has its own, so two tabs do not
// disturb each other.
type Interaction struct {
	ID string // 24 random bytes, base64url
	// Browser is the digest of the browser cookie that began it; no other browser may go on with it.
	Browser string
	// Request is the validated authorization request, as oauth wrote it; opaque to the rest.
	Request []byte
	State   InteractionState
	// UserID and SessionID are who decided, set when the state is InteractionApproved.
	UserID    string
	SessionID string
	// Scopes are what the person allowed, when approved.
	Scopes []string
	// Login and Notice carry a failed form's values over the redirect: what was
	// typed as username, and the message key to show once.
	Login  string
	Notice string
	// Reauthenticated is when the person signed in within this interaction, Unix seconds; 0 if not.
	Reauthenticated int64
	// AccountChosen says that the account chooser was answered.
	AccountChosen bool
	// Next is the local path to go on to for a sign-in without a client.
	Next      string
	Version   int64 // counts the updates; the store raises it
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InteractionState is where an interaction stands.
type InteractionState string

// The states of an interaction.
const (
	InteractionOpen     InteractionState = "open"     // pages are being shown
	InteractionApproved InteractionState = "approved" // the answer can be handed over, once
	InteractionDenied   InteractionState = "denied"   // the refusal can be handed over, once
	InteractionDone     InteractionState = "done"     // handed over
)
