package cli_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestClientJSON(t *testing.T) {
	h := newHouse(t)
	h.stdin = "0123456789abcdef0123456789abcdef\n"
	r := h.run("client", "create", "--id", "app", "--name", "My App", "--secret-stdin",
		"--redirect-uri", "https://rp.example/cb", "--redirect-uri", "http://127.0.0.1:9/cb?a=b,c",
		"--post-logout-redirect-uri", "https://rp.example/bye", "--grant", "authorization_code", "--grant", "refresh_token",
		"--scope", "openid profile", "--scope", "offline_access", "--auth-method", "client_secret_post",
		"--resource-server", "--no-consent", "--no-pkce", "--json")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	golden(t, "client.json", r.stdout)
	golden(t, "client_show.json", h.run("client", "show", "app", "--json").stdout)
	if empty := newHouse(t).run("client", "list", "--json"); empty.stdout != "[]\n" {
		t.Errorf("an empty list is %q", empty.stdout)
	}
}

func TestClientDefaults(t *testing.T) {
	h := newHouse(t)
	c := h.ok("client", "create", "--redirect-uri", "https://rp.example/cb")
	if c["client_id"] == "" || len(c["client_secret"].(string)) < 32 || c["token_endpoint_auth_method"] != "client_secret_basic" ||
		fmt.Sprint(c["grant_types"]) != "[authorization_code]" || c["scope"] != "openid profile email" ||
		c["require_pkce"] != true || c["client_secret_expires_at"] != 0.0 {
		t.Errorf("web client: %v", c)
	}
	c = h.ok("client", "create", "--auth-method", "none", "--redirect-uri", "com.example.app:/cb")
	if c["client_secret"] != nil || c["require_pkce"] != true {
		t.Errorf("public client: %v", c)
	}
	if r := h.run("client", "create", "--id", "idle"); r.code != 0 || !strings.Contains(r.stderr, "gatehouse client update idle --grant") {
		t.Errorf("a client that may do nothing: %+v", r)
	}
	c = h.ok("client", "create", "--grant", "client_credentials")
	if c["scope"] != "" || len(c["redirect_uris"].([]any)) != 0 {
		t.Errorf("machine client: %v", c)
	}
}

func TestClientLife(t *testing.T) {
	h := newHouse(t)
	first := h.ok("client", "create", "--id", "app", "--name", "My App", "--redirect-uri", "https://rp.example/cb")
	h.refused(2, "client_id is taken", "client", "create", "--id", "app", "--grant", "client_credentials")

	for _, name := range []string{"app", "My App"} {
		if c := h.ok("client", "show", name); c["client_id"] != "app" || c["client_secret"] != nil {
			t.Errorf("show %s: %v", name, c)
		}
	}
	c := h.ok("client", "update", "app", "--grant", "authorization_code,refresh_token", "--no-consent", "--scope", "openid")
	if fmt.Sprint(c["grant_types"]) != "[authorization_code refresh_token]" || c["skip_consent"] != true || c["scope"] != "openid" ||
		c["client_name"] != "My App" || c["require_pkce"] != true {
		t.Errorf("update: %v", c)
	}
	h.refused(2, "redirect_uris", "client", "update", "app", "--redirect-uri", "nowhere", "--name", "Other")
	if c := h.ok("client", "show", "app"); c["client_name"] != "My App" {
		t.Error("a refused update changed the name")
	}
	second := h.ok("client", "rotate-secret", "My App")
	if second["client_secret"] == nil || second["client_secret"] == first["client_secret"] {
		t.Errorf("rotate-secret: %v", second)
	}
	if c := h.ok("client", "disable", "app"); c["disabled"] != true {
		t.Errorf("disable: %v", c)
	}
	if c := h.ok("client", "enable", "app"); c["disabled"] != false {
		t.Errorf("enable: %v", c)
	}
	h.ok("client", "create", "--id", "app2", "--name", "My App", "--grant", "client_credentials")
	h.refused(2, "2 clients have the name", "client", "show", "My App")
	if d := h.ok("client", "delete", "app"); d["deleted"] != true || d["client_id"] != "app" {
		t.Errorf("delete: %v", d)
	}
	h.refused(1, "no client", "client", "show", "app")
	if r := h.run("client", "list"); strings.Count(r.stdout, "\n") != 2 || !strings.Contains(r.stdout, "app2") {
		t.Errorf("table:\n%s", r.stdout)
	}
}
