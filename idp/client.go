package idp

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Grant types, as registered for the grant_type parameter (RFC 6749, RFC 7591 §2).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantPassword          = "password"
)

var grantTypes = []string{GrantAuthorizationCode, GrantRefreshToken, GrantClientCredentials, GrantPassword}

// GrantTypes returns every grant type that works, in a fixed order.
func GrantTypes() []string { return slices.Clone(grantTypes) }

// Client authentication methods (RFC 7591 §2 token_endpoint_auth_method).
const (
	AuthMethodBasic = "client_secret_basic"
	AuthMethodPost  = "client_secret_post"
	AuthMethodNone  = "none" // a public client
)

// Scopes with a meaning of their own. A client may register others beside them.
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopePhone         = "phone"
	ScopeAddress       = "address"
	ScopeOfflineAccess = "offline_access"
	ScopeRoles         = "roles"
)

// Scopes of the REST API and the own account. A token that carries one may do
// what its scope says, as far as its person's roles allow it.
const (
	ScopeAPIAdmin = "gatehouse:admin"   // administer everything
	ScopeAPIRead  = "gatehouse:read"    // see everything
	ScopeAPIUsers = "gatehouse:users"   // manage people
	ScopeAccount  = "gatehouse:account" // the person's own record
)

// APIScopes returns the scopes of the REST API, in a fixed order.
func APIScopes() []string { return []string{ScopeAccount, ScopeAPIUsers, ScopeAPIRead, ScopeAPIAdmin} }

// ClientGatehouse is the client that the calls accounts/login and auth of the
// REST API issue their tokens to. It is made at the first start; disabling it
// turns those calls off. It has no grant types: the token endpoint knows no use for it.
const ClientGatehouse = "gatehouse-api"

// StandardScopes returns the scopes with a meaning of their own, in a fixed order.
func StandardScopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopePhone, ScopeAddress, ScopeOfflineAccess, ScopeRoles}
}

// ClientSecret is one live secret of a client. Secrets are 256-bit random
// values unless the operator chooses one; only the SHA-256 digest is kept.
type ClientSecret struct {
	Digest    string    `json:"digest"` // SHA-256, hex
	CreatedAt time.Time `json:"created_at"`
}

// MaxClientSecrets is how many secrets may be live at once, for rotation without an outage.
const MaxClientSecrets = 2

