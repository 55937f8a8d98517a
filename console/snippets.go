package console

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"gatehouse/idp"
	"gatehouse/pages"
)

//go:embed snippets/*.txt
var snippetFiles embed.FS

// snippets writes what connects an application, ready to paste.
type snippets struct{ templates *template.Template }

func newSnippets() *snippets {
	own := template.FuncMap{"quote": quote, "shell": shellQuote}
	return &snippets{template.Must(template.New("").Funcs(own).ParseFS(snippetFiles, "snippets/*.txt"))}
}

// snippetKind is one library, and the kinds of clients that it is for.
type snippetKind struct {
	id, title string
	files     map[idp.ClientKind]string
	// callback is the path that the library listens at when it chooses that itself, "" otherwise.
	callback string
}

// snippetKinds are all of them, in the order in which people see them.
func snippetKinds() []snippetKind {
	web, spa, native, machine, resource := idp.ClientWeb, idp.ClientSPA, idp.ClientNative, idp.ClientMachine, idp.ClientResource
	return []snippetKind{
		{id: "curl", title: "curl", files: map[idp.ClientKind]string{
			web: "people_curl.sh", spa: "people_curl.sh", native: "people_curl.sh", machine: "machine_curl.sh", resource: "resource_curl.sh",
		}},
		{id: "go", title: "Go", files: map[idp.ClientKind]string{
			web: "web_go.go", native: "native_go.go", machine: "machine_go.go", resource: "resource_go.go",
		}},
		{id: "node", title: "Node", files: map[idp.ClientKind]string{
			web: "web_node.mjs", machine: "machine_node.mjs", resource: "resource_node.mjs",
		}},
		{id: "browser", title: "Browser", files: map[idp.ClientKind]string{spa: "spa_oidc_client_ts.js"}},
		{id: "python", title: "Python", files: map[idp.ClientKind]string{
			web: "web_python.py", machine: "machine_python.py", resource: "resource_python.py",
		}},
		{id: "spring", title: "Spring Boot", callback: "/login/oauth2/code/gatehouse", files: map[idp.ClientKind]string{
			web: "web_spring.yaml", machine: "machine_spring.yaml", resource: "resource_spring.yaml",
		}},
		{id: "oauth2-proxy", title: "oauth2-proxy", callback: "/oauth2/callback", files: map[idp.ClientKind]string{web: "web_oauth2_proxy.cfg"}},
	}
}

// snippetChoices names the libraries that suit the client.
func snippetChoices(c *idp.Client) []pages.SnippetChoice {
	var out []pages.SnippetChoice
	for _, k := range snippetKinds() {
		if k.suits(c) {
			out = append(out, pages.SnippetChoice{ID: k.id, Title: k.title})
		}
	}
	return out
}

func (k snippetKind) suits(c *idp.Client) bool {
	kind := c.Kind()
	switch {
	case k.files[kind] == "":
		return false
	case kind == idp.ClientResource && k.id == "spring":
		return c.AuthMethod == idp.AuthMethodBasic // it knows no other way
	case kind == idp.ClientMachine || kind == idp.ClientResource:
		return true
	case kind == idp.ClientNative && k.id == "go":
		return loopbackRedirect(c) != nil
	}
	return webRedirect(c) != "" || k.id == "curl" && len(c.RedirectURIs) > 0
}

// make writes one snippet; idp.ErrNotFound when the library does not suit the client.
func (m *snippets) make(id, issuer string, c *idp.Client) (*pages.Snippet, error) {
	kinds := snippetKinds()
	i := slices.IndexFunc(kinds, func(k snippetKind) bool { return k.id == id })
	if i < 0 || !kinds[i].suits(c) {
		return nil, idp.ErrNotFound
	}
	k := kinds[i]
	f := newSnippetFacts(issuer, c)
	out := &pages.Snippet{ID: k.id, Title: k.title}
	if k.callback != "" && c.Kind() == idp.ClientWeb {
		f.useCallback(k.callback)
		if !slices.Contains(c.RedirectURIs, f.Redirect) {
			out.NeedsRedirect = f.Redirect
		}
	}
	var text bytes.Buffer
	if err := m.templates.ExecuteTemplate(&text, k.files[c.Kind()]+".txt", f); err != nil {
		return nil, fmt.Errorf("snippet %s: %w", k.id, err)
	}
	out.Files = splitFiles(text.String())
	return out, nil
}

// fileMark begins the line that names a file within a snippet.
const fileMark = "==> "

