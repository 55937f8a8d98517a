package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// sentinelMaster is the name under which the Sentinel watches.
const sentinelMaster = "gatehouse"

// Sentinel is a master and a replica, watched by one Sentinel, which makes the
// replica the master within seconds of the master's end.
type Sentinel struct {
	URL             string
	Master, Replica *Server
}

// RedisSentinel starts the three for this test alone.
func RedisSentinel(tb testing.TB) *Sentinel {
	tb.Helper()
	master := ownRedis(tb, "--save", "", "--appendonly", "yes", "--repl-diskless-sync-delay", "0")
	replica := ownRedis(tb, "--save", "", "--appendonly", "yes", "--repl-diskless-sync-delay", "0",
		"--replicaof", fmt.Sprintf("127.0.0.1 %d", master.port))
	dir, err := processDir("gh-sentinel-")
	if err != nil {
		tb.Fatalf("start sentinel: %v", err)
	}
	config := filepath.Join(dir, "sentinel.conf")
	text := strings.ReplaceAll(fmt.Sprintf(`sentinel monitor NAME 127.0.0.1 %d 1
sentinel down-after-milliseconds NAME 400
sentinel failover-timeout NAME 3000
`, master.port), "NAME", sentinelMaster)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatalf("start sentinel: %v", err)
	}
	sentinel := &redisProcess{program: need(tb, "redis-server", "redis-server"), process: process{dir: dir}, config: config, args: []string{"--sentinel"}}
	tb.Cleanup(func() {
		_ = sentinel.end(syscall.SIGKILL)
		_ = os.RemoveAll(dir)
	})
	if err := sentinel.start(); err != nil {
		tb.Fatalf("start sentinel: %v", err)
	}
	if err := eventually(20*time.Second, func() error { return sentinelReady(sentinel.url(), replica.url()) }); err != nil {
		tb.Fatalf("sentinel: %v", err)
	}
	return &Sentinel{
		URL:    fmt.Sprintf("redis+sentinel://127.0.0.1:%d/%s", sentinel.port, sentinelMaster),
		Master: master.server(tb), Replica: replica.server(tb),
	}
}

// sentinelReady says whether the replica is in step and the Sentinel could choose it.
func sentinelReady(sentinelURL, replicaURL string) error {
	err := onRedis(replicaURL, func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "master_link_status:up") {
			err = fmt.Errorf("the replica is not in step")
		}
		return err
	})
	if err != nil {
		return err
	}
	return onRedis(sentinelURL, func(ctx context.Context, c *redis.Client) error {
		text, err := c.Do(ctx, "info", "sentinel").Text()
		if err == nil && (!strings.Contains(text, "status=ok") || !strings.Contains(text, "slaves=1")) {
			err = fmt.Errorf("the Sentinel does not know the replica")
		}
		return err
	})
}
