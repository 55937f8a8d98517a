package testenv

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisURLVariable names a single-node server to use instead of a started one.
// Only databases that are empty are used, from number 1 on.
const RedisURLVariable = "TEST_REDIS_URL"

// redisDatabases is how many calls of Redis one test process may make.
const redisDatabases = 4096

// sharedRedis is the one Redis of the test process, as shared is for Postgres.
var sharedRedis struct {
	once   sync.Once
	server *redisProcess
	err    error
	count  atomic.Int64
}

// Redis returns the URL of an empty logical database, flushed when the test ends.
func Redis(tb testing.TB) (redisURL string) {
	tb.Helper()
	if base := os.Getenv(RedisURLVariable); base != "" {
		return borrowDatabase(tb, base)
	}
	program := need(tb, "redis-server", "redis-server")
	sharedRedis.once.Do(func() {
		dir, err := processDir("gh-redis-")
		if err == nil {
			sharedRedis.server = &redisProcess{program: program, process: process{dir: dir}, args: []string{
				"--save", "", "--appendonly", "no", "--databases", strconv.Itoa(redisDatabases),
			}}
			err = sharedRedis.server.start()
		}
		sharedRedis.err = err
	})
	if sharedRedis.err != nil {
		tb.Fatalf("start redis: %v", sharedRedis.err)
	}
	db := sharedRedis.count.Add(1)
	if db >= redisDatabases {
		tb.Fatalf("more than %d Redis databases in one test process", redisDatabases)
	}
	redisURL = fmt.Sprintf("%s/%d", sharedRedis.server.url(), db)
	tb.Cleanup(func() {
		_ = onRedis(redisURL, func(ctx context.Context, c *redis.Client) error { return c.FlushDB(ctx).Err() })
	})
	return redisURL
}

// borrowDatabase takes a database of a server that is not ours: one that is
// empty, marked with a key while it is used, so that nobody's data is lost.
func borrowDatabase(tb testing.TB, base string) (redisURL string) {
	tb.Helper()
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") {
		tb.Fatalf("%s: must be a redis:// or rediss:// URL", RedisURLVariable)
	}
	const mark, life = "gatehouse:test", 15 * time.Minute
	take := redis.NewScript(`if redis.call('DBSIZE')>0 then return 0 end redis.call('SET',KEYS[1],'1','PX',ARGV[1]) return 1`)
	err = eventually(time.Minute, func() error {
		for db := 1; ; db++ {
			u.Path = "/" + strconv.Itoa(db)
			taken := 0
			err := onRedis(u.String(), func(ctx context.Context, c *redis.Client) (err error) {
				taken, err = take.Run(ctx, c, []string{mark}, life.Milliseconds()).Int()
				return err
			})
			if err != nil {
				return fmt.Errorf("no empty database (looked at %d): %w", db-1, err)
			}
			if taken == 1 {
				return nil
			}
		}
	})
	if err != nil {
		tb.Fatalf("%s: %v", RedisURLVariable, err)
	}
	redisURL = u.String()
	tb.Cleanup(func() {
		_ = onRedis(redisURL, func(ctx context.Context, c *redis.Client) error { return c.FlushDB(ctx).Err() })
	})
	return redisURL
}

// onRedis connects for the length of f.
func onRedis(redisURL string, f func(context.Context, *redis.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		return fmt.Errorf("not a Redis URL")
	}
	o.Protocol, o.PoolSize, o.MaxRetries, o.DialerRetries = 2, 1, -1, 1
	c := redis.NewClient(o)
	defer c.Close()
	return f(ctx, c)
}

// RedisServer starts a Redis for this test alone. It writes an append-only
// file, so what it acknowledged is there again after Kill and Start. (With
// fsync once a second it would hold writes back while the disk is busy.)
func RedisServer(tb testing.TB) *Server {
	tb.Helper()
	return ownRedis(tb, "--save", "", "--appendonly", "yes", "--appendfsync", "always").server(tb)
}

// ownRedis starts a process that ends with the test.
func ownRedis(tb testing.TB, args ...string) *redisProcess {
	tb.Helper()
	program := need(tb, "redis-server", "redis-server")
	dir, err := processDir("gh-redis-")
	if err != nil {
		tb.Fatalf("start redis: %v", err)
	}
	p := &redisProcess{program: program, process: process{dir: dir}, args: args}
	tb.Cleanup(func() {
		_ = p.end(syscall.SIGKILL)
		_ = os.RemoveAll(dir)
	})
	if err := p.start(); err != nil {
		tb.Fatalf("start redis: %v", err)
	}
	return p
}