func splitFiles(text string) []pages.SnippetFile {
	var out []pages.SnippetFile
	for part := range strings.SplitSeq(strings.TrimPrefix(text, fileMark), "\n"+fileMark) {
		name, body, _ := strings.Cut(part, "\n")
		out = append(out, pages.SnippetFile{Name: name, Text: strings.TrimRight(body, "\n") + "\n"})
	}
	return out
}

// snippetFacts is what the templates of snippets see.
type snippetFacts struct {
	Issuer, ClientID                               string
	DiscoveryURL, TokenURL, IntrospectURL, JWKSURL string
	AuthorizeURL                                   string // without PKCE
	Redirect, Callback, Start                      string // the redirect URI, its path, and where signing in begins
	Listen, Port                                   string // where the example listens
	PostLogout                                     string
	Scope, CommaScope                              string
	Scopes                                         []string
	Basic, Post                                    bool   // how the client proves who it is
	Insecure                                       bool   // the issuer is plain http
	InsecureCallback                               bool   // the redirect URI is
	LoopbackHost, LoopbackListen, LoopbackTail     string // of a native app
}

const exampleListen = "localhost:3000"

func newSnippetFacts(issuer string, c *idp.Client) *snippetFacts {
	f := &snippetFacts{
		Issuer: issuer, ClientID: c.ID, Scopes: c.Scopes,
		DiscoveryURL: issuer + "/.well-known/openid-configuration", TokenURL: issuer + "/oauth2/token",
		IntrospectURL: issuer + "/oauth2/introspect", JWKSURL: issuer + "/.well-known/jwks.json",
		Scope: strings.Join(c.Scopes, " "), CommaScope: strings.Join(c.Scopes, ","),
		Basic: c.AuthMethod == idp.AuthMethodBasic, Post: c.AuthMethod == idp.AuthMethodPost,
		Insecure: strings.HasPrefix(issuer, "http:"),
	}
	if len(c.PostLogoutRedirectURIs) > 0 {
		f.PostLogout = c.PostLogoutRedirectURIs[0]
	}
	f.Redirect = webRedirect(c)
	if f.Redirect == "" && len(c.RedirectURIs) > 0 {
		f.Redirect = c.RedirectURIs[0]
	}
	if u := loopbackRedirect(c); u != nil && c.Kind() == idp.ClientNative {
		f.Redirect = u.String()
		f.LoopbackHost, f.LoopbackTail = u.Hostname(), strings.TrimPrefix(f.Redirect, "http://"+u.Host)
		f.LoopbackListen = net.JoinHostPort(u.Hostname(), "0")
	}
	f.setRedirect()
	return f
}

// setRedirect derives what follows from the redirect URI.
func (f *snippetFacts) setRedirect() {
	u, err := url.Parse(f.Redirect)
	if err != nil || f.Redirect == "" {
		return
	}
	f.Callback, f.Start = u.Path, "/"
	if f.Callback == "" || f.Callback == "/" {
		f.Callback, f.Start = "/", "/sign-in"
	}
	f.Listen = exampleListen
	if idp.IsLoopbackHost(u.Hostname()) && u.Port() != "" {
		f.Listen = u.Host
	}
	_, f.Port, _ = net.SplitHostPort(f.Listen)
	f.InsecureCallback = u.Scheme == "http"
	q := url.Values{"response_type": {"code"}, "client_id": {f.ClientID}, "redirect_uri": {f.Redirect}, "scope": {f.Scope}}
	f.AuthorizeURL = f.Issuer + "/oauth2/authorize?" + q.Encode()
}

// useCallback moves the redirect URI to the path that a library insists on.
func (f *snippetFacts) useCallback(path string) {
	u, err := url.Parse(f.Redirect)
	if err != nil {
		return
	}
	u.Path, u.RawPath, u.RawQuery = path, "", ""
	f.Redirect = u.String()
	f.setRedirect()
}

// webRedirect is the first redirect URI that a web server can answer, or "".
func webRedirect(c *idp.Client) string {
	for _, r := range c.RedirectURIs {
		if strings.HasPrefix(r, "https://") || strings.HasPrefix(r, "http://") {
			return r
		}
	}
	return ""
}

// loopbackRedirect is the first redirect URI at an address of the machine itself, whose port is free (RFC 8252 §7.3), or nil.
func loopbackRedirect(c *idp.Client) *url.URL {
	for _, r := range c.RedirectURIs {
		u, err := url.Parse(r)
		if err == nil && u.Scheme == "http" && net.ParseIP(u.Hostname()) != nil {
			return u
		}
	}
	return nil
}

// quote writes a text as Go, JavaScript, Python, YAML and TOML all read it.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// shellQuote writes a text as a shell reads it, whatever is in it.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
