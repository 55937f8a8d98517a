package redisstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/idp"
	"gatehouse/testenv"
)

// life is how long Redis will keep a key; negative when it is absent or kept for ever.
func life(t *testing.T, s *Store, key string) time.Duration {
	t.Helper()
	d, err := s.rdb.PTTL(t.Context(), key).Result()
	must(t, err)
	return d
}

func about(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if (got - want).Abs() > 10*time.Second {
		t.Errorf("%s is kept for %v, want about %v", what, got, want)
	}
}

func TestEveryKeyExpires(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	ctx := t.Context()
	g := liveGrant()
	must(t, s.CreateGrant(ctx, g, time.Minute, 0))
	about(t, "a code", life(t, s, grantKey+g.ID), time.Minute)
	must(t, s.DenyToken(ctx, g.ID, "jti"))
	about(t, "a code with a denied token", life(t, s, grantKey+g.ID), time.Minute)
	must(t, s.RedeemCode(ctx, idp.Redemption{GrantID: g.ID, ClientID: g.ClientID, Generation: 1, RefreshTTL: time.Minute, TTL: time.Hour}))
	about(t, "a grant", life(t, s, grantKey+g.ID), time.Hour)
	_, err := s.RotateRefresh(ctx, rotate(g, 1))
	must(t, err)
	about(t, "a rotated grant", life(t, s, grantKey+g.ID), time.Hour)

	must(t, s.CreateSession(ctx, &idp.Session{
		Digest: "digest", UserID: "user", IdleExpiresAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(2 * time.Hour),
	}, ""))
	about(t, "a session", life(t, s, sessionKey+"digest"), time.Hour)
	must(t, s.CreateInteraction(ctx, &idp.Interaction{ID: "id", ExpiresAt: time.Now().Add(time.Hour)}))
	_, err = s.Try(ctx, idp.Attempt{Key: "a", Limit: 1, Window: time.Hour}, idp.Attempt{Key: "b", Limit: 1, Window: time.Hour})
	must(t, err)
	must(t, s.RevokeUser(ctx, g.UserID, ""))
	_, err = s.DeleteUserSessions(ctx, "user", "")
	must(t, err)

	keys, err := s.rdb.Keys(ctx, "*").Result()
	must(t, err)
	for _, key := range keys {
		if !strings.HasPrefix(key, "gh:") {
			t.Errorf("key %q lacks the prefix", key)
		}
		if life(t, s, key) <= 0 {
			t.Errorf("key %q is kept for ever", key)
		}
	}
	if len(keys) < 6 { // grant and session (tombstones), the session's list, interaction, two counters
		t.Errorf("only %d keys: %v", len(keys), keys)
	}
}

