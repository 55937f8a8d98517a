package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

func (k *Console) clientSnippets(c *gin.Context) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	e := k.endpoints()
	p := pages.ClientSnippetsPage{ClientHead: head, Settings: connectSettings(e, head.Client)}
	if head.BuiltIn() {
		p.Settings = nil // nothing connects as it
		return k.Show(c, http.StatusOK, p)
	}
	if p.Choices = snippetChoices(head.Client); len(p.Choices) > 0 {
		id := c.Query("for")
		if id == "" {
			id = p.Choices[0].ID
		}
		if p.Snippet, err = k.snippets.make(id, e.Issuer, head.Client); err != nil {
			return err
		}
	}
	return k.Show(c, http.StatusOK, p)
}

// connectSettings are what libraries ask for: message keys and values.
func connectSettings(e endpoints, c *idp.Client) []pages.Field {
	var out []pages.Field
	add := func(name, value string) {
		if value != "" {
			out = append(out, pages.Field{Name: "clients.setting." + name, Value: value})
		}
	}
	people, resource := c.MayUse(idp.GrantAuthorizationCode), c.Kind() == idp.ClientResource
	add("issuer", e.Issuer)
	add("discovery", e.Issuer+"/.well-known/openid-configuration")
	add("client_id", c.ID)
	add("auth", c.AuthMethod)
	if people {
		add("redirect", strings.Join(c.RedirectURIs, "\n"))
		add("authorize", e.Authorize)
	}
	if !resource {
		add("scope", strings.Join(c.Scopes, " "))
		add("grants", strings.Join(c.GrantTypes, " "))
		add("token", e.Token)
		add("revoke", e.Revoke)
	}
	if people {
		add("pkce", "S256")
		add("alg", algOf(c))
		add("userinfo", e.Userinfo)
		add("logout", e.EndSession)
	}
	if c.ResourceServer {
		add("introspect", e.Introspect)
	}
	add("jwks", e.JWKS)
	return out
}

func algOf(c *idp.Client) string {
	if c.IDTokenAlg == "" {
		return "RS256" // OIDC Registration §2
	}
	return c.IDTokenAlg
}

// clientTest leads into a real sign-in, as the application would begin it. The
// answer goes to the application: no address of ours is registered for it.
func (k *Console) clientTest(c *gin.Context) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	p := pages.ClientTestPage{ClientHead: head}
	switch {
	case head.Client.Disabled:
		p.Why = "clients.test.disabled"
	case !head.ForPeople() || len(head.Client.RedirectURIs) == 0:
		p.Why = "clients.test.no_code"
	default:
		for _, uri := range head.Client.RedirectURIs {
			p.Links = append(p.Links, pages.TestLink{Redirect: uri, To: testSignIn(k.endpoints().Authorize, head.Client, uri)})
		}
	}
	return k.Show(c, http.StatusOK, p)
}

// testSignIn is an authorization request that nobody can finish: the verifier
// of its challenge is thrown away (RFC 7636), so the code is of no use to anybody.
func testSignIn(endpoint string, c *idp.Client, redirect string) string {
	challenge := sha256.Sum256([]byte(rand.Text() + rand.Text()))
	scopes := slices.DeleteFunc(slices.Clone(c.Scopes), func(s string) bool { return s == idp.ScopeOfflineAccess })
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {redirect}, "scope": {strings.Join(scopes, " ")},
		"state": {rand.Text()}, "nonce": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if len(scopes) == 0 {
		q.Del("scope")
	}
	return endpoint + "?" + q.Encode()
}
