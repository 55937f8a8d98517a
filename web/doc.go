// Package web is what every page and every call over HTTP goes through: the
// adapters that answer errors, the request record and its one log line, the
// browser session and who is signed in, CSRF tokens, forms and what becomes of
// refused ones, the guard of pages that need a permission, cookies, proxies
// and headers. It knows gin, and no page or endpoint.
//
// A guarded form goes this way:
//
//	Require ─ signed in? permitted? ─► Form ─ token fits? ─► the handler's own work
//	   │ no: sign in, values kept       │ no: values kept        │ *InvalidError, stale, taken: Refuse
//	   ▼                                ▼                        ▼
//	/login?next=…?draft=id         303 to the form, ?draft=id   303 to the form, ?draft=id
//	                                                             │ done: Done
//	                                                             ▼
//	                                                        303, told once at the top of the next page
//
// The rooms handlers, console, selfservice and api hold the pages and calls.
// Rules about people and protocol lie in account and oauth.
package web
