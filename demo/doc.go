// Package demo is a small relying party, served at /demo for people who try
// Gatehouse out. It is an application like any other: it knows the issuer's
// address, finds the rest by discovery over HTTP, and uses the libraries that
// any Go application would (golang.org/x/oauth2 and coreos/go-oidc).
//
// It owns its visitors (in memory, bounded, gone after an hour) and nothing
// else; pages draws it. Unlike a real application it shows the tokens, which
// is why server refuses it when the issuer is not on loopback.
//
//	GET  /demo            the page
//	GET  /demo/login      → authorization endpoint, with state, nonce and PKCE
//	GET  /demo/callback   code → tokens, ID token verified → /demo
//	POST /demo/refresh, /demo/introspect, /demo/userinfo → /demo
//	POST /demo/logout     → end_session_endpoint → /demo
package demo
