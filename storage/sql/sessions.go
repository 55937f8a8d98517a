package sqlstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

// Sessions keeps browser sessions; it is an idp.SessionStore.
type Sessions struct{ db aggregate }

// NewSessions returns the session store of the database.
func NewSessions(db *DB) *Sessions { return &Sessions{aggregate{db, "sessions"}} }

const sessionColumns = `digest, id, user_id, auth_time, facts, created_at, last_seen_at, idle_expires_at, expires_at`

// sessionFacts are the members that no query looks for.
type sessionFacts struct {
	AMR       []string `json:"amr,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	Remember  bool     `json:"remember,omitempty"`
	UserAgent string   `json:"user_agent,omitempty"`
	IP        string   `json:"ip,omitempty"`
}

func sessionInto(s *idp.Session) scanner {
	return func(scan func(...any) error) error {
		var f sessionFacts
		err := scan(&s.Digest, &s.ID, &s.UserID, timeTo{&s.AuthTime}, jsonTo{&f}, timeTo{&s.CreatedAt},
			timeTo{&s.LastSeenAt}, timeTo{&s.IdleExpiresAt}, timeTo{&s.ExpiresAt})
		s.AMR, s.ACR, s.Remember, s.UserAgent, s.IP = f.AMR, f.ACR, f.Remember, f.UserAgent, f.IP
		return err
	}
}

// CreateSession implements idp.SessionStore.
func (s *Sessions) CreateSession(ctx context.Context, n *idp.Session, replaces string) error {
	d := &s.db.dialect
	insert := func(r runner) error {
		_, err := r.exec(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			n.Digest, n.ID, n.UserID, d.at(n.AuthTime),
			asJSON(sessionFacts{AMR: n.AMR, ACR: n.ACR, Remember: n.Remember, UserAgent: n.UserAgent, IP: n.IP}),
			d.at(n.CreatedAt), d.at(n.LastSeenAt), d.at(n.IdleExpiresAt), d.at(n.ExpiresAt))
		return err
	}
	return s.db.do(ctx, "CreateSession", func() error {
		if replaces == "" || !storable(replaces) {
			return insert(s.db.write)
		}
		return s.db.write.transact(ctx, func(tx runner) error {
			if _, err := tx.exec(ctx, `DELETE FROM sessions WHERE digest = $1`, replaces); err != nil {
				return err
			}
			return insert(tx)
		})
	})
}

// Session implements idp.SessionStore.
func (s *Sessions) Session(ctx context.Context, digest string) (*idp.Session, error) {
	if !storable(digest) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Session]{s.db, sessionInto}.one(ctx, "Session",
		`SELECT `+sessionColumns+` FROM sessions WHERE digest = $1 AND ends_at > @now`, digest)
}

// TouchSession implements idp.SessionStore.
func (s *Sessions) TouchSession(ctx context.Context, digest string, seen, idleExpires time.Time) error {
	if !storable(digest) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "TouchSession",
		`UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3 WHERE digest = $1 AND ends_at > @now`,
		digest, s.db.dialect.at(seen), s.db.dialect.at(idleExpires)))
}

// DeleteSession implements idp.SessionStore.
func (s *Sessions) DeleteSession(ctx context.Context, digest string) error {
	if !storable(digest) {
		return nil
	}
	return absentIsFine(s.db.change(ctx, "DeleteSession", `DELETE FROM sessions WHERE digest = $1`, digest))
}

// ListSessions implements idp.SessionStore.
func (s *Sessions) ListSessions(ctx context.Context, userID string) ([]*idp.Session, error) {
	if !storable(userID) {
		return []*idp.Session{}, nil
	}
	return records[idp.Session]{s.db, sessionInto}.list(ctx, "ListSessions",
		`SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 AND ends_at > @now ORDER BY last_seen_at DESC, digest`, userID)
}

// DeleteUserSessions implements idp.SessionStore.
func (s *Sessions) DeleteUserSessions(ctx context.Context, userID, keep string) ([]string, error) {
	ids := []string{}
	if !storable(userID) {
		return ids, nil
	}
	err := s.db.do(ctx, "DeleteUserSessions", func() error {
		ids = ids[:0]
		_, err := each(ctx, s.db.write, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `DELETE FROM sessions WHERE user_id = $1 AND digest <> $2 RETURNING id`, userID, clean(keep))
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}
