package idp_test

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
)

// newClient is a confidential client that passes.
func newClient() *idp.Client {
	return &idp.Client{
		ID: "app", Name: "App", AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{"https://app.example/cb"},
		GrantTypes: []string{idp.GrantAuthorizationCode, idp.GrantRefreshToken}, Scopes: []string{idp.ScopeOpenID},
	}
}

// public makes it one that has no secret.
func public(c *idp.Client) { c.AuthMethod, c.RequirePKCE = idp.AuthMethodNone, true }

func TestClientValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*idp.Client)
		faults []string
	}{
		"confidential":                    {func(*idp.Client) {}, nil},
		"public":                          {public, nil},
		"no ID":                           {func(c *idp.Client) { c.ID = "" }, []string{"client_id"}},
		"ID of the limit":                 {func(c *idp.Client) { c.ID = strings.Repeat("a", idp.MaxClientID) }, nil},
		"ID over the limit":               {func(c *idp.Client) { c.ID = strings.Repeat("a", idp.MaxClientID+1) }, []string{"client_id"}},
		"ID with a colon":                 {func(c *idp.Client) { c.ID = "a:b" }, []string{"client_id"}},
		"ID with a line end":              {func(c *idp.Client) { c.ID = "app\n" }, []string{"client_id"}},
		"ID that is an address":           {func(c *idp.Client) { c.ID = "new" }, []string{"client_id"}},
		"name with NUL":                   {func(c *idp.Client) { c.Name = "a\x00" }, []string{"client_name"}},
		"unknown method":                  {func(c *idp.Client) { c.AuthMethod = "private_key_jwt" }, []string{"token_endpoint_auth_method"}},
		"no method":                       {func(c *idp.Client) { c.AuthMethod = "" }, []string{"token_endpoint_auth_method"}},
		"every grant type":                {func(c *idp.Client) { c.GrantTypes = idp.GrantTypes() }, nil},
		"implicit":                        {func(c *idp.Client) { c.GrantTypes = []string{"implicit"} }, []string{"grant_types"}},
		"code without a redirect":         {func(c *idp.Client) { c.RedirectURIs = nil }, []string{"redirect_uris"}},
		"machine without a redirect":      {func(c *idp.Client) { c.RedirectURIs, c.GrantTypes = nil, []string{idp.GrantClientCredentials} }, nil},
		"public without PKCE":             {func(c *idp.Client) { public(c); c.RequirePKCE = false }, []string{"require_pkce"}},
		"public machine":                  {func(c *idp.Client) { public(c); c.GrantTypes = []string{idp.GrantClientCredentials} }, []string{"grant_types"}},
		"public password":                 {func(c *idp.Client) { public(c); c.GrantTypes = []string{idp.GrantPassword} }, []string{"grant_types"}},
		"public password, first-party":    {func(c *idp.Client) { public(c); c.GrantTypes, c.SkipConsent = []string{idp.GrantPassword}, true }, nil},
		"public resource server":          {func(c *idp.Client) { public(c); c.ResourceServer = true }, []string{"resource_server"}},
		"resource server":                 {func(c *idp.Client) { c.ResourceServer = true }, nil},
		"every standard scope":            {func(c *idp.Client) { c.Scopes = idp.StandardScopes() }, nil},
		"two scopes in one":               {func(c *idp.Client) { c.Scopes = []string{"a b"} }, []string{"scope"}},
		"scope with a quote":              {func(c *idp.Client) { c.Scopes = []string{`a"`} }, []string{"scope"}},
		"too many scopes":                 {func(c *idp.Client) { c.Scopes = slices.Repeat([]string{"a"}, idp.MaxScopes+1) }, []string{"scope"}},
		"ES256":                           {func(c *idp.Client) { c.IDTokenAlg = "ES256" }, nil},
		"no signature":                    {func(c *idp.Client) { c.IDTokenAlg = "none" }, []string{"id_token_signed_response_alg"}},
		"signature by the secret":         {func(c *idp.Client) { c.IDTokenAlg = "HS256" }, []string{"id_token_signed_response_alg"}},
		"two secrets":                     {func(c *idp.Client) { c.Secrets = make([]idp.ClientSecret, idp.MaxClientSecrets) }, nil},
		"too many secrets":                {func(c *idp.Client) { c.Secrets = make([]idp.ClientSecret, idp.MaxClientSecrets+1) }, []string{"client_secret"}},
		"too many redirects":              {func(c *idp.Client) { c.RedirectURIs = slices.Repeat(c.RedirectURIs, idp.MaxURIs+1) }, []string{"redirect_uris"}},
		"a bad redirect among good ones":  {func(c *idp.Client) { c.RedirectURIs = append(c.RedirectURIs, "/cb") }, []string{"redirect_uris"}},
		"a bad redirect after the logout": {func(c *idp.Client) { c.PostLogoutRedirectURIs = []string{"http://a.example"} }, []string{"post_logout_redirect_uris"}},
		"pages": {func(c *idp.Client) {
			c.ClientURI, c.PolicyURI, c.TosURI = "https://a.example", "http://a.example/p", ""
		}, nil},
		"script as a page":    {func(c *idp.Client) { c.PolicyURI, c.TosURI = "javascript:alert(1)", "data:text/html,x" }, []string{"policy_uri", "tos_uri"}},
		"page over the limit": {func(c *idp.Client) { c.ClientURI = "https://a.example/" + strings.Repeat("a", idp.MaxURI) }, []string{"client_uri"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient()
			c.change(client)
			faulty(t, client.Validate(), c.faults...)
		})
	}
}

