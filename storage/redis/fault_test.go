package redisstore

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/testenv"
)

// calls is every method, for faults that all must report.
func calls(s *Store) map[string]func(context.Context) error {
	g, now := liveGrant(), time.Now().Add(time.Hour)
	attempt := idp.Attempt{Key: "k", Limit: 1, Window: time.Hour}
	return map[string]func(context.Context) error{
		"Ping":           s.Ping,
		"CreateGrant":    func(ctx context.Context) error { return s.CreateGrant(ctx, liveGrant(), time.Hour, 0) },
		"Grant":          func(ctx context.Context) error { _, err := s.Grant(ctx, g.ID); return err },
		"RedeemCode":     func(ctx context.Context) error { return s.RedeemCode(ctx, idp.Redemption{GrantID: g.ID}) },
		"RotateRefresh":  func(ctx context.Context) error { _, err := s.RotateRefresh(ctx, rotate(g, 1)); return err },
		"DenyToken":      func(ctx context.Context) error { return s.DenyToken(ctx, g.ID, "jti") },
		"RevokeGrant":    func(ctx context.Context) error { return s.RevokeGrant(ctx, g.ID) },
		"RevokeSession":  func(ctx context.Context) error { return s.RevokeSession(ctx, g.SessionID) },
		"RevokeUser":     func(ctx context.Context) error { return s.RevokeUser(ctx, g.UserID, "") },
		"ListUserGrants": func(ctx context.Context) error { _, err := s.ListUserGrants(ctx, g.UserID); return err },
		"CreateSession": func(ctx context.Context) error {
			return s.CreateSession(ctx, &idp.Session{Digest: g.ID, UserID: g.UserID, IdleExpiresAt: now, ExpiresAt: now}, "")
		},
		"Session":            func(ctx context.Context) error { _, err := s.Session(ctx, g.ID); return err },
		"TouchSession":       func(ctx context.Context) error { return s.TouchSession(ctx, g.ID, now, now) },
		"DeleteSession":      func(ctx context.Context) error { return s.DeleteSession(ctx, g.ID) },
		"ListSessions":       func(ctx context.Context) error { _, err := s.ListSessions(ctx, g.UserID); return err },
		"DeleteUserSessions": func(ctx context.Context) error { _, err := s.DeleteUserSessions(ctx, g.UserID, ""); return err },
		"CreateInteraction": func(ctx context.Context) error {
			return s.CreateInteraction(ctx, &idp.Interaction{ID: g.ID, ExpiresAt: now})
		},
		"Interaction": func(ctx context.Context) error { _, err := s.Interaction(ctx, g.ID); return err },
		"UpdateInteraction": func(ctx context.Context) error {
			return s.UpdateInteraction(ctx, &idp.Interaction{ID: g.ID, Version: 1, ExpiresAt: now})
		},
		"QueryGrants": func(ctx context.Context) error { _, err := s.QueryGrants(ctx, idp.GrantQuery{}); return err },
		"QueryGrants of a user": func(ctx context.Context) error {
			_, err := s.QueryGrants(ctx, idp.GrantQuery{UserID: g.UserID})
			return err
		},
		"QuerySessions": func(ctx context.Context) error { _, err := s.QuerySessions(ctx, idp.SessionQuery{}); return err },
		"CountSessions": func(ctx context.Context) error { _, err := s.CountSessions(ctx); return err },
		"PutNote":       func(ctx context.Context) error { return s.PutNote(ctx, g.ID, nil, time.Hour) },
		"AddNote":       func(ctx context.Context) error { _, _, err := s.AddNote(ctx, g.ID, nil, time.Hour); return err },
		"Note":          func(ctx context.Context) error { _, err := s.Note(ctx, g.ID); return err },
		"TakeNote":      func(ctx context.Context) error { _, err := s.TakeNote(ctx, g.ID); return err },
		"DropNote":      func(ctx context.Context) error { return s.DropNote(ctx, g.ID) },
		"Try":           func(ctx context.Context) error { _, err := s.Try(ctx, attempt, attempt); return err },
		"Forgive":       func(ctx context.Context) error { return s.Forgive(ctx, "a", "b") },
		"Clear":         func(ctx context.Context) error { return s.Clear(ctx, "a") },
	}
}

