package console

import (
	"strings"

	"gatehouse/idp"
	"gatehouse/pages"
)

// clientWarnings says what is unsafe about a client's settings, each at its
// field. None of it is forbidden: it is for the administrator to know.
func clientWarnings(c *idp.Client) []pages.ClientWarning {
	var out []pages.ClientWarning
	warn := func(field, key string, serious bool, pairs ...string) {
		t := pages.Text{Key: "clients.warn." + key, Args: map[string]string{}}
		for i := 0; i+1 < len(pairs); i += 2 {
			t.Args[pairs[i]] = pairs[i+1]
		}
		out = append(out, pages.ClientWarning{Field: field, Text: t, Serious: serious})
	}
	for _, uri := range c.RedirectURIs {
		switch {
		case strings.HasPrefix(uri, "http:") && c.Kind() != idp.ClientNative:
			warn("redirect_uris", "redirect_http", false, "URI", uri)
		case !strings.HasPrefix(uri, "http:") && !strings.HasPrefix(uri, "https:"):
			warn("redirect_uris", "redirect_scheme", false, "URI", uri) // RFC 8252 §8.6
		}
	}
	byItself := c.MayUse(idp.GrantClientCredentials)
	for _, scope := range c.Scopes {
		switch {
		case scope == idp.ScopeAPIAdmin && byItself:
			warn("api_scope", "scope_admin_machine", true)
		case scope == idp.ScopeAPIAdmin:
			warn("api_scope", "scope_admin", true)
		case (scope == idp.ScopeAPIRead || scope == idp.ScopeAPIUsers) && byItself:
			warn("api_scope", "scope_api_machine", true, "Scope", scope)
		case scope == idp.ScopeAPIRead || scope == idp.ScopeAPIUsers:
			warn("api_scope", "scope_api", false, "Scope", scope)
		}
	}
	if c.MayUse(idp.GrantPassword) { // RFC 9700 §2.4
		warn("grant_types", "password", true)
	}
	if c.MayUse(idp.GrantAuthorizationCode) && !c.RequirePKCE { // RFC 9700 §2.1.1
		warn("require_pkce", "no_pkce", false)
	}
	switch {
	case c.SkipConsent && c.IsPublic():
		warn("skip_consent", "skip_consent_public", true)
	case c.SkipConsent:
		warn("skip_consent", "skip_consent", false)
	}
	if !c.IsPublic() && len(c.Secrets) == 0 {
		warn("token_endpoint_auth_method", "no_secret", false)
	}
	if c.ResourceServer && c.Kind() != idp.ClientResource {
		warn("resource_server", "resource", false)
	}
	return out
}
