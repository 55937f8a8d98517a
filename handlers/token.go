package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
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
	recordOf(c).user = answer.UserID
	body, err := json.Marshal(answer) //nolint:gosec // tokens are what this endpoint gives
	if err != nil {
		return fmt.Errorf("encode token response: %w", err)
	}
	writeJSON(c, http.StatusOK, body)
	return s.tokenOutcome(c, grant, nil)
}

func (s *site) tokenOutcome(c *gin.Context, grant string, err error) error {
	outcome := "ok"
	if err != nil {
		outcome = failureOf(err).code
	}
	recordOf(c).outcome = grant + ":" + outcome
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
	writeJSON(c, http.StatusOK, body)
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
	form, err := s.readOnce(c.Writer, c.Request)
	if input := (*inputError)(nil); errors.As(err, &input) {
		// RFC 6749 §5.2: a malformed request is a 400, whatever is malformed.
		return oauth.Request{}, badInput("%s", input.text)
	}
	if err != nil {
		return oauth.Request{}, err
	}
	header, err := authorization(c.Request)
	if err != nil {
		return oauth.Request{}, err
	}
	rec := recordOf(c)
	req := oauth.Request{Form: form, Authorization: header, IP: rec.origin.ip}
	if id := req.ClaimedClient(); isClientID(id) {
		rec.client = id
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
	return "", badInput("the Authorization header is repeated")
}
