package cli

import (
	"io"
	"strconv"
	"strings"

	"gatehouse/idp"
)

// clientView is the JSON of a client, with the member names of RFC 7591 §2 and
// §3.2.1. Its own members take the place of those of idp.Client that have
// another form there.
type clientView struct {
	idp.Client
	// Secret is shown when it was made just now; it cannot be read again.
	Secret        string `json:"client_secret,omitempty"`
	SecretExpires *int64 `json:"client_secret_expires_at,omitempty"` // 0: never
	IssuedAt      int64  `json:"client_id_issued_at"`                // Unix seconds
	Scope         string `json:"scope"`                              // space-separated
}

func viewClient(c *idp.Client, secret string) clientView {
	v := clientView{Client: *c, Secret: secret, IssuedAt: c.CreatedAt.Unix(), Scope: strings.Join(c.Scopes, " ")}
	for _, list := range []*[]string{&v.RedirectURIs, &v.PostLogoutRedirectURIs, &v.GrantTypes} {
		if *list == nil {
			*list = []string{}
		}
	}
	if secret != "" {
		v.SecretExpires = new(int64)
	}
	return v
}

func (v clientView) status() string {
	if v.Disabled {
		return "disabled"
	}
	return "active"
}

func (a *App) printClient(c *idp.Client, secret string) error {
	v := viewClient(c, secret)
	return a.print(v, func(w io.Writer) {
		field(w, "client_id", v.ID)
		if v.Secret != "" {
			field(w, "client_secret", v.Secret+" (shown only this once)")
		}
		field(w, "client_name", v.Name)
		field(w, "token_endpoint_auth_method", v.AuthMethod)
		field(w, "redirect_uris", strings.Join(v.RedirectURIs, " "))
		field(w, "post_logout_redirect_uris", strings.Join(v.PostLogoutRedirectURIs, " "))
		field(w, "grant_types", strings.Join(v.GrantTypes, " "))
		field(w, "scope", v.Scope)
		field(w, "id_token_signed_response_alg", v.IDTokenAlg)
		field(w, "resource_server", strconv.FormatBool(v.ResourceServer))
		field(w, "skip_consent", strconv.FormatBool(v.SkipConsent))
		field(w, "require_pkce", strconv.FormatBool(v.RequirePKCE))
		field(w, "client_uri", v.ClientURI)
		field(w, "policy_uri", v.PolicyURI)
		field(w, "tos_uri", v.TosURI)
		field(w, "status", v.status())
		field(w, "created", when(&v.CreatedAt))
	})
}
