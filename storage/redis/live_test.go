package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
	"gatehouse/testenv"
)

func liveSession(name string, ends time.Duration) *idp.Session {
	end := time.Now().Add(ends)
	return &idp.Session{Digest: name, ID: "sid-" + name, UserID: "user-" + name, IdleExpiresAt: end, ExpiresAt: end}
}

// TestNothingDependsOnTheListsOfWhatLives: they are broken, and every verb that writes them works.
func TestNothingDependsOnTheListsOfWhatLives(t *testing.T) {
	for name, url := range map[string]string{"single node": testenv.Redis(t), "cluster": testenv.RedisCluster(t)} {
		t.Run(name, func(t *testing.T) {
			s, ctx := openStore(t, url, Options{}), t.Context()
			must(t, s.rdb.Set(ctx, liveGrants, "no list", time.Minute).Err())
			must(t, s.rdb.Set(ctx, liveSessions, "no list", time.Minute).Err())
			g := activeGrant(t, s)
			must(t, s.RevokeGrant(ctx, g.ID))
			g = activeGrant(t, s)
			must(t, s.RevokeUser(ctx, g.UserID, ""))
			if _, err := s.Grant(ctx, g.ID); !errors.Is(err, idp.ErrNotFound) {
				t.Errorf("the revoked grant: %v", err)
			}
			x := liveSession("a", time.Hour)
			must(t, s.CreateSession(ctx, x, "old"))
			must(t, s.TouchSession(ctx, x.Digest, time.Now(), time.Now().Add(time.Hour)))
			must(t, s.DeleteSession(ctx, x.Digest))
			must(t, s.CreateSession(ctx, liveSession("b", time.Hour), ""))
			_, err := s.DeleteUserSessions(ctx, "user-b", "")
			must(t, err)
			if _, err := s.QuerySessions(ctx, idp.SessionQuery{}); !errors.Is(err, idp.ErrUnavailable) {
				t.Errorf("QuerySessions: %v", err)
			}
			if _, err := s.CountSessions(ctx); !errors.Is(err, idp.ErrUnavailable) {
				t.Errorf("CountSessions: %v", err)
			}
			if _, err := s.QueryGrants(ctx, idp.GrantQuery{}); !errors.Is(err, idp.ErrUnavailable) {
				t.Errorf("QueryGrants: %v", err)
			}
			must(t, s.rdb.Del(ctx, liveGrants).Err())
			must(t, s.rdb.Del(ctx, liveSessions).Err())
		})
	}
}

func TestListsOfWhatLivesAreTidied(t *testing.T) {
	s, ctx := openStore(t, testenv.Redis(t), Options{}), t.Context()
	must(t, s.CreateSession(ctx, liveSession("live", time.Hour), ""))
	ended, gone := float64(time.Now().Add(-time.Minute).UnixMicro()), float64(time.Now().Add(time.Hour).UnixMicro())
	must(t, s.rdb.ZAdd(ctx, liveSessions, redis.Z{Score: ended, Member: "ended"}, redis.Z{Score: gone, Member: "gone"}).Err())
	names := func() []string { return s.rdb.ZRange(ctx, liveSessions, 0, -1).Val() }
	if n, err := s.CountSessions(ctx); err != nil || n != 2 { // the one that is gone is counted until it was missed
		t.Errorf("%d sessions, %v", n, err)
	}
	page, err := s.QuerySessions(ctx, idp.SessionQuery{})
	must(t, err)
	if len(page.Items) != 1 || page.Total != 1 || slices.Contains(names(), "gone") {
		t.Errorf("the page is %+v, the list %q", page, names())
	}
	must(t, s.CreateSession(ctx, liveSession("next", 2*time.Hour), ""))
	if got := names(); !slices.Equal(got, []string{"live", "next"}) {
		t.Errorf("the list is %q", got)
	}
	about(t, "the list", life(t, s, liveSessions), 2*time.Hour)
	must(t, s.rdb.HSet(ctx, sessionKey+"next", "j", "{").Err())
	if _, err := s.QuerySessions(ctx, idp.SessionQuery{}); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("a session that cannot be read: %v", err)
	}
}

// TestGrantsOfARareClient: a page looks so far and no further, and says where to go on.
func TestGrantsOfARareClient(t *testing.T) {
	s, ctx := openStore(t, testenv.Redis(t), Options{}), t.Context()
	const others = 2*liveBatch*liveRounds + 40
	var rare []string
	must(t, s.pipeline(ctx, func(p redis.Pipeliner) {
		for i := range others {
			id, client := fmt.Sprintf("g%06d", i), "common"
			if i == 10 || i == others-10 {
				client = "rare"
				rare = append(rare, id)
			}
			p.HSet(ctx, grantKey+id, "s", "a", "c", client, "f0", "{}")
			p.ZAdd(ctx, liveGrants, redis.Z{Score: float64(time.Now().Add(time.Hour).UnixMicro() + int64(i)), Member: id})
		}
	}))
	walk := func(q idp.ListQuery, on func(idp.Page[*idp.Grant]) *idp.ListQuery) (ids []string, pages int) {
		for next := &q; next != nil; pages++ {
			next.Limit = 1
			p, err := s.QueryGrants(ctx, idp.GrantQuery{ClientID: "rare", ListQuery: *next})
			must(t, err)
			for _, g := range p.Items {
				ids = append(ids, g.ID)
			}
			next = on(p)
		}
		return ids, pages
	}
	last := ""
	ids, pages := walk(idp.ListQuery{}, func(p idp.Page[*idp.Grant]) *idp.ListQuery {
		if p.Prev != "" {
			last = p.Prev
		}
		if p.Next == "" {
			return nil
		}
		return &idp.ListQuery{After: p.Next}
	})
	if !slices.Equal(ids, []string{rare[1], rare[0]}) || pages < 2 || pages > 5 {
		t.Errorf("%q on %d pages, want %q", ids, pages, rare)
	}
	back, _ := walk(idp.ListQuery{Before: last}, func(p idp.Page[*idp.Grant]) *idp.ListQuery {
		if p.Prev == "" {
			return nil
		}
		return &idp.ListQuery{Before: p.Prev}
	})
	if len(back) == 0 || back[len(back)-1] != rare[1] {
		t.Errorf("and back: %q", back)
	}
}
