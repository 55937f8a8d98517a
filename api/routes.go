package api

import (
	"net/http"
	"strings"

	"gatehouse/idp"
)

// Addresses beside the calls.
const (
	base         = "/api/v1"
	routeOpenAPI = "/openapi.json"
	routeDocs    = "/docs"
)

// access is what a call asks of its caller before anything else.
type access int

const (
	granted access = iota // a token that may: see May and Own
	open                  // nobody needs to be known
	subject               // the token in X-Subject-Token is what is asked about
)

// trait is what sets a call apart.
type trait int

const (
	plain trait = iota
	own         // a person's token with gatehouse:account reaches the person's own record
	once        // takes an Idempotency-Key
)

// route is one call.
type route struct {
	Method, Path string // the path as OpenAPI writes it, under base
	ID           string // operationId
	Access       access
	// May says which permissions suffice; nil of an own call for none, nil of another for any token.
	May   func(idp.Permissions) bool
	Is    trait
	Query []string // parameters that it takes
	Do    func(*API, *call) (*answer, error)
}

func administer(p idp.Permissions) bool { return p.Admin }

// routes is every call of the API. It mounts them, and tests hold openapi.yaml to it.
func routes() []route {
	const (
		get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	)
	seeUsers, manageUsers, seeAll := idp.Permissions.MaySeeUsers, idp.Permissions.MayManageUsers, idp.Permissions.MaySeeAll
	page := []string{"limit", "after", "before"}
	list := func(more ...string) []string { return append(more, page...) }
	return []route{
		// People.
		{get, "/users", "listUsers", granted, seeUsers, plain, list("q", "status", "role", "locked", "sort"), (*API).listUsers},
		{post, "/users", "createUser", granted, manageUsers, once, nil, (*API).createUser},
		{get, "/users/{id}", "readUser", granted, seeUsers, own, nil, (*API).readUser},
		{patch, "/users/{id}", "updateUser", granted, manageUsers, own, nil, (*API).updateUser},
		{del, "/users/{id}", "deleteUser", granted, manageUsers, own, nil, (*API).deleteUser},
		{get, "/user/{id}", "readUserAlias", granted, seeUsers, own, nil, (*API).readUser},
		{patch, "/user/{id}", "updateUserAlias", granted, manageUsers, own, nil, (*API).updateUser},
		{del, "/user/{id}", "deleteUserAlias", granted, manageUsers, own, nil, (*API).deleteUser},
		{post, "/users/{id}/disable", "disableUser", granted, manageUsers, plain, nil, (*API).disableUser},
		{post, "/users/{id}/enable", "enableUser", granted, manageUsers, plain, nil, (*API).enableUser},
		{post, "/users/{id}/unlock", "unlockUser", granted, manageUsers, plain, nil, (*API).unlockUser},
		{get, "/users/{id}/sessions", "listUserSessions", granted, seeUsers, own, nil, (*API).listUserSessions},
		{del, "/users/{id}/sessions", "endUserSessions", granted, manageUsers, own, nil, (*API).endUserSessions},
		{del, "/users/{id}/sessions/{sid}", "endUserSession", granted, manageUsers, own, nil, (*API).endUserSession},
		{get, "/users/{id}/grants", "listUserGrants", granted, seeUsers, own, list("client"), (*API).listUserGrants},
		{get, "/users/{id}/apps", "listUserApps", granted, seeUsers, own, nil, (*API).listUserApps},
		{del, "/users/{id}/apps/{client}", "removeUserApp", granted, manageUsers, own, nil, (*API).removeUserApp},

		// Roles.
		{get, "/roles", "listRoles", granted, seeUsers, plain, nil, (*API).listRoles},
		{post, "/roles", "createRole", granted, administer, once, nil, (*API).createRole},
		{get, "/roles/{role}", "readRole", granted, seeUsers, plain, nil, (*API).readRole},
		{patch, "/roles/{role}", "updateRole", granted, administer, plain, nil, (*API).updateRole},
		{del, "/roles/{role}", "deleteRole", granted, administer, plain, nil, (*API).deleteRole},

		// Clients.
		{get, "/clients", "listClients", granted, seeAll, plain, list("q", "kind", "disabled", "sort"), (*API).listClients},
		{post, "/clients", "createClient", granted, administer, once, nil, (*API).createClient},
		{get, "/clients/{client}", "readClient", granted, seeAll, plain, nil, (*API).readClient},
		{patch, "/clients/{client}", "updateClient", granted, administer, plain, nil, (*API).updateClient},
		{del, "/clients/{client}", "deleteClient", granted, administer, plain, nil, (*API).deleteClient},
		{post, "/clients/{client}/disable", "disableClient", granted, administer, plain, nil, (*API).disableClient},
		{post, "/clients/{client}/enable", "enableClient", granted, administer, plain, nil, (*API).enableClient},
		{post, "/clients/{client}/revoke-tokens", "revokeClientTokens", granted, administer, plain, nil, (*API).revokeClientTokens},
		{post, "/clients/{client}/secret", "rotateClientSecret", granted, administer, once, nil, (*API).rotateClientSecret},
		{del, "/clients/{client}/secret/old", "dropOldClientSecret", granted, administer, plain, nil, (*API).dropOldClientSecret},

		// What is open.
		{get, "/sessions", "listSessions", granted, seeUsers, plain, list(), (*API).listSessions},
		{del, "/sessions/{sid}", "endSession", granted, manageUsers, plain, []string{"user"}, (*API).endSession},
		{get, "/grants", "listGrants", granted, seeAll, plain, list("user", "client"), (*API).listGrants},
		{del, "/grants/{grant}", "revokeGrant", granted, manageUsers, own, nil, (*API).revokeGrant},

		// Keys, audit, settings.
		{get, "/keys", "listKeys", granted, seeAll, plain, nil, (*API).listKeys},
		{post, "/keys/rotate", "rotateKeys", granted, administer, once, nil, (*API).rotateKeys},
		{post, "/keys/{kid}/revoke", "revokeKey", granted, administer, plain, nil, (*API).revokeKey},
		{get, "/audit", "listAudit", granted, seeAll, plain, list("q", "actor", "target", "person", "action", "result", "client", "from", "to"), (*API).listAudit},
		{get, "/audit/head", "readAuditHead", granted, seeAll, plain, nil, (*API).readAuditHead},
		{get, "/audit/verify", "verifyAudit", granted, seeAll, plain, nil, (*API).verifyAudit},
		{get, "/audit/{seq}", "readAuditEvent", granted, seeAll, plain, nil, (*API).readAuditEvent},
		{get, "/settings", "readSettings", granted, seeAll, plain, nil, (*API).readSettings},
		{patch, "/settings", "updateSettings", granted, administer, plain, nil, (*API).updateSettings},

		// Tokens for people.
		{post, "/auth", "createToken", open, nil, plain, nil, (*API).createToken},
		{get, "/auth", "checkToken", subject, nil, plain, nil, (*API).checkToken},
		{post, "/accounts/register", "register", open, nil, plain, nil, (*API).register},
		{post, "/accounts/login", "login", open, nil, plain, nil, (*API).login},
		{post, "/accounts/refresh", "refresh", open, nil, plain, nil, (*API).refresh},
		{get, "/accounts/me", "readMe", granted, nil, own, nil, (*API).readMe},
		{del, "/accounts/logout", "logout", granted, nil, plain, nil, (*API).logout},
	}
}

// ginPath writes a path as gin has it.
func ginPath(path string) string {
	return base + strings.NewReplacer("{", ":", "}", "").Replace(path)
}
