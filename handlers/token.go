package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"

	"gatehouse/web"
)

// token is the token endpoint (RFC 6749 §3.2).
func (s *site) token(c *gin.Context) error {
	req, err := s.clientRequest(c)
	if err != nil {
		return s.tokenOutcome(c, "other", err)
	}
	grant := grantLabel(req.Form.Get("grant_type"))
	answer, err := s.Provider.Token(c.Request.Context(), req)
	if err != nil {
		return s.tokenOutcome(c, grant, err)
	}
	web.RecordOf(c).User = answer.UserID
	body, err := json.Marshal(answer) //nolint:gosec // tokens are what this endpoint gives
	if err != nil {
		return fmt.Errorf("encode token response: %w", err)
	}
	web.WriteJSON(c, http.StatusOK, body)
	return s.tokenOutcome(c, grant, nil)
}

func (s *site) tokenOutcome(c *gin.Context, grant string, err error) error {
	outcome := "ok"
	if err != nil {
		outcome = web.CodeOf(err)
	}
	web.RecordOf(c).Outcome = grant + ":" + outcome
	s.Metrics.Token(grant, outcome)
	return err
}

// grantLabel keeps grant types that strangers make up out of labels and log.
func grantLabel(g string) string {
	switch g {
	case idp.GrantAuthorizationCode, idp.GrantRefreshToken, idp.GrantClientCredentials, idp.GrantPassword:
		return g
	}
	return "other"
}

// introspect is the introspection endpoint (RFC 7662 §2).
func (s *site) introspect(c *gin.Context) error {
	req, err := s.clientRequest(c)
	if err != nil {
		return err
	}
	body, err := s.Provider.Introspect(c.Request.Context(), req)
	if err != nil {
		return err
	}
	web.WriteJSON(c, http.StatusOK, body)
	return nil
}

// revoke is the revocation endpoint (RFC 7009 §2).
func (s *site) revoke(c *gin.Context) error {
	req, err := s.clientRequest(c)
	if err != nil {
		return err
	}
	if err := s.Provider.Revoke(c.Request.Context(), req); err != nil {
		return err
	}
	c.Status(http.StatusOK)
	return nil
}

// clientRequest reads a form that a client sends about itself. Parameters of
// the URL do not count.
func (s *site) clientRequest(c *gin.Context) (oauth.Request, error) {
	form, err := s.ReadOnce(c.Writer, c.Request)
	if input := (*web.InputError)(nil); errors.As(err, &input) {
		// RFC 6749 §5.2: a malformed request is a 400, whatever is malformed.
		return oauth.Request{}, web.BadInput("%s", input.Text)
	}
	if err != nil {
		return oauth.Request{}, err
	}
	header, err := authorization(c.Request)
	if err != nil {
		return oauth.Request{}, err
	}
	rec := web.RecordOf(c)
	req := oauth.Request{Form: form, Authorization: header, IP: rec.IP, RequestID: rec.ID}
	if id := req.ClaimedClient(); web.IsClientID(id) {
		rec.Client = id
	}
	return req, nil
}

// authorization returns the Authorization header, of which there may be one.
func authorization(r *http.Request) (string, error) {
	switch h := r.Header["Authorization"]; len(h) {
	case 0:
		return "", nil
	case 1:
		return h[0], nil
	}
	return "", web.BadInput("the Authorization header is repeated")
}
