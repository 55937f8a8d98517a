// Package handlers is the protocol over HTTP, and the pages of a sign-in. It
// mounts the other rooms of HTTP too (routes.go).
//
// It decides nothing about the protocol (oauth does), about people (account
// does) or about words and looks (pages does), and it knows no store beyond the
// contracts in idp. What every request goes through lies in web.
//
// Where to read:
//
//	routes.go        every route of this room on one screen
//	authorize.go → flow.go → login.go, select.go, consent.go → continue.go
//
// A sign-in with pages:
//
//	GET|POST /oauth2/authorize    refused | answered straight (303) | flow made
//	   └ 303 /login?flow=…        POST: password → new session → place again
//	   └ 303 /login/select?flow=… POST: account  → place again
//	   └ 303 /consent?flow=…      POST: allow, deny
//	        └ 303 /continue?flow=…  approved → done, one winner; the code is
//	                                made only now, so nothing usable is stored
//	             └ 200 with Refresh, or 303 for apps on the device, or form_post
//
// Each page asks the provider again what is due ("place"), so two tabs, the
// Back button and a changed session all end where they should. Every POST
// answers with a redirect, failures too.
package handlers
