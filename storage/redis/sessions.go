package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
)

const (
	sessionKey      = "gh:ses:"
	userSessionsKey = "gh:su:"
)

// sessionFacts is the part of a session that does not change.
type sessionFacts struct {
	ID        string    `json:"i"`
	UserID    string    `json:"u"`
	AuthTime  time.Time `json:"t"`
	AMR       []string  `json:"m,omitempty"`
	ACR       string    `json:"c,omitempty"`
	Remember  bool      `json:"r,omitempty"`
	UserAgent string    `json:"a,omitempty"`
	IP        string    `json:"p,omitempty"`
	CreatedAt time.Time `json:"b"`
}

// CreateSession implements idp.SessionStore.
func (s *Store) CreateSession(ctx context.Context, x *idp.Session, replaces string) error {
	return s.call(ctx, "sessions", "CreateSession", func(ctx context.Context) error {
		facts, err := json.Marshal(sessionFacts{
			ID: x.ID, UserID: x.UserID, AuthTime: x.AuthTime.UTC(), AMR: x.AMR, ACR: x.ACR, Remember: x.Remember,
			UserAgent: x.UserAgent, IP: x.IP, CreatedAt: x.CreatedAt.UTC(),
		})
		if err != nil {
			return err
		}
		end := x.ExpiresAt
		if x.IdleExpiresAt.Before(end) {
			end = x.IdleExpiresAt
		}
		var list, record *redis.Cmd
		replaced := new(redis.IntCmd)
		_ = s.pipeline(ctx, func(p redis.Pipeliner) { // the list first, as for grants
			list = listSession.Eval(ctx, p, []string{userSessionsKey + x.UserID}, x.Digest, x.ExpiresAt.UnixMicro(), replaces)
			record = createRecord.Eval(ctx, p, []string{sessionKey + x.Digest}, end.UnixMilli(),
				"j", facts, "l", x.LastSeenAt.UnixMicro(), "i", x.IdleExpiresAt.UnixMicro(), "x", x.ExpiresAt.UnixMicro())
			if replaces != "" {
				replaced = p.Del(ctx, sessionKey+replaces)
				p.ZRem(ctx, liveSessions, replaces)
			}
			endsIn(ctx, p, liveSessions, x.Digest, time.Until(end), false)
		})
		if err := failed[redis.Cmder](list, record, replaced); err != nil {
			return err
		}
		return created(record)
	})
}

// created reads the reply of createRecord.
func created(reply *redis.Cmd) error {
	n, err := reply.Int64()
	if err == nil && n == absent {
		return errTaken
	}
	return err
}

// Session implements idp.SessionStore.
func (s *Store) Session(ctx context.Context, digest string) (x *idp.Session, err error) {
	err = s.call(ctx, "sessions", "Session", func(ctx context.Context) error {
		reply, err := s.rdb.Do(ctx, "hgetall", sessionKey+digest).Result()
		if err != nil {
			return err
		}
		x, err = decodeSession(digest, reply)
		return err
	})
	return x, err
}

// TouchSession implements idp.SessionStore.
func (s *Store) TouchSession(ctx context.Context, digest string, seen, idleExpires time.Time) error {
	return s.call(ctx, "sessions", "TouchSession", func(ctx context.Context) error {
		var record *redis.Cmd
		_ = s.pipeline(ctx, func(p redis.Pipeliner) {
			record = touchSession.Eval(ctx, p, []string{sessionKey + digest}, seen.UnixMicro(), idleExpires.UnixMicro())
			endsIn(ctx, p, liveSessions, digest, time.Until(idleExpires), true)
		})
		return record.Err()
	})
}

// DeleteSession implements idp.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, digest string) error {
	return s.call(ctx, "sessions", "DeleteSession", func(ctx context.Context) error {
		return s.drop(ctx, sessionKey, liveSessions, digest)
	})
}

// ListSessions implements idp.SessionStore.
func (s *Store) ListSessions(ctx context.Context, userID string) (list []*idp.Session, err error) {
	err = s.call(ctx, "sessions", "ListSessions", func(ctx context.Context) error {
		digests, err := s.rdb.ZRange(ctx, userSessionsKey+userID, 0, -1).Result()
		if err != nil {
			return err
		}
		list, err = readAll(ctx, s, sessionKey, digests, decodeSession)
		slices.SortStableFunc(list, func(a, b *idp.Session) int { return b.LastSeenAt.Compare(a.LastSeenAt) })
		return err
	})
	return list, err
}

// DeleteUserSessions implements idp.SessionStore.
func (s *Store) DeleteUserSessions(ctx context.Context, userID, keep string) (removed []string, err error) {
	err = s.callWithin(ctx, revokeTimeout, "sessions", "DeleteUserSessions", func(ctx context.Context) error {
		list := userSessionsKey + userID
		digests, err := s.rdb.ZRange(ctx, list, 0, -1).Result()
		if err != nil {
			return err
		}
		digests = slices.DeleteFunc(digests, func(d string) bool { return d == keep })
		for batch := range slices.Chunk(digests, revokeBatch) {
			ids, err := s.endSessions(ctx, list, batch)
			if err != nil {
				return err
			}
			removed = append(removed, ids...)
		}
		return nil
	})
	return removed, err
}

// endSessions ends the sessions and takes them off the list. It returns the public ids of those that lived.
func (s *Store) endSessions(ctx context.Context, list string, digests []string) (ids []string, err error) {
	facts := make([]*redis.Cmd, len(digests))
	names := make([]any, len(digests))
	err = s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, digest := range digests {
			facts[i] = endSession.Eval(ctx, p, []string{sessionKey + digest})
			names[i] = digest
		}
	})
	if err != nil {
		return nil, err
	}
	for _, reply := range facts {
		text, err := reply.Text()
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue // it had ended before
		}
		var f sessionFacts
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		ids = append(ids, f.ID)
	}
	return ids, s.unlist(ctx, list, liveSessions, names)
}

// decodeSession reads the reply of HGETALL. ErrNotFound for no record, and for a tombstone.
func decodeSession(digest string, reply any) (*idp.Session, error) {
	x := &idp.Session{Digest: digest}
	found := false
	err := fields(reply, func(name, value string) error {
		switch name {
		case "j":
			found = true
			var f sessionFacts
			if err := json.Unmarshal([]byte(value), &f); err != nil {
				return err
			}
			x.ID, x.UserID, x.AuthTime, x.AMR, x.ACR = f.ID, f.UserID, f.AuthTime, f.AMR, f.ACR
			x.Remember, x.UserAgent, x.IP, x.CreatedAt = f.Remember, f.UserAgent, f.IP, f.CreatedAt
		case "l", "i", "x":
			us, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return fmt.Errorf("field %s is not a number", name)
			}
			*map[string]*time.Time{"l": &x.LastSeenAt, "i": &x.IdleExpiresAt, "x": &x.ExpiresAt}[name] = fromMicros(us)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	if !found {
		return nil, idp.ErrNotFound
	}
	return x, nil
}
