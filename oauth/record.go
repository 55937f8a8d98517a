package oauth

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"gatehouse/idp"
)

// origin is where a request came from, for the audit log.
type origin struct{ ip, requestID string }

func (r Request) origin() origin { return origin{r.IP, r.RequestID} }

// originOf is the origin that the context's act names.
func originOf(ctx context.Context) origin {
	act := idp.ActOf(ctx)
	return origin{act.IP, act.RequestID}
}

func (p *Provider) count(kind idp.TallyKind, label string) {
	if p.o.Counter != nil {
		p.o.Counter.Count(kind, label)
	}
}

// issued counts tokens that were given, and records the authorization behind
// them unless it was recorded before: with its code, or its first tokens.
func (p *Provider) issued(ex *exchange, grantType string) {
	p.count(idp.TallyToken, grantType)
	p.count(idp.TallyClientUse, ex.client.ID)
	switch grantType {
	case idp.GrantClientCredentials, idp.GrantPassword:
		p.recordIssue(ex, grantType)
	}
}

// recordIssue tells of a new authorization. Machine tokens come in masses and
// are merged by the minute, so they name nothing of their own.
func (p *Provider) recordIssue(ex *exchange, grantType string) {
	if p.o.Audit == nil {
		return
	}
	e := p.event(idp.ActionGrantIssue, idp.AuditOK, ex.client, ex.from)
	if ex.user == nil {
		e.Target = clientTarget(ex.client)
	} else {
		e.ActorKind, e.ActorID, e.ActorName = idp.ActorUser, ex.user.ID, ex.user.Username
		e.Target = idp.Target{Kind: "grant", ID: ex.grant.ID, Name: ex.client.DisplayName()}
		e.Changes = []idp.Change{{Field: "grant_type", After: grantType}, {Field: "scope", After: ex.scope}}
	}
	p.o.Audit.Record(e)
}

// recordReplay tells that a spent code or refresh token came again and took its family along.
func (p *Provider) recordReplay(ex *exchange, grantID, userID string) {
	if p.o.Audit == nil {
		return
	}
	e := p.event(idp.ActionGrantReplay, idp.AuditRefused, ex.client, ex.from)
	e.Target, e.Changes = grantTarget(grantID, userID)
	p.o.Audit.Record(e)
}

// recordRevoke tells that a client ended tokens of its own; token is the jti of
// the only one that ended, "" for the whole grant.
func (p *Provider) recordRevoke(client *idp.Client, from origin, grantID, userID, token string) {
	if p.o.Audit == nil {
		return
	}
	e := p.event(idp.ActionGrantRevoke, idp.AuditOK, client, from)
	e.Target, e.Changes = grantTarget(grantID, userID)
	if token != "" {
		e.Changes = append(e.Changes, idp.Change{Field: "token", Before: token})
	}
	p.o.Audit.Record(e)
}

// event is one of the client's.
func (p *Provider) event(action string, result idp.AuditResult, client *idp.Client, from origin) *idp.AuditEvent {
	return &idp.AuditEvent{
		Time: p.o.Now().UTC(), ActorKind: idp.ActorClient, ActorID: client.ID, ActorName: client.Name,
		Action: action, Result: result, ClientID: client.ID, IP: from.ip, RequestID: from.requestID, Count: 1,
	}
}

// grantTarget names the person, where there is one, so that the event is found
// among what was done to them.
func grantTarget(grantID, userID string) (idp.Target, []idp.Change) {
	if userID == "" {
		return idp.Target{Kind: "grant", ID: grantID}, nil
	}
	return idp.Target{Kind: "user", ID: userID}, []idp.Change{{Field: "grant", Before: grantID}}
}

func clientTarget(c *idp.Client) idp.Target {
	return idp.Target{Kind: "client", ID: c.ID, Name: c.Name}
}

// maxRefused bounds who is remembered to have been recorded; the longest unseen is forgotten.
const maxRefused = 4096

// refusals remembers in which minute the refusal of a client was last
// recorded: once for each client and network, however often it tries.
type refusals struct {
	minutes *lru.Cache[guesser, int64]
}

func newRefusals() (*refusals, error) {
	minutes, err := lru.New[guesser, int64](maxRefused)
	return &refusals{minutes}, err
}

// first reports whether the refusal is the first of its minute.
func (r *refusals) first(who guesser, now time.Time) bool {
	minute := now.Unix() / 60
	last, known := r.minutes.Get(who)
	if known && last == minute {
		return false
	}
	r.minutes.Add(who, minute)
	return true
}

// Reasons for which a client is refused, for the audit log.
const (
	refusedUnknown  = "unknown client"
	refusedDisabled = "the client is disabled"
	refusedMethod   = "another authentication method is registered"
	refusedSecret   = "wrong secret"
	refusedGuessing = "too many wrong secrets"
)

// refusedClient counts and records that somebody could not prove to be the
// client; nil when there is no such client. What strangers claim to be is not
// written down: it may be anything.
func (p *Provider) refusedClient(client *idp.Client, r Request, reason string) {
	if client != nil {
		p.count(idp.TallyClientFailed, client.ID)
	}
	if p.o.Audit == nil {
		return
	}
	e := &idp.AuditEvent{
		Time: p.o.Now().UTC(), ActorKind: idp.ActorNobody, Action: idp.ActionClientAuth, Target: idp.Target{Kind: "client"},
		Result: idp.AuditRefused, IP: r.IP, RequestID: r.RequestID, Reason: reason, Count: 1,
	}
	if client != nil {
		e.Target, e.ClientID = clientTarget(client), client.ID
	}
	if p.refusals.first(guesserOf(e.ClientID, r.IP), e.Time) {
		p.o.Audit.Record(e)
	}
}
