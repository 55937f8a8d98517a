package testenv

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestRedisDatabasesAreApart(t *testing.T) {
	first, second := Redis(t), Redis(t)
	if first == second {
		t.Fatalf("two calls gave %s", first)
	}
	set := func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "k", "v", 0).Err() }
	if err := onRedis(first, set); err != nil {
		t.Fatal(err)
	}
	err := onRedis(second, func(ctx context.Context, c *redis.Client) error {
		if n := c.DBSize(ctx).Val(); n != 0 {
			t.Errorf("the second database holds %d keys", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedisServerKeepsDataOverAKill(t *testing.T) {
	s := RedisServer(t)
	set := func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "k", "v", 0).Err() }
	if err := onRedis(s.URL, set); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := onRedis(s.URL, set); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Start()
	err := onRedis(s.URL, func(ctx context.Context, c *redis.Client) error {
		if got := c.Get(ctx, "k").Val(); got != "v" {
			t.Errorf("k = %q after a kill", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBorrowDatabaseSkipsWhatIsUsed(t *testing.T) {
	s := RedisServer(t)
	err := onRedis(s.URL+"/1", func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "mine", "v", 0).Err() })
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(RedisURLVariable, s.URL)
	for _, want := range []string{s.URL + "/2", s.URL + "/3"} {
		if got := Redis(t); got != want {
			t.Errorf("borrowed %s, want %s", got, want)
		}
	}
}
