package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gatehouse/idp"
)

// Throttles counts tries; it is an idp.ThrottleStore.
type Throttles struct{ db aggregate }

// NewThrottles returns the throttle store of the database.
func NewThrottles(db *DB) *Throttles { return &Throttles{aggregate{db, "throttles"}} }

// Try implements idp.ThrottleStore. It takes one round trip for each attempt.
func (s *Throttles) Try(ctx context.Context, attempts ...idp.Attempt) (wait time.Duration, err error) {
	for _, a := range attempts {
		var count int64
		var end, now time.Time
		err := s.db.do(ctx, "Try", func() error {
			// A window that has ended begins anew with this try.
			return first(ctx, s.db.write, into(&count, timeTo{&end}, timeTo{&now}),
				`INSERT INTO throttles AS t (key, count, expires_at) VALUES ($1, 1, @now + $2)
				ON CONFLICT (key) DO UPDATE SET
					count = CASE WHEN t.expires_at > @now THEN t.count + 1 ELSE 1 END,
					expires_at = CASE WHEN t.expires_at > @now THEN t.expires_at ELSE excluded.expires_at END
				RETURNING count, expires_at, @now`, storableKey(a.Key), s.db.dialect.duration(a.Window))
		})
		if err != nil {
			return 0, err
		}
		if count > int64(a.Limit) {
			wait = max(wait, end.Sub(now), time.Microsecond)
		}
	}
	return wait, nil
}

// Forgive implements idp.ThrottleStore.
func (s *Throttles) Forgive(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		err := absentIsFine(s.db.change(ctx, "Forgive",
			`UPDATE throttles SET count = count - 1 WHERE key = $1 AND count > 0 AND expires_at > @now`, storableKey(key)))
		if err != nil {
			return err
		}
	}
	return nil
}

// Clear implements idp.ThrottleStore.
func (s *Throttles) Clear(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := absentIsFine(s.db.change(ctx, "Clear", `DELETE FROM throttles WHERE key = $1`, storableKey(key))); err != nil {
			return err
		}
	}
	return nil
}

// storableKey makes a key storable: an index of Postgres holds no long texts.
func storableKey(key string) string {
	if len(key) <= 200 && storable(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}
