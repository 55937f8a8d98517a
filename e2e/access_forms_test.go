package e2e

import (
	"bytes"
	"database/sql"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryFormNeedsItsToken walks every address that a form of ours is sent to.
// Without the token of this browser and this session, nothing is done and the
// page that comes says so; from another site not even that is looked at.
func TestEveryFormNeedsItsToken(t *testing.T) {
	w := newFormWalk(t)
	before := w.quiet()
	for _, route := range w.routes {
		good := w.token(route)
		for name, token := range w.wrong[route == "/register"] {
			p := w.send(route, token, nil)
			if p.status != http.StatusOK && p.status != http.StatusForbidden || !w.recovers(p) {
				t.Errorf("%s with a token that is %s: %d %s %.200q", route, name, p.status, p.url, w.said(p))
			}
		}
		for name, headers := range map[string]map[string]string{
			"another site":              {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
			"an old browser, elsewhere": {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
		} {
			if p := w.send(route, good, headers); p.status != http.StatusForbidden || w.recovers(p) {
				t.Errorf("%s from %s: %d %.200q", route, name, p.status, w.said(p))
			}
		}
		if after := w.held(); after != before {
			t.Fatalf("%s changed something:\n%s", route, firstDifference(before, after))
		}
	}
	w.controls(before)
}

// controls shows that nothing but the token was wrong, and that what is changed is seen.
func (w *formWalk) controls(before string) {
	w.t.Helper()
	changes := 0
	for _, route := range w.routes {
		p := w.send(route, w.token(route), nil)
		if w.recovers(p) || p.is("/login") || p.status == http.StatusUnsupportedMediaType {
			w.t.Errorf("%s with its token: %d %s %.200q", route, p.status, p.url, w.said(p))
		}
		if after := w.held(); after != before {
			before = after
			changes++
		}
	}
	// Most want more than a token: what was typed, or the state that they were begun on.
	if changes < 5 {
		w.t.Errorf("of %d forms with their token only %d changed something", len(w.routes), changes)
	}
}

// formWalk sends forms as an administrator, the one of strangers as nobody.
type formWalk struct {
	t      *testing.T
	d      *crawlData
	routes []string
	mine   *browser
	anyone *browser
	wrong  map[bool]map[string]string // tokens, true those of strangers
	sid    string                     // a session of the person
	db     *sql.DB
}

// formsOfFlows are sent on the way to an application, each with the token of
// its page; what they do without it is tested where their flows are.
var formsOfFlows = []string{"/login", "/login/select", "/consent", "/logout"}

func newFormWalk(t *testing.T) *formWalk {
	t.Helper()
	s := startSystem(t, onSQLite, "GATEHOUSE_SIGNUP=open", "GATEHOUSE_SIGNIN_NETWORK_LIMIT=10000")
	w := &formWalk{t: t, d: newCrawlData(t, s), mine: s.newBrowser(t), anyone: s.newBrowser(t)}
	for _, r := range s.main.Routes() {
		protocol := strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/oauth2/")
		if r.Method == http.MethodPost && !protocol && !slices.Contains(formsOfFlows, r.Path) {
			w.routes = append(w.routes, r.Path)
		}
	}
	if len(w.routes) < 40 {
		t.Fatalf("only %d forms: %v", len(w.routes), w.routes)
	}
	signIn := func(b *browser, name string) string {
		b.signIn(b.get("/login?next=/account"), name, password)
		return tokenOn(b.get("/account/password"))
	}
	ended := signIn(w.mine, "admin")
	w.mine.submit(w.mine.get("/logout"), "csrf", nil)
	w.wrong = map[bool]map[string]string{
		true: {"missing": "", "rubbish": "AAAA", "another browser's": tokenOn(s.newBrowser(t).get("/register"))},
		false: {
			"missing": "", "rubbish": "AAAA", "of a session that ended": ended, "another's": signIn(s.newBrowser(t), w.d.person.Username),
			"the same person's elsewhere": signIn(s.newBrowser(t), "admin"),
		},
	}
	if own := signIn(w.mine, "admin"); own == "" || ended == "" {
		t.Fatal("there is no token")
	}
	sessions, err := s.stores.Sessions.ListSessions(t.Context(), w.d.person.ID)
	if err != nil || len(sessions) == 0 {
		t.Fatal(sessions, err)
	}
	w.sid = sessions[0].ID
	files, err := filepath.Glob(filepath.Join(s.setting("GATEHOUSE_DATA_DIR"), "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if w.db, err = sql.Open("sqlite", files[0]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

func tokenOn(p *page) string {
	return p.doc.Find("main form[method=post] input[name=csrf]").AttrOr("value", "")
}

// token is a good one.
func (w *formWalk) token(route string) string {
	if route == "/register" {
		return tokenOn(w.anyone.get("/register"))
	}
	return tokenOn(w.mine.get("/account/password"))
}

// send sends a form with the token, with headers in place of a browser's own, and follows the answer.
func (w *formWalk) send(route, token string, headers map[string]string) *page {
	w.t.Helper()
	d := w.d
	path := strings.NewReplacer(
		"/users/:id", "/users/"+d.person.ID, "/clients/:id", "/clients/"+d.web.ID, ":client", d.web.ID, ":sid", w.sid,
		":kid", d.kid, ":name", "Helpdesk", ":section", "branding",
	).Replace(route)
	if strings.Contains(path, ":") {
		w.t.Fatalf("%s: teach this test what to put in", route)
	}
	back := "/account/password"
	if route == "/register" {
		back = route
	}
	body, kind := w.body(route, url.Values{"csrf": {token}, "back": {back}, "id": {d.person.ID}, "act": {"disable"}})
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, d.s.issuer+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", d.s.issuer)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range headers {
		if req.Header.Set(name, value); value == "" {
			req.Header.Del(name)
		}
	}
	if route == "/register" {
		return w.anyone.do(req)
	}
	return w.mine.do(req)
}

// body is the form as it is sent: those with a file are of another kind.
func (w *formWalk) body(route string, values url.Values) (io.Reader, string) {
	w.t.Helper()
	if !strings.HasSuffix(route, "/logo") {
		return strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, v := range values {
		if err := m.WriteField(name, v[0]); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		w.t.Fatal(err)
	}
	return &b, m.FormDataContentType()
}

// recovers reports whether the page says that its form was too old, and that nothing was done.
func (w *formWalk) recovers(p *page) bool {
	said := strings.ToLower(w.said(p))
	return strings.Contains(said, "this page was open for a long time") && strings.Contains(said, "nothing was changed")
}

func (w *formWalk) said(p *page) string {
	return strings.Join(strings.Fields(p.doc.Find("main, [role=status], [role=alert]").Text()), " ")
}

// held is everything that a form may change, and the log of it.
func (w *formWalk) held() string {
	w.t.Helper()
	var out strings.Builder
	for _, table := range []string{"users", "user_roles", "roles", "clients", "consents", "signing_keys", "grants", "settings", "images"} {
		// When a client was last used is noted some seconds later.
		columns := texts(w.t, w.db, "SELECT name FROM pragma_table_info('"+table+"') WHERE name <> 'last_used_at'")
		if len(columns) == 0 {
			w.t.Fatalf("no table %s", table)
		}
		query := "SELECT '" + table + ":' || coalesce(cast(\"" + strings.Join(columns, "\" AS text), '') || ' ' || coalesce(cast(\"") + "\" AS text), '') FROM " + table + " ORDER BY 1"
		out.WriteString(strings.Join(texts(w.t, w.db, query), "\n") + "\n")
	}
	for _, query := range []string{"SELECT 'session ' || id FROM sessions ORDER BY 1", "SELECT seq || ' ' || action || ' ' || target_id FROM audit ORDER BY seq"} {
		out.WriteString(strings.Join(texts(w.t, w.db, query), "\n") + "\n")
	}
	return out.String()
}

// quiet is what is held once all that happened is recorded.
func (w *formWalk) quiet() string {
	w.t.Helper()
	held := w.held()
	eventually(w.t, "that all is recorded", func() bool {
		time.Sleep(250 * time.Millisecond)
		before := held
		held = w.held()
		return held == before
	})
	return held
}

func firstDifference(before, after string) string {
	old := strings.Split(before, "\n")
	var out []string
	for line := range strings.SplitSeq(after, "\n") {
		if !slices.Contains(old, line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