func TestListsOutliveTheirGrants(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	create := func(change func(*idp.Grant)) *idp.Grant {
		g := liveGrant()
		g.UserID, g.SessionID = t.Name()+"user", t.Name()+"session"
		change(g)
		must(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
		return g
	}
	// A grant tied to a browser session lives no longer than the session, so
	// its list need not either, but for the margin.
	g := create(func(g *idp.Grant) {
		g.Facts.Offline, g.Facts.AuthTime, g.Facts.SessionEnd = false, 1760000000, 1760000000+3600
	})
	session, user := sessionGrantsKey+g.SessionID, userGrantsKey+g.UserID
	about(t, "the session's list", life(t, s, session), 25*time.Hour)
	about(t, "the user's list", life(t, s, user), 25*time.Hour)
	must(t, s.RedeemCode(t.Context(), idp.Redemption{GrantID: g.ID, ClientID: g.ClientID, TTL: 1000 * time.Hour}))
	about(t, "the grant", life(t, s, grantKey+g.ID), 25*time.Hour)
	got, err := s.Grant(t.Context(), g.ID)
	must(t, err)
	if want := got.CreatedAt.Add(25 * time.Hour); !got.ExpiresAt.Equal(want) {
		t.Errorf("ExpiresAt = %v, want %v", got.ExpiresAt, want)
	}

	// An offline grant lives on its own. Its list is kept longer, and shorter ones do not cut it.
	create(func(*idp.Grant) {})
	about(t, "the user's list", life(t, s, user), longestLife)
	about(t, "the session's list", life(t, s, session), 25*time.Hour)
	create(func(g *idp.Grant) { g.State = idp.GrantActive })
	about(t, "the user's list", life(t, s, user), longestLife)

	forever := create(func(g *idp.Grant) { g.UserID = t.Name() + "other" })
	must(t, s.RedeemCode(t.Context(), idp.Redemption{GrantID: forever.ID, ClientID: forever.ClientID, TTL: 10 * longestLife}))
	about(t, "a grant for ever", life(t, s, grantKey+forever.ID), longestLife)
	about(t, "its list", life(t, s, userGrantsKey+forever.UserID), longestLife)
}

func TestSessionListsOutliveTheirSessions(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	begin := func(digest string, ends time.Duration) {
		x := &idp.Session{Digest: digest, UserID: "user", IdleExpiresAt: time.Now().Add(ends), ExpiresAt: time.Now().Add(ends)}
		must(t, s.CreateSession(t.Context(), x, ""))
	}
	begin("long", 24*time.Hour)
	begin("short", time.Hour)
	begin("ended", -time.Hour)
	about(t, "the list", life(t, s, userSessionsKey+"user"), 24*time.Hour)
	must(t, s.rdb.ZAdd(t.Context(), userSessionsKey+"user", redis.Z{Score: 1, Member: "old"}).Err())
	begin("another", time.Hour)
	if got := s.rdb.ZRange(t.Context(), userSessionsKey+"user", 0, -1).Val(); !reflect.DeepEqual(got, []string{"short", "another", "long"}) {
		t.Errorf("the list is %v", got)
	}
}

func TestListsAreTidied(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	user := "tidied"
	list := userGrantsKey + user
	add := func(age time.Duration, names ...string) {
		for _, name := range names {
			must(t, s.rdb.ZAdd(t.Context(), list, redis.Z{Score: float64(time.Now().Add(-age).UnixMicro()), Member: name}).Err())
		}
	}
	var dead []string
	for i := range 40 {
		dead = append(dead, fmt.Sprintf("dead-%d", i))
	}
	add(time.Hour, dead...)
	add(time.Second, "in flight") // its record may be about to come
	add(longestLife+time.Hour, "ancient")
	live := map[string]bool{"in flight": true}
	for range 200 {
		g := liveGrant()
		g.UserID = user
		must(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
		live[g.ID] = true
		if n := s.rdb.ZScore(t.Context(), list, "ancient").Err(); !errors.Is(n, redis.Nil) {
			t.Fatal("a name older than any grant can be is still listed")
		}
	}
	left := 0
	for _, name := range s.rdb.ZRange(t.Context(), list, 0, -1).Val() {
		if !live[name] {
			left++
		}
		delete(live, name)
	}
	if len(live) > 0 {
		t.Errorf("%d live names were taken off", len(live))
	}
	if left > len(dead)/2 {
		t.Errorf("%d of %d dead names are left", left, len(dead))
	}
}

// TestRevocationBeatsACreationInFlight: the list names the grant, the record is
// not there yet, and the revocation comes between.
func TestRevocationBeatsACreationInFlight(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	for name, revoke := range map[string]func(*idp.Grant) error{
		"of the user":          func(g *idp.Grant) error { return s.RevokeUser(t.Context(), g.UserID, "") },
		"of the user's client": func(g *idp.Grant) error { return s.RevokeUser(t.Context(), g.UserID, g.ClientID) },
		"of the session":       func(g *idp.Grant) error { return s.RevokeSession(t.Context(), g.SessionID) },
	} {
		t.Run(name, func(t *testing.T) {
			g := liveGrant()
			for _, list := range []string{userGrantsKey + g.UserID, sessionGrantsKey + g.SessionID} {
				must(t, s.rdb.ZAdd(t.Context(), list, redis.Z{Score: float64(time.Now().UnixMicro()), Member: g.ID}).Err())
			}
			must(t, revoke(g))
			if err := s.CreateGrant(t.Context(), g, time.Minute, 0); !errors.Is(err, idp.ErrUnavailable) {
				t.Fatalf("CreateGrant = %v, want ErrUnavailable", err)
			}
			must(t, s.DenyToken(t.Context(), g.ID, "jti"))
			if _, err := s.Grant(t.Context(), g.ID); !errors.Is(err, idp.ErrNotFound) {
				t.Errorf("Grant = %v, want ErrNotFound", err)
			}
			about(t, "the tombstone", life(t, s, grantKey+g.ID), time.Minute)
		})
	}
	t.Run("of the user's sessions", func(t *testing.T) {
		x := &idp.Session{Digest: "d", UserID: "u", IdleExpiresAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(time.Hour)}
		must(t, s.rdb.ZAdd(t.Context(), userSessionsKey+"u", redis.Z{Score: float64(x.ExpiresAt.UnixMicro()), Member: "d"}).Err())
		ids, err := s.DeleteUserSessions(t.Context(), "u", "")
		must(t, err)
		if len(ids) != 0 {
			t.Errorf("removed %v, but there was none", ids)
		}
		if err := s.CreateSession(t.Context(), x, ""); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("CreateSession = %v, want ErrUnavailable", err)
		}
		must(t, s.TouchSession(t.Context(), "d", time.Now(), time.Now().Add(time.Hour)))
		if _, err := s.Session(t.Context(), "d"); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("Session = %v, want ErrNotFound", err)
		}
	})
}

