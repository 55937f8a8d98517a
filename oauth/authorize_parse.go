package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
)

// Response modes (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
const (
	ModeQuery    = "query"
	ModeFormPost = "form_post"
)

// Values of the prompt parameter (OIDC Core §3.1.2.1).
const (
	promptNone          = "none"
	promptLogin         = "login"
	promptConsent       = "consent"
	promptSelectAccount = "select_account"
)

// AuthorizeRequest is an authorization request that passed every check which
// needs no person. It can be kept as JSON while pages are shown.
type AuthorizeRequest struct {
	ClientID    string `json:"client_id"`
	RedirectURI string `json:"redirect_uri"`
	// RedirectGiven says that the request named its redirect URI; the token request must then too (RFC 6749 §4.1.3).
	RedirectGiven bool     `json:"redirect_given"`
	Mode          string   `json:"mode"`
	State         string   `json:"state,omitempty"`
	HasState      bool     `json:"has_state,omitempty"`
	Scopes        []string `json:"scopes"`
	Nonce         string   `json:"nonce,omitempty"`
	CodeChallenge string   `json:"code_challenge,omitempty"`
	Prompt        []string `json:"prompt,omitempty"`
	MaxAge        *int64   `json:"max_age,omitempty"` // seconds
	LoginHint     string   `json:"login_hint,omitempty"`
	UILocales     string   `json:"ui_locales,omitempty"`
	WantACR       bool     `json:"want_acr,omitempty"`
	// Subject is whom id_token_hint or the claims parameter names, "" for anybody.
	Subject string `json:"subject,omitempty"`
	// BadHint says that an id_token_hint was not one of ours: nobody fits it without being asked.
	BadHint        bool     `json:"bad_hint,omitempty"`
	IDTokenClaims  []string `json:"id_token_claims,omitempty"`
	UserinfoClaims []string `json:"userinfo_claims,omitempty"`
}

// AuthorizeResponse is what goes back to the client.
type AuthorizeResponse struct {
	RedirectURI string
	Mode        string     // ModeQuery or ModeFormPost
	Params      url.Values // code or error, state, iss
}

// Location is the address to go to in query mode. A query that the client
// registered survives (RFC 6749 §3.1.2).
func (r *AuthorizeResponse) Location() string {
	sep := "?"
	if strings.Contains(r.RedirectURI, "?") {
		sep = "&"
		if strings.HasSuffix(r.RedirectURI, "?") || strings.HasSuffix(r.RedirectURI, "&") {
			sep = ""
		}
	}
	return r.RedirectURI + sep + r.Params.Encode()
}

// Marshal writes the request for an interaction.
func (r *AuthorizeRequest) Marshal() ([]byte, error) { return json.Marshal(r) }

// UnmarshalAuthorizeRequest reads what Marshal wrote.
func UnmarshalAuthorizeRequest(b []byte) (*AuthorizeRequest, error) {
	var r AuthorizeRequest
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *AuthorizeRequest) prompts(value string) bool { return slices.Contains(r.Prompt, value) }

// Refuse answers the request with an error, at its redirect URI.
func (p *Provider) Refuse(r *AuthorizeRequest, code, description string) *AuthorizeResponse {
	v := url.Values{"error": {code}, "error_description": {describe("%s", description)}}
	return p.respond(r, v)
}

// Deny answers that the person said no (RFC 6749 §4.1.2.1).
func (p *Provider) Deny(r *AuthorizeRequest) *AuthorizeResponse {
	return p.Refuse(r, codeAccessDenied, "the person did not allow the request")
}

func (p *Provider) respond(r *AuthorizeRequest, v url.Values) *AuthorizeResponse {
	if r.HasState {
		v.Set("state", r.State)
	}
	v.Set("iss", p.o.Issuer) // RFC 9207 §2
	return &AuthorizeResponse{RedirectURI: r.RedirectURI, Mode: r.Mode, Params: v}
}

