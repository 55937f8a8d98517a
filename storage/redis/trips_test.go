package redisstore

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
	"gatehouse/testenv"
)

// trips counts round trips: a command or a whole pipeline is one.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.n.Add(1); return next(ctx, cmds) }
}

func openStore(t testing.TB, url string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var serial atomic.Int64

// liveGrant is a grant of an ordinary sign-in, with ids of the lengths they have.
func liveGrant() *idp.Grant {
	n := serial.Add(1)
	return &idp.Grant{
		ID: fmt.Sprintf("%032d", n), State: idp.GrantCode, ClientID: "web-application",
		UserID: fmt.Sprintf("0190a6d2-7c1e-7b3a-9f00-%012d", n), SessionID: fmt.Sprintf("session-%024d", n),
		Scope: "openid profile email offline_access",
		Code: idp.CodeBinding{
			RedirectURI: "https://app.example.com/oauth2/callback", CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		},
		Facts: idp.Facts{
			Offline: true, Nonce: "5f8a1c9b3e7d4a2f", AuthTime: 1760000000, ACR: "1", AMR: []string{"pwd"}, SessionEnd: 1760604800,
		},
	}
}

func activeGrant(t testing.TB, s *Store) *idp.Grant {
	t.Helper()
	g := liveGrant()
	must(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
	must(t, s.RedeemCode(t.Context(), idp.Redemption{
		GrantID: g.ID, ClientID: g.ClientID, Generation: 1, RefreshTTL: 14 * 24 * time.Hour, TTL: 90 * 24 * time.Hour,
	}))
	got, err := s.Grant(t.Context(), g.ID)
	must(t, err)
	return got
}

func rotate(g *idp.Grant, generation int64) idp.Rotation {
	return idp.Rotation{GrantID: g.ID, ClientID: g.ClientID, Generation: generation, Grace: 10 * time.Second, RefreshTTL: time.Hour}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrips(t *testing.T) {
	for name, url := range map[string]string{"single node": testenv.Redis(t), "cluster": testenv.RedisCluster(t)} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, url, Options{})
			for range 20 { // every node learns the scripts
				walk(t, s, nil)
			}
			c := &trips{}
			s.rdb.AddHook(c)
			walk(t, s, func(step string, want int64, do func() error) {
				before := c.n.Load()
				must(t, do())
				if got := c.n.Load() - before; got != want {
					t.Errorf("%s took %d round trips, want %d", step, got, want)
				}
			})
		})
	}
}

// walk goes through the calls that have a promised number of round trips.
func walk(t *testing.T, s *Store, count func(step string, want int64, do func() error)) {
	t.Helper()
	step := func(name string, want int64, do func() error) {
		t.Helper()
		if count == nil {
			must(t, do())
			return
		}
		count(name, want, do)
	}
	ctx := t.Context()
	g := liveGrant()
	step("authorize", 1, func() error { return s.CreateGrant(ctx, g, time.Minute, 0) })
	step("code", 2, func() error {
		got, err := s.Grant(ctx, g.ID)
		if err != nil {
			return err
		}
		return s.RedeemCode(ctx, idp.Redemption{GrantID: got.ID, ClientID: g.ClientID, Generation: 1, RefreshTTL: time.Hour, TTL: time.Hour})
	})
	step("refresh", 1, func() error { _, err := s.RotateRefresh(ctx, rotate(g, 1)); return err })
	step("introspect", 1, func() error { _, err := s.Grant(ctx, g.ID); return err })
	step("list a user's", 2, func() error { _, err := s.ListUserGrants(ctx, g.UserID); return err })
	step("revoke one token", 1, func() error { return s.DenyToken(ctx, g.ID, "jti") })
	step("revoke", 1, func() error { return s.RevokeGrant(ctx, g.ID) })
	machine := &idp.Grant{ID: fmt.Sprintf("%032d", serial.Add(1)), State: idp.GrantActive, ClientID: "jobs", Scope: "jobs"}
	step("client_credentials", 1, func() error { return s.CreateGrant(ctx, machine, time.Minute, 0) })
	x := &idp.Session{Digest: g.ID, ID: g.SessionID, UserID: g.UserID, IdleExpiresAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(time.Hour)}
	step("begin a session", 1, func() error { return s.CreateSession(ctx, x, "old") })
	step("load a session", 1, func() error { _, err := s.Session(ctx, x.Digest); return err })
	step("touch a session", 1, func() error { return s.TouchSession(ctx, x.Digest, time.Now(), time.Now().Add(time.Hour)) })
	in := &idp.Interaction{ID: g.ID, State: idp.InteractionOpen, ExpiresAt: time.Now().Add(time.Hour)}
	step("begin an interaction", 1, func() error { return s.CreateInteraction(ctx, in) })
	step("update an interaction", 1, func() error { return s.UpdateInteraction(ctx, in) })
	a, b := idp.Attempt{Key: g.ID, Limit: 5, Window: time.Minute}, idp.Attempt{Key: g.ID + "b", Limit: 5, Window: time.Minute}
	step("a try", 1, func() error { _, err := s.Try(ctx, a); return err })
	step("a try of two keys", 1, func() error { _, err := s.Try(ctx, a, b); return err })
	step("nothing to try", 0, func() error { _, err := s.Try(ctx); return err })
}

func TestScriptsComeBackAfterAFlush(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	g := activeGrant(t, s)
	must(t, s.rdb.ScriptFlush(t.Context()).Err())
	next, err := s.RotateRefresh(t.Context(), rotate(g, 1))
	must(t, err)
	if next.Generation != 2 {
		t.Errorf("generation = %d, want 2", next.Generation)
	}
}

// TestMemory holds a live grant with its lists to 1.3 KB.
func TestMemory(t *testing.T) {
	server := testenv.RedisServer(t)
	s := openStore(t, server.URL, Options{})
	measure := func() int64 {
		g := activeGrant(t, s)
		_, err := s.RotateRefresh(t.Context(), rotate(g, 1))
		must(t, err)
		var sum int64
		for _, key := range []string{grantKey + g.ID, userGrantsKey + g.UserID, sessionGrantsKey + g.SessionID} {
			n, err := s.rdb.MemoryUsage(t.Context(), key, 0).Result()
			must(t, err)
			t.Logf("%s: %d bytes", key[:5], n)
			sum += n
		}
		return sum
	}
	n := measure()
	t.Logf("a live grant with its lists: %d bytes", n)
	if n > 1300 {
		t.Errorf("a live grant takes %d bytes, want at most 1300", n)
	}
}
