package e2e

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

var updateAccess = flag.Bool("update-access", false, "write what was seen into the table; read the change before it is kept")

const accessFile = "../docs/access.md"

// whoAsks are the columns of the table.
var whoAsks = []string{"nobody", webtest.User, webtest.Manager, webtest.Reader, webtest.Admin}

// access is a line of docs/access.md: what each may do with a route.
type access struct {
	method, path string
	answers      []string
}

func (a access) key() string { return a.method + " " + a.path }

func (a access) String() string {
	return fmt.Sprintf("| %s | `%s` | %s |", a.method, a.path, strings.Join(a.answers, " | "))
}

var accessLine = regexp.MustCompile("^\\| ([A-Z]+) \\| `([^`]+)` \\| (.+) \\|$")

func readAccess(t *testing.T) map[string]access {
	t.Helper()
	text, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]access{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if m := accessLine.FindStringSubmatch(lines.Text()); m != nil {
			a := access{m[1], m[2], strings.Split(m[3], " | ")}
			table[a.key()] = a
		}
	}
	return table
}

// TestC1_EveryRouteAsEverybody walks every route of the product as nobody and as
// a person of each permission, and compares what they reach with docs/access.md.
// A route that the table lacks fails.
func TestC1_EveryRouteAsEverybody(t *testing.T) {
	e := webtest.New(t)
	w := newWalker(t, e)
	table := readAccess(t)
	var seen []access
	for _, r := range e.Main.Routes() {
		if r.Method == http.MethodHead || r.Method == http.MethodOptions || strings.HasPrefix(r.Path, "/demo") {
			continue
		}
		a := access{method: r.Method, path: r.Path}
		for _, who := range whoAsks {
			a.answers = append(a.answers, w.reach(who, r.Method, r.Path))
		}
		seen = append(seen, a)
		delete(table, a.key())
	}
	slices.SortFunc(seen, func(a, b access) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if *updateAccess {
		w.write(seen)
		return
	}
	want := readAccess(t)
	for _, a := range seen {
		line, there := want[a.key()]
		switch {
		case !there:
			t.Errorf("the table lacks this route: %s", a)
		case !slices.Equal(line.answers, a.answers):
			t.Errorf("%s\n  table %v\n  seen  %v", a.key(), line.answers, a.answers)
		}
	}
	for key := range table {
		t.Errorf("there is no such route any more: %s", key)
	}
}

// walker asks for routes as different people.
type walker struct {
	t        *testing.T
	e        *webtest.Env
	browsers map[string]*webtest.Browser
	tokens   map[string]string
	// victim is a person who holds a permission, so that managers must not reach them.
	victim *idp.User
}

func newWalker(t *testing.T, e *webtest.Env) *walker {
	w := &walker{t: t, e: e, browsers: map[string]*webtest.Browser{}, tokens: map[string]string{}}
	w.victim = e.Person("victim", idp.RoleAdmin)
	for _, who := range whoAsks {
		if who == "nobody" {
			w.browsers[who] = e.Browser(t)
		} else {
			w.browsers[who] = e.As(t, who)
			w.tokens[who] = w.token(who)
		}
		w.browsers[who].Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return w
}

// token is what accounts/login gives: a token of all that the person's roles allow.
func (w *walker) token(who string) string {
	w.t.Helper()
	body := fmt.Sprintf(`{"username":%q,"password":%q}`, who, webtest.Password)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.e.URL+"/api/v1/accounts/login", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	p := w.e.Browser(w.t).Do(r)
	m := regexp.MustCompile(`"access_token":\s*"([^"]+)"`).FindStringSubmatch(p.Body)
	if m == nil {
		w.t.Fatalf("accounts/login as %s: %d %s", who, p.Status, p.Body)
	}
	return m[1]
}

// fill puts values in for the parameters. Those who are to be refused ask for
// records that there are, so that "you may not" cannot hide behind "there is
// none"; changes by the administrator over the API, which need no form, name
// records that there are not.
func (w *walker) fill(who, method, path string) string {
	values := map[string]string{":client": "gatehouse-api", ":name": idp.RoleAdmin, ":role": idp.RoleAdmin, "*file": "app.css"}
	harmless := who == webtest.Admin && method != http.MethodGet && strings.HasPrefix(path, "/api/")
	if harmless {
		values = map[string]string{":client": "nobody", ":role": "Nobody", ":id": "00000000-0000-4000-8000-000000000000"}
	}
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case values[part] != "":
			part = values[part]
		case part == ":id" && strings.Contains(path, "/clients/"):
			part = "gatehouse-api"
		case part == ":id" && strings.Contains(path, "/user"):
			part = w.victim.ID
		case strings.HasPrefix(part, ":"), strings.HasPrefix(part, "*"):
			part = "1"
		}
		out = append(out, part)
	}
	return strings.Join(out, "/")
}

// reach says in a word what became of the request: "yes" (it was let through
// to what it is for, whatever came of it), "no" (403), "sign in" (a redirect to
// the sign-in page, or 401).
//
// Forms are sent without a token and calls without a body, so nothing that may
// be done is done.
func (w *walker) reach(who, method, path string) string {
	w.t.Helper()
	b := w.browsers[who]
	body := url.Values{"back": {"/account"}}.Encode()
	isAPI := strings.HasPrefix(path, "/api/")
	if isAPI {
		body = ""
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.e.URL+w.fill(who, method, path), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Origin", w.e.URL)
	switch {
	case isAPI && w.tokens[who] != "":
		token := w.tokens[who]
		if strings.HasSuffix(path, "/accounts/logout") {
			token = w.token(who) // it ends with this call
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("If-Match", `"stale"`) // a change that is let through stops here
		r.Header.Set("Content-Type", "application/json")
	case !isAPI && method == http.MethodPost:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	p := w.do(b, r)
	location, _ := url.Parse(p.Header.Get("Location"))
	switch {
	case p.Status >= http.StatusInternalServerError:
		w.t.Errorf("%s %s as %s: %d %s", method, path, who, p.Status, p.Body)
		return "fault"
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusSeeOther && location.Path == "/login" && path != "/login":
		return "sign in"
	case p.Status == http.StatusForbidden:
		return "no"
	}
	return "yes"
}

// write puts what was seen into the table, for somebody to read.
func (w *walker) write(seen []access) {
	w.t.Helper()
	text, err := os.ReadFile(accessFile)
	if err != nil {
		w.t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\n| Method |")
	var b strings.Builder
	b.WriteString(head + "\n| Method | Route | nobody | user | user manager | reader | administrator |\n|---|---|---|---|---|---|---|\n")
	for _, a := range seen {
		b.WriteString(a.String() + "\n")
	}
	if err := os.WriteFile(accessFile, []byte(b.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// do sends a request and reads of the answer what it begins with: a stream of
// events does not end.
func (w *walker) do(b *webtest.Browser, r *http.Request) *webtest.Page {
	w.t.Helper()
	res, err := b.Client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	p := &webtest.Page{URL: res.Request.URL, Status: res.StatusCode, Header: res.Header}
	if res.StatusCode >= http.StatusInternalServerError {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096)) // for the message alone
		p.Body = string(body)
	}
	return p
}
