package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisProcess is a folder and, while it runs, a redis-server in it.
type redisProcess struct {
	program string
	dir     string
	config  string   // a file to start from, "" for none
	args    []string // beyond address and folder
	port    int      // chosen at the first start, kept afterwards
	cmd     *exec.Cmd
	done    chan struct{} // closed when it ended
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
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	var args []string
	if p.config != "" {
		args = append(args, p.config)
	}
	args = append(args, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", p.dir)
	cmd := exec.Command(p.program, append(args, p.args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	if err := start(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	p.cmd, p.done = cmd, done
	url := fmt.Sprintf("redis://127.0.0.1:%d", port)
	err = eventually(10*time.Second, func() error {
		select {
		case <-done:
			return nil // it ended; looked at below
		default:
		}
		return onRedis(url, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() })
	})
	select {
	case <-done:
		p.cmd = nil
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("redis-server ended at once: %s", text[max(0, len(text)-2000):])
	default:
	}
	return err
}

// end signals the server and waits until it is gone. No error when it is not running.
func (p *redisProcess) end(sig syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		p.cmd = nil
		return nil
	case <-time.After(20 * time.Second):
		return errors.New("redis-server does not end")
	}
}
