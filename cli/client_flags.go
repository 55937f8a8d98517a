package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/idp"
)

// clientFlags are the flags that describe a client. Only those that were given count.
type clientFlags struct {
	set *pflag.FlagSet

	name, authMethod, alg           string
	clientURI, policyURI, tosURI    string
	redirects, logouts              []string
	grants, scopes                  []string
	resourceServer, trusted, noPKCE bool
}

func (f *clientFlags) add(c *cobra.Command) {
	f.set = c.Flags()
	f.set.StringVar(&f.name, "name", "", "name that people see")
	f.set.StringArrayVar(&f.redirects, "redirect-uri", nil, "an `address` to return to, compared exactly; repeat for several")
	f.set.StringArrayVar(&f.logouts, "post-logout-redirect-uri", nil, "an `address` to return to after sign-out; repeat for several")
	f.set.StringSliceVar(&f.grants, "grant", nil, "a `grant` of "+strings.Join(idp.GrantTypes(), ", ")+"; repeat for several")
	f.set.StringArrayVar(&f.scopes, "scope", nil, "a `scope` that may be asked for; repeat for several")
	f.set.StringVar(&f.authMethod, "auth-method", "", "client_secret_basic, client_secret_post, or none for a public client")
	f.set.BoolVar(&f.resourceServer, "resource-server", false, "may introspect tokens that were issued to others")
	f.set.BoolVar(&f.trusted, "no-consent", false, "first party: people are not asked for consent")
	f.set.BoolVar(&f.noPKCE, "no-pkce", false, "do not insist on PKCE (confidential clients only)")
	f.set.StringVar(&f.alg, "id-token-alg", "", "RS256 or ES256")
	f.set.StringVar(&f.clientURI, "client-uri", "", "the application's home page")
	f.set.StringVar(&f.policyURI, "policy-uri", "", "its privacy policy")
	f.set.StringVar(&f.tosURI, "tos-uri", "", "its terms of service")
}

// addDefaults says what a new client gets without the flag.
func (f *clientFlags) addDefaults() {
	for name, value := range map[string]string{
		"grant": "authorization_code when there is a redirect URI", "scope": "openid profile email for authorization_code",
		"auth-method": idp.AuthMethodBasic, "id-token-alg": "RS256",
	} {
		f.set.Lookup(name).Usage += " (default " + value + ")"
	}
}

// any reports whether something was given.
func (f *clientFlags) any() bool {
	given := false
	f.set.Visit(func(p *pflag.Flag) { given = given || p.Name != "json" && p.Name != "help" })
	return given
}

// apply puts what was given into the client.
func (f *clientFlags) apply(c *idp.Client) error {
	for _, t := range []struct {
		flag, from string
		to         *string
	}{
		{"name", f.name, &c.Name},
		{"auth-method", f.authMethod, &c.AuthMethod},
		{"id-token-alg", f.alg, &c.IDTokenAlg},
		{"client-uri", f.clientURI, &c.ClientURI},
		{"policy-uri", f.policyURI, &c.PolicyURI},
		{"tos-uri", f.tosURI, &c.TosURI},
	} {
		if f.set.Changed(t.flag) {
			*t.to = strings.TrimSpace(t.from)
		}
	}
	for _, l := range []struct {
		flag string
		from []string
		to   *[]string
	}{
		{"redirect-uri", f.redirects, &c.RedirectURIs},
		{"post-logout-redirect-uri", f.logouts, &c.PostLogoutRedirectURIs},
		{"grant", f.grants, &c.GrantTypes},
		{"scope", f.scopes, &c.Scopes},
	} {
		if f.set.Changed(l.flag) {
			*l.to = distinct(strings.Fields(strings.Join(l.from, " ")))
		}
	}
	if f.set.Changed("resource-server") {
		c.ResourceServer = f.resourceServer
	}
	if f.set.Changed("no-consent") {
		c.SkipConsent = f.trusted
	}
	if f.set.Changed("no-pkce") {
		c.RequirePKCE = !f.noPKCE
	}
	return nil
}

// defaults chooses what a new client needs and nobody said.
func (f *clientFlags) defaults(c *idp.Client) {
	if len(c.GrantTypes) == 0 && len(c.RedirectURIs) > 0 {
		c.GrantTypes = []string{idp.GrantAuthorizationCode}
	}
	if !f.set.Changed("scope") && c.MayUse(idp.GrantAuthorizationCode) {
		c.Scopes = []string{idp.ScopeOpenID, idp.ScopeProfile, idp.ScopeEmail}
	}
}

// distinct removes repetitions and keeps the order.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
