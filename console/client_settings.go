package console

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) clientSettings(c *gin.Context) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	p := pages.ClientPage{ClientHead: head, FormID: rand.Text()}
	stored := clientValues(head.Client)
	if p.Form, err = k.EditState(c, head.To(), stored, web.FormVersion(head.Client.UpdatedAt)); err != nil {
		return err
	}
	if p.LogoForm, err = k.FormState(c, head.To("logo"), nil); err != nil {
		return err
	}
	p.LogoForm.Files = true
	if p.Form.Notice == pages.NoticeChanged {
		p.Current = changedMeanwhile(stored, p.Form.Values)
	}
	p.Warnings = clientWarnings(head.Client)
	if head.BuiltIn() {
		p.Warnings = nil
	}
	return k.Show(c, http.StatusOK, p)
}

// onOff are the members of a client that are a checkbox.
func onOff(c *idp.Client) map[string]*bool {
	return map[string]*bool{
		"skip_consent": &c.SkipConsent, "require_pkce": &c.RequirePKCE, "resource_server": &c.ResourceServer,
	}
}

// lines are the members of a client that are a line of text.
func lines(c *idp.Client) map[string]*string {
	return map[string]*string{
		"client_name": &c.Name, "client_uri": &c.ClientURI, "policy_uri": &c.PolicyURI, "tos_uri": &c.TosURI,
		"token_endpoint_auth_method": &c.AuthMethod, "id_token_signed_response_alg": &c.IDTokenAlg,
	}
}

// clientValues is the form as the store has the client.
func clientValues(c *idp.Client) url.Values {
	v := url.Values{
		"redirect_uris": c.RedirectURIs, "post_logout_redirect_uris": c.PostLogoutRedirectURIs, "grant_types": c.GrantTypes,
	}
	for name, text := range lines(c) {
		v.Set(name, *text)
	}
	if c.IDTokenAlg == "RS256" {
		v.Set("id_token_signed_response_alg", "") // the same, said in another way
	}
	for name, on := range onOff(c) {
		if *on {
			v.Set(name, "1")
		}
	}
	var more []string
	for _, s := range c.Scopes {
		switch {
		case slices.Contains(idp.StandardScopes(), s) || s == idp.ScopeAccount:
			v.Add("scope", s)
		case slices.Contains(idp.APIScopes(), s):
			v.Add("api_scope", s)
		default:
			more = append(more, s)
		}
	}
	v.Set("more_scopes", strings.Join(more, " "))
	return v
}

// applyClient writes the form into the client.
func applyClient(c *idp.Client, v url.Values) {
	for name, text := range lines(c) {
		*text = strings.TrimSpace(v.Get(name))
	}
	for name, on := range onOff(c) {
		*on = v.Get(name) == "1"
	}
	c.RedirectURIs, c.PostLogoutRedirectURIs = addresses(v, "redirect_uris"), addresses(v, "post_logout_redirect_uris")
	c.GrantTypes, c.Scopes = addresses(v, "grant_types"), formScopes(v)
}

func (k *Console) saveClient(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if addRow(values) {
		return k.Redraw(c, values)
	}
	since, err := web.ReadFormVersion(values)
	if err != nil {
		return err
	}
	if err := k.freshToTrust(c, formScopes(values)); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		client, err := k.Clients.UpdateIf(c.Request.Context(), head.Client.ID, since, func(c *idp.Client) error {
			applyClient(c, values)
			return nil
		})
		if err != nil {
			return "", k.Refuse(c, values, scopeFaults(err))
		}
		return head.To(), k.Done(c, head.To(), pages.Toast{Key: "clients.toast.saved", Args: nameOfClient(client)})
	})
}

// scopeFaults moves faults of scopes to the field in which they are typed.
func scopeFaults(err error) error {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	out := &idp.InvalidError{Faults: slices.Clone(invalid.Faults)}
	for i := range out.Faults {
		if out.Faults[i].Field == "scope" {
			out.Faults[i].Field = "more_scopes"
		}
	}
	return out
}

// changedMeanwhile is what the store has now, where it differs from the form.
func changedMeanwhile(stored, typed url.Values) []pages.Field {
	var out []pages.Field
	for _, name := range []string{
		"client_name", "client_uri", "policy_uri", "tos_uri", "redirect_uris", "post_logout_redirect_uris", "scope", "more_scopes",
		"api_scope", "token_endpoint_auth_method", "grant_types", "require_pkce", "skip_consent", "resource_server",
		"id_token_signed_response_alg",
	} {
		now, then := addresses(stored, name), addresses(typed, name)
		if !slices.Equal(now, then) {
			out = append(out, pages.Field{Name: "field." + name, Value: strings.Join(now, ", ")})
		}
	}
	return out
}

func (k *Console) disableClient(c *gin.Context) error { return k.turn(c, true) }

func (k *Console) enableClient(c *gin.Context) error { return k.turn(c, false) }

// turn switches a client off or on.
func (k *Console) turn(c *gin.Context, off bool) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	t := pages.Toast{Key: "clients.toast.enabled", Args: nameOfClient(head.Client), Undo: undo(values, head.To("disable"))}
	if off {
		t.Key, t.Undo = "clients.toast.disabled", undo(values, head.To("enable"))
	}
	if err := k.Clients.SetDisabled(c.Request.Context(), head.Client.ID, off); err != nil {
		return k.Refuse(c, values, err)
	}
	return k.Done(c, backTo(values, head.To()), t)
}

func (k *Console) duplicateClient(c *gin.Context) error {
	head, err := k.ownClient(c)
	if err != nil {
		return err
	}
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if err := k.freshToTrust(c, head.Client.Scopes); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		made, secret, err := k.Clients.Create(c.Request.Context(), copyOf(head.Client))
		var invalid *idp.InvalidError
		if errors.As(err, &invalid) { // what was right when it was registered need not be today
			return "", k.Done(c, head.To(), pages.Toast{Key: "clients.toast.not_duplicated", Tone: "warn"})
		}
		if err != nil {
			return "", err
		}
		return k.clientMade(c, made, secret, "clients.toast.duplicated")
	})
}
