package redisstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
)

const (
	grantKey         = "gh:g:"
	userGrantsKey    = "gh:u:"
	sessionGrantsKey = "gh:s:"
	longestLife      = 400 * 24 * time.Hour
	sessionMargin    = 24 * time.Hour
	maxGeneration    = 1 << 53 // what a Lua number counts exactly
	tidyGrantAfter   = time.Minute
)

// longest is the latest end that the grant can have, counted from its creation.
// The lists are kept for so long, see the package comment. The end of the browser
// session is taken as a length, so that a difference between the clocks of
// the application and of Redis does not matter.
func longest(g *idp.Grant) time.Duration {
	f := g.Facts
	if f.Offline || f.AuthTime <= 0 || f.SessionEnd <= f.AuthTime {
		return longestLife
	}
	return min(time.Duration(min(f.SessionEnd-f.AuthTime, int64(longestLife/time.Second)))*time.Second+sessionMargin, longestLife)
}

// CreateGrant implements idp.GrantStore.
func (s *Store) CreateGrant(ctx context.Context, g *idp.Grant, ttl, refreshTTL time.Duration) error {
	return s.call(ctx, "grants", "CreateGrant", func(ctx context.Context) error {
		bound := longest(g)
		ttl := min(ttl, bound)
		args, err := encodeGrant(g)
		if err != nil {
			return err
		}
		var latest int64 // kept only when it is not longestLife
		if bound < longestLife {
			latest = bound.Microseconds()
		}
		args = append([]any{ttl.Microseconds(), refreshTTL.Microseconds(), latest}, args...)
		created, err := s.writeGrant(ctx, g, ttl, bound, args)
		if err != nil {
			return err
		}
		if created == absent {
			return errTaken
		}
		g.CreatedAt = fromMicros(created)
		g.ExpiresAt = g.CreatedAt.Add(ttl.Truncate(time.Microsecond))
		g.RotatedAt, g.RefreshExpiresAt = time.Time{}, time.Time{}
		if refreshTTL >= time.Microsecond {
			g.RefreshExpiresAt = g.CreatedAt.Add(min(ttl, refreshTTL).Truncate(time.Microsecond))
		}
		return nil
	})
}

// writeGrant writes the lists and then the record, and returns the time of creation.
func (s *Store) writeGrant(ctx context.Context, g *idp.Grant, ttl, bound time.Duration, args []any) (int64, error) {
	lists := grantLists(g, ttl, bound)
	if len(lists) == 0 {
		return s.run(ctx, createGrant, grantKey+g.ID, args...).Int64()
	}
	var (
		record *redis.Cmd
		old    = make([]*redis.Cmd, len(lists))
	)
	_ = s.pipeline(ctx, func(p redis.Pipeliner) { // what failed is asked below
		for i, l := range lists {
			old[i] = listGrant.Eval(ctx, p, []string{l.key}, g.ID, l.keep.Milliseconds()+1,
				longestLife.Microseconds(), tidyGrantAfter.Microseconds())
		}
		record = createGrant.Eval(ctx, p, []string{grantKey + g.ID}, args...)
		endsIn(ctx, p, liveGrants, g.ID, ttl, false)
	})
	if err := failed(append(old, record)...); err != nil {
		return 0, err
	}
	for i, l := range lists {
		if names, err := old[i].StringSlice(); err == nil && len(names) > 0 {
			s.tidy(ctx, l.key, names)
		}
	}
	return record.Int64()
}

// grantList is a list that must name a grant, and how long from now.
type grantList struct {
	key  string
	keep time.Duration
}

func grantLists(g *idp.Grant, ttl, bound time.Duration) []grantList {
	keep := bound
	if g.State == idp.GrantActive {
		keep = ttl
	}
	var lists []grantList
	if g.UserID != "" {
		lists = append(lists, grantList{userGrantsKey + g.UserID, keep})
	}
	if g.SessionID != "" {
		if g.Offline() {
			keep = ttl // ends with the session only while its code waits
		}
		lists = append(lists, grantList{sessionGrantsKey + g.SessionID, keep})
	}
	return lists
}

