package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

// inspectPage takes a token, and shows once what the last one holds.
func (k *Console) inspectPage(c *gin.Context) error {
	f, err := k.FormState(c, routeTokens+"/inspect", url.Values{})
	if err != nil {
		return err
	}
	p := pages.InspectPage{Form: f}
	kept, err := k.TakeOnce(c)
	if err != nil {
		return err
	}
	if kept != nil {
		p.Result = &pages.InspectedToken{}
		if err := json.Unmarshal(kept, p.Result); err != nil {
			return err
		}
	}
	p.Gone = c.Query("once") != "" && kept == nil
	return k.Show(c, http.StatusOK, p)
}

// inspect takes a pasted token apart. The token goes nowhere but into this
// call; what was found waits, sealed, for the page after the redirect.
func (k *Console) inspect(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	token := values.Get("token")
	if token == "" {
		return k.Refuse(c, values, invalid(idp.NewFault("token", "is required")))
	}
	found, err := k.Provider.InspectToken(c.Request.Context(), token)
	if err != nil {
		return err
	}
	result, err := k.inspected(c, found)
	if err != nil {
		return err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	to, err := k.KeepOnce(c, routeTokens+"/inspect", text)
	if err != nil {
		return err
	}
	web.SeeOther(c, to)
	return nil
}

// inspected puts what was found into the words of the page.
func (k *Console) inspected(c *gin.Context, in *oauth.Inspection) (*pages.InspectedToken, error) {
	out := &pages.InspectedToken{
		Kind: string(in.Kind), Problem: string(in.Problem), Header: indented(in.Header), Claims: indented(in.Claims),
		Signed: in.Signed, KID: in.KID, KeyState: in.KeyState, IssuerMatches: in.IssuerMatches,
		IssuedAt: in.IssuedAt, ExpiresAt: in.ExpiresAt, Expired: in.Expired,
		ClientID: in.ClientID, UserID: in.UserID, GrantID: in.GrantID, GrantLives: in.GrantLives && in.UserID != "",
	}
	if in.UserID == "" {
		return out, nil
	}
	u, err := k.userOf(c.Request.Context(), in.UserID)
	switch {
	case err == nil:
		out.Username = u.Username
	case !errors.Is(err, idp.ErrNotFound):
		return nil, err
	}
	return out, nil
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if len(raw) == 0 || json.Indent(&b, raw, "", "  ") != nil {
		return ""
	}
	return b.String()
}
