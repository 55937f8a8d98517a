package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// revokeBatch is how many grants are ended in one round trip, so that a large
// list neither blocks Redis nor exceeds a timeout.
const revokeBatch = 500

// RevokeGrant implements idp.GrantStore.
func (s *Store) RevokeGrant(ctx context.Context, id string) error {
	return s.call(ctx, "grants", "RevokeGrant", func(ctx context.Context) error {
		return s.drop(ctx, grantKey, liveGrants, id)
	})
}

// RevokeSession implements idp.GrantStore.
func (s *Store) RevokeSession(ctx context.Context, sessionID string) error {
	return s.callWithin(ctx, revokeTimeout, "grants", "RevokeSession", func(ctx context.Context) error {
		if sessionID == "" {
			return nil
		}
		return s.endListed(ctx, sessionGrantsKey+sessionID, "", "1")
	})
}

// RevokeUser implements idp.GrantStore.
func (s *Store) RevokeUser(ctx context.Context, userID, clientID string) error {
	return s.callWithin(ctx, revokeTimeout, "grants", "RevokeUser", func(ctx context.Context) error {
		if userID == "" {
			return nil
		}
		return s.endListed(ctx, userGrantsKey+userID, clientID, "")
	})
}

// endListed ends the grants that a list names: of one client unless that is
// "", and without those that are offline if spareOffline is "1". Then it takes
// their names off the list, which is safe behind the tombstones.
func (s *Store) endListed(ctx context.Context, list, clientID, spareOffline string) error {
	names, err := s.rdb.ZRange(ctx, list, 0, -1).Result()
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(names, revokeBatch) {
		ended := make([]*redis.Cmd, len(batch))
		err := s.pipeline(ctx, func(p redis.Pipeliner) {
			for i, id := range batch {
				ended[i] = endGrant.Eval(ctx, p, []string{grantKey + id}, clientID, spareOffline)
			}
		})
		if err != nil {
			return err
		}
		var dead []any
		for i, id := range batch {
			if gone, _ := ended[i].Int64(); gone == done {
				dead = append(dead, id)
			}
		}
		if len(dead) == 0 {
			continue
		}
		if err := s.unlist(ctx, list, liveGrants, dead); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes a record and takes it off the list of what lives.
func (s *Store) drop(ctx context.Context, record, live, name string) error {
	var deleted *redis.IntCmd
	_ = s.pipeline(ctx, func(p redis.Pipeliner) {
		deleted = p.Del(ctx, record+name)
		p.ZRem(ctx, live, name)
	})
	return deleted.Err()
}

// unlist takes names off their list and off that of what lives.
func (s *Store) unlist(ctx context.Context, list, live string, names []any) error {
	var removed *redis.IntCmd
	_ = s.pipeline(ctx, func(p redis.Pipeliner) {
		removed = p.ZRem(ctx, list, names...)
		p.ZRem(ctx, live, names...)
	})
	return removed.Err()
}