// ParseAuthorize judges an authorization request. A doubt about the client or
// the redirect URI is a *PageError; every later refusal is a *RedirectError;
// anything else is a fault of a store.
func (p *Provider) ParseAuthorize(ctx context.Context, params url.Values) (*AuthorizeRequest, error) {
	r := &AuthorizeRequest{Mode: ModeQuery}
	client, err := p.trustRedirect(ctx, r, params)
	if err != nil {
		return nil, err
	}
	r.State, r.HasState = params.Get("state"), params.Has("state")
	// From here on the client hears of errors. The order decides which error a
	// request with several faults gets.
	for _, check := range []func(*AuthorizeRequest, *idp.Client, url.Values) *Error{
		checkResponseMode,
		func(_ *AuthorizeRequest, _ *idp.Client, v url.Values) *Error { return checkParams(v) },
		checkSizes,
		checkResponseType,
		checkUnsupported,
		checkAuthorizeGrant,
		checkScope,
		checkPKCE,
		checkPrompt,
		checkMaxAge,
		checkClaims,
		p.checkHint,
	} {
		if refused := check(r, client, params); refused != nil {
			return nil, &RedirectError{Request: r, Response: p.Refuse(r, refused.Code, refused.Description)}
		}
	}
	r.Nonce, r.LoginHint, r.UILocales = params.Get("nonce"), short(params.Get("login_hint")), short(params.Get("ui_locales"))
	r.WantACR = r.WantACR || params.Get("acr_values") != ""
	return r, nil
}

// trustRedirect decides whether answers may go to the redirect URI at all.
func (p *Provider) trustRedirect(ctx context.Context, r *AuthorizeRequest, params url.Values) (*idp.Client, error) {
	for _, name := range []string{"client_id", "redirect_uri"} {
		if v := params[name]; len(v) > 1 || (len(v) == 1 && !isCleanText(v[0])) {
			return nil, &PageError{PageBadRequest, name + " was sent more than once or is not text"}
		}
	}
	r.ClientID, r.RedirectURI = params.Get("client_id"), params.Get("redirect_uri")
	if r.ClientID == "" {
		return nil, &PageError{PageUnknownClient, "client_id is missing"}
	}
	client, err := p.o.Clients.Client(ctx, r.ClientID)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		return nil, &PageError{PageUnknownClient, "client_id is not known"}
	case err != nil:
		return nil, err
	case client.Disabled:
		return nil, &PageError{PageDisabledClient, "the client is disabled"}
	}
	r.RedirectGiven = r.RedirectURI != ""
	switch {
	case r.RedirectGiven && !redirectRegistered(client, r.RedirectURI):
		return nil, &PageError{PageBadRedirectURI, "redirect_uri is not registered for this client; it must match exactly"}
	case !r.RedirectGiven && len(client.RedirectURIs) != 1:
		return nil, &PageError{PageBadRedirectURI, "redirect_uri is missing, and the client does not have exactly one"}
	case !r.RedirectGiven:
		r.RedirectURI = client.RedirectURIs[0]
	}
	return client, nil
}

func checkResponseMode(r *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	modes := v["response_mode"]
	switch {
	case len(modes) == 0 || (len(modes) == 1 && modes[0] == ""):
		return nil
	case len(modes) == 1 && (modes[0] == ModeQuery || modes[0] == ModeFormPost):
		r.Mode = modes[0]
		return nil
	}
	// A fragment would put the code where scripts and histories find it.
	return refuse(codeInvalidRequest, "response_mode must be query or form_post")
}

// Bounds of what is kept of a request while pages are shown, in bytes. Anybody
// can begin one, so it must not fill the store.
const (
	maxState = 4 << 10
	maxNonce = 1 << 10
	maxHint  = 512
)

func checkSizes(_ *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	switch {
	case len(v.Get("state")) > maxState:
		return refuse(codeInvalidRequest, "state must be at most %d bytes", maxState)
	case len(v.Get("nonce")) > maxNonce:
		return refuse(codeInvalidRequest, "nonce must be at most %d bytes", maxNonce)
	}
	return nil
}

// short drops a hint that is too long to be one: hints never cause an error.
func short(hint string) string {
	if len(hint) > maxHint {
		return ""
	}
	return hint
}

func checkResponseType(_ *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	switch v.Get("response_type") {
	case "code":
		return nil
	case "":
		return refuse(codeInvalidRequest, "response_type is missing")
	}
	return refuse(codeUnsupportedResponseType, "response_type must be code")
}

