package console_test

import (
	"bufio"
	"context"
	"fmt"
	"go/format"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/webtest"
)

// snippet is the text of a file that the page of a client shows for a library.
func (h *house) snippet(b *webtest.Browser, id, library, file string) string {
	h.t.Helper()
	p := b.Get(clientAt(id, "snippets") + "?for=" + library)
	for i, name := range p.Doc.Find("main h3 .mono").EachIter() {
		if name.Text() == file {
			return p.Doc.Find(fmt.Sprintf("#snippet-%d", i)).Text()
		}
	}
	h.t.Fatalf("%s has no %s for %s: %d %s", id, file, library, p.Status, p.Text())
	return ""
}

// freeAddress is an address of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// program builds a Go snippet, in this module, whose libraries it finds.
func program(t *testing.T, source string) string {
	t.Helper()
	formatted, err := format.Source([]byte(source))
	must(t, err)
	if string(formatted) != source {
		t.Error("the snippet is not formatted")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	must(t, os.WriteFile(file, []byte(source), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "app"), file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, source)
	}
	return filepath.Join(dir, "app")
}

// start runs a command until the test ends, and returns what it prints.
func start(t *testing.T, environ []string, stdin io.Reader, name string, args ...string) *bufio.Reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, name, args...)
	c.Env, c.Stdin = append(os.Environ(), environ...), stdin
	read, write, err := os.Pipe()
	must(t, err)
	c.Stdout, c.Stderr = write, write
	must(t, c.Start())
	_ = write.Close()
	t.Cleanup(func() {
		cancel()
		_ = c.Wait() // killed, or over
		_ = read.Close()
	})
	return bufio.NewReader(read)
}

// visit opens an address of an example once it answers, in a browser of its own jar, without following redirects.
func visit(t *testing.T, jar http.CookieJar, address string, header ...string) (*http.Response, string) {
	t.Helper()
	client := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for try := 0; ; try++ {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		must(t, err)
		if len(header) == 2 {
			r.Header.Set(header[0], header[1])
		}
		res, err := client.Do(r)
		if err != nil && try < 200 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		return res, string(body)
	}
}

func TestGoSnippetOfAWebApplication(t *testing.T) {
	h := newHouse(t)
	address := freeAddress(t)
	h.client("wiki", idp.ClientWeb, func(n *oauth.NewClient) { n.RedirectURIs = []string{"http://" + address + "/callback"} })
	app := program(t, h.snippet(h.As(t, webtest.Admin), "wiki", "go", "main.go"))
	start(t, []string{"CLIENT_SECRET=" + secretOf("wiki")}, nil, app)
	jar, err := cookiejar.New(nil)
	must(t, err)
	begun, _ := visit(t, jar, "http://"+address+"/")
	back := h.leaves(h.As(t, webtest.User), begun.Header.Get("Location"))
	if res, body := visit(t, jar, back.String()); res.StatusCode != http.StatusOK || !strings.Contains(body, h.FindUser(webtest.User).ID) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	// Somebody else's browser is not signed in by the same answer.
	if res, body := visit(t, nil, back.String()); res.StatusCode != http.StatusBadRequest {
		t.Errorf("another browser: %d %s", res.StatusCode, body)
	}
}

func TestGoSnippetOfANativeApp(t *testing.T) {
	h := newHouse(t)
	h.client("tool", idp.ClientNative, func(n *oauth.NewClient) {
		n.RedirectURIs = []string{"com.example.tool:/cb", "http://127.0.0.1:8000/callback?x=1"}
	})
	app := program(t, h.snippet(h.As(t, webtest.Admin), "tool", "go", "main.go"))
	out := start(t, nil, nil, app)
	address := line(t, out, "http")
	back := h.leaves(h.As(t, webtest.User), address)
	if _, body := visit(t, nil, back.String()); !strings.Contains(body, "You are signed in.") {
		t.Errorf("%s", body)
	}
	if claims := line(t, out, "{"); !strings.Contains(claims, h.FindUser(webtest.User).ID) {
		t.Errorf("%s", claims)
	}
}

// line is the next line of a program that begins so.
func line(t *testing.T, r *bufio.Reader, prefix string) string {
	t.Helper()
	var seen strings.Builder
	for {
		text, err := r.ReadString('\n')
		seen.WriteString(text)
		if strings.HasPrefix(text, prefix) {
			return strings.TrimSpace(text)
		}
		if err != nil {
			t.Fatalf("%v: it printed %s", err, seen.String())
		}
	}
}

func TestGoSnippetsOfAMachineAndAnAPI(t *testing.T) {
	h := newHouse(t)
	h.client("job", idp.ClientMachine, func(n *oauth.NewClient) { n.Scopes = []string{"invoices:read", `it's:$x`} })
	h.client("post", idp.ClientMachine, func(n *oauth.NewClient) { n.AuthMethod = idp.AuthMethodPost })
	h.client("invoices", idp.ClientResource)
	b := h.As(t, webtest.Admin)
	address := freeAddress(t)
	api := strings.Replace(h.snippet(b, "invoices", "go", "main.go"), "localhost:9090", address, 1)
	start(t, nil, nil, program(t, api))
	if res, _ := visit(t, nil, "http://"+address+"/"); res.StatusCode != http.StatusUnauthorized || res.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d", res.StatusCode)
	}
	for id, scope := range map[string]string{"job": "invoices:read it's:$x", "post": ""} {
		out := start(t, []string{"CLIENT_SECRET=" + secretOf(id), "API_URL=http://" + address}, nil, program(t, h.snippet(b, id, "go", "main.go")))
		if said := line(t, out, "200 OK"); !strings.Contains(said, "client "+id+", scope ") || !strings.Contains(said, fmt.Sprintf("%q", scope)) {
			t.Errorf("%s: %s", id, said)
		}
	}
	// An ID token is no access token.
	h.client("wiki", idp.ClientWeb)
	given := h.signInTo(h.As(t, webtest.User), "wiki", secretOf("wiki"), "https://wiki.example/cb", "openid")
	if res, _ := visit(t, nil, "http://"+address+"/", "Authorization", "Bearer "+given.text("id_token")); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an ID token: %d", res.StatusCode)
	}
	if res, _ := visit(t, nil, "http://"+address+"/", "Authorization", "Bearer "+given.text("access_token")); res.StatusCode != http.StatusOK {
		t.Errorf("an access token: %d", res.StatusCode)
	}
}

