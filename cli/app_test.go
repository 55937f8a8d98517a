package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatehouse/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asProgram makes the test binary be the program, for tests that need a process.
const asProgram = "GATEHOUSE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		app := cli.App{Version: "test", Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(app.Run(context.Background(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// house is a data folder to run commands in.
type house struct {
	t       *testing.T
	environ []string
	stdin   string
}

func newHouse(t *testing.T, environ ...string) *house {
	t.Helper()
	return &house{t: t, environ: append([]string{"GATEHOUSE_DATA_DIR=" + t.TempDir()}, environ...)}
}

type result struct {
	code           int
	stdout, stderr string
}

func (h *house) run(args ...string) result {
	h.t.Helper()
	var out, errs bytes.Buffer
	app := cli.App{Version: "v1.2.3", Environ: h.environ, In: strings.NewReader(h.stdin), Out: &out, Err: &errs}
	code := app.Run(h.t.Context(), args)
	return result{code, out.String(), errs.String()}
}

// ok runs a command that must succeed and returns its JSON.
func (h *house) ok(args ...string) map[string]any {
	h.t.Helper()
	var v map[string]any
	h.okInto(&v, args...)
	return v
}

func (h *house) okInto(v any, args ...string) {
	h.t.Helper()
	r := h.run(append(args, "--json")...)
	if r.code != 0 {
		h.t.Fatalf("%q: exit %d: %s", args, r.code, r.stderr)
	}
	d := json.NewDecoder(strings.NewReader(r.stdout))
	if err := d.Decode(v); err != nil {
		h.t.Fatalf("%q: %v in %s", args, err, r.stdout)
	}
	if d.More() {
		h.t.Fatalf("%q: more than one JSON value: %s", args, r.stdout)
	}
}

// refused runs a command that must fail with the code and one line that holds want.
func (h *house) refused(code int, want string, args ...string) {
	h.t.Helper()
	r := h.run(args...)
	if r.code != code || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) || r.stdout != "" {
		h.t.Errorf("%q: exit %d, stderr %q, stdout %q; want exit %d and one line with %q", args, r.code, r.stderr, r.stdout, code, want)
	}
}

var (
	uuidForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timeForm = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	unixForm = regexp.MustCompile(`("client_id_issued_at": )\d{10}`)
)

// golden compares with a file in testdata, ids and times taken out.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = uuidForm.ReplaceAllString(got, "UUID")
	got = timeForm.ReplaceAllString(got, "TIME")
	got = unixForm.ReplaceAllString(got, "${1}0")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cli -update):\n%s", path, got)
	}
}

func TestMisuse(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		args string
		want string
	}{
		{"frobnicate", "is not a command of gatehouse;"},
		{"usr", "did you mean user?"},
		{"completion tcsh", "is not a command of gatehouse completion"},
		{"user frobnicate", "is not a command of gatehouse user"},
		{"user create --frobnicate", "see: gatehouse user create --help"},
		{"user create --username ada --password-stdin --generate-password", "exclude each other"},
		{"user show", "gatehouse user show <id|username|email>"},
		{"user show a b", "one argument is wanted, not 2"},
		{"user list extra", "takes no argument"},
		{"user create", "username: is required"},
		{"user update ada", "nothing to change"},
		{"user set-password ada", "--password-stdin"},
		{"user create --username ada --expires-at tomorrow", "--expires-at"},
		{"user create --username ada --email-verified=perhaps", "email-verified"},
		{"client update app", `no client "app"`},
		{"client create --auth-method magic", "token_endpoint_auth_method"},
		{"client create --grant magic", "grant_types"},
		{"client create --grant authorization_code", "redirect_uris"},
		{"client create --redirect-uri http://rp.example/cb", "https"},
		{"client create --redirect-uri https://rp.example/cb#x", "fragment"},
		{"client create --id bad/id", "client_id"},
		{"client create --secret short", "client_secret"},
		{"client create --secret=", "--secret is empty"},
		{"client create --redirect-uri=", "--redirect-uri is empty"},
		{"client create --grant=", "--grant is empty"},
		{"client create --secret 0123456789abcdef --secret-stdin", "secret-stdin"},
		{"client create --auth-method none --secret 0123456789abcdef", "public"},
		{"client create --auth-method none --grant client_credentials", "client_credentials"},
		{"migrate down --steps 0", "--steps"},
		{"migrate down --steps x", "--steps must be a whole number, not \"x\""},
		{"migrate sideways", "is not a command of gatehouse migrate"},
	} {
		t.Run(c.args, func(t *testing.T) {
			code := 2
			if strings.HasPrefix(c.want, "no client") {
				code = 1
			}
			h := &house{t: t, environ: h.environ}
			h.refused(code, c.want, strings.Fields(c.args)...)
		})
	}
	var users, clients []map[string]any
	h.okInto(&users, "user", "list")
	h.okInto(&clients, "client", "list")
	if len(users)+len(clients) != 0 {
		t.Errorf("something was made: %v %v", users, clients)
	}
}