var goodRedirects = []string{
	"https://app.example/cb", "https://app.example", "https://app.example:8443/cb?next=%2Fa&b", "HTTPS://app.example/",
	"https://10.0.0.1/cb", "https://[2001:db8::1]/cb", "http://localhost/cb", "http://localhost:3000/", "http://127.0.0.1:49152/",
	"http://[::1]:8080/cb", "com.example.app:/callback", "com.example.app://callback", "https://app.example/" + strings.Repeat("a", idp.MaxURI-20),
}

var badRedirects = []string{
	"", " ", "/cb", "//app.example/cb", "app.example/cb", "https:app.example/cb", "https://", "https:///cb", "https://:443/cb",
	"http://app.example/cb", "http://localhost.app.example/", "http://127.0.0.1.app.example/", "http://localhost.:80/", "http://0.0.0.0/",
	"http://127.1/", "http://[::1%25eth0]/", "http://2130706433/",
	"https://app.example/#", "https://app.example/#frag", "com.example.app:/cb#x", "https://*.app.example/cb", "https://app.example/*",
	"https://user@app.example/", "https://user:pw@app.example/", "http://localhost@app.example/", "https://app.example\\@evil.example/",
	"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "myapp:/cb", "ftp://app.example/", "urn:ietf:wg:oauth:2.0:oob", "*",
	"https://app.example/a b", " https://app.example/", "https://app.example/\n", "https://app.example/\x00", "https://app.example/\x7f",
	"https://app.example/\xff", "https://app.example/\u0085", "https://app.example/<script>", "https://app.example/\"", "https://app.example/%zz",
	"https://app.example/" + strings.Repeat("a", idp.MaxURI-19),
}

// redirectPasses reports whether the address may be registered; both lists have one rule.
func redirectPasses(t *testing.T, uri string) bool {
	t.Helper()
	c := newClient()
	c.RedirectURIs = []string{uri}
	err := c.Validate()
	c.RedirectURIs, c.PostLogoutRedirectURIs = []string{"https://app.example"}, []string{uri}
	if logout := c.Validate(); (err == nil) != (logout == nil) {
		t.Errorf("%q: %v for sign-in, %v after logout", uri, err, logout)
	}
	return err == nil
}

func TestRedirectRules(t *testing.T) {
	for _, uri := range goodRedirects {
		if !redirectPasses(t, uri) {
			t.Errorf("%q is refused", uri)
		}
	}
	for _, uri := range badRedirects {
		if redirectPasses(t, uri) {
			t.Errorf("%q passes", uri)
		}
	}
}

// FuzzRedirectURI holds whatever passes to RFC 6749 §3.1.2 and RFC 8252 §7.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range slices.Concat(goodRedirects, badRedirects) {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !redirectPasses(t, uri) {
			return
		}
		if len(uri) > idp.MaxURI || strings.ContainsAny(uri, "#*\\<>\"") || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			t.Fatalf("%q holds what it must not", uri)
		}
		u, err := url.Parse(uri)
		if err != nil || !u.IsAbs() || u.Fragment != "" || u.User != nil {
			t.Fatalf("%q: not absolute, or with more than it may: %v %+v", uri, err, u)
		}
		host := u.Hostname()
		ip := net.ParseIP(host)
		switch {
		case u.Scheme == "https":
			if host == "" {
				t.Fatalf("%q has no host", uri)
			}
		case u.Scheme == "http":
			if host != "localhost" && host != "::1" && (ip == nil || !ip.IsLoopback()) {
				t.Fatalf("%q is http beyond this machine", uri)
			}
		case !strings.Contains(u.Scheme, "."):
			t.Fatalf("%q has the scheme %q", uri, u.Scheme)
		}
		if u.Scheme != "https" && u.Scheme != "http" {
			return
		}
		// Browsers take all up to the next slash or question mark for the host. (Go decodes a host's %.)
		_, rest, _ := strings.Cut(uri, "://")
		host, _, _ = strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, "?")
		if host != u.Host && !strings.Contains(host, "%") {
			t.Fatalf("%q goes to %q or to %q", uri, u.Host, host)
		}
	})
}

func TestIsLoopbackHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true,
		"": false, "localhost.example": false, "127.0.0.1.example": false, "10.0.0.1": false, "::": false, "[::1]": false, "LOCALHOST": false,
	} {
		if got := idp.IsLoopbackHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
