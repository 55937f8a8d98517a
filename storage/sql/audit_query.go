package sqlstore

import (
	"context"
	"strings"
	"time"

	"gatehouse/idp"
)

// QueryAudit implements idp.AuditStore.
func (s *Audit) QueryAudit(ctx context.Context, q idp.AuditQuery) (idp.Page[*idp.AuditEvent], error) {
	d := &s.db.dialect
	var c conditions
	byIndex := false // one of the conditions has an index of its own
	if text := strings.TrimSpace(clean(q.Text)); text != "" {
		c.contains(d, "audit.search", text)
	}
	for _, f := range []struct{ column, value string }{
		// Both conditions: the first is what the partial index asks for.
		{"audit.actor_id <> '' AND audit.actor_id = ?", q.ActorID},
		{"audit.target_id <> '' AND audit.target_id = ?", q.TargetID},
		{"audit.client_id <> '' AND audit.client_id = ?", q.ClientID},
	} {
		if f.value != "" {
			c.add(f.column, clean(f.value))
			byIndex = true
		}
	}
	switch {
	case q.Result == idp.AuditRefused:
		c.add("audit.result = 'refused'") // as the index says
		byIndex = true
	case q.Result != "":
		c.add("audit.result = ?", clean(string(q.Result)))
	}
	if prefix, ok := strings.CutSuffix(q.Action, "."); ok {
		c.add("audit.action >= ? AND audit.action < ?", clean(prefix)+".", clean(prefix)+"/") // "/" follows "."
	} else if q.Action != "" {
		c.add("audit.action = ?", clean(q.Action))
		byIndex = true
	}
	if q.PersonID != "" {
		id := clean(q.PersonID)
		c.contains(d, "audit.search", id) // which an index holds
		c.add("audit.actor_id <> '' AND audit.actor_id = ? OR audit.target_id <> '' AND audit.target_id = ?", id, id)
	}
	if q.From != 0 {
		c.add("audit.time >= ?", d.time(second(q.From)))
	}
	if q.To != 0 {
		c.add("audit.time < ?", d.time(second(q.To)))
	}
	if !byIndex {
		c.along = "audit_time"
	}
	o := order{name: "time", column: "audit.time", time: true, descending: true}
	l := listing[idp.AuditEvent]{
		db: s.db, table: "audit", id: "audit.seq", columns: auditColumns, into: auditInto, parseID: numberID,
	}
	return l.page(ctx, "QueryAudit", q.ListQuery, o, c)
}

// second is a time that every database can compare with.
func second(unix int64) time.Time {
	const year10000 = 253402300800
	return time.Unix(max(0, min(unix, year10000)), 0).UTC()
}
