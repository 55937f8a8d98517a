package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/testenv"
)

// finding is one line of the doctor's JSON.
type finding struct{ What, State, Text string }

// dir is the data folder.
func (h *house) dir() string { return strings.TrimPrefix(h.environ[0], "GATEHOUSE_DATA_DIR=") }

// examine runs the doctor and returns its findings by what they are about.
func (h *house) examine(code int) map[string]finding {
	h.t.Helper()
	r := h.run("doctor", "--json")
	if r.code != code {
		h.t.Fatalf("exit %d, want %d: %s%s", r.code, code, r.stdout, r.stderr)
	}
	var list []finding
	if err := json.Unmarshal([]byte(r.stdout), &list); err != nil {
		h.t.Fatalf("%v in %s", err, r.stdout)
	}
	found := map[string]finding{}
	for _, f := range list {
		found[f.What] = f
	}
	return found
}

func (h *house) wantFinding(found map[string]finding, what, state, text string) {
	h.t.Helper()
	if f := found[what]; f.State != state || !strings.Contains(f.Text, text) {
		h.t.Errorf("%s is %+v, want %s and %q", what, f, state, text)
	}
}

func TestDoctorOnNothing(t *testing.T) {
	h := newHouse(t, "GATEHOUSE_ISSUER=http://localhost:1")
	h.wantFinding(h.examine(0), "database", "warn", "the first start makes it")
	if left, _ := os.ReadDir(h.dir()); len(left) > 0 {
		t.Errorf("it made %v", left)
	}
	h.environ = append(h.environ, "GATEHOUSE_CODE_TTL=soon")
	h.refused(2, "GATEHOUSE_CODE_TTL", "doctor")
}

func TestDoctorOnAServer(t *testing.T) {
	h := newHouse(t)
	if err := os.Chmod(h.dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	s := h.serve()
	h.environ = append(h.environ, "GATEHOUSE_ISSUER="+s.issuer)
	found := h.examine(0)
	for _, what := range []string{"configuration", "data folder", "schema", "stores", "master key", "signing keys", "administrator", "public address"} {
		h.wantFinding(found, what, "ok", "")
	}
	if r := h.run("doctor"); r.code != 0 || strings.Count(r.stdout, "\n") != len(found) {
		t.Errorf("exit %d for people:\n%s", r.code, r.stdout)
	}
}

// An address where another installation answers is not that of the stores at hand.
func TestDoctorTellsInstallationsApart(t *testing.T) {
	other := newHouse(t).serve()
	h := newHouse(t)
	h.ok("seed")
	h.run("key", "list")
	h.environ = append(h.environ, "GATEHOUSE_ISSUER="+other.issuer)
	h.wantFinding(h.examine(1), "public address", "fail", "another installation")
}

// A lost master key is told as that, and no other takes its place.
func TestLostMasterKey(t *testing.T) {
	h := newHouse(t, "GATEHOUSE_ISSUER=http://localhost:1")
	h.ok("seed")
	h.run("key", "list")
	path := filepath.Join(h.dir(), "master.key")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	h.wantFinding(h.examine(1), "master key", "fail", "put it back")
	h.refused(1, "put it back", "key", "list")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("another was made: %v", err)
	}
}

func TestDoctorFinds(t *testing.T) {
	const strange = "GATEHOUSE_MASTER_KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	other := metadataServer(t, func(*http.Request) string { return "https://id.example.com" })
	late := metadataServer(t, func(r *http.Request) string { return "http://" + r.Host })
	for name, c := range map[string]struct {
		environ           []string
		prepare           func(h *house)
		code              int
		what, state, text string
	}{
		"a foreign master key": {[]string{strange}, nil, 1, "signing keys", "fail", "GATEHOUSE_MASTER_KEY"},
		"an open folder": {nil, func(h *house) {
			if err := os.Chmod(h.dir(), 0o755); err != nil {
				h.t.Fatal(err)
			}
		}, 0, "data folder", "warn", "chmod 700"},
		"an older schema":   {nil, func(h *house) { h.ok("migrate", "down") }, 0, "schema", "warn", "next start"},
		"Postgres away":     {[]string{"DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable", strange}, nil, 1, "database", "fail", ""},
		"an empty Postgres": {[]string{"DATABASE_URL=" + testenv.Postgres(t), strange}, nil, 1, "schema", "fail", "gatehouse migrate up"},
		"Redis away":        {[]string{"REDIS_URL=redis://:hunter2@127.0.0.1:1"}, nil, 1, "stores", "fail", ""},
		"another issuer":    {[]string{"GATEHOUSE_ISSUER=" + other}, nil, 1, "public address", "fail", "https://id.example.com"},
		"another time":      {[]string{"GATEHOUSE_ISSUER=" + late}, nil, 0, "clock", "warn", "apart"},
		"nobody there":      {nil, nil, 0, "public address", "warn", "does the server run"},
		"a proxy unnamed":   {[]string{"GATEHOUSE_ISSUER=https://localhost:1"}, nil, 0, "configuration", "warn", "GATEHOUSE_TRUSTED_PROXIES"},
		"nobody administers": {nil, func(h *house) {
			if err := os.Remove(filepath.Join(h.dir(), "gatehouse.db")); err != nil {
				h.t.Fatal(err)
			}
			h.ok("migrate", "up")
		}, 0, "administrator", "warn", "gatehouse seed"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "GATEHOUSE_ISSUER=http://localhost:1")
			h.ok("seed")
			h.run("key", "rotate")
			if c.prepare != nil {
				c.prepare(h)
			}
			h.environ = append(h.environ, c.environ...)
			h.wantFinding(h.examine(c.code), c.what, c.state, c.text)
			if r := h.run("doctor"); strings.Contains(r.stdout+r.stderr, "hunter2") {
				t.Error("a password is told")
			}
		})
	}
}

// metadataServer answers with metadata of an issuer, years ago, and returns its address.
func metadataServer(t *testing.T, issuer func(*http.Request) string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Tue, 01 Jan 2019 00:00:00 GMT")
		fmt.Fprintf(w, `{"issuer": %q}`, issuer(r))
	}))
	t.Cleanup(s.Close)
	return s.URL
}