// tidy takes the names of dead grants off a list. They are old enough that no
// CreateGrant in flight is about to write the record. What fails is left to the next time.
func (s *Store) tidy(ctx context.Context, list string, names []string) {
	found := make([]*redis.IntCmd, len(names))
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, id := range names {
			found[i] = p.Exists(ctx, grantKey+id)
		}
	})
	if err != nil {
		return
	}
	var dead []any
	for i, id := range names {
		if found[i].Val() == 0 {
			dead = append(dead, id)
		}
	}
	if len(dead) > 0 {
		s.rdb.ZRem(ctx, list, dead...)
	}
}

// Grant implements idp.GrantStore.
func (s *Store) Grant(ctx context.Context, id string) (g *idp.Grant, err error) {
	err = s.call(ctx, "grants", "Grant", func(ctx context.Context) error {
		reply, err := s.rdb.Do(ctx, "hgetall", grantKey+id).Result()
		if err != nil {
			return err
		}
		g, err = decodeGrant(id, reply)
		return err
	})
	return g, err
}

// ListUserGrants implements idp.GrantStore.
func (s *Store) ListUserGrants(ctx context.Context, userID string) (list []*idp.Grant, err error) {
	err = s.call(ctx, "grants", "ListUserGrants", func(ctx context.Context) error {
		if userID == "" {
			return nil
		}
		names, err := s.rdb.ZRevRange(ctx, userGrantsKey+userID, 0, -1).Result()
		if err != nil {
			return err
		}
		list, err = readAll(ctx, s, grantKey, names, decodeGrant)
		// The list is in the order of another node's clock.
		slices.SortStableFunc(list, func(a, b *idp.Grant) int { return b.CreatedAt.Compare(a.CreatedAt) })
		return err
	})
	return list, err
}

// RedeemCode implements idp.GrantStore.
func (s *Store) RedeemCode(ctx context.Context, r idp.Redemption) error {
	return s.call(ctx, "grants", "RedeemCode", func(ctx context.Context) error {
		var record *redis.Cmd
		_ = s.pipeline(ctx, func(p redis.Pipeliner) { // what failed is asked below
			record = redeemCode.Eval(ctx, p, []string{grantKey + r.GrantID}, r.ClientID, r.Generation,
				r.RefreshTTL.Microseconds(), r.TTL.Microseconds(), longestLife.Microseconds())
			endsIn(ctx, p, liveGrants, r.GrantID, r.TTL, true)
		})
		result, err := record.Int64()
		if err != nil {
			return err
		}
		return outcome(result, idp.ErrReplayed)
	})
}

// RotateRefresh implements idp.GrantStore.
func (s *Store) RotateRefresh(ctx context.Context, r idp.Rotation) (g *idp.Grant, err error) {
	err = s.call(ctx, "grants", "RotateRefresh", func(ctx context.Context) error {
		if r.Generation >= maxGeneration {
			return idp.ErrNotFound // nobody has rotated that often
		}
		var notBefore int64
		if !r.NotBefore.IsZero() {
			notBefore = r.NotBefore.Add(time.Microsecond - 1).UnixMicro() // up: a tie is refused
		}
		reply, err := s.run(ctx, rotateRefresh, grantKey+r.GrantID, r.ClientID, r.Generation,
			notBefore, r.Grace.Microseconds(), r.RefreshTTL.Microseconds()).Result()
		if err != nil {
			return err
		}
		if result, refused := reply.(int64); refused {
			return outcome(result, idp.ErrReplayed)
		}
		g, err = decodeGrant(r.GrantID, reply)
		return err
	})
	return g, err
}

// DenyToken implements idp.GrantStore.
func (s *Store) DenyToken(ctx context.Context, id, jti string) error {
	return s.call(ctx, "grants", "DenyToken", func(ctx context.Context) error {
		return s.run(ctx, denyToken, grantKey+id, jti).Err()
	})
}

// outcome is the error for what a script returned.
func outcome(result int64, onConflict error) error {
	switch result {
	case done:
		return nil
	case absent:
		return idp.ErrNotFound
	case conflict:
		return onConflict
	}
	return fmt.Errorf("%w: %d", errReply, result)
}
