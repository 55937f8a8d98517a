package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a real server in a process of its own, for tests that take it away
// and bring it back. It keeps its data and its port throughout.
type Server struct {
	URL string // where it answers

	tb         testing.TB
	start      func() error
	stop, kill func() error
}

// Start brings a stopped or killed server back and waits until it answers.
func (s *Server) Start() {
	s.tb.Helper()
	if err := s.start(); err != nil {
		s.tb.Fatalf("start the server: %v", err)
	}
}

// Stop shuts the server down in order and waits for its end.
func (s *Server) Stop() {
	s.tb.Helper()
	if err := s.stop(); err != nil {
		s.tb.Fatalf("stop the server: %v", err)
	}
}

// Kill ends the server without warning, as a crash does, and waits for its end.
func (s *Server) Kill() {
	s.tb.Helper()
	if err := s.kill(); err != nil {
		s.tb.Fatalf("kill the server: %v", err)
	}
}

// PostgresServer starts a server for this test alone, with one empty database.
func PostgresServer(tb testing.TB) *Server {
	tb.Helper()
	bins := findPostgres(tb)
	dir, err := processDir("gh-pg-")
	if err != nil {
		tb.Fatalf("start postgres: %v", err)
	}
	p, err := newPgServer(bins, dir)
	if err != nil {
		tb.Fatalf("start postgres: %v", err)
	}
	if err := p.start(); err != nil {
		tb.Fatalf("start postgres: %v", err)
	}
	tb.Cleanup(func() {
		_ = p.end(syscall.SIGQUIT)
		_ = os.RemoveAll(dir)
	})
	return &Server{
		URL: p.url(), tb: tb, start: p.start,
		stop: func() error { return p.end(syscall.SIGINT) }, // fast shutdown
		kill: p.crash,
	}
}

// pgPrograms are the paths of the two programs that a server needs.
type pgPrograms struct{ initdb, postgres string }

func findPostgres(tb testing.TB) pgPrograms {
	tb.Helper()
	return pgPrograms{initdb: need(tb, "initdb", "postgresql"), postgres: need(tb, "postgres", "postgresql")}
}

// pgServer is a database cluster in a folder and, while it runs, its process.
type pgServer struct {
	process
	bins pgPrograms
	port int
}

func newPgServer(bins pgPrograms, dir string) (*pgServer, error) {
	p := &pgServer{process: process{dir: dir}, bins: bins}
	cred, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return nil, err
		}
	}
	cmd := p.command(bins.initdb, "-D", filepath.Join(dir, "data"), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p, nil
}

// unprivileged returns the account to run as: Postgres refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("postgres refuses to run as root and there is no other account for it: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (p *pgServer) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	cmd.SysProcAttr.Credential, _ = unprivileged() // was fine when the server was made
	return cmd
}

func (p *pgServer) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

// start runs the server on its port, chosen at the first start. It tries for a
// while: another process may grab a free port first, and after a crash the
// orphans of the old server hold its memory until they notice.
func (p *pgServer) start() error {
	return onPort(&p.port, p.run)
}

func (p *pgServer) run(port int) error {
	cmd := p.command(
		p.bins.postgres, "-D", filepath.Join(p.dir, "data"), "-p", strconv.Itoa(port), "-k", p.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=200", "-c", "autovacuum=off", "-c", "max_wal_size=64MB",
	)
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable&connect_timeout=2", port)
	return p.process.run(cmd, syscall.SIGQUIT, 20*time.Second, func() error {
		return onServer(context.Background(), url, "SELECT 1")
	})
}

// crash kills the server's first process and those that serve connections, which
// lead groups of their own.
func (p *pgServer) crash() error {
	if p.cmd == nil {
		return nil
	}
	pid := p.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return err
	}
	if err := p.end(syscall.SIGKILL); err != nil {
		return err
	}
	for text := range strings.FieldsSeq(string(children)) {
		if child, err := strconv.Atoi(text); err == nil {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	}
	return nil
}