// unavailable fails unless the call says so, soon.
func unavailable(t *testing.T, name string, limit time.Duration, call func(context.Context) error) {
	t.Helper()
	begin := time.Now()
	err := call(t.Context())
	if !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("%s = %v, want ErrUnavailable", name, err)
	}
	if took := time.Since(begin); took > limit {
		t.Errorf("%s took %v to fail, want at most %v", name, took, limit)
	}
}

// eventually calls f until it succeeds; every failure before must be ErrUnavailable.
func eventually(t *testing.T, limit time.Duration, f func() error) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := f()
		if err == nil {
			return
		}
		if !errors.Is(err, idp.ErrUnavailable) {
			t.Fatalf("error is %v, want ErrUnavailable", err)
		}
		if time.Since(begin) > limit {
			t.Fatalf("not back after %v: %v", limit, err)
		}
	}
}

func TestServerKilled(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	s := openStore(t, server.URL, Options{})
	g := activeGrant(t, s)
	server.Kill()
	for name, call := range calls(s) {
		unavailable(t, name, time.Second, call)
	}
	server.Start()
	eventually(t, 5*time.Second, func() error { _, err := s.RotateRefresh(t.Context(), rotate(g, 1)); return err })
}

func TestServerHangs(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	s := openStore(t, server.URL, Options{})
	must(t, s.rdb.Do(t.Context(), "client", "pause", "60000", "all").Err())
	unavailable(t, "Grant", callTimeout+500*time.Millisecond, func(ctx context.Context) error { _, err := s.Grant(ctx, "x"); return err })

	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := s.Grant(soon, "x")
	if !errors.Is(err, idp.ErrUnavailable) || time.Since(begin) > time.Second {
		t.Errorf("with a deadline: %v after %v, want ErrUnavailable at once", err, time.Since(begin))
	}
}

// TestServerRefuses goes through what a Redis that runs may answer. The contracts speak of one error for all.
func TestServerRefuses(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	s := openStore(t, server.URL, Options{})
	config := func(name, value string) { t.Helper(); must(t, s.rdb.ConfigSet(t.Context(), name, value).Err()) }
	create := func(ctx context.Context) error { return s.CreateGrant(ctx, liveGrant(), time.Hour, 0) }

	config("maxmemory", "1") // OOM
	unavailable(t, "CreateGrant", time.Second, create)
	config("maxmemory", "0")
	config("min-replicas-to-write", "1") // NOREPLICAS
	unavailable(t, "CreateGrant", time.Second, create)
	config("min-replicas-to-write", "0")

	replica := testenv.RedisServer(t)
	r := openStore(t, replica.URL, Options{})
	host, err := url.Parse(server.URL)
	must(t, err)
	must(t, r.rdb.ConfigSet(t.Context(), "replica-serve-stale-data", "no").Err())
	must(t, r.rdb.SlaveOf(t.Context(), host.Hostname(), host.Port()).Err())
	for name, call := range map[string]func(context.Context) error{ // READONLY
		"CreateGrant":   func(ctx context.Context) error { return r.CreateGrant(ctx, liveGrant(), time.Hour, 0) },
		"RevokeGrant":   func(ctx context.Context) error { return r.RevokeGrant(ctx, "x") },
		"CreateSession": calls(r)["CreateSession"],
	} {
		unavailable(t, name, time.Second, call)
	}
	server.Kill() // MASTERDOWN
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if _, err = r.Grant(t.Context(), "x"); errors.Is(err, idp.ErrUnavailable) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	unavailable(t, "Grant", time.Second, func(ctx context.Context) error { _, err := r.Grant(ctx, "x"); return err })
}

func TestClosed(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{})
	must(t, s.Close())
	for name, call := range calls(s) {
		unavailable(t, name, time.Second, call)
	}
}

