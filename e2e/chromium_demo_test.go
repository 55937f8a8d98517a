package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/testenv"
)

// TestDemo is what somebody does who has just read the README.
func TestDemo(t *testing.T) {
	s := chromium{startSystem(t, onSQLite, "GATEHOUSE_DEMO=true"), testenv.Browser(t)}
	w := walk{tab: s.newTab(t), hands: mouse{}}
	w.demo()
}

// demoValues are the credentials that the demo wrote down.
func (s *system) demoValues(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, setting := range s.env {
		dir, ok := strings.CutPrefix(setting, "GATEHOUSE_DATA_DIR=")
		if !ok {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "demo.env"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				values[name] = value
			}
		}
	}
	return values
}

func (s *system) forgetConsent(t *testing.T, username, clientID string) {
	t.Helper()
	user, err := s.stores.Users.UserByLogin(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stores.Consents.RemoveConsent(t.Context(), user.ID, clientID); err != nil && !errors.Is(err, idp.ErrNotFound) {
		t.Fatal(err)
	}
}

func demoButton(name string) string { return "form[action='/demo/" + name + "'] button" }

// sections are what the demo shows, by title.
func (b *tab) sections() map[string]string {
	b.t.Helper()
	return ask[map[string]string](b, `Object.fromEntries([...document.querySelectorAll("main section")].map(s => [s.querySelector("h2").textContent, s.querySelector("pre").textContent]))`)
}

func (b *tab) wantTokens() {
	b.t.Helper()
	shown := b.sections()
	for title, part := range map[string]string{
		"ID token claims": `"nonce"`, "Access token claims": `"client_id"`, "Access token": "ey", "ID token": "ey", "Refresh token": "",
	} {
		if text, ok := shown[title]; !ok || text == "" || !strings.Contains(text, part) {
			b.t.Errorf("%s is %q", title, text)
		}
	}
	if sub := claimsOf(b.t, shown["ID token"])["sub"]; !strings.Contains(shown["ID token claims"], sub.(string)) {
		b.t.Error("the claims are not those of the token")
	}
}

func (b *tab) wantText(part string) {
	b.t.Helper()
	if text := ask[string](b, `document.querySelector("main").textContent`); !strings.Contains(text, part) {
		b.t.Errorf("%q is missing in %q", part, text)
	}
}