// TestLostRotationHeals puts an older record back, as a failover to a replica that was behind does.
func TestLostRotationHeals(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	g := activeGrant(t, s)
	_, err := s.RotateRefresh(t.Context(), rotate(g, 1))
	must(t, err)
	older, err := s.rdb.Dump(t.Context(), grantKey+g.ID).Result()
	must(t, err)
	for generation := range int64(3) { // the client holds token 5
		_, err := s.RotateRefresh(t.Context(), rotate(g, generation+2))
		must(t, err)
	}
	must(t, s.rdb.RestoreReplace(t.Context(), grantKey+g.ID, life(t, s, grantKey+g.ID), older).Err())
	next, err := s.RotateRefresh(t.Context(), rotate(g, 5))
	must(t, err)
	if next.Generation != 6 {
		t.Errorf("generation = %d, want 6", next.Generation)
	}
	if again, err := s.RotateRefresh(t.Context(), rotate(g, 5)); err != nil || again.Generation != 6 {
		t.Errorf("a racing refresh got %v, %v, want the same successor", again, err)
	}
	if _, err = s.RotateRefresh(t.Context(), rotate(g, 4)); !errors.Is(err, idp.ErrReplayed) {
		t.Errorf("a spent token gave %v, want ErrReplayed", err)
	}
}

func TestAGenerationBeyondCountingIsRefused(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	g := activeGrant(t, s)
	for _, generation := range []int64{1 << 53, 1<<63 - 1} {
		if _, err := s.RotateRefresh(t.Context(), rotate(g, generation)); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("generation %d gave %v, want ErrNotFound", generation, err)
		}
	}
	next, err := s.RotateRefresh(t.Context(), rotate(g, 1<<53-1))
	must(t, err)
	if next.Generation != 1<<53 {
		t.Errorf("generation = %d, want 2^53", next.Generation)
	}
}

