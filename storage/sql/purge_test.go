package sqlstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestPurge(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		grants, sessions, interactions, throttles := NewGrants(db), NewSessions(db), NewInteractions(db), NewThrottles(db)
		const dead = purgeBatch + 100 // more than one batch
		noError(t, db.write.transact(ctx, func(tx runner) error {
			for n := range dead {
				_, err := tx.exec(ctx, `INSERT INTO interactions (id, version, data, expires_at) VALUES ($1, 1, '{}', @now)`, newGrant(n).ID)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		const brief = 10 * time.Millisecond
		noError(t, grants.CreateGrant(ctx, newGrant(1), brief, 0))
		idle, old := newSession(), newSession()
		idle.IdleExpiresAt, old.ExpiresAt = time.Now().Add(brief), time.Now().Add(brief)
		noError(t, sessions.CreateSession(ctx, idle, ""))
		noError(t, sessions.CreateSession(ctx, old, ""))
		_, err := throttles.Try(ctx, idp.Attempt{Key: "dead", Limit: 1, Window: brief})
		noError(t, err)

		g, s, in := newGrant(2), newSession(), newInteraction()
		noError(t, grants.CreateGrant(ctx, g, time.Hour, brief)) // its refresh token is dead, its access tokens are not
		noError(t, sessions.CreateSession(ctx, s, ""))
		noError(t, interactions.CreateInteraction(ctx, in))
		live := idp.Attempt{Key: "live", Limit: 1, Window: time.Hour}
		_, err = throttles.Try(ctx, live)
		noError(t, err)
		time.Sleep(3 * brief)

		n, err := db.Purge(ctx)
		noError(t, err)
		if want := dead + 4; n != want {
			t.Errorf("%d records were purged, want %d", n, want)
		}
		_, err = grants.Grant(ctx, g.ID)
		noError(t, err)
		_, err = sessions.Session(ctx, s.Digest)
		noError(t, err)
		_, err = interactions.Interaction(ctx, in.ID)
		noError(t, err)
		if wait, err := throttles.Try(ctx, live); err != nil || wait == 0 {
			t.Errorf("the live counter was forgotten: %v, %v", wait, err)
		}
		n, err = db.Purge(ctx)
		if noError(t, err); n != 0 {
			t.Errorf("%d records were purged again", n)
		}

		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := db.Purge(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled purge: %v", err)
		}
	})
}
