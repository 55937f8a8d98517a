package bench

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scratch is removed when the process ends.
var scratch string

// TestMain runs the benchmarks, or the floor in a process of its own.
func TestMain(m *testing.M) {
	if config := os.Getenv(floorVariable); config != "" {
		fmt.Fprintln(os.Stderr, runFloor(config))
		os.Exit(1)
	}
	var err error
	if scratch, err = os.MkdirTemp("", "gatehouse-bench-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// program builds Gatehouse as a release is built, once.
func program(b *testing.B) string {
	b.Helper()
	path, err := built()
	if err != nil {
		b.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "gatehouse")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "nomsgpack,timetzdata", "-ldflags", "-s -w", "-o", path, "gatehouse")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// run runs the program to its end and returns what it printed.
func run(b *testing.B, env []string, args ...string) string {
	b.Helper()
	cmd := exec.Command(program(b), args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("gatehouse %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// process is a server that answers at url.
type process struct {
	url string
	cmd *exec.Cmd
}

const firstPage = "/.well-known/openid-configuration"

// start runs a server until the benchmark ends, and returns at its first answer.
// Its log goes nowhere.
func start(b *testing.B, url string, env []string, path string, args ...string) *process {
	b.Helper()
	var failure bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, &failure
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{url, cmd}
	b.Cleanup(p.stop)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if res, err := http.Get(url + firstPage); err == nil {
			res.Body.Close()
			return p
		}
	}
	p.stop()
	b.Fatalf("%s does not answer: %s", filepath.Base(path), &failure)
	return nil
}

// stop may be called twice.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