func TestNotFound(t *testing.T) {
	h := newHouse(t)
	h.stdin = "some password that is long\n"
	for _, args := range []string{
		"user show ada", "user update ada --name Ada", "user disable ada", "user enable ada", "user delete ada",
		"user set-password ada --password-stdin",
	} {
		h.refused(1, `no user "ada"`, strings.Fields(args)...)
	}
	for _, args := range []string{
		"client show app", "client update app --name App", "client disable app", "client enable app", "client delete app",
		"client rotate-secret app",
	} {
		h.refused(1, `no client "app"`, strings.Fields(args)...)
	}
}

func TestBadConfiguration(t *testing.T) {
	h := newHouse(t, "GATEHOUSE_ISUER=https://id.example.com", "LOG_LEVEL=loud")
	for _, args := range []string{"serve", "seed", "user list", "migrate up", "key list", "healthcheck"} {
		r := h.run(strings.Fields(args)...)
		if r.code != 2 || !strings.Contains(r.stderr, "did you mean GATEHOUSE_ISSUER?") || !strings.Contains(r.stderr, "LOG_LEVEL") {
			t.Errorf("%s: exit %d, %s", args, r.code, r.stderr)
		}
	}
	if r := h.run("version"); r.code != 0 {
		t.Errorf("version: exit %d, %s", r.code, r.stderr)
	}
}

func TestStoreAway(t *testing.T) {
	h := newHouse(t, "DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable")
	for _, args := range []string{"user list", "client show app", "migrate status", "seed"} {
		r := h.run(strings.Fields(args)...)
		if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || strings.Contains(r.stderr, "hunter2") {
			t.Errorf("%s: exit %d, %s", args, r.code, r.stderr)
		}
	}
	// As a process: libraries that speak for themselves would write to its stderr.
	h = newHouse(t, "REDIS_URL=redis://:hunter2@127.0.0.1:1")
	out, err := h.command("user", "list").CombinedOutput()
	if err == nil || strings.Count(string(out), "\n") != 1 || strings.Contains(string(out), "hunter2") {
		t.Errorf("Redis away: %v, %s", err, out)
	}
}

func TestVersion(t *testing.T) {
	h := newHouse(t)
	if r := h.run("version"); !strings.HasPrefix(r.stdout, "gatehouse v1.2.3 ") {
		t.Error(r.stdout)
	}
	if v := h.ok("version"); v["version"] != "v1.2.3" {
		t.Error(v)
	}
}

func TestSeed(t *testing.T) {
	h := newHouse(t)
	first := h.ok("seed")
	if first["created"] != true || first["username"] != "admin" || len(first["password"].(string)) < 16 {
		t.Errorf("first: %v", first)
	}
	if again := h.ok("seed"); again["created"] != false || again["password"] != nil {
		t.Errorf("again: %v", again)
	}
	if r := h.run("seed"); !strings.Contains(r.stdout, "nothing was changed") {
		t.Error(r.stdout)
	}
	if r := newHouse(t).run("seed"); !strings.Contains(r.stdout, "password") || strings.Count(r.stdout, "\n") != 1 {
		t.Errorf("not on one line with the word password: %s", r.stdout)
	}
	h = newHouse(t, "GATEHOUSE_ADMIN_USERNAME=root", "GATEHOUSE_ADMIN_PASSWORD=violet-otter-92-lamp-sings")
	if v := h.ok("seed"); v["username"] != "root" || v["password"] != nil {
		t.Errorf("given: %v", v)
	}
	h = newHouse(t, "GATEHOUSE_ADMIN_PASSWORD=x")
	h.refused(2, "GATEHOUSE_ADMIN_PASSWORD", "seed")
}

