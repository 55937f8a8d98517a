package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serving is gatehouse serve as a process.
type serving struct {
	cmd    *exec.Cmd
	issuer string
	lines  chan string // what it logs after ready
}

// command is the program as a process.
func (h *house) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), os.Args[0], args...)
	c.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + h.t.TempDir()}, h.environ...)
	return c
}

func (h *house) serve() *serving {
	h.t.Helper()
	s := &serving{cmd: h.command("serve"), lines: make(chan string, 1000)}
	s.cmd.Env = append(s.cmd.Env, "GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0")
	s.cmd.Stderr = h.t.Output()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	ready := make(chan string, 1)
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			var l struct{ Msg, Issuer string }
			if err := json.Unmarshal(in.Bytes(), &l); err != nil {
				h.t.Errorf("stdout is no terminal, yet it has a line that is not JSON: %s", in.Text())
			}
			if l.Msg == "ready" {
				ready <- l.Issuer
			}
			s.lines <- in.Text()
		}
	}()
	select {
	case s.issuer = <-ready:
	case <-time.After(30 * time.Second):
		h.t.Fatal("not ready after 30 s")
	}
	return s
}

func (s *serving) post(path string, client [2]string, form url.Values) (int, map[string]any, error) {
	req, err := http.NewRequest(http.MethodPost, s.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(client[0], client[1])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	var v map[string]any
	return res.StatusCode, v, json.Unmarshal(body, &v)
}

func TestServeAsAProcess(t *testing.T) {
	h := newHouse(t, "GATEHOUSE_ADMIN_PASSWORD=violet-otter-92-lamp-sings")
	s := h.serve()
	// What the command line changes, the running server sees.
	c := h.ok("client", "create", "--id", "app", "--grant", "password", "--grant", "refresh_token")
	client := [2]string{"app", c["client_secret"].(string)}
	login := url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {"violet-otter-92-lamp-sings"}}
	status, body, err := s.post("/oauth2/token", client, login)
	if err != nil || status != 200 {
		t.Fatalf("%d %v %v", status, body, err)
	}
	// healthcheck asks the listener.
	check := h.command("healthcheck")
	check.Env = append(check.Env, "GATEHOUSE_LISTEN="+strings.TrimPrefix(s.issuer, "http://"))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("healthcheck: %v %s", err, out)
	}
	h.ok("client", "disable", "app")
	deadline := time.Now().Add(5 * time.Second)
	for status == 200 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
		if status, _, err = s.post("/oauth2/token", client, login); err != nil {
			t.Fatal(err)
		}
	}
	if status == 200 {
		t.Error("5 s after client disable it still gets tokens")
	}

	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	last := ""
	for line := range s.lines {
		last = line
	}
	if err := s.cmd.Wait(); err != nil || !strings.Contains(last, `"stopped"`) {
		t.Errorf("after SIGTERM: %v, last line %s", err, last)
	}
	check = h.command("healthcheck")
	check.Env = append(check.Env, "GATEHOUSE_LISTEN="+strings.TrimPrefix(s.issuer, "http://"))
	if err := check.Run(); err == nil || check.ProcessState.ExitCode() != 1 {
		t.Errorf("healthcheck of a stopped server: %v", err)
	}
}

// A kill -9 at any moment loses no acknowledged user, client, key or refresh token.
func TestKillLosesNothing(t *testing.T) {
	h := newHouse(t, "GATEHOUSE_ADMIN_PASSWORD=violet-otter-92-lamp-sings")
	s := h.serve()
	c := h.ok("client", "create", "--id", "app", "--grant", "password,refresh_token", "--scope", "openid offline_access")
	client := [2]string{"app", c["client_secret"].(string)}
	var before []map[string]any
	h.okInto(&before, "key", "list")

	// People are added and signed in until the moment of the kill.
	var mu sync.Mutex
	users, refresh := []string{}, ""
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := fmt.Sprintf("user%d", i)
			if h.command("user", "create", "--username", name).Run() == nil {
				mu.Lock()
				users = append(users, name)
				mu.Unlock()
			}
		}
	})
	wg.Go(func() {
		form := url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {"violet-otter-92-lamp-sings"}, "scope": {"openid offline_access"}}
		for {
			status, body, err := s.post("/oauth2/token", client, form)
			if err != nil {
				return // killed
			}
			if status == 200 {
				mu.Lock()
				refresh = body["refresh_token"].(string)
				mu.Unlock()
			}
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		enough := len(users) >= 3 && refresh != ""
		mu.Unlock()
		if enough {
			break
		}
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	close(stop)
	wg.Wait()

	s = h.serve()
	if len(users) < 3 || refresh == "" {
		t.Fatalf("the test did not get to do anything: %d users, refresh token %q", len(users), refresh)
	}
	for _, name := range users {
		h.ok("user", "show", name)
	}
	h.ok("client", "show", "app")
	var after []map[string]any
	h.okInto(&after, "key", "list")
	for i := range before {
		if before[i]["kid"] != after[i]["kid"] {
			t.Errorf("key %v is gone", before[i]["kid"])
		}
	}
	status, body, err := s.post("/oauth2/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if err != nil || status != 200 {
		t.Errorf("the last refresh token: %d %v %v", status, body, err)
	}
}
