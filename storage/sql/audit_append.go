package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/idp"
)

// auditColumns are in the order of auditValues and auditInto.
const auditColumns = `seq, time, actor_kind, actor_id, actor_name, action, target_kind, target_id, target_name,
	result, client_id, ip, request_id, reason, changes, count, prev, hash`

const auditWidth = 19 // with search

// auditChunk is how many events one statement inserts; see addChunk.
const auditChunk = 30

// record seals the events behind the last one and inserts them, in the
// transaction of what they tell of. It comes last: the one row that says where the
// chain ends is held from here to the commit, so writers pass one at a time
// and a transaction that fails leaves no gap.
func (db *DB) record(ctx context.Context, tx runner, events ...*idp.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	var seq int64
	var prev string
	var now time.Time
	err := first(ctx, tx, into(&seq, &prev, timeTo{&now}),
		`UPDATE audit_head SET last_seq = last_seq + $1 RETURNING last_seq - $1, last_hash, @clock`, len(events))
	if err != nil {
		return err
	}
	for _, e := range events {
		if year := e.Time.UTC().Year(); year < 1970 || year > 9999 { // none, or one that RFC 3339 cannot write
			e.Time = now
		}
		bound(e)
		seq++
		e.Seq = seq
		e.Seal(prev)
		prev = e.Hash
	}
	err = insertMany(ctx, tx, `INSERT INTO audit (`+auditColumns+`, search) VALUES `, auditWidth, auditChunk, events, db.auditValues)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE audit_head SET last_hash = $1`, prev)
	return err
}

func (db *DB) auditValues(e *idp.AuditEvent) []any {
	changes := e.Changes
	if changes == nil {
		changes = []idp.Change{}
	}
	return []any{
		e.Seq, db.dialect.at(e.Time), string(e.ActorKind), e.ActorID, e.ActorName, e.Action, e.Target.Kind, e.Target.ID, e.Target.Name,
		string(e.Result), e.ClientID, e.IP, e.RequestID, e.Reason, asJSON(changes), e.Count, e.Prev, e.Hash,
		searchText(e.ActorName, e.ActorID, e.Target.Name, e.Target.ID),
	}
}

// Bounds of an event's texts in bytes: strangers choose some of them, and an
// index of Postgres holds no long ones.
const (
	maxAuditName   = 400
	maxAuditReason = 4000
)

// bound makes the texts storable before they are sealed.
func bound(e *idp.AuditEvent) {
	for _, s := range []*string{
		&e.ActorID, &e.ActorName, &e.Action, &e.Target.Kind, &e.Target.ID, &e.Target.Name, &e.ClientID, &e.IP, &e.RequestID,
	} {
		*s = cut(clean(*s), maxAuditName)
	}
	e.Reason = cut(clean(e.Reason), maxAuditReason)
	for i := range e.Changes {
		c := &e.Changes[i]
		c.Field, c.Before, c.After = clean(c.Field), clean(c.Before), clean(c.After)
	}
}

// cut shortens a text to at most so many bytes, between two runes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// searchText is what a search looks into: the texts in lower case, a line each,
// so that no match spans two.
func searchText(texts ...string) string {
	return strings.ToLower(clean(strings.Join(texts, "\n")))
}

// insertMany inserts the rows that values makes of the items, so many with one
// statement. begin is the statement up to VALUES.
func insertMany[T any](ctx context.Context, tx runner, begin string, width, chunk int, items []T, values func(T) []any) error {
	for len(items) > 0 {
		n := min(chunk, len(items))
		args := make([]any, 0, n*width)
		for _, item := range items[:n] {
			args = append(args, values(item)...)
		}
		if _, err := tx.exec(ctx, begin+tuples(n, width), args...); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// tuples returns "($1, $2), ($3, $4)" for two rows of two.
func tuples(rows, width int) string {
	var b strings.Builder
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%width == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	return b.String()
}
