package audit

import (
	"time"

	"gatehouse/idp"
)

// maxAlike bounds how many kinds are merged at a time. What comes beyond is
// written one by one: a log of an attack from everywhere may be long, but the
// memory is not the attacker's to fill.
const maxAlike = 4096

// merger makes one event of the alike ones of a minute, where they come in masses:
//   - machine tokens: one event for the minute, at its end, with the count of all;
//   - refusals of strangers, and of people and programs that ask for what they
//     may not do: the first at once, so that it is seen while it happens, and one
//     at the end of the minute with the count of the others.
type merger map[likeness]*idp.AuditEvent

// likeness is what alike events have in common.
type likeness struct {
	minute               int64
	action, reason       string
	actorKind            idp.ActorKind
	actorID, ip, client  string
	targetKind, targetID string
}

// keep takes the event in, or reports that it is to be written as it is.
func (m merger) keep(e *idp.AuditEvent) bool {
	machine := e.Action == idp.ActionGrantIssue && e.ActorKind == idp.ActorClient
	refused := e.Result == idp.AuditRefused && (e.ActorKind == idp.ActorNobody || e.Action == idp.ActionPermissionRefuse)
	if !machine && !refused {
		return false
	}
	k := likenessOf(e)
	held, known := m[k]
	switch {
	case known && held != nil:
		held.Count += max(e.Count, 1)
		return true
	case known || machine && len(m) < maxAlike:
		m[k] = e
		return true
	case len(m) < maxAlike:
		m[k] = nil // the first refusal
	}
	return false
}

func likenessOf(e *idp.AuditEvent) likeness {
	target := e.Target
	if e.Action == idp.ActionGrantIssue { // each grant is a target of its own
		target = idp.Target{Kind: target.Kind}
	}
	return likeness{
		minute: e.Time.Unix() / 60, action: e.Action, reason: e.Reason,
		actorKind: e.ActorKind, actorID: e.ActorID, ip: e.IP, client: e.ClientID,
		targetKind: target.Kind, targetID: target.ID,
	}
}

// release appends to batch what will get no more company: the events of minutes that are over.
func (m merger) release(batch []*idp.AuditEvent, now time.Time) []*idp.AuditEvent {
	minute := now.Unix() / 60
	for k, e := range m {
		if k.minute < minute {
			batch = m.drop(batch, k, e)
		}
	}
	return batch
}

// releaseAll appends everything to batch.
func (m merger) releaseAll(batch []*idp.AuditEvent) []*idp.AuditEvent {
	for k, e := range m {
		batch = m.drop(batch, k, e)
	}
	return batch
}

func (m merger) drop(batch []*idp.AuditEvent, k likeness, e *idp.AuditEvent) []*idp.AuditEvent {
	delete(m, k)
	if e == nil {
		return batch
	}
	return append(batch, e)
}
