package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"golang.org/x/oauth2"
)

// TestRelyingPartyLibraries does what an application does with the libraries
// that most Go applications use, from the issuer's address alone.
func TestRelyingPartyLibraries(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		ctx, user := t.Context(), s.sharedUser(t)
		a := s.newApp(t, nil)
		provider, err := oidc.NewProvider(ctx, s.issuer)
		if err != nil {
			t.Fatal(err)
		}
		rp := oauth2.Config{
			ClientID: a.ID, ClientSecret: a.secret, Endpoint: provider.Endpoint(), RedirectURL: callback,
			Scopes: []string{oidc.ScopeOpenID, "profile", "email", "offline_access", "reports:read"},
		}
		rp.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
		pkce := oauth2.GenerateVerifier()
		address := rp.AuthCodeURL("the-state", oauth2.S256ChallengeOption(pkce), oidc.Nonce("the-nonce"))
		b := s.newBrowser(t)
		answer := b.finish(b.get(address), user.Username).answer()
		if answer.Get("state") != "the-state" || answer.Get("iss") != s.issuer {
			t.Fatalf("answer %v", answer)
		}
		tokens, err := rp.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(pkce))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := tokens.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: a.ID}).Verify(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		if id.Subject != user.ID || id.Nonce != "the-nonce" {
			t.Errorf("ID token is for %s with nonce %s", id.Subject, id.Nonce)
		}
		if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
			t.Errorf("at_hash: %v", err)
		}
		info, err := provider.UserInfo(ctx, rp.TokenSource(ctx, tokens))
		if err != nil || info.Email != user.Email || !info.EmailVerified || info.Subject != user.ID {
			t.Errorf("userinfo %+v, %v", info, err)
		}
		tokens.Expiry = time.Now().Add(-time.Hour)
		fresh, err := rp.TokenSource(ctx, tokens).Token()
		if err != nil || fresh.AccessToken == tokens.AccessToken || fresh.RefreshToken == tokens.RefreshToken {
			t.Fatalf("refresh: %v", err)
		}
		verifyAsResourceServer(ctx, t, s, fresh.AccessToken, user.ID)
	})
}

// verifyAsResourceServer checks an access token with a library that is neither
// the server's nor the relying party's.
func verifyAsResourceServer(ctx context.Context, t *testing.T, s *system, access, subject string) {
	t.Helper()
	keys, err := jwk.Fetch(ctx, s.issuer+"/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Parse([]byte(access), jwt.WithKeySet(keys), jwt.WithIssuer(s.issuer), jwt.WithAudience(s.issuer), jwt.WithValidate(true))
	if err != nil {
		t.Fatal(err)
	}
	if sub, _ := token.Subject(); sub != subject {
		t.Errorf("the access token is for %q", sub)
	}
	if _, err := jwt.Parse([]byte(flip(access)), jwt.WithKeySet(keys)); err == nil {
		t.Error("an altered token passes")
	}
}
