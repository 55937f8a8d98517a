package bulk

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/idp"
)

func fuzzPeople(f *testing.F, format string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for r, err := range readPeople(strings.NewReader(text), format) {
			var bad *FileError
			if err != nil {
				if !errors.As(err, &bad) {
					t.Fatalf("%v is not the file's fault", err)
				}
				return
			}
			if r.line <= last && len(text) > 0 {
				t.Fatalf("line %d after line %d", r.line, last)
			}
			last = r.line
			for _, name := range r.person.Roles {
				if name == "" || strings.ContainsFunc(name, betweenRoles) {
					t.Fatalf("%q is read as a role", name)
				}
			}
			if r.person.ID != "" || r.person.Permissions.Any() || r.person.LastLoginAt != nil {
				t.Fatalf("the file set what is not its own: %+v", r.person)
			}
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	fuzzPeople(f, FormatCSV, "username,email,roles\nada,ada@example.com,User;editor\n", "\ufeffusername\n\"a\"\"b\"\n",
		"username,name\nx,\"a\nb\"\n\"bad\"x,y\n", "username,password,expires_at\n'=1,'=1,2031-12-31T23:59:59Z\n", "username\n\"", "\"", "")
}

func FuzzReadJSONL(f *testing.F) {
	fuzzPeople(f, FormatJSONL, `{"username":"ada","roles":["User","editor"],"address":{"country":"UK"}}`, `{"roles":"a b"}`+"\n\n[1]",
		`{"address":7,"id":"x","permissions":["admin"]}`, `{"roles":["User Admin"]}`, "null", "{", "")
}

// FuzzGuard: every text comes back, and none that is guarded begins a formula.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"", "=1", "'=1", "''", "'", "\t", "a", "'a", "é", "a;=1", "a;'=1;'';+", "\t=\n-x", ";'", "\r'@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := guard(s)
		if unguard(g) != s {
			t.Fatalf("%q, guarded %q, comes back as %q", s, g, unguard(g))
		}
		for _, cell := range strings.FieldsFunc(g, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
			if strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Fatalf("%q begins a formula", g)
			}
		}
		if g != "" && strings.ContainsRune(formulaStarts, rune(g[0])) {
			t.Fatalf("%q begins a formula", g)
		}
	})
}

// FuzzParseFile: what is accepted holds no secret and nothing built in, and can be written and read again.
func FuzzParseFile(f *testing.F) {
	for _, s := range []string{
		"roles: [{name: editor, permission: users}]\nclients: [{client_id: a, client_secret: 'env:A'}]\nsettings: {signup: open}",
		"{\"clients\": [{\"client_id\": \"a\", \"redirect_uris\": [\"https://a.example/\"]}]}", "---\nroles:\n", "a: &a [*a]",
		"roles: &r [{name: x}]\nclients: *r", "roles: [{name: Admin}]", "settings: {a: 1e999, b: .nan}", "--- x\n---\n", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ParseFile(text)
		if err != nil {
			var bad *FileError
			var invalid *idp.InvalidError
			if !errors.As(err, &bad) && !errors.As(err, &invalid) {
				t.Fatalf("%v is not the file's fault", err)
			}
			return
		}
		for _, r := range file.Roles {
			if r.role().BuiltIn() || r.role().Validate() != nil {
				t.Fatalf("accepted %+v", r)
			}
		}
		for _, c := range file.Clients {
			if c.ID == idp.ClientGatehouse || c.client().Validate() != nil || c.Secret != "" && !strings.HasPrefix(c.Secret, "env:") {
				t.Fatalf("accepted %+v", c)
			}
		}
		again, err := file.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseFile(again); err != nil {
			t.Fatalf("%v, written as %s", err, again)
		}
	})
}
