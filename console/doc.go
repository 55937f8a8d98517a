// Package console is the admin console under /admin: pages on which people
// with a permission manage users, roles, clients, sessions, tokens, keys and
// settings, and read the overview and the audit log.
//
// A page is one straight line: read the request, ask the domain or a store,
// show a typed page. A form is web.Form → domain → web.Refuse or web.Done.
// What may be done lies in idp.Permissions: the group of a route asks for the
// least that it needs, and handlers ask again about the record at hand.
//
// What cannot be undone has a review page, which asks for a fresh sign-in, the
// name typed out and a reason; every change is recorded by the store that makes it.
//
// Where to read:
//
//	console.go        what the room stands on, and its guards
//	routes_people.go  users, roles, sessions
//	routes_apps.go    clients, tokens, keys
//	routes_records.go overview, audit log, settings
//	people.go         which user a request is about, and whether the reader may change them
//	forms.go          versions of records, review pages, faults
//	lists.go          what all lists read from their address; export.go downloads them
//	bulk.go           acts on many people, and the choice that leads to them
package console
