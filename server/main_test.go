package server_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/server"
	"gatehouse/testenv"
)

func TestStartAndStop(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			p := start(t, m.environ(t))
			for _, path := range []string{"/healthz", "/readyz", "/.well-known/openid-configuration"} {
				if status, body := p.get(t, path); status != http.StatusOK {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			if !strings.HasPrefix(p.Issuer(), "http://127.0.0.1:") || strings.HasSuffix(p.Issuer(), ":0") {
				t.Errorf("issuer %s does not have the port that was given", p.Issuer())
			}
			p.stop(t)
			if _, err := net.Dial("tcp", p.Addr().String()); err == nil {
				t.Error("still listening after Close")
			}
			p.stop(t) // a second time does nothing
		})
	}
}

// A restart keeps users, clients, keys and refresh tokens.
func TestRestartKeepsEverything(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			environ := m.environ(t)
			p := start(t, environ)
			admin := administer(t, environ)
			secret := newClient(t, admin, "app")
			status, first := p.token(t, "app", secret, url.Values{
				"grant_type": {"password"}, "username": {"admin"}, "password": {adminPassword}, "scope": {"openid"},
			})
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, first)
			}
			keys := p.keyIDs(t)
			p.stop(t)

			p = start(t, environ)
			if got := p.keyIDs(t); len(keys) == 0 || !containsAll(got, keys) {
				t.Errorf("keys %q, before %q", got, keys)
			}
			refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}
			if status, body := p.token(t, "app", secret, refresh); status != http.StatusOK {
				t.Errorf("refresh: %d %v", status, body)
			}
			if _, err := admin.Users.Find(t.Context(), "admin"); err != nil {
				t.Error(err)
			}
			if n := strings.Count(p.log.String(), "first administrator"); n != 0 {
				t.Error("a second administrator was made")
			}
		})
	}
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(list, s) })
}

func TestFirstAdministrator(t *testing.T) {
	t.Run("generated password", func(t *testing.T) {
		environ := []string{
			"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_DATA_DIR=" + t.TempDir(),
			"LOG_FORMAT=json", "LOG_LEVEL=error",
		}
		p := start(t, environ)
		lines := logLines(t, p.log.String()) // nothing but JSON
		if len(lines) != 1 || !strings.Contains(lines[0]["msg"].(string), "password") {
			t.Fatalf("not one line about the password, even at the level error: %v", lines)
		}
		secret := newClient(t, administer(t, environ), "app")
		form := url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {lines[0]["password"].(string)}}
		if status, body := p.token(t, "app", secret, form); status != http.StatusOK {
			t.Errorf("the shown password does not work: %d %v", status, body)
		}
		p.stop(t)
		if p = start(t, environ); strings.Contains(p.log.String(), "password") {
			t.Errorf("shown a second time: %s", p.log)
		}
	})
	t.Run("given password", func(t *testing.T) {
		environ := baseEnviron(t)
		p := start(t, environ)
		if strings.Contains(p.log.String(), adminPassword) {
			t.Error("the log shows the password")
		}
		u, err := administer(t, environ).Users.Find(t.Context(), "admin")
		if err != nil || !u.HasRole(idp.RoleAdmin) {
			t.Errorf("%v %v", u, err)
		}
	})
}

func logLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(text) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestMasterKeyIsMadeForOneselfOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "data")
	environ := []string{"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_DATA_DIR=" + dir}
	start(t, environ).stop(t)
	for name, want := range map[string]os.FileMode{"": 0o700, "master.key": 0o600, "gatehouse.db": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
	// A key that opens nothing stops the start.
	if err := os.WriteFile(filepath.Join(dir, "master.key"), []byte(masterKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newMain(t, environ).Open(t.Context()); err == nil {
		t.Error("started with another master key")
	}
}

// Several processes that start at once in an empty folder agree on one key.
func TestStartsAtOnceAgree(t *testing.T) {
	environ := []string{"GATEHOUSE_ISSUER=http://127.0.0.1:0", "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_DATA_DIR=" + t.TempDir()}
	const n = 3
	started := make(chan *program, n)
	for range n {
		go func() {
			p := &program{log: &buffer{}}
			p.Main = server.New(load(t, environ), "test", p.log)
			if err := p.Open(context.Background()); err != nil {
				t.Errorf("%v\n%s", err, p.log)
				p = nil
			}
			started <- p
		}()
	}
	admins := 0
	for range n {
		if p := <-started; p != nil {
			t.Cleanup(func() { _ = p.Close() })
			admins += strings.Count(p.log.String(), "first administrator was made")
		}
	}
	if admins != 1 {
		t.Errorf("%d first administrators", admins)
	}
}

func TestOldSchemaIsRefused(t *testing.T) {
	environ := append(baseEnviron(t), "DATABASE_URL="+testenv.Postgres(t))
	err := newMain(t, environ).Open(t.Context())
	if !errors.Is(err, server.ErrSchema) || !strings.Contains(err.Error(), "gatehouse migrate up") {
		t.Fatalf("Open on an empty Postgres: %v, want ErrSchema that says what to do", err)
	}
	start(t, migrated(t, environ))
}

func TestAddressTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	environ := append(baseEnviron(t), "GATEHOUSE_LISTEN="+l.Addr().String())
	if err := newMain(t, environ).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_LISTEN") {
		t.Errorf("Open: %v", err)
	}
	environ = append(baseEnviron(t), "GATEHOUSE_METRICS_LISTEN="+l.Addr().String())
	if err := newMain(t, environ).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_METRICS_LISTEN") {
		t.Errorf("Open: %v", err)
	}
}

