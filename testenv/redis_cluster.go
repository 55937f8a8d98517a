package testenv

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// clusterMasters is the smallest number that Redis calls a cluster.
const clusterMasters = 3

// RedisCluster starts a Redis Cluster of three masters for this test alone.
func RedisCluster(tb testing.TB) (redisURL string) {
	tb.Helper()
	redisURL, _ = RedisClusterNodes(tb)
	return redisURL
}

// RedisClusterNodes is RedisCluster for tests that take nodes away. Each has a third of the slots, in order.
func RedisClusterNodes(tb testing.TB) (redisURL string, nodes []*Server) {
	tb.Helper()
	type node struct {
		*redisProcess
		bus int
	}
	members := make([]node, clusterMasters)
	hosts := make([]string, clusterMasters)
	for i := range members {
		bus := freePort(tb)
		members[i] = node{ownRedis(tb, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--cluster-enabled", "yes",
			"--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", "2000"), bus}
		hosts[i] = fmt.Sprintf("127.0.0.1:%d", members[i].port)
		nodes = append(nodes, members[i].server(tb))
	}
	const slots = 16384
	for i, m := range members {
		err := onRedis(m.url(), func(ctx context.Context, c *redis.Client) error {
			if err := c.Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
				return err
			}
			first, last := i*slots/clusterMasters, (i+1)*slots/clusterMasters-1
			if err := c.ClusterAddSlotsRange(ctx, first, last).Err(); err != nil {
				return err
			}
			return c.Do(ctx, "cluster", "meet", "127.0.0.1", members[0].port, members[0].bus).Err()
		})
		if err != nil {
			tb.Fatalf("join the cluster: %v", err)
		}
	}
	for _, m := range members {
		if err := eventually(20*time.Second, func() error { return clusterReady(m.url()) }); err != nil {
			tb.Fatalf("cluster: %v", err)
		}
	}
	return "redis+cluster://" + strings.Join(hosts, ","), nodes
}

// clusterReady says whether a node sees the whole cluster at work.
func clusterReady(url string) error {
	return onRedis(url, func(ctx context.Context, c *redis.Client) error {
		info, err := c.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		for _, want := range []string{"cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3", "cluster_size:3"} {
			if !strings.Contains(info, want) {
				return fmt.Errorf("%s has not come", want)
			}
		}
		return nil
	})
}