// Client is an application registered with Gatehouse. Member names are those
// of RFC 7591 §2 where it has one.
type Client struct {
	ID   string `json:"client_id"`
	Name string `json:"client_name"`
	// AuthMethod is how the client proves who it is; AuthMethodNone makes it public.
	AuthMethod             string   `json:"token_endpoint_auth_method"`
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
	GrantTypes             []string `json:"grant_types"`
	Scopes                 []string `json:"-"` // sent as the space-separated scope member
	// ResourceServer lets the client introspect tokens that were issued to others.
	ResourceServer bool `json:"resource_server"`
	// SkipConsent marks a first-party client: people are not asked.
	SkipConsent bool `json:"skip_consent"`
	RequirePKCE bool `json:"require_pkce"`
	// IDTokenAlg is id_token_signed_response_alg; empty means RS256 (OIDC Registration §2).
	IDTokenAlg string `json:"id_token_signed_response_alg"`
	ClientURI  string `json:"client_uri"`
	PolicyURI  string `json:"policy_uri"`
	TosURI     string `json:"tos_uri"`

	Disabled bool           `json:"disabled"`
	Secrets  []ClientSecret `json:"-"` // newest first, at most MaxClientSecrets
	// TokensNotBefore makes every grant created earlier dead; nil when never used.
	TokensNotBefore *time.Time `json:"tokens_not_before"`
	CreatedAt       time.Time  `json:"client_id_issued_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	// LastUsedAt is when a token was last issued to the client, to the minute; nil when never.
	LastUsedAt *time.Time `json:"last_used_at"`
	// Logo is the ID of an Image, "" for none.
	Logo string `json:"logo"`
}

// Clone returns a copy that shares nothing that could be written to.
func (c *Client) Clone() *Client {
	n := *c
	n.RedirectURIs = slices.Clone(c.RedirectURIs)
	n.PostLogoutRedirectURIs = slices.Clone(c.PostLogoutRedirectURIs)
	n.GrantTypes = slices.Clone(c.GrantTypes)
	n.Scopes = slices.Clone(c.Scopes)
	n.Secrets = slices.Clone(c.Secrets)
	n.TokensNotBefore = cloneTime(c.TokensNotBefore)
	n.LastUsedAt = cloneTime(c.LastUsedAt)
	return &n
}

// DisplayName is how the client is called: its name, or else its ID.
func (c *Client) DisplayName() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// ClientKind is what an application is, as its settings tell it.
type ClientKind string

// The kinds of clients.
const (
	ClientWeb      ClientKind = "web"      // runs on a server and keeps a secret
	ClientSPA      ClientKind = "spa"      // runs in the browser
	ClientNative   ClientKind = "native"   // runs on a phone or a desktop (RFC 8252)
	ClientMachine  ClientKind = "machine"  // acts for itself, without people
	ClientResource ClientKind = "resource" // an API: only meets tokens of others
)

// ClientKinds returns every kind, in the order in which people meet them.
func ClientKinds() []ClientKind {
	return []ClientKind{ClientWeb, ClientSPA, ClientNative, ClientMachine, ClientResource}
}

// Kind derives what the client is from what it may do.
func (c *Client) Kind() ClientKind {
	switch {
	case len(c.GrantTypes) == 0 && (c.ResourceServer || len(c.RedirectURIs) == 0):
		return ClientResource // nobody signs in to it, and it gets no tokens of its own
	case !c.MayUse(GrantAuthorizationCode) && c.MayUse(GrantClientCredentials):
		return ClientMachine
	case !c.IsPublic():
		return ClientWeb
	case slices.ContainsFunc(c.RedirectURIs, isNativeRedirect):
		return ClientNative
	}
	return ClientSPA
}

// isNativeRedirect reports whether only an app on the device can receive the
// redirect (RFC 8252 §7): a scheme of its own, or the loopback address.
func isNativeRedirect(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// HasRevoked reports whether the client's watermark makes the grant dead,
// though its record may still be there.
func (c *Client) HasRevoked(g *Grant) bool {
	return c.TokensNotBefore != nil && g.CreatedAt.Before(*c.TokensNotBefore)
}

// IsPublic reports whether the client has no way to prove who it is (RFC 6749 §2.1).
func (c *Client) IsPublic() bool { return c.AuthMethod == AuthMethodNone }

// MayUse reports whether the grant type is registered for the client.
func (c *Client) MayUse(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// MayRequest reports whether the scope is registered for the client.
func (c *Client) MayRequest(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Limits on what a client record may hold.
const (
	MaxClientID  = 128
	MaxURIs      = 50
	MaxURI       = 2000
	MaxScopes    = 100
	MaxScopeName = 128
)

var (
	clientIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$`)
	// scope-token of RFC 6749 §3.3.
	scopeForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]{1,128}$`)
)

// IsScopeToken reports whether s is a scope-token of RFC 6749 §3.3 of a sane length.
func IsScopeToken(s string) bool { return scopeForm.MatchString(s) }

// Validate reports every fault of the registration, or nil.
func (c *Client) Validate() error {
	var f faults
	if !clientIDForm.MatchString(c.ID) {
		f.add("client_id", "must be 1 to %d letters, digits or . _ ~ - and start with a letter or digit", MaxClientID)
	}
	checkNotReserved(&f, "client_id", c.ID)
	checkText(&f, "client_name", c.Name, MaxClaim)
	switch c.AuthMethod {
	case AuthMethodBasic, AuthMethodPost, AuthMethodNone:
	default:
		f.add("token_endpoint_auth_method", "must be client_secret_basic, client_secret_post or none")
	}
	c.validateGrants(&f)
	c.validateURIs(&f)
	if len(c.Scopes) > MaxScopes {
		f.add("scope", "must hold at most %d scopes", MaxScopes)
	}
	for _, s := range c.Scopes {
		if !IsScopeToken(s) {
			f.add("scope", "%q is not a scope", s)
		}
	}
	switch c.IDTokenAlg {
	case "", "RS256", "ES256":
	default:
		f.add("id_token_signed_response_alg", "must be RS256 or ES256")
	}
	if len(c.Secrets) > MaxClientSecrets {
		f.add("client_secret", "at most %d may be live at once", MaxClientSecrets)
	}
	return f.err()
}

func (c *Client) validateGrants(f *faults) {
	for _, g := range c.GrantTypes {
		if !slices.Contains(grantTypes, g) {
			f.add("grant_types", "%q is unknown; use %s", g, strings.Join(grantTypes, ", "))
		}
	}
	if c.IsPublic() && c.MayUse(GrantClientCredentials) {
		// RFC 6749 §4.4: confidential clients only.
		f.add("grant_types", "client_credentials needs a client that has a secret")
	}
	if c.IsPublic() && c.MayUse(GrantPassword) && !c.SkipConsent {
		f.add("grant_types", "password needs a client that has a secret, or a first-party one")
	}
	if c.IsPublic() && c.ResourceServer {
		f.add("resource_server", "needs a client that has a secret")
	}
	if c.IsPublic() && !c.RequirePKCE && c.MayUse(GrantAuthorizationCode) {
		// RFC 9700 §2.1.1: public clients always use PKCE.
		f.add("require_pkce", "cannot be off for a public client")
	}
	if c.MayUse(GrantAuthorizationCode) && len(c.RedirectURIs) == 0 {
		f.add("redirect_uris", "is required for authorization_code")
	}
}

func (c *Client) validateURIs(f *faults) {
	for _, l := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", c.RedirectURIs}, {"post_logout_redirect_uris", c.PostLogoutRedirectURIs}} {
		if len(l.uris) > MaxURIs {
			f.add(l.field, "must hold at most %d addresses", MaxURIs)
		}
		for _, u := range l.uris {
			checkRedirect(f, l.field, u)
		}
	}
	for _, l := range []struct{ field, uri string }{
		{"client_uri", c.ClientURI}, {"policy_uri", c.PolicyURI}, {"tos_uri", c.TosURI},
	} {
		if l.uri != "" && (!isWebURL(l.uri) || len(l.uri) > MaxURI || !isPlainText(l.uri)) {
			f.add(l.field, "must be an http or https address")
		}
	}
}

// checkRedirect adds what is wrong with a redirect URI.
// RFC 6749 §3.1.2: absolute, no fragment. RFC 9700 §2.6 and RFC 8252 §7: http
// only on loopback; private-use schemes contain a dot.
func checkRedirect(f *faults, field, s string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || !u.IsAbs() || !isPlainText(s) || strings.ContainsAny(s, " \"<>\\^`{|}"):
		f.add(field, "%q is not an absolute address", s)
	case len(s) > MaxURI:
		f.add(field, "%q is too long", s)
	case strings.Contains(s, "#"):
		f.add(field, "%q must not have a fragment", s)
	case strings.Contains(s, "*"):
		f.add(field, "%q must be exact: wildcards are not supported", s)
	case u.User != nil:
		f.add(field, "%q must not carry a user name or password", s)
	case u.Scheme == "https" && u.Hostname() != "":
	case u.Scheme == "http" && IsLoopbackHost(u.Hostname()):
	case u.Scheme == "http" || u.Scheme == "https":
		f.add(field, "%q must use https (http only for localhost, 127.0.0.1 and [::1])", s)
	case strings.Contains(u.Scheme, "."): // private-use scheme, RFC 8252 §7.1
	default:
		f.add(field, "%q must use https, or a scheme with a dot such as com.example.app:/callback", s)
	}
}

// IsLoopbackHost reports whether a host name or IP literal is this machine.
func IsLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
