package idp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// ActorKind says what acted.
type ActorKind string

// The kinds of actors.
const (
	ActorUser   ActorKind = "user"   // a person, in the browser or over the API
	ActorClient ActorKind = "client" // a client with a token of its own
	ActorCLI    ActorKind = "cli"    // an operator at the command line
	ActorSystem ActorKind = "system" // Gatehouse itself: first start, key rotation, retention
	ActorNobody ActorKind = "nobody" // a stranger who did not prove who they are
)

// Act is who makes a change, from where and why. It travels in the context:
// the durable stores write it beside each change, in the same transaction.
type Act struct {
	Kind      ActorKind
	ID, Name  string // user ID and username, client_id and name, …
	ClientID  string // through which client, over the API
	IP        string
	RequestID string
	Reason    string // as given by the person, for what cannot be undone
}

type actKey struct{}

// WithAct returns a context whose changes are recorded as the act's.
func WithAct(ctx context.Context, a Act) context.Context { return context.WithValue(ctx, actKey{}, a) }

// ActOf returns the act of a context; without one it is the system's.
func ActOf(ctx context.Context) Act {
	if a, ok := ctx.Value(actKey{}).(Act); ok {
		return a
	}
	return Act{Kind: ActorSystem}
}

// Target is what an event is about.
type Target struct {
	Kind string `json:"kind"` // "user", "client", "role", "key", "settings", "session", "grant", "consent"
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Change is one member of a record before and after. Secrets and password
// hashes are never in it: they read "[set]" and "[changed]".
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// AuditResult says how it ended.
type AuditResult string

// The results of an event.
const (
	AuditOK      AuditResult = "ok"
	AuditRefused AuditResult = "refused" // by a rule: wrong password, replayed code, last administrator, …
)

// Actions of audit events, as "noun.verb".
const (
	ActionUserCreate       = "user.create"
	ActionUserUpdate       = "user.update"
	ActionUserEnable       = "user.enable"
	ActionUserDisable      = "user.disable"
	ActionUserDelete       = "user.delete"
	ActionUserPassword     = "user.password"
	ActionUserUnlock       = "user.unlock"
	ActionRoleCreate       = "role.create"
	ActionRoleUpdate       = "role.update"
	ActionRoleDelete       = "role.delete"
	ActionClientCreate     = "client.create"
	ActionClientUpdate     = "client.update"
	ActionClientEnable     = "client.enable"
	ActionClientDisable    = "client.disable"
	ActionClientSecret     = "client.secret"
	ActionClientDelete     = "client.delete"
	ActionConsentGive      = "consent.give"
	ActionConsentRemove    = "consent.remove"
	ActionKeyCreate        = "key.create"
	ActionKeyActivate      = "key.activate"
	ActionKeyRevoke        = "key.revoke"
	ActionSettingsUpdate   = "settings.update"
	ActionSignIn           = "session.begin"  // refused: wrong pair, disabled, throttled
	ActionSessionEnd       = "session.end"    // sign-out, or ended by somebody
	ActionGrantIssue       = "grant.issue"    // an authorization was given: code, password, client_credentials
	ActionGrantRevoke      = "grant.revoke"   // tokens ended
	ActionGrantReplay      = "grant.replay"   // a spent code or refresh token came again; the family is gone
	ActionClientAuth       = "client.sign_in" // refused only: a client could not prove who it is
	ActionAuditExport      = "audit.export"
	ActionAuditRetention   = "audit.retention"
	ActionUsersExport      = "user.export"
	ActionClientsExport    = "client.export"
	ActionPermissionRefuse = "permission.refuse" // somebody asked for what their roles do not allow
)

// AuditEvent is one line of the audit log. Each carries the digest of the one before.
type AuditEvent struct {
	Seq       int64       `json:"seq"` // given by the store: 1, 2, 3, … without gaps
	Time      time.Time   `json:"time"`
	ActorKind ActorKind   `json:"actor_kind"`
	ActorID   string      `json:"actor_id"`
	ActorName string      `json:"actor_name"`
	Action    string      `json:"action"`
	Target    Target      `json:"target"`
	Result    AuditResult `json:"result"`
	ClientID  string      `json:"client_id"`
	IP        string      `json:"ip"`
	RequestID string      `json:"request_id"`
	Reason    string      `json:"reason"`
	Changes   []Change    `json:"changes"`
	// Count is how many alike happened within a minute, where they come in masses: machine tokens.
	Count int    `json:"count"`
	Prev  string `json:"prev"` // Hash of the event before, "" for the first ever
	Hash  string `json:"hash"` // SHA-256 (hex) over all other members
}

// NewEvent makes an event of an act, by its context.
func NewEvent(ctx context.Context, at time.Time, action string, t Target, r AuditResult) *AuditEvent {
	a := ActOf(ctx)
	return &AuditEvent{
		Time: at, ActorKind: a.Kind, ActorID: a.ID, ActorName: a.Name, Action: action, Target: t, Result: r,
		ClientID: a.ClientID, IP: a.IP, RequestID: a.RequestID, Reason: a.Reason, Count: 1,
	}
}

// Seal sets Prev and Hash; Seq must be set. Times are kept to the microsecond.
func (e *AuditEvent) Seal(prev string) {
	e.Time = e.Time.UTC().Truncate(time.Microsecond)
	e.Prev = prev
	e.Hash = e.digest()
}

// Intact reports whether the event is as it was sealed.
func (e *AuditEvent) Intact() bool { return e.Hash == e.digest() }

func (e *AuditEvent) digest() string {
	c := *e
	c.Hash = ""
	c.Time = c.Time.UTC()
	if len(c.Changes) == 0 {
		c.Changes = nil // absent and empty read the same from a store
	}
	text, _ := json.Marshal(c) // texts, numbers and a time always encode
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// AuditHead is where the chain stands.
type AuditHead struct {
	// Anchor is the hash of the last event that retention removed, "" when none was;
	// FirstSeq is the first event that is left, LastSeq the last (0 when empty).
	Anchor            string
	FirstSeq, LastSeq int64
	LastHash          string
}

// AuditStore keeps the audit log. Changes of users, roles, clients, consents,
// keys and settings are recorded by their own stores, in the transaction of the change.
type AuditStore interface {
	// AppendAudit seals the events in order behind the last one and inserts them, all or none.
	// It sets Seq, Prev and Hash in them. Appends on any number of instances form one chain.
	// Texts that cannot be kept are cut to what can, before they are sealed.
	AppendAudit(ctx context.Context, events ...*AuditEvent) error
	// QueryAudit lists events, the latest first.
	QueryAudit(ctx context.Context, q AuditQuery) (Page[*AuditEvent], error)
	// AuditEvent returns one event, or ErrNotFound.
	AuditEvent(ctx context.Context, seq int64) (*AuditEvent, error)
	// AuditAfter returns up to limit events after seq, oldest first: for verifying and for live views.
	AuditAfter(ctx context.Context, seq int64, limit int) ([]*AuditEvent, error)
	// AuditHead returns where the chain begins and ends.
	AuditHead(ctx context.Context) (AuditHead, error)
	// PurgeAudit removes up to limit events older than before from the beginning of the chain, moves
	// its anchor, and returns how many. The last event always stays.
	PurgeAudit(ctx context.Context, before time.Time, limit int) (int, error)
}

// Recorder takes events that no store records by itself, without making the
// caller wait: what happens in masses, and what strangers cause.
type Recorder interface {
	Record(e *AuditEvent)
}

// Tally counts things by the hour: sign-ins, tokens, failures.
type Tally struct {
	Hour  time.Time // start of the hour, UTC
	Kind  TallyKind
	Label string // grant type, client_id; "" where the kind has none
	Count int64
}

// TallyKind is what is counted.
type TallyKind string

// The kinds of tallies.
const (
	TallySignIn       TallyKind = "sign_in"
	TallySignInFailed TallyKind = "sign_in_failed"
	TallyToken        TallyKind = "token"         // label: grant type
	TallyClientUse    TallyKind = "client_use"    // label: client_id
	TallyClientFailed TallyKind = "client_failed" // label: client_id, of registered clients only
)

// TallyStore keeps the counts.
type TallyStore interface {
	// AddTallies adds the counts to those of the same hour, kind and label, and sets
	// last_used_at of clients that a TallyClientUse names to at, in one transaction.
	AddTallies(ctx context.Context, at time.Time, ts []Tally) error
	// Tallies returns the counts from (inclusive) to (exclusive), by hour, kind, label.
	Tallies(ctx context.Context, from, to time.Time) ([]Tally, error)
	// PurgeTallies removes counts of hours before and returns how many.
	PurgeTallies(ctx context.Context, before time.Time) (int, error)
}

// Counter counts what happens; it never makes the caller wait.
type Counter interface {
	Count(kind TallyKind, label string)
}
