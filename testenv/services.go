package testenv

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// RequireServices is the variable that turns a missing program from a skip into a failure.
const RequireServices = "GATEHOUSE_TEST_REQUIRE_SERVICES"

// need returns the path of a program, looking where Debian hides Postgres too.
// Without it the test is skipped, or fails when RequireServices is 1.
func need(tb testing.TB, program, debianPackage string) string {
	tb.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	// Debian keeps the server programs of each Postgres version out of PATH.
	found, _ := filepath.Glob(filepath.Join("/usr/lib/postgresql/*/bin", program))
	if len(found) > 0 {
		return slices.Max(found)
	}
	missing(tb, fmt.Sprintf("%s is not installed: apt-get install %s", program, debianPackage))
	return ""
}

// missing ends the test for want of a service.
func missing(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv(RequireServices) == "1" {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// freePort returns a TCP port of 127.0.0.1 that nobody listens on. Another
// process may take it before it is used; starters try again with a new one.
func freePort(tb testing.TB) int {
	tb.Helper()
	port, err := pickPort()
	if err != nil {
		tb.Fatalf("find a free port: %v", err)
	}
	return port
}

func pickPort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// onPort runs a server on *port, or, while that is 0, on a free one that *port
// then keeps. It tries for a while: another process may grab the port first.
func onPort(port *int, run func(port int) error) error {
	return eventually(10*time.Second, func() error {
		at := *port
		if at == 0 {
			var err error
			if at, err = pickPort(); err != nil {
				return err
			}
		}
		if err := run(at); err != nil {
			return err
		}
		*port = at
		return nil
	})
}

// start runs cmd in its own process group, so that an interrupt at the terminal
// does not reach it, and has the kernel send it whenDead when this process ends.
func start(cmd *exec.Cmd, whenDead syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = whenDead
	// The signal comes when the *thread* that started the process ends, so one
	// thread is kept for that alone.
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

// processDir makes a folder that is removed when this process ends, however it
// ends: a shell waits for the end of a pipe that only this process holds open.
func processDir(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	const wait = `cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; rm -rf "$1" && exit; done`
	cmd := exec.Command("/bin/sh", "-c", wait, "sh", dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	// Never closed here: the end of the process closes it. The waiting goroutine
	// keeps the reference, so no finalizer closes it sooner.
	go func() { _ = cmd.Wait(); runtime.KeepAlive(w) }()
	return dir, nil
}

// eventually calls ready until it returns nil, for at most limit.
func eventually(limit time.Duration, ready func() error) error {
	end := time.Now().Add(limit)
	for {
		err := ready()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
