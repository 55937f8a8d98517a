package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gatehouse/pages"
)

// action is what a button does for a visitor whose lock is held. It returns what to say.
type action func(ctx context.Context, v *visitor) (message string, err error)

// party is the demo's side of the protocol.
type party struct {
	o  Options
	mu sync.Mutex
	at *issuer // nil until the first discovery
}

// issuer is what discovery found.
type issuer struct {
	provider *oidc.Provider
	config   oauth2.Config
	more     struct {
		Introspection string `json:"introspection_endpoint"`
		EndSession    string `json:"end_session_endpoint"`
		AnswersIss    bool   `json:"authorization_response_iss_parameter_supported"`
	}
}

func newParty(o Options) *party { return &party{o: o} }

// discover reads the issuer's metadata once; a failure is tried again next time.
func (p *party) discover(ctx context.Context) (context.Context, *issuer, error) {
	ctx = oidc.ClientContext(ctx, p.o.HTTPClient)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at != nil {
		return ctx, p.at, nil
	}
	// The provider keeps the context for fetching keys later, so this request must not end it.
	found, err := oidc.NewProvider(context.WithoutCancel(ctx), p.o.Issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("discovery at %s: %w", p.o.Issuer, err)
	}
	at := &issuer{provider: found, config: oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: RedirectURI(p.o.Issuer), Scopes: Scopes(),
	}}
	if err := found.Claims(&at.more); err != nil {
		return nil, nil, fmt.Errorf("metadata of %s: %w", p.o.Issuer, err)
	}
	p.at = at
	return ctx, at, nil
}

// begin notes a sign-in and returns the address to send the browser to.
func (p *party) begin(ctx context.Context, v *visitor) (string, error) {
	_, at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	begun := pending{state: oauth2.GenerateVerifier(), nonce: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pending = append(v.pending, begun)
	v.pending = v.pending[max(0, len(v.pending)-maxPending):]
	return at.config.AuthCodeURL(begun.state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier)), nil
}

// finish checks the answer, redeems the code and verifies the ID token.
func (p *party) finish(ctx context.Context, v *visitor, answer url.Values) error {
	ctx, at, err := p.discover(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	begun, ok := v.take(answer.Get("state"))
	if !ok {
		return errors.New("state does not fit a sign-in that this browser began")
	}
	if at.more.AnswersIss && answer.Get("iss") != p.o.Issuer {
		return errors.New("the answer is from another issuer") // RFC 9207 §2.4
	}
	if code := answer.Get("error"); code != "" {
		return &oauth2.RetrieveError{ErrorCode: code, ErrorDescription: answer.Get("error_description")}
	}
	token, err := at.config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return err
	}
	if err := p.accept(ctx, at, v, token, begun.nonce); err != nil {
		return err
	}
	v.result, v.message = nil, "Signed in."
	return nil
}

// accept verifies the ID token of a token response and keeps both.
func (p *party) accept(ctx context.Context, at *issuer, v *visitor, token *oauth2.Token, nonce string) error {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return errors.New("the token response has no ID token")
	}
	verified, err := at.provider.VerifierContext(ctx, &oidc.Config{ClientID: p.o.ClientID, Now: p.o.Now}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if nonce != "" && verified.Nonce != nonce {
		return errors.New("nonce does not fit")
	}
	if verified.AccessTokenHash != "" {
		if err := verified.VerifyAccessToken(token.AccessToken); err != nil {
			return err
		}
	}
	var claims json.RawMessage
	if err := verified.Claims(&claims); err != nil {
		return err
	}
	v.token, v.idToken, v.claims, v.name = token, raw, claims, verified.Subject
	return nil
}

func (p *party) refresh(ctx context.Context, v *visitor) (string, error) {
	ctx, at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	if v.token == nil || v.token.RefreshToken == "" {
		return "", errors.New("there is no refresh token")
	}
	token, err := at.config.TokenSource(ctx, &oauth2.Token{RefreshToken: v.token.RefreshToken}).Token()
	if err != nil {
		return "", err
	}
	v.result = nil
	if err := p.accept(ctx, at, v, token, ""); err != nil {
		return "", err
	}
	return "Refreshed: these are new tokens.", nil
}

func (p *party) introspect(ctx context.Context, v *visitor) (string, error) {
	ctx, at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	if v.token == nil {
		return "", errors.New("there is no token")
	}
	form := url.Values{"token": {v.token.AccessToken}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.more.Introspection, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(p.o.ClientID), url.QueryEscape(p.o.ClientSecret)) // RFC 6749 §2.3.1
	resp, err := p.o.HTTPClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("introspection: %s: %s", resp.Status, body)
	}
	v.result = &pages.DemoSection{Title: "Introspection", Text: indented(body)}
	return "Introspected the access token.", nil
}

func (p *party) userinfo(ctx context.Context, v *visitor) (string, error) {
	ctx, at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	if v.token == nil {
		return "", errors.New("there is no token")
	}
	info, err := at.provider.UserInfo(ctx, oauth2.StaticTokenSource(v.token))
	if err != nil {
		return "", err
	}
	var claims json.RawMessage
	if err := info.Claims(&claims); err != nil {
		return "", err
	}
	v.result = &pages.DemoSection{Title: "Userinfo", Text: indented(claims)}
	return "Called userinfo.", nil
}

// endSession returns the address that signs out at the issuer too.
func (p *party) endSession(ctx context.Context, v *visitor) (string, error) {
	_, at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	q := url.Values{"post_logout_redirect_uri": {PostLogoutRedirectURI(p.o.Issuer)}}
	if v.idToken != "" {
		q.Set("id_token_hint", v.idToken)
	}
	return at.more.EndSession + "?" + q.Encode(), nil
}

// plain says what went wrong. The demo hides nothing: its visitor is the developer.
func plain(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode != "" {
		return strings.TrimSuffix(refused.ErrorCode+": "+refused.ErrorDescription, ": ")
	}
	return err.Error()
}

func indented(raw []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return string(raw)
	}
	return out.String()
}

// payload is the middle of a JWT, unverified: for showing only.
func payload(jwt string) []byte {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	return raw
}
