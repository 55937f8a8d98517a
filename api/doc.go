// Package api is the REST API under /api/v1, its description at /openapi.json
// and the readable form of that at /docs.
//
// It takes bearer tokens of our own issuing and nothing else; no cookie counts
// here. What a token may do is its scopes within the roles of its person, and a
// person's own record with the scope gatehouse:account.
//
// Every call is a line in routes.go and goes the same way:
//
//	who calls ─► how often ─► may they ─► parameters, If-Match, body ─► its handler ─► answer
//	   401          429        403           400, 422                    404, 409, 412,   ETag, Link,
//	                           one answer for what there is              422, 503         304
//	                           and what there is not
//
// A handler is parse, domain, answer. What it may change is decided inside the
// change, on the record as the store has it then. The act in the context makes
// the stores write who did it.
//
// openapi.yaml is written by hand, for people; tests hold it to the routes and
// to every answer that they get. /docs shows it as a page.
//
// Rules about people lie in account, about clients, tokens and keys in oauth;
// problem documents, request records and sealing in web.
package api
