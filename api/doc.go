// Package api is the REST API under /api/v1, its description at /openapi.json
// and the readable form of that at /docs.
//
// It takes bearer tokens of our own issuing and nothing else; no cookie counts
// here. What a token may do is its scopes within the roles of its person.
package api
