package cli_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestUserJSON(t *testing.T) {
	h := newHouse(t)
	r := h.run("user", "create", "--username", "Ada", "--email", "Ada@Example.com", "--name", "Ada Lovelace",
		"--given-name", "Ada", "--family-name", "Lovelace", "--role", "User", "--role", "editor", "--birthdate", "1815-12-10",
		"--zoneinfo", "Europe/London", "--address-locality", "London", "--email-verified",
		"--expires-at", "2131-12-31T23:59:59+01:00", "--json")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	golden(t, "user.json", r.stdout)

	r = h.run("user", "list", "--json")
	golden(t, "user_list.json", r.stdout)
	if empty := newHouse(t).run("user", "list", "--json"); empty.stdout != "[]\n" {
		t.Errorf("an empty list is %q", empty.stdout)
	}
}

func TestUserLife(t *testing.T) {
	h := newHouse(t)
	h.stdin = "violet-otter-92-lamp-sings\r\n"
	id := h.ok("user", "create", "--username", "ada", "--email", "ada@example.com", "--password-stdin")["id"].(string)

	for _, name := range []string{id, "ada", "ADA", "ada@example.com"} {
		if u := h.ok("user", "show", name); u["id"] != id {
			t.Errorf("show %s: %v", name, u)
		}
	}
	u := h.ok("user", "update", "ada", "--name", "Ada Lovelace", "--role", "Admin", "--role", "ops")
	if u["name"] != "Ada Lovelace" || u["email"] != "ada@example.com" || fmt.Sprint(u["roles"]) != "[Admin ops]" {
		t.Errorf("update: %v", u)
	}
	h.refused(2, "last active administrator", "user", "disable", "ada")
	h.refused(2, "last active administrator", "user", "delete", "ada", "--yes")
	h.refused(2, "last active administrator", "user", "update", "ada", "--role", "User")
	h.ok("user", "create", "--username", "grace", "--role", "Admin")
	h.ok("user", "update", "ada", "--role", "User", "--username", "countess")
	if u := h.ok("user", "disable", "countess"); u["status"] != "disabled" {
		t.Errorf("disable: %v", u)
	}
	if u := h.ok("user", "enable", "countess"); u["status"] != "active" {
		t.Errorf("enable: %v", u)
	}
	u = h.ok("user", "set-password", "countess", "--generate-password")
	if len(u["password"].(string)) < 16 {
		t.Errorf("generated password: %v", u["password"])
	}
	if d := h.ok("user", "delete", "countess", "--yes"); d["deleted"] != true || d["id"] != id {
		t.Errorf("delete: %v", d)
	}
	h.refused(1, "no user", "user", "show", "countess")
}

// A fault changes nothing: neither the user nor the roles that were named.
func TestUserFaultsChangeNothing(t *testing.T) {
	h := newHouse(t)
	h.ok("user", "create", "--username", "ada", "--email", "ada@example.com")
	h.refused(2, "username is taken", "user", "create", "--username", "ada", "--role", "stray")
	h.refused(2, "email is taken", "user", "create", "--username", "bob", "--email", "ADA@example.com")
	h.refused(2, "birthdate", "user", "update", "ada", "--birthdate", "yesterday", "--name", "X")
	h.refused(2, "roles", "user", "create", "--username", "bob", "--role", "no such thing")
	r := h.run("user", "create", "--username", "a b", "--email", "nowhere", "--zoneinfo", "Mars")
	for _, field := range []string{"username:", "email:", "zoneinfo:"} {
		if r.code != 2 || !strings.Contains(r.stderr, field) {
			t.Errorf("not all faults at once: %s", r.stderr)
		}
	}
	h.stdin = "short\n"
	h.refused(2, "password", "user", "create", "--username", "bob", "--password-stdin")
	h.refused(2, "password", "user", "set-password", "ada", "--password-stdin")
	h.stdin = ""
	h.refused(2, "stdin is empty", "user", "create", "--username", "bob", "--password-stdin")

	var users []map[string]any
	h.okInto(&users, "user", "list")
	if len(users) != 1 || users[0]["name"] != "" {
		t.Errorf("users: %v", users)
	}
}

func TestNewRoleIsTold(t *testing.T) {
	h := newHouse(t)
	for i, c := range []struct{ role, says string }{{"admin", "The role admin is new"}, {"admin", ""}, {"User", ""}} {
		r := h.run("user", "create", "--username", fmt.Sprint("user", i), "--role", c.role, "--generate-password")
		if r.code != 0 || !strings.HasPrefix(r.stderr, c.says) || c.says == "" && r.stderr != "" {
			t.Errorf("%s: exit %d, %q, want %q", c.role, r.code, r.stderr, c.says)
		}
	}
}

func TestUserListHasEverybody(t *testing.T) {
	h := newHouse(t)
	const n = 7
	for i := range n {
		h.ok("user", "create", "--username", fmt.Sprintf("user%d", i))
	}
	var users []map[string]any
	h.okInto(&users, "user", "list")
	if len(users) != n {
		t.Errorf("%d users, want %d", len(users), n)
	}
	if r := h.run("user", "list"); strings.Count(r.stdout, "\n") != n+1 {
		t.Errorf("table:\n%s", r.stdout)
	}
}