func TestCurlSnippets(t *testing.T) {
	h := newHouse(t)
	post := func(n *oauth.NewClient) { n.AuthMethod = idp.AuthMethodPost }
	odd := func(n *oauth.NewClient) { n.Scopes = append(n.Scopes, "it's:$x") }
	h.client("wiki", idp.ClientWeb, odd)
	h.client("wikipost", idp.ClientWeb, post)
	h.client("board", idp.ClientSPA)
	h.client("phone", idp.ClientNative, func(n *oauth.NewClient) { n.RedirectURIs = []string{"com.example.phone:/cb"} })
	h.client("job", idp.ClientMachine, odd)
	h.client("jobpost", idp.ClientMachine, post)
	h.client("invoices", idp.ClientResource)
	h.client("invoicespost", idp.ClientResource, post)
	b := h.As(t, webtest.Admin)
	for _, id := range []string{"wiki", "wikipost", "board", "phone"} {
		script := h.snippet(b, id, "curl", "sign-in.sh")
		read, write, err := os.Pipe()
		must(t, err)
		out := start(t, []string{"CLIENT_SECRET=" + secretOf(id)}, read, "bash", "-c", script)
		code := h.codeFrom(h.As(t, webtest.User), line(t, out, "http"))
		_, err = fmt.Fprintln(write, code)
		must(t, err)
		if answer := line(t, out, "{"); !strings.Contains(answer, `"id_token":`) {
			t.Errorf("%s: %s", id, answer)
		}
		must(t, write.Close())
	}
	for _, id := range []string{"job", "jobpost"} {
		out := start(t, []string{"CLIENT_SECRET=" + secretOf(id)}, nil, "bash", "-c", h.snippet(b, id, "curl", "token.sh")+"echo")
		if answer := line(t, out, "{"); !strings.Contains(answer, `"access_token":`) {
			t.Errorf("%s: %s", id, answer)
		}
	}
	token := h.machineToken("job", secretOf("job")).text("access_token")
	for _, id := range []string{"invoices", "invoicespost"} {
		out := start(t, []string{"CLIENT_SECRET=" + secretOf(id), "TOKEN=" + token}, nil, "bash", "-c", h.snippet(b, id, "curl", "check.sh")+"echo")
		if answer := line(t, out, "{"); !strings.Contains(answer, `"active":true`) {
			t.Errorf("%s: %s", id, answer)
		}
	}
}

// TestEverySnippet: each names what it must, holds nothing left over, and no
// value of a client breaks out of where it stands.
func TestEverySnippet(t *testing.T) {
	h := newHouse(t)
	odd := `it's:$x:${y}:` + "`z`" + `://#<b>{{.Issuer}}%s`
	for _, kind := range idp.ClientKinds() {
		h.client(string(kind), kind, func(n *oauth.NewClient) { n.Scopes = append(n.Scopes, odd) })
	}
	h.client("odd", idp.ClientWeb, func(n *oauth.NewClient) {
		n.RedirectURIs = []string{"https://odd.example/it's/$x?y='z'&a=b"}
		n.AuthMethod = idp.AuthMethodPost
	})
	h.client("scheme", idp.ClientNative, func(n *oauth.NewClient) { n.RedirectURIs = []string{"com.example.app:/cb"} })
	b := h.As(t, webtest.Admin)
	seen := 0
	for _, id := range []string{"web", "spa", "native", "machine", "resource", "odd", "scheme"} {
		p := b.Get(clientAt(id, "snippets"))
		says(t, p, h.URL+"/.well-known/openid-configuration")
		for _, a := range p.Doc.Find("main nav a[href*='for=']").EachIter() {
			p := b.Get(a.AttrOr("href", ""))
			text := p.Doc.Find("main pre").Text()
			where := p.URL.RequestURI()
			seen++
			if !strings.Contains(text, h.URL) || strings.Contains(text, "<no value>") || strings.Contains(text, secretOf(id)) {
				t.Errorf("%s: %s", where, text)
			}
			for i, name := range p.Doc.Find("main h3 .mono").EachIter() {
				if strings.HasSuffix(name.Text(), ".yaml") {
					holdsYAML(t, where, p.Doc.Find(fmt.Sprintf("#snippet-%d", i)).Text())
				}
			}
			if strings.Contains(where, "for=spring") && id == "web" {
				says(t, p, "which is not registered", "/login/oauth2/code/gatehouse")
			}
		}
	}
	if seen < 18 {
		t.Errorf("only %d snippets", seen)
	}
	for _, path := range []string{clientAt("web", "snippets") + "?for=cobol", clientAt("machine", "snippets") + "?for=oauth2-proxy"} {
		if p := b.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	if p := b.Get(clientAt(idp.ClientGatehouse, "snippets")); p.Status != http.StatusOK || p.Doc.Find("main pre").Length() > 0 {
		t.Errorf("the built-in client: %d", p.Status)
	}
}

func holdsYAML(t *testing.T, where, text string) {
	t.Helper()
	var got map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &got); err != nil || got["spring"] == nil {
		t.Errorf("%s: %v\n%s", where, err, text)
	}
}
