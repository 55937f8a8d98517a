package selfservice_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/idp"
	"gatehouse/storage"
	"gatehouse/testenv"
	"gatehouse/webtest"
)

// next counts the people of this package's tests: each test has its own.
var next atomic.Int64

// somebody is a new person without a permission, and their browser.
func somebody(t *testing.T, e *webtest.Env) (*idp.User, *webtest.Browser) {
	t.Helper()
	u := e.Person(fmt.Sprintf("person%d", next.Add(1)), idp.RoleUser)
	return u, e.As(t, u.Username)
}

// onEach runs a test on SQLite, and on Postgres with Redis.
func onEach(t *testing.T, test func(*testing.T, *webtest.Env)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, webtest.New(t)) })
	t.Run("Postgres and Redis", func(t *testing.T) {
		database := testenv.Postgres(t)
		schema, err := storage.Migrator(database)
		must(t, err)
		must(t, schema.Up(t.Context()))
		test(t, webtest.New(t, "DATABASE_URL="+database, "REDIS_URL="+testenv.Redis(t)))
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cookie is the value of a cookie of ours.
func cookie(t *testing.T, e *webtest.Env, b *webtest.Browser, name string) string {
	t.Helper()
	origin, err := url.Parse(e.URL)
	must(t, err)
	for _, c := range b.Client.Jar.Cookies(origin) {
		if c.Name == name {
			return c.Value
		}
	}
	t.Fatalf("there is no cookie %s", name)
	return ""
}

// digestOf is the key of the record of the browser's session.
func digestOf(t *testing.T, e *webtest.Env, b *webtest.Browser) string {
	t.Helper()
	sum := sha256.Sum256([]byte(cookie(t, e, b, "gh_session")))
	return hex.EncodeToString(sum[:])
}

// sessionOf is the record of the browser's session.
func sessionOf(t *testing.T, e *webtest.Env, b *webtest.Browser) *idp.Session {
	t.Helper()
	s, err := e.Stores.Sessions.Session(t.Context(), digestOf(t, e, b))
	must(t, err)
	return s
}

// signedInAgo makes the browser's sign-in older.
func signedInAgo(t *testing.T, e *webtest.Env, b *webtest.Browser, ago time.Duration) {
	t.Helper()
	s := sessionOf(t, e, b)
	s.AuthTime = time.Now().Add(-ago)
	must(t, e.Stores.Sessions.DeleteSession(t.Context(), s.Digest))
	must(t, e.Stores.Sessions.CreateSession(t.Context(), s, ""))
}

// isSignedIn reports whether the browser gets to its account.
func isSignedIn(b *webtest.Browser) bool { return b.Get("/account").Path() == "/account" }

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// at checks where the browser stands and that the page says all that.
func at(t *testing.T, p *webtest.Page, path string, status int, says ...string) {
	t.Helper()
	if p.Path() != path || p.Status != status {
		t.Fatalf("stands at %d %s, not at %d %s: %s", p.Status, p.URL, status, path, p.Text())
	}
	for _, text := range says {
		if !p.Has(text) {
			t.Errorf("%s does not say %q: %s", path, text, p.Text())
		}
	}
}

// failed checks that the page shows a form again, with the first fault of each field.
func failed(t *testing.T, p *webtest.Page, path string, faults ...string) {
	t.Helper()
	at(t, p, path, http.StatusOK)
	if !strings.HasPrefix(p.Doc.Find("title").Text(), "Error: ") || p.Doc.Find("main [role=alert]").Length() != 1 {
		t.Errorf("%s does not say that the form failed: %s", path, p.Text())
	}
	for i := 0; i < len(faults); i += 2 {
		if got := p.Doc.Find("#f-" + faults[i] + "-fault").Text(); got != faults[i+1] {
			t.Errorf("%s: the fault of %s is %q, want %q", path, faults[i], got, faults[i+1])
		}
	}
	p.Doc.Find("input[type=password]").Each(func(_ int, s *goquery.Selection) {
		if s.AttrOr("value", "") != "" {
			t.Error("a password is in the page")
		}
	})
}

// told checks what the page tells once.
func told(t *testing.T, p *webtest.Page, text string) {
	t.Helper()
	if got := strings.TrimSpace(p.Doc.Find(".toast p").Text()); got != text {
		t.Errorf("%s tells %q, want %q", p.URL, got, text)
	}
}

// events are the audit events about the person, the latest first.
func events(t *testing.T, e *webtest.Env, userID, action string) []*idp.AuditEvent {
	t.Helper()
	page, err := e.Stores.Audit.QueryAudit(t.Context(), idp.AuditQuery{PersonID: userID, Action: action})
	must(t, err)
	return page.Items
}

// eventually waits for what is written in the background.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 100 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: never", what)
}