// A request that has begun is answered although the program was asked to stop.
func TestShutdownFinishesWhatRuns(t *testing.T) {
	environ := append(baseEnviron(t), "GATEHOUSE_SHUTDOWN_DELAY=300ms")
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{log: &buffer{}}
	p.Main = server.New(load(t, environ), "test", p.log)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	eventually(t, "ready", func() bool { return strings.Contains(p.log.String(), `"ready"`) })
	secret := newClient(t, administer(t, environ), "app")

	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := "grant_type=client_credentials"
	fmt.Fprintf(conn, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s",
		base64.StdEncoding.EncodeToString([]byte("app:"+secret)), len(body), body[:10])
	cancel()

	// During the delay: not ready, but answering.
	eventually(t, "not ready", func() bool {
		status, _ := p.get(t, "/readyz")
		return status == http.StatusServiceUnavailable
	})
	if status, _ := p.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("healthz during the delay: %d", status)
	}
	eventually(t, "closed to new connections", func() bool {
		c, err := net.Dial("tcp", p.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	fmt.Fprint(conn, body[10:])
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the running request was cut: %v", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the running request got %d", res.StatusCode)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestStoreAwayAndBack(t *testing.T) {
	for _, c := range []struct {
		name string
		// environ returns the environment and the server to take away.
		environ func(t *testing.T) ([]string, *testenv.Server)
	}{
		{"postgres", func(t *testing.T) ([]string, *testenv.Server) {
			s := testenv.PostgresServer(t)
			return append(baseEnviron(t), "DATABASE_URL="+s.URL), s
		}},
		{"redis", func(t *testing.T) ([]string, *testenv.Server) {
			s := testenv.RedisServer(t)
			return append(baseEnviron(t), "DATABASE_URL="+testenv.Postgres(t), "REDIS_URL="+s.URL), s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			environ, away := c.environ(t)
			p := start(t, migrated(t, environ))
			secret := newClient(t, administer(t, environ), "app")
			form := url.Values{"grant_type": {"client_credentials"}}
			if status, body := p.token(t, "app", secret, form); status != http.StatusOK {
				t.Fatalf("%d %v", status, body)
			}
			away.Stop()
			if status, _ := p.get(t, "/readyz"); status != http.StatusServiceUnavailable {
				t.Errorf("readyz without it: %d", status)
			}
			if status, body := p.token(t, "app", secret, form); status != http.StatusServiceUnavailable {
				t.Errorf("a token without it: %d %v", status, body)
			}
			for _, path := range []string{"/healthz", "/.well-known/jwks.json"} {
				if status, _ := p.get(t, path); status != http.StatusOK {
					t.Errorf("%s without it: %d", path, status)
				}
			}
			away.Start()
			eventually(t, "ready again", func() bool {
				status, _ := p.get(t, "/readyz")
				return status == http.StatusOK
			})
			if status, body := p.token(t, "app", secret, form); status != http.StatusOK {
				t.Errorf("a token afterwards: %d %v", status, body)
			}
		})
	}
}

func TestMetricsListener(t *testing.T) {
	environ := append(baseEnviron(t), "GATEHOUSE_METRICS_LISTEN=127.0.0.1:0")
	p := start(t, environ)
	secret := newClient(t, administer(t, environ), "app")
	p.token(t, "app", secret, url.Values{"grant_type": {"client_credentials"}})
	p.token(t, "app", secret, url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {adminPassword}})
	p.token(t, "app", secret, url.Values{"grant_type": {"invented"}})

	private := "http://" + p.MetricsAddr().String()
	_, text := fetch(t, http.DefaultClient, private+"/metrics")
	for _, want := range []string{
		`gatehouse_build_info{go_version="go`, `version="test"} 1`,
		`gatehouse_http_requests_total{code="200",method="POST",route="/oauth2/token"} 2`,
		`gatehouse_http_request_duration_seconds_count{method="POST",route="/oauth2/token"} 3`,
		`gatehouse_tokens_total{grant="client_credentials",outcome="ok"} 1`,
		`gatehouse_tokens_total{grant="password",outcome="ok"} 1`,
		`gatehouse_tokens_total{grant="other",outcome="unsupported_grant_type"} 1`,
		`gatehouse_password_hash_waiting 0`, `gatehouse_password_hash_wait_seconds_count`,
		`gatehouse_store_duration_seconds_count{op="CreateGrant",store="grants"} 2`,
		`gatehouse_pool_connections{pool="sqlite_write",state="idle"}`, `go_goroutines`, `process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if status, _ := fetch(t, http.DefaultClient, private+"/debug/pprof/goroutine?debug=1"); status != http.StatusOK {
		t.Errorf("pprof: %d", status)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if status, _ := p.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s is public: %d", path, status)
		}
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	p := start(t, append(baseEnviron(t), "GATEHOUSE_METRICS_LISTEN=127.0.0.1:0"))
	for _, addr := range []net.Addr{p.Addr(), p.MetricsAddr()} {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("a", 80<<10))
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		if !strings.Contains(line, "431") {
			t.Errorf("%s: headers of 80 KB: %q, want 431", addr, line)
		}
	}
}
