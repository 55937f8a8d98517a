package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Audit keeps the audit log; it is an idp.AuditStore.
type Audit struct{ db aggregate }

// NewAudit returns the audit store of the database.
func NewAudit(db *DB) *Audit { return &Audit{aggregate{db, "audit"}} }

func auditInto(e *idp.AuditEvent) scanner {
	return into(&e.Seq, timeTo{&e.Time}, &e.ActorKind, &e.ActorID, &e.ActorName, &e.Action, &e.Target.Kind, &e.Target.ID, &e.Target.Name,
		&e.Result, &e.ClientID, &e.IP, &e.RequestID, &e.Reason, jsonTo{&e.Changes}, &e.Count, &e.Prev, &e.Hash)
}

// AppendAudit implements idp.AuditStore. An event without a time gets the
// database's; texts that no database holds, or too long ones, are cut to what it holds.
func (s *Audit) AppendAudit(ctx context.Context, events ...*idp.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	return s.db.transact(ctx, "AppendAudit", func(tx runner) error { return s.db.record(ctx, tx, events...) })
}

// AuditEvent implements idp.AuditStore.
func (s *Audit) AuditEvent(ctx context.Context, seq int64) (*idp.AuditEvent, error) {
	return records[idp.AuditEvent]{s.db, auditInto}.one(ctx, "AuditEvent",
		`SELECT `+auditColumns+` FROM audit WHERE seq = $1`, seq)
}

// AuditAfter implements idp.AuditStore.
func (s *Audit) AuditAfter(ctx context.Context, seq int64, limit int) ([]*idp.AuditEvent, error) {
	return records[idp.AuditEvent]{s.db, auditInto}.list(ctx, "AuditAfter",
		`SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, max(limit, 0))
}

// AuditHead implements idp.AuditStore.
func (s *Audit) AuditHead(ctx context.Context) (h idp.AuditHead, err error) {
	err = s.db.do(ctx, "AuditHead", func() error {
		return first(ctx, s.db.read, into(&h.Anchor, &h.FirstSeq, &h.LastSeq, &h.LastHash),
			`SELECT anchor, CASE WHEN last_seq = 0 THEN 0 ELSE first_seq END, last_seq, last_hash FROM audit_head`)
	})
	return h, err
}

// PurgeAudit implements idp.AuditStore.
func (s *Audit) PurgeAudit(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.db.transact(ctx, "PurgeAudit", func(tx runner) error {
		removed = 0
		// 1. Hold the chain.
		var last int64
		err := first(ctx, tx, into(&last), `UPDATE audit_head SET first_seq = first_seq RETURNING last_seq`)
		if err != nil {
			return err
		}
		// 2. Go along its beginning, up to the first event that stays.
		var upTo int64
		var anchor string
		stays := false
		_, err = each(ctx, tx, func(scan func(...any) error) error {
			var seq int64
			var at time.Time
			var hash string
			err := scan(&seq, timeTo{&at}, &hash)
			stays = stays || seq >= last || !at.Before(before)
			if !stays {
				removed, upTo, anchor = removed+1, seq, hash
			}
			return err
		}, `SELECT seq, time, hash FROM audit ORDER BY seq LIMIT $1`, max(limit, 0))
		if err != nil || removed == 0 {
			return err
		}
		// 3. Remove it, and remember what the next event follows.
		if _, err := tx.exec(ctx, `DELETE FROM audit WHERE seq <= $1`, upTo); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE audit_head SET anchor = $1, first_seq = $2`, anchor, upTo+1)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
