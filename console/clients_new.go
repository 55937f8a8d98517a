package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

// newClient is both steps of registering a client: what it is, and what that kind needs.
func (k *Console) newClient(c *gin.Context) error {
	kind := idp.ClientKind(c.Query("kind"))
	if !slices.Contains(idp.ClientKinds(), kind) {
		return k.Show(c, http.StatusOK, pages.ClientKindPage{})
	}
	f, err := k.FormState(c, routeClients, url.Values{})
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, pages.ClientNewPage{Kind: kind, Form: f})
}

func (k *Console) addClient(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if addRow(values) {
		return k.Redraw(c, values)
	}
	kind := idp.ClientKind(values.Get("kind"))
	if !slices.Contains(idp.ClientKinds(), kind) {
		return web.BadInput("there is no such kind of client")
	}
	n := k.registration(kind, values)
	if err := k.freshToTrust(c, n.Scopes); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		client, secret, err := k.Clients.Create(c.Request.Context(), n)
		if err != nil {
			return "", k.Refuse(c, values, scopeFaults(err))
		}
		return k.clientMade(c, client, secret, "clients.toast.created")
	})
}

// freshToTrust asks for a fresh sign-in before a client is made, changed or
// given a secret that may administer over the API: it could make administrators,
// which a browser that was left open must not.
func (k *Console) freshToTrust(c *gin.Context, scopes []string) error {
	if slices.ContainsFunc(scopes, func(s string) bool { return s != idp.ScopeAccount && slices.Contains(idp.APIScopes(), s) }) {
		return k.FreshSignIn(c)
	}
	return nil
}

// registration is what the form asks for, over what suits the kind.
func (k *Console) registration(kind idp.ClientKind, v url.Values) oauth.NewClient {
	n := k.Clients.NewOfKind(kind)
	n.ID, n.Name = strings.TrimSpace(v.Get("client_id")), strings.TrimSpace(v.Get("client_name"))
	switch kind {
	case idp.ClientMachine:
		n.Scopes = formScopes(v)
	case idp.ClientResource:
	default:
		n.RedirectURIs, n.PostLogoutRedirectURIs = addresses(v, "redirect_uris"), addresses(v, "post_logout_redirect_uris")
	}
	return n
}

// clientMade leads on from a new client: to its secret, shown this once, or to how it is connected.
func (k *Console) clientMade(c *gin.Context, client *idp.Client, secret, toast string) (string, error) {
	to := clientRoute(client.ID) + "/snippets"
	if secret != "" {
		var err error
		if to, err = k.KeepOnce(c, clientRoute(client.ID)+"/secrets", []byte(secret)); err != nil {
			return "", err
		}
	}
	return to, k.Done(c, to, pages.Toast{Key: toast, Args: nameOfClient(client)})
}

func nameOfClient(c *idp.Client) map[string]string { return map[string]string{"Name": c.DisplayName()} }

// addRow gives a field of several values one row more, when its button was
// pressed. Which it was stays in the form: the new row has the focus.
func addRow(v url.Values) bool {
	name := v.Get("add")
	if name != "redirect_uris" && name != "post_logout_redirect_uris" {
		return false
	}
	v[name] = append(addresses(v, name), "")
	return true
}

// addresses are the rows of a field that say something, each once.
func addresses(v url.Values, name string) []string {
	var out []string
	for _, one := range v[name] {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// formScopes joins the three fields of scopes.
func formScopes(v url.Values) []string {
	var out []string
	for _, s := range slices.Concat(v["scope"], strings.Fields(v.Get("more_scopes")), v["api_scope"]) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// copyOf is a registration with the settings of a client, and an ID and a secret of its own.
func copyOf(c *idp.Client) oauth.NewClient {
	n := c.Clone()
	n.ID, n.Secrets, n.Disabled, n.TokensNotBefore, n.LastUsedAt = "", nil, false, nil, nil
	n.Name = c.DisplayName() + " (2)"
	return oauth.NewClient{Client: *n}
}
