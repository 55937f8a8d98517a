package api

import (
	"strings"
	"time"

	"gatehouse/idp"
)

// clientView is a client with the member names of RFC 7591 §2 and §3.2.1. Its
// own members take the place of those of idp.Client that have another form there.
type clientView struct {
	idp.Client
	Kind     idp.ClientKind `json:"kind"`
	IssuedAt int64          `json:"client_id_issued_at"` // Unix seconds
	Scope    string         `json:"scope"`               // space-separated
	// Live says when each live secret was made, newest first; none can be read again.
	Live []secretView `json:"secrets"`
	// Secret is shown when it was made just now.
	Secret        string `json:"client_secret,omitempty"`
	SecretExpires *int64 `json:"client_secret_expires_at,omitempty"` // 0: never
}

type secretView struct {
	CreatedAt time.Time `json:"created_at"`
}

func viewClient(c *idp.Client) clientView { return viewNewClient(c, "") }

func viewNewClient(c *idp.Client, secret string) clientView {
	v := clientView{
		Client: *c, Kind: c.Kind(), IssuedAt: c.CreatedAt.Unix(), Scope: strings.Join(c.Scopes, " "),
		Live: views(c.Secrets, func(s idp.ClientSecret) secretView { return secretView{s.CreatedAt} }), Secret: secret,
	}
	v.RedirectURIs, v.PostLogoutRedirectURIs = list(c.RedirectURIs), list(c.PostLogoutRedirectURIs)
	v.GrantTypes = list(c.GrantTypes)
	if secret != "" {
		v.SecretExpires = new(int64)
	}
	return v
}

// clientMembers are those that a registration is made of.
func clientMembers() []string {
	return []string{
		"client_name", "token_endpoint_auth_method", "redirect_uris", "post_logout_redirect_uris", "grant_types", "scope",
		"resource_server", "skip_consent", "require_pkce", "id_token_signed_response_alg", "client_uri", "policy_uri", "tos_uri",
	}
}

// clientBody is a client as the members of a body describe it.
type clientBody struct {
	idp.Client
	Scope string `json:"scope"`
}

// patchClient changes the client by the members.
func patchClient(c *idp.Client, m members) error {
	b := clientBody{*c, strings.Join(c.Scopes, " ")}
	if err := patch(&b, m); err != nil {
		return err
	}
	b.Secrets, b.Scopes = c.Secrets, c.Scopes // not in JSON
	if m.has("scope") {
		b.Scopes = nil
		seen := map[string]bool{}
		for s := range strings.FieldsSeq(b.Scope) {
			if !seen[s] {
				seen[s] = true
				b.Scopes = append(b.Scopes, s)
			}
		}
	}
	*c = b.Client
	return nil
}