// checkUnsupported names the parameters of OIDC Core §6 and §7.2.1 that are not built.
func checkUnsupported(_ *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	switch {
	case v.Has("request"):
		return refuse(codeRequestNotSupported, "request objects are not supported")
	case v.Has("request_uri"):
		return refuse(codeRequestURINotSupported, "request_uri is not supported")
	case v.Has("registration"):
		return refuse(codeRegistrationUnsupported, "registration is not supported")
	}
	return nil
}

func checkAuthorizeGrant(_ *AuthorizeRequest, c *idp.Client, _ url.Values) *Error {
	if !c.MayUse(idp.GrantAuthorizationCode) {
		return refuse(codeUnauthorizedClient, "this client is not registered for authorization_code")
	}
	return nil
}

func checkScope(r *AuthorizeRequest, c *idp.Client, v url.Values) *Error {
	if scope := v.Get("scope"); scope != "" {
		allowed, err := allowedScope(c, scope)
		var refused *Error
		if errors.As(err, &refused) {
			return refused
		}
		r.Scopes = scopeList(allowed)
	} else {
		r.Scopes = defaultScopes(c)
	}
	if slices.Contains(r.Scopes, idp.ScopeOpenID) && !r.RedirectGiven {
		return refuse(codeInvalidRequest, "redirect_uri is required with the scope openid") // OIDC Core §3.1.2.1
	}
	// OIDC Core §11: offline_access is ignored where no refresh token can come of it.
	if !c.MayUse(idp.GrantRefreshToken) {
		r.Scopes = slices.DeleteFunc(r.Scopes, func(s string) bool { return s == idp.ScopeOfflineAccess })
	}
	return nil
}

// checkPKCE is RFC 7636 with S256 alone (RFC 9700 §2.1.1).
func checkPKCE(r *AuthorizeRequest, c *idp.Client, v url.Values) *Error {
	challenge, method := v.Get("code_challenge"), v.Get("code_challenge_method")
	switch {
	case challenge == "" && method != "":
		return refuse(codeInvalidRequest, "code_challenge_method without code_challenge")
	case challenge == "" && (c.IsPublic() || c.RequirePKCE):
		return refuse(codeInvalidRequest, "this client must send code_challenge (PKCE, S256)")
	case challenge == "":
		return nil
	case method != "S256": // absent means plain, RFC 7636 §4.3
		return refuse(codeInvalidRequest, "code_challenge_method must be S256")
	}
	if sum, err := b64.DecodeString(challenge); err != nil || len(sum) != 32 || len(challenge) != 43 {
		return refuse(codeInvalidRequest, "code_challenge must be the base64url SHA-256 of the verifier, 43 characters")
	}
	r.CodeChallenge = challenge
	return nil
}

func checkPrompt(r *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	r.Prompt = scopeList(v.Get("prompt"))
	known := []string{promptNone, promptLogin, promptConsent, promptSelectAccount}
	for _, s := range r.Prompt {
		if !slices.Contains(known, s) {
			return refuse(codeInvalidRequest, "prompt must be of %s", strings.Join(known, ", "))
		}
	}
	if r.prompts(promptNone) && len(r.Prompt) > 1 {
		return refuse(codeInvalidRequest, "prompt=none cannot stand with another value")
	}
	return nil
}

func checkMaxAge(r *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	s := v.Get("max_age")
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > int64(100*365*24*time.Hour/time.Second) {
		return refuse(codeInvalidRequest, "max_age must be a number of seconds, 0 or more")
	}
	r.MaxAge = &n
	return nil
}

// checkHint reads id_token_hint. One that is not ours names nobody.
func (p *Provider) checkHint(r *AuthorizeRequest, _ *idp.Client, v url.Values) *Error {
	hint := v.Get("id_token_hint")
	if hint == "" {
		return nil
	}
	c, err := p.verifyHint(hint)
	switch {
	case err != nil:
		r.BadHint = true
	case r.Subject != "" && r.Subject != c.Subject:
		return refuse(codeInvalidRequest, "id_token_hint and claims name different people")
	default:
		r.Subject = c.Subject
	}
	return nil
}
