package server_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/idp"
)

// demoValues reads demo.env as a shell would.
func demoValues(t *testing.T, dir string) map[string]string {
	t.Helper()
	path := filepath.Join(dir, "demo.env")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("demo.env has mode %o", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = value
		}
	}
	return values
}

func (p *program) demoToken(t *testing.T, v map[string]string) (int, map[string]any) {
	t.Helper()
	return p.token(t, v["DEMO_CLIENT_ID"], v["DEMO_CLIENT_SECRET"], url.Values{
		"grant_type": {"password"}, "username": {v["DEMO_USERNAME"]}, "password": {v["DEMO_PASSWORD"]}, "scope": {"openid"},
	})
}

func TestDemo(t *testing.T) {
	environ := append(baseEnviron(t), "GATEHOUSE_DEMO=true")
	dir := load(t, environ).DataDir
	p := start(t, environ)
	first := demoValues(t, dir)
	if first["GATEHOUSE_ISSUER"] != p.Issuer() {
		t.Errorf("demo.env says the issuer is %s, it is %s", first["GATEHOUSE_ISSUER"], p.Issuer())
	}
	if status, body := p.demoToken(t, first); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	if status, _ := p.get(t, "/demo"); status != http.StatusOK {
		t.Errorf("/demo: %d", status)
	}
	if !strings.Contains(p.log.String(), first["DEMO_PASSWORD"]) {
		t.Error("the demo's password is not shown")
	}
	p.stop(t)

	// A restart keeps the credentials, also where the port is another.
	p = start(t, environ)
	second := demoValues(t, dir)
	for _, name := range []string{"DEMO_CLIENT_ID", "DEMO_CLIENT_SECRET", "DEMO_USERNAME", "DEMO_PASSWORD"} {
		if first[name] == "" || first[name] != second[name] {
			t.Errorf("%s was %q and is %q", name, first[name], second[name])
		}
	}
	if status, body := p.demoToken(t, second); status != http.StatusOK {
		t.Errorf("after a restart: %d %v", status, body)
	}
	c, err := administer(t, environ).ClientList.Client(t.Context(), second["DEMO_CLIENT_ID"])
	if err != nil || len(c.RedirectURIs) != 1 || c.RedirectURIs[0] != p.Issuer()+"/demo/callback" {
		t.Errorf("redirect URIs %v %v", c, err)
	}
	p.stop(t)

	// Without demo.env there are new secrets, under names of their own.
	if err := os.Remove(filepath.Join(dir, "demo.env")); err != nil {
		t.Fatal(err)
	}
	p = start(t, environ)
	third := demoValues(t, dir)
	if third["DEMO_PASSWORD"] == second["DEMO_PASSWORD"] || third["DEMO_CLIENT_SECRET"] == second["DEMO_CLIENT_SECRET"] {
		t.Error("the secrets are the old ones")
	}
	if status, body := p.demoToken(t, third); status != http.StatusOK {
		t.Errorf("with new secrets: %d %v", status, body)
	}
	p.stop(t)

	// Without the demo, what it made is still there; the log says how to remove it.
	p = start(t, append(environ, "GATEHOUSE_DEMO=false"))
	for _, want := range []string{"gatehouse client delete " + third["DEMO_CLIENT_ID"], "gatehouse user delete " + third["DEMO_USERNAME"]} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, p.log)
		}
	}
}

// Somebody who is called demo keeps the password.
func TestDemoTakesNobodyOver(t *testing.T) {
	environ := baseEnviron(t)
	admin := administer(t, environ)
	u, err := admin.Users.Create(t.Context(), &idp.User{Username: "demo"}, adminPassword)
	if err != nil {
		t.Fatal(err)
	}
	newClient(t, admin, "demo")
	start(t, append(environ, "GATEHOUSE_DEMO=true"))
	v := demoValues(t, load(t, environ).DataDir)
	if v["DEMO_USERNAME"] == "demo" || v["DEMO_CLIENT_ID"] == "demo" {
		t.Errorf("the demo uses names that were taken: %v", v)
	}
	now, err := admin.Users.Find(t.Context(), "demo")
	if err != nil || now.ID != u.ID || now.PasswordHash != u.PasswordHash {
		t.Errorf("the user was changed: %v", err)
	}
}

func TestDemoFileThatIsNotOurs(t *testing.T) {
	environ := append(baseEnviron(t), "GATEHOUSE_DEMO=true")
	path := filepath.Join(load(t, environ).DataDir, "demo.env")
	if err := os.WriteFile(path, []byte("DEMO_USERNAME=admin\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newMain(t, environ).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "demo.env") {
		t.Errorf("Open: %v", err)
	}
}

// When the usual port is taken and nobody chose it, the demo takes another one.
func TestDemoMovesToAnotherPort(t *testing.T) {
	// If somebody else has the port, it is taken as well.
	if l, err := net.Listen("tcp", "127.0.0.1:8080"); err == nil {
		defer l.Close()
	}
	dir := t.TempDir()
	p := start(t, []string{"GATEHOUSE_DEMO=true", "GATEHOUSE_DATA_DIR=" + dir})
	if p.Issuer() == "http://localhost:8080" || !strings.HasPrefix(p.Issuer(), "http://localhost:") {
		t.Fatalf("issuer %s", p.Issuer())
	}
	v := demoValues(t, dir)
	if v["GATEHOUSE_ISSUER"] != p.Issuer() {
		t.Errorf("demo.env says %s", v["GATEHOUSE_ISSUER"])
	}
	if status, body := p.demoToken(t, v); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	if !strings.Contains(p.log.String(), "port is taken") {
		t.Error("nothing is said about it")
	}
	// Without the demo, or with a chosen address, a taken port is an error.
	if err := newMain(t, []string{"GATEHOUSE_DATA_DIR=" + t.TempDir()}).Open(t.Context()); err == nil {
		t.Error("a server without the demo moved")
	}
	chosen := []string{"GATEHOUSE_DEMO=true", "GATEHOUSE_LISTEN=127.0.0.1:8080", "GATEHOUSE_DATA_DIR=" + t.TempDir()}
	if err := newMain(t, chosen).Open(t.Context()); err == nil {
		t.Error("a demo with a chosen address moved")
	}
}