func TestLargeGrant(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	g := liveGrant()
	g.ClientID, g.Scope = strings.Repeat("c", 128), strings.Repeat("scope ", 4000)
	g.Code.RedirectURI = "https://app.example.com/" + strings.Repeat("é", 1000)
	must(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
	got, err := s.Grant(t.Context(), g.ID)
	must(t, err)
	if !reflect.DeepEqual(got, g) {
		t.Errorf("a large grant came back changed")
	}
}

// TestBrokenRecords: what cannot be read is a failure of the store, never a grant and never "absent".
func TestBrokenRecords(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	ctx := t.Context()
	hash := func(key string, pairs ...any) func() {
		return func() { must(t, s.rdb.HSet(ctx, key, pairs...).Err()) }
	}
	grant := func() error { _, err := s.Grant(ctx, "x"); return err }
	list := func() error { _, err := s.ListUserGrants(ctx, "u"); return err }
	session := func() error { _, err := s.Session(ctx, "x"); return err }
	interaction := func() error { _, err := s.Interaction(ctx, "x"); return err }
	listed := func(write func()) func() {
		return func() { must(t, s.rdb.ZAdd(ctx, userGrantsKey+"u", redis.Z{Member: "x"}).Err()); write() }
	}
	for _, c := range []struct {
		name  string
		write func()
		read  func() error
	}{
		{"grant of another type", func() { must(t, s.rdb.Set(ctx, grantKey+"x", "1", 0).Err()) }, grant},
		{"grant of another state", hash(grantKey+"x", "s", "z", "f0", "{}"), grant},
		{"grant without facts", hash(grantKey+"x", "s", "a"), grant},
		{"grant that lost a piece", hash(grantKey+"x", "s", "a", "f1", "}"), grant},
		{"grant with a wild piece", hash(grantKey+"x", "s", "a", "f99999999", "}"), grant},
		{"grant with a bad number", hash(grantKey+"x", "s", "a", "f0", "{}", "t", "?"), grant},
		{"listed grant", listed(hash(grantKey+"x", "s", "a", "f0", "{")), list},
		{"list of another type", func() { must(t, s.rdb.Set(ctx, userGrantsKey+"u", "1", 0).Err()) }, list},
		{"list of another type, revoked", func() { must(t, s.rdb.Set(ctx, userGrantsKey+"u", "1", 0).Err()) }, func() error {
			return s.RevokeUser(ctx, "u", "")
		}},
		{"list of another type, written", func() { must(t, s.rdb.Set(ctx, userGrantsKey+"u", "1", 0).Err()) }, func() error {
			g := liveGrant()
			g.UserID = "u"
			return s.CreateGrant(ctx, g, time.Minute, 0)
		}},
		{"session with bad facts", hash(sessionKey+"x", "j", "{"), session},
		{"session with a bad number", hash(sessionKey+"x", "j", "{}", "l", "?"), session},
		{"session that is ended", func() {
			hash(sessionKey+"x", "j", "{")()
			must(t, s.rdb.ZAdd(ctx, userSessionsKey+"u", redis.Z{Member: "x"}).Err())
		}, func() error { _, err := s.DeleteUserSessions(ctx, "u", ""); return err }},
		{"interaction with a bad version", hash(interactionKey+"x", "v", "?"), interaction},
		{"interaction with bad facts", hash(interactionKey+"x", "v", "1", "j", "["), interaction},
		{"counter that is no number", func() { must(t, s.rdb.Set(ctx, throttleKey+"x", "?", 0).Err()) }, func() error {
			_, err := s.Try(ctx, idp.Attempt{Key: "x", Limit: 1, Window: time.Hour}, idp.Attempt{Key: "y", Limit: 1, Window: time.Hour})
			return err
		}},
		{"grant of no state is not written", func() {}, func() error { return s.CreateGrant(ctx, &idp.Grant{ID: "x"}, time.Hour, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, s.rdb.FlushDB(ctx).Err())
			c.write()
			if err := c.read(); !errors.Is(err, idp.ErrUnavailable) || errors.Is(err, idp.ErrNotFound) {
				t.Errorf("error is %v, want ErrUnavailable", err)
			}
		})
	}
}

func TestObserve(t *testing.T) {
	type call struct {
		store, op string
		err       error
	}
	var calls []call
	s := openStore(t, testenv.Redis(t), Options{Observe: func(store, op string, d time.Duration, err error) {
		if d < 0 || d > time.Minute {
			t.Errorf("%s took %v", op, d)
		}
		calls = append(calls, call{store, op, err})
	}})
	_, _ = s.Grant(t.Context(), "absent")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.Clear(ended, "k")
	want := []call{{"redis", "Ping", nil}, {"grants", "Grant", idp.ErrNotFound}, {"throttles", "Clear", context.Canceled}}
	if len(calls) != len(want) {
		t.Fatalf("observed %v, want %v", calls, want)
	}
	for i, w := range want {
		if calls[i].store != w.store || calls[i].op != w.op || !errors.Is(calls[i].err, w.err) {
			t.Errorf("observed %v, want %v", calls[i], w)
		}
	}
}

// TestAbsentStaysAbsent: what finds no record leaves no trace, least of all one that never expires.
func TestAbsentStaysAbsent(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	ctx, g, later := t.Context(), liveGrant(), time.Now().Add(time.Hour)
	must(t, s.RevokeGrant(ctx, g.ID)) // first: it would remove what another leaves
	must(t, s.DenyToken(ctx, g.ID, "jti"))
	must(t, s.TouchSession(ctx, g.ID, later, later))
	must(t, s.Forgive(ctx, "a", "b"))
	must(t, s.RevokeUser(ctx, g.UserID, ""))
	must(t, s.RevokeSession(ctx, g.SessionID))
	_, rotated := s.RotateRefresh(ctx, rotate(g, 1))
	for name, err := range map[string]error{
		"RedeemCode":        s.RedeemCode(ctx, idp.Redemption{GrantID: g.ID, ClientID: g.ClientID, TTL: time.Hour}),
		"RotateRefresh":     rotated,
		"UpdateInteraction": s.UpdateInteraction(ctx, &idp.Interaction{ID: g.ID, Version: 1, ExpiresAt: later}),
	} {
		if !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", name, err)
		}
	}
	if keys := s.rdb.Keys(ctx, "*").Val(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
}
