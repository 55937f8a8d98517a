package cli_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // to change behind the program's back

	"gatehouse/idp"
)

// file writes a file of the test's own and returns its path.
func (h *house) file(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

const someone = `$argon2id$v=19$m=64,t=1,p=1$D7iSuJccQLhM1nRqaGP/Ew$Gal09N/EgJFFB7HofPmd5xnjshH9M20PBW7fUBfcklg`

func TestUserImportAndExport(t *testing.T) {
	h := newHouse(t)
	path := h.file("people.csv", "username,email,password_hash\nada,ada@example.com,\""+someone+"\"\nb b,,\n")
	for range 2 { // a dry run changes nothing
		r := h.run("user", "import", path, "--dry-run")
		if r.code != 1 || !strings.Contains(r.stdout, "would be added:  1") || !strings.Contains(r.stderr, "line 3 (b b): username must not contain spaces") {
			t.Errorf("dry run: %+v", r)
		}
	}
	r := h.run("user", "import", path, "--json")
	if r.code != 1 || !strings.Contains(r.stdout, `"added": 1`) || !strings.Contains(r.stdout, `"line": 3`) || r.stderr != "gatehouse: 1 of 2 rows failed\n" {
		t.Errorf("import: %+v", r)
	}
	h.stdin = `{"username": "grace"}` + "\n"
	if got := h.ok("user", "import", "-", "--format", "jsonl"); got["added"] != 1.0 || got["failed"] != 0.0 {
		t.Errorf("from stdin: %v", got)
	}
	if got := h.ok("user", "import", "-", "--format", "jsonl"); got["added"] != 0.0 || got["present"] != 1.0 {
		t.Errorf("again: %v", got)
	}

	r = h.run("user", "export")
	if r.code != 0 || strings.Count(r.stdout, "\n") != 3 || !strings.HasPrefix(r.stdout, "username,") || strings.Contains(r.stdout, "argon2") {
		t.Errorf("export: %+v", r)
	}
	out := filepath.Join(t.TempDir(), "out.jsonl")
	if got := h.ok("user", "export", "--with-password-hashes", "-o", out); got["rows"] != 2.0 || got["file"] != out {
		t.Errorf("export to a file: %v", got)
	}
	info, err := os.Stat(out)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".gatehouse-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	other := newHouse(t)
	if got := other.ok("user", "import", out); got["added"] != 2.0 {
		t.Errorf("into another house: %v", got)
	}
	// Each export is in the log, also who took the hashes.
	var events []idp.AuditEvent
	h.okInto(&events, "audit", "list", "--action", idp.ActionUsersExport)
	if len(events) != 2 || events[0].ActorKind != idp.ActorCLI || events[0].Changes[0].After != "true" || events[1].Changes[0].After != "false" {
		t.Errorf("the log: %+v", events)
	}
}

func TestBulkMisuse(t *testing.T) {
	h := newHouse(t)
	csv := h.file("p.csv", "username,colour\nada,red\n")
	twice := h.file("twice.yaml", "roles: [{name: a}, {name: a}]")
	for args, want := range map[string]string{
		"user import":                     "one argument is wanted",
		"user import nowhere.csv":         "no such file",
		"user import " + csv:              `"colour" is unknown`,
		"user import -":                   "--format csv",
		"user import x.txt":               "--format csv",
		"user import --format xml -":      "must be csv or jsonl",
		"user export --format xml":        "must be csv or jsonl",
		"user export -o x.txt":            "--format csv",
		"user export -o /nowhere/x.csv":   "no such file",
		"user export --output=":           "--output is empty",
		"user export --json --format csv": "--json prints JSON",
		"plan":                            "--file is needed",
		"apply":                           "--file is needed",
		"apply -f nowhere.yaml":           "no such file",
		"plan -f " + twice:                "roles[1].name: is there twice",
		"export extra":                    "takes no argument",
		"audit verify --head 5":           "SEQ:HASH",
		"audit verify --head 0:" + fill64: "SEQ:HASH",
		"audit list --since 7d":           "--since must be a length of time such as 90m or 24h",
		"audit list --since -1h":          "negative",
		"audit list --limit -1":           "negative",
		"seed --users -1":                 "negative",
		"seed --users many":               "a whole number",
	} {
		h.refused(2, want, strings.Fields(args)...)
	}
	var users []map[string]any
	if h.okInto(&users, "user", "list"); len(users) > 0 {
		t.Errorf("somebody was made: %v", users)
	}
}

const fill64 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestPlanApplyExport(t *testing.T) {
	h := newHouse(t, "SHOP_SECRET=a secret of the shop's own", "GATEHOUSE_SESSION_TTL=3h")
	path := h.file("house.yaml", `
roles: [{name: editor}]
clients:
  - {client_id: shop, grant_types: [client_credentials], client_secret: "env:SHOP_SECRET"}
  - {client_id: batch, grant_types: [client_credentials]}
settings: {signup: open}
`)
	steps := func(r map[string]any) int { return len(r["steps"].([]any)) }
	if got := h.ok("plan", "-f", path); steps(got) != 4 {
		t.Errorf("plan: %v", got)
	}
	r := h.run("apply", "-f", path)
	if r.code != 0 || strings.Count(r.stdout, "shown only this once") != 1 || strings.Contains(r.stdout, "of the shop's own") {
		t.Errorf("apply: %+v", r)
	}
	if got := h.ok("plan", "-f", path); steps(got) != 0 {
		t.Errorf("plan after apply: %v", got)
	}
	if r := h.run("apply", "-f", path); r.code != 0 || r.stdout != "Nothing to change: all is as the file says.\n" {
		t.Errorf("apply again: %+v", r)
	}
	r = h.run("export")
	if r.code != 0 || strings.Contains(r.stdout, "session_ttl: 3h") || !strings.Contains(r.stdout, "client_id: shop") {
		t.Errorf("export: %+v", r)
	}
	out := filepath.Join(t.TempDir(), "out.json")
	if r := h.run("export", "-o", out, "--json"); r.code != 0 || !strings.Contains(r.stdout, `out.json"`) {
		t.Errorf("export to a file: %+v", r)
	}
	if got := h.ok("plan", "-f", out, "--prune"); steps(got) != 0 {
		t.Errorf("plan of the export: %v", got)
	}

	h.stdin = "clients: [{client_id: shop, grant_types: [client_credentials]}]"
	r = h.run("apply", "-f", "-", "--prune")
	if r.code != 0 || r.stderr != "client batch will be deleted.\n" || !strings.HasPrefix(r.stdout, "delete client batch") {
		t.Errorf("prune: %+v", r)
	}
	h.refused(1, "no client", "client", "show", "batch")
	h.ok("client", "show", "shop")
}

// A row that somebody changes in the database is found.
func TestAuditVerifyFindsTampering(t *testing.T) {
	h := newHouse(t)
	h.ok("user", "create", "--username", "ada")
	before := h.ok("audit", "verify")
	head := before["head"].(string)
	h.ok("user", "create", "--username", "grace")
	if got := h.ok("audit", "verify", "--head", head); got["ok"] != true || got["head"] == head {
		t.Errorf("a whole log: %v", got)
	}
	seq := strings.Split(head, ":")[0]
	h.refused1(t, "is not the one whose head was noted", "audit", "verify", "--head", seq+":"+fill64)
	h.refused1(t, "the log now ends with", "audit", "verify", "--head", "9999:"+fill64)

	db, err := sql.Open("sqlite", filepath.Join(strings.TrimPrefix(h.environ[0], "GATEHOUSE_DATA_DIR="), "gatehouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE audit SET actor_name = 'somebody else' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	h.refused1(t, "event 2 was changed", "audit", "verify")
	r := h.run("audit", "verify", "--json")
	if r.code != 1 || !strings.Contains(r.stdout, `"seq": 2`) || !strings.Contains(r.stdout, `"ok": false`) {
		t.Errorf("as JSON: %+v", r)
	}
	if _, err := db.ExecContext(t.Context(), `DELETE FROM audit WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	h.refused1(t, "event 2 is missing", "audit", "verify")
}

// refused1 runs a command that prints something and fails with exit code 1.
func (h *house) refused1(t *testing.T, want string, args ...string) {
	t.Helper()
	if r := h.run(args...); r.code != 1 || !strings.Contains(r.stderr, want) || strings.Contains(r.stdout, "whole") {
		t.Errorf("%q: %+v, want exit 1 and %q", args, r, want)
	}
}

func TestAuditList(t *testing.T) {
	h := newHouse(t)
	for i := range 3 {
		h.ok("user", "create", "--username", fmt.Sprint("user", i))
	}
	count := func(args ...string) int {
		var events []idp.AuditEvent
		h.okInto(&events, append([]string{"audit", "list"}, args...)...)
		return len(events)
	}
	all := count("--limit", "0")
	for args, want := range map[string]int{
		"": all, "--limit 2": 2, "--action user.create": 3, "--action user.": 3, "--since 1h": all, "--action user.delete": 0,
	} {
		if got := count(strings.Fields(args)...); got != want {
			t.Errorf("%q: %d events, want %d", args, got, want)
		}
	}
	if r := h.run("audit", "list", "--limit", "1"); r.code != 0 || strings.Count(r.stdout, "\n") != 2 || !strings.Contains(r.stdout, "user user2") {
		t.Errorf("table: %+v", r)
	}
}

func TestSeedMadeUp(t *testing.T) {
	h := newHouse(t)
	if got := h.ok("seed", "--users", "30", "--events", "40"); got["users"] != 30.0 || got["events"] != 40.0 || got["password"] == nil {
		t.Errorf("seed: %v", got)
	}
	r := h.run("seed", "--users", "10001")
	if r.code != 0 || r.stderr != "people: 10000 rows\n" || r.stdout != "Made up: 10001 people, 0 audit events\n" {
		t.Errorf("a line each 10,000 rows: %+v", r)
	}
	public := newHouse(t, "GATEHOUSE_ISSUER=https://id.example.com")
	public.refused(2, "only for an issuer on localhost", "seed", "--users", "1")
	var users []map[string]any
	if public.okInto(&users, "user", "list"); len(users) > 0 {
		t.Errorf("somebody was made: %v", users)
	}
}
