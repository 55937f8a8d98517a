// Package oauth is the protocol: it parses requests, decides, and issues,
// checks and revokes tokens. It speaks values and errors; it knows neither
// gin, nor SQL, nor a ResponseWriter.
//
// It owns the authorization request (authorize_*.go, an ordered list of
// checks), one file per grant (grant_*.go), client authentication, the form of
// codes and tokens, signing keys and their rotation (keyring*.go), metadata,
// introspection, revocation, userinfo and the logout request; for the REST API
// and the console its own tokens for people (person.go), who calls with one
// (bearer.go), what a pasted one is (inspect.go) and the administration of
// clients; and it tells the audit log what no store records (record.go). It leaves people
// (passwords, throttling, browser sessions) to account, records to the stores
// of idp, and pages and HTTP to handlers.
//
// The token endpoint, from the outside in:
//
//	handlers/token.go → Provider.Token: client → grant → scope → issue
//	  → grant_code.go … → engine.go (go-oauth2's Manager)
//	  → one store verb, which is the atomic commit → signer
//	  ← a TokenResponse or an *Error comes back; only handlers writes
//
// Everything that comes from one authorization is one idp.Grant. Codes and
// refresh tokens are MACs over its id (credential.go), access tokens carry it
// in their jti, so nothing usable is stored and a forged value costs no round trip.
package oauth
