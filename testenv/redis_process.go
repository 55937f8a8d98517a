package testenv

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisProcess is a folder and, while it runs, a redis-server in it.
type redisProcess struct {
	process
	program string
	config  string   // a file to start from, "" for none
	args    []string // beyond address and folder
	port    int      // chosen at the first start, kept afterwards
}

func (p *redisProcess) url() string { return fmt.Sprintf("redis://127.0.0.1:%d", p.port) }

func (p *redisProcess) server(tb testing.TB) *Server {
	return &Server{
		URL: p.url(), tb: tb, start: p.start,
		stop: func() error { return p.end(syscall.SIGTERM) },
		kill: func() error { return p.end(syscall.SIGKILL) },
	}
}

// start runs the server. It tries again for a while: another process may grab the free port first.
func (p *redisProcess) start() error {
	return onPort(&p.port, p.run)
}

func (p *redisProcess) run(port int) error {
	var args []string
	if p.config != "" {
		args = append(args, p.config)
	}
	args = append(args, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", p.dir)
	cmd := exec.Command(p.program, append(args, p.args...)...)
	url := fmt.Sprintf("redis://127.0.0.1:%d", port)
	return p.process.run(cmd, syscall.SIGKILL, 10*time.Second, func() error {
		return onRedis(url, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() })
	})
}