func TestClusterNodeKilled(t *testing.T) {
	t.Parallel()
	address, nodes := testenv.RedisClusterNodes(t)
	s := openStore(t, address, Options{})
	var grants []*idp.Grant
	for range 30 { // on every node
		grants = append(grants, activeGrant(t, s))
	}
	nodes[1].Kill()
	failed := 0
	for _, g := range grants {
		begin := time.Now()
		_, err := s.RotateRefresh(t.Context(), rotate(g, 1))
		if took := time.Since(begin); took > callTimeout+500*time.Millisecond {
			t.Errorf("a call took %v", took)
		}
		if err != nil {
			failed++
			if !errors.Is(err, idp.ErrUnavailable) {
				t.Errorf("error is %v, want ErrUnavailable", err)
			}
		}
		if failed > 3 {
			break // each of these takes its time
		}
	}
	if failed == 0 {
		t.Error("no call failed while a third of the slots was away")
	}
	nodes[1].Start()
	for _, g := range grants {
		eventually(t, 20*time.Second, func() error { _, err := s.RotateRefresh(t.Context(), rotate(g, 1)); return err })
	}
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	env := testenv.RedisSentinel(t)
	s := openStore(t, env.URL, Options{})
	g := activeGrant(t, s)
	_, err := s.RotateRefresh(t.Context(), rotate(g, 1))
	must(t, err)
	must(t, s.rdb.Do(t.Context(), "wait", 1, 5000).Err()) // the replica has it
	env.Master.Kill()
	eventually(t, 30*time.Second, func() error {
		next, err := s.RotateRefresh(t.Context(), rotate(g, 2))
		if err == nil && next.Generation != 3 {
			t.Errorf("generation = %d after the failover, want 3", next.Generation)
		}
		return err
	})
	activeGrant(t, s)
}

func TestOpenFailures(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	s := openStore(t, server.URL, Options{})
	const password = "p@ss/w:rd?#"
	must(t, s.rdb.ConfigSet(t.Context(), "requirepass", password).Err())
	u, err := url.Parse(server.URL)
	must(t, err)
	u.User = url.UserPassword("", password)
	openStore(t, u.String(), Options{})

	u.User = url.UserPassword("", "hunter2")
	for name, address := range map[string]string{
		"no password": server.URL, "wrong password": u.String(), "refused": "redis://:hunter2@127.0.0.1:1",
		"no such host": "redis://:hunter2@nowhere.invalid", "sentinel refused": "redis+sentinel://:hunter2@127.0.0.1:1/m",
		"cluster refused": "redis+cluster://:hunter2@127.0.0.1:1", "not a cluster": "redis+cluster://" + u.Host,
		"no such database": "redis://:" + url.QueryEscape(password) + "@" + u.Host + "/999",
	} {
		begin := time.Now()
		_, err := Open(t.Context(), address, Options{})
		if !errors.Is(err, idp.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want ErrUnavailable without the password", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	if _, err := Open(t.Context(), "redis://:hunter2@h:x", Options{}); !errors.Is(err, ErrURL) {
		t.Errorf("a bad URL: %v, want ErrURL", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ended, server.URL, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
}

func TestTLS(t *testing.T) {
	address, caFile := testenv.RedisTLS(t)
	t.Setenv("SSL_CERT_FILE", caFile) // read at the first look at the system's roots, which is here
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	activeGrant(t, openStore(t, address, Options{}))

	if _, err := Open(t.Context(), strings.Replace(address, "127.0.0.1", "localhost", 1), Options{}); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("a certificate for another name: %v, want ErrUnavailable", err)
	}
}

func TestEvictionWarning(t *testing.T) {
	server := testenv.RedisServer(t)
	said := func() string {
		var log bytes.Buffer
		openStore(t, server.URL, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		return log.String()
	}
	if text := said(); text != "" {
		t.Errorf("logged %q with the default policy", text)
	}
	s := openStore(t, server.URL, Options{})
	must(t, s.rdb.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	if text := said(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "allkeys-lru") {
		t.Errorf("logged %q with a policy that evicts", text)
	}
}

func TestPoolStats(t *testing.T) {
	s := openStore(t, testenv.Redis(t), Options{PoolSize: 3})
	if got := s.PoolStats(); got.Open != 1 || got.Idle != 1 || got.InUse != 0 {
		t.Errorf("after one call: %+v", got)
	}
}