func TestMigrate(t *testing.T) {
	h := newHouse(t)
	if s := h.ok("migrate", "status"); s["version"] != 0.0 || s["latest"].(float64) < 1 || s["dirty"] != false {
		t.Errorf("status: %v", s)
	}
	if s := h.ok("migrate", "up"); s["version"] != s["latest"] {
		t.Errorf("up: %v", s)
	}
	up := h.ok("migrate", "up") // again changes nothing
	if down := h.ok("migrate", "down"); down["version"].(float64) != up["version"].(float64)-1 {
		t.Errorf("down: %v after %v", down, up)
	}
}

func TestKeys(t *testing.T) {
	h := newHouse(t)
	var before, after []map[string]any
	h.okInto(&before, "key", "list")
	if len(before) < 2 || before[0]["kid"] == "" || before[0]["alg"] == "" || before[0]["state"] == "" {
		t.Fatalf("keys: %v", before)
	}
	h.okInto(&after, "key", "rotate")
	if len(after) <= len(before) {
		t.Errorf("%d keys after rotation, %d before", len(after), len(before))
	}
	if r := h.run("key", "list"); r.code != 0 || !strings.Contains(r.stdout, "KID") {
		t.Errorf("exit %d %s", r.code, r.stdout)
	}
	h = newHouse(t, "DATABASE_URL=postgres://localhost/x")
	h.refused(2, "GATEHOUSE_MASTER_KEY is required", "key", "list")
}

func TestKeyRevoke(t *testing.T) {
	h := newHouse(t)
	var keys []map[string]any
	h.okInto(&keys, "key", "list")
	stolen := keys[0]["kid"]
	if keys[0]["state"] != "active" || keys[0]["revoked_at"] != nil {
		t.Fatalf("keys: %v", keys)
	}
	h.okInto(&keys, "key", "revoke", stolen.(string), "--yes")
	signing := map[any]int{}
	for _, k := range keys {
		if k["kid"] == stolen && (k["state"] != "retired" || k["revoked_at"] == nil) {
			t.Errorf("the revoked key: %v", k)
		}
		if k["state"] == "active" {
			signing[k["alg"]]++
		}
	}
	if signing["ES256"] != 1 || signing["RS256"] != 1 {
		t.Errorf("keys that sign: %v", signing)
	}
	h.refused(1, `no key "x"`, "key", "revoke", "x")
}

func TestBuiltInClient(t *testing.T) {
	h := newHouse(t)
	h.ok("seed")
	h.refused(2, "built in", "client", "delete", "gatehouse-api", "--yes")
	h.refused(2, "built in", "client", "update", "gatehouse-api", "--grant", "password")
	if c := h.ok("client", "disable", "gatehouse-api"); c["disabled"] != true {
		t.Errorf("%v", c)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if r := newHouse(t).run("completion", shell); r.code != 0 || len(r.stdout) < 500 {
			t.Errorf("%s: exit %d, %d bytes", shell, r.code, len(r.stdout))
		}
	}
}

// A command that nobody told where the data is says when it found none.
func TestAssumedFolderIsTold(t *testing.T) {
	t.Chdir(t.TempDir())
	h := newHouse(t)
	given := h.environ
	h.environ = nil
	if r := h.run("user", "list"); r.code != 0 || !strings.Contains(r.stderr, "no database in ./data") || !strings.Contains(r.stderr, "GATEHOUSE_DATA_DIR") {
		t.Errorf("a folder that was assumed: %+v", r)
	}
	if r := h.run("user", "list"); r.code != 0 || r.stderr != "" {
		t.Errorf("again: %+v", r)
	}
	h.environ = given
	if r := h.run("user", "list"); r.code != 0 || r.stderr != "" {
		t.Errorf("a folder that was named: %+v", r)
	}
}

func TestVersionFlag(t *testing.T) {
	if r := newHouse(t).run("--version"); r.code != 0 || r.stdout != "gatehouse v1.2.3\n" {
		t.Errorf("%+v", r)
	}
}
