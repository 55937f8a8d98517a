package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/oauth"

	"gatehouse/web"
)

// userinfo is the userinfo endpoint (OIDC Core §5.3). The token comes in the
// header or in a POST form, never in the URL (RFC 9700 §4.3.2).
func (s *site) userinfo(c *gin.Context) error {
	token, err := s.bearer(c)
	if err != nil {
		return err
	}
	claims, err := s.Provider.Userinfo(c.Request.Context(), token)
	if err != nil {
		return err
	}
	web.RecordOf(c).User, _ = claims["sub"].(string)
	body, err := json.Marshal(claims)
	if err != nil {
		return fmt.Errorf("encode claims: %w", err)
	}
	web.WriteJSON(c, http.StatusOK, body)
	return nil
}

// bearer finds the access token of a request, "" when it has none.
func (s *site) bearer(c *gin.Context) (string, error) {
	header, err := authorization(c.Request)
	if err != nil {
		return "", badBearer(err.Error())
	}
	fromHeader, err := bearerToken(header)
	if err != nil {
		return "", err
	}
	if c.Request.Method != http.MethodPost || !web.IsForm(c.Request) {
		return fromHeader, nil
	}
	form, err := s.ReadOnce(c.Writer, c.Request)
	if err != nil {
		return "", err
	}
	fromBody := form.Get("access_token")
	if fromHeader != "" && fromBody != "" {
		return "", badBearer("the token was sent in two ways") // RFC 6750 §2
	}
	if fromBody != "" && !isBearer(fromBody) {
		return "", badToken()
	}
	return fromHeader + fromBody, nil
}

// bearerToken reads an Authorization header (RFC 6750 §2.1). Another scheme,
// or none, is no token; the scheme's case does not matter (RFC 9110 §11.1).
func bearerToken(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	token = strings.Trim(token, " ")
	if token == "" {
		return "", badBearer("the Authorization header holds no token")
	}
	if !isBearer(token) {
		return "", badToken()
	}
	return token, nil
}

// isBearer reports whether s is a b64token of RFC 6750 §2.1 of a sane length.
func isBearer(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && len(s) <= 16<<10 && !strings.ContainsFunc(body, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
	})
}

func badBearer(text string) error {
	return &oauth.Error{
		Code: web.CodeInvalidRequest, Description: text, Status: http.StatusBadRequest,
		Challenge: `Bearer realm="gatehouse", error="invalid_request", error_description="` + text + `"`,
	}
}

func badToken() error {
	const text = "the access token is malformed"
	return &oauth.Error{
		Code: "invalid_token", Description: text, Status: http.StatusUnauthorized,
		Challenge: `Bearer realm="gatehouse", error="invalid_token", error_description="` + text + `"`,
	}
}
