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

// route is one call.
type route struct {
	Method, Path string // the path as OpenAPI writes it, under base
	ID           string // operationId
	Access       access
	// May says which permissions suffice; nil with Own for none, nil without for any token.
	May func(idp.Permissions) bool
	// Own lets a person's token with gatehouse:account reach the person's own record.
	Own   bool
	Once  bool     // takes an Idempotency-Key
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
		{get, "/users", "listUsers", granted, seeUsers, false, false, list("q", "status", "role", "locked", "sort"), (*API).listUsers},
		{post, "/users", "createUser", granted, manageUsers, false, true, nil, (*API).createUser},
		{get, "/users/{id}", "readUser", granted, seeUsers, true, false, nil, (*API).readUser},
		{patch, "/users/{id}", "updateUser", granted, manageUsers, true, false, nil, (*API).updateUser},
		{del, "/users/{id}", "deleteUser", granted, manageUsers, true, false, nil, (*API).deleteUser},
		{get, "/user/{id}", "readUserAlias", granted, seeUsers, true, false, nil, (*API).readUser},
		{patch, "/user/{id}", "updateUserAlias", granted, manageUsers, true, false, nil, (*API).updateUser},
		{del, "/user/{id}", "deleteUserAlias", granted, manageUsers, true, false, nil, (*API).deleteUser},
		{post, "/users/{id}/disable", "disableUser", granted, manageUsers, false, false, nil, (*API).disableUser},
		{post, "/users/{id}/enable", "enableUser", granted, manageUsers, false, false, nil, (*API).enableUser},
		{post, "/users/{id}/unlock", "unlockUser", granted, manageUsers, false, false, nil, (*API).unlockUser},
		{get, "/users/{id}/sessions", "listUserSessions", granted, seeUsers, true, false, nil, (*API).listUserSessions},
		{del, "/users/{id}/sessions", "endUserSessions", granted, manageUsers, true, false, nil, (*API).endUserSessions},
		{del, "/users/{id}/sessions/{sid}", "endUserSession", granted, manageUsers, true, false, nil, (*API).endUserSession},
		{get, "/users/{id}/grants", "listUserGrants", granted, seeUsers, true, false, list("client"), (*API).listUserGrants},
		{get, "/users/{id}/apps", "listUserApps", granted, seeUsers, true, false, nil, (*API).listUserApps},
		{del, "/users/{id}/apps/{client}", "removeUserApp", granted, manageUsers, true, false, nil, (*API).removeUserApp},

		// Roles.
		{get, "/roles", "listRoles", granted, seeUsers, false, false, nil, (*API).listRoles},
		{post, "/roles", "createRole", granted, administer, false, true, nil, (*API).createRole},
		{get, "/roles/{role}", "readRole", granted, seeUsers, false, false, nil, (*API).readRole},
		{patch, "/roles/{role}", "updateRole", granted, administer, false, false, nil, (*API).updateRole},
		{del, "/roles/{role}", "deleteRole", granted, administer, false, false, nil, (*API).deleteRole},

		// Clients.
		{get, "/clients", "listClients", granted, seeAll, false, false, list("q", "kind", "disabled", "sort"), (*API).listClients},
		{post, "/clients", "createClient", granted, administer, false, true, nil, (*API).createClient},
		{get, "/clients/{client}", "readClient", granted, seeAll, false, false, nil, (*API).readClient},
		{patch, "/clients/{client}", "updateClient", granted, administer, false, false, nil, (*API).updateClient},
		{del, "/clients/{client}", "deleteClient", granted, administer, false, false, nil, (*API).deleteClient},
		{post, "/clients/{client}/disable", "disableClient", granted, administer, false, false, nil, (*API).disableClient},
		{post, "/clients/{client}/enable", "enableClient", granted, administer, false, false, nil, (*API).enableClient},
		{post, "/clients/{client}/revoke-tokens", "revokeClientTokens", granted, administer, false, false, nil, (*API).revokeClientTokens},
		{post, "/clients/{client}/secret", "rotateClientSecret", granted, administer, false, true, nil, (*API).rotateClientSecret},
		{del, "/clients/{client}/secret/old", "dropOldClientSecret", granted, administer, false, false, nil, (*API).dropOldClientSecret},

		// What is open.
		{get, "/sessions", "listSessions", granted, seeUsers, false, false, list(), (*API).listSessions},
		{del, "/sessions/{sid}", "endSession", granted, manageUsers, false, false, []string{"user"}, (*API).endSession},
		{get, "/grants", "listGrants", granted, seeAll, false, false, list("user", "client"), (*API).listGrants},
		{del, "/grants/{grant}", "revokeGrant", granted, manageUsers, true, false, nil, (*API).revokeGrant},

		// Keys, audit, settings.
		{get, "/keys", "listKeys", granted, seeAll, false, false, nil, (*API).listKeys},
		{post, "/keys/rotate", "rotateKeys", granted, administer, false, true, nil, (*API).rotateKeys},
		{post, "/keys/{kid}/revoke", "revokeKey", granted, administer, false, false, nil, (*API).revokeKey},
		{get, "/audit", "listAudit", granted, seeAll, false, false, list("q", "actor", "target", "person", "action", "result", "client", "from", "to"), (*API).listAudit},
		{get, "/audit/head", "readAuditHead", granted, seeAll, false, false, nil, (*API).readAuditHead},
		{get, "/audit/verify", "verifyAudit", granted, seeAll, false, false, nil, (*API).verifyAudit},
		{get, "/audit/{seq}", "readAuditEvent", granted, seeAll, false, false, nil, (*API).readAuditEvent},
		{get, "/settings", "readSettings", granted, seeAll, false, false, nil, (*API).readSettings},
		{patch, "/settings", "updateSettings", granted, administer, false, false, nil, (*API).updateSettings},

		// Tokens for people.
		{post, "/auth", "createToken", open, nil, false, false, nil, (*API).createToken},
		{get, "/auth", "checkToken", subject, nil, false, false, nil, (*API).checkToken},
		{post, "/accounts/register", "register", open, nil, false, false, nil, (*API).register},
		{post, "/accounts/login", "login", open, nil, false, false, nil, (*API).login},
		{post, "/accounts/refresh", "refresh", open, nil, false, false, nil, (*API).refresh},
		{get, "/accounts/me", "readMe", granted, nil, true, false, nil, (*API).readMe},
		{del, "/accounts/logout", "logout", granted, nil, false, false, nil, (*API).logout},
	}
}

// ginPath writes a path as gin has it.
func ginPath(path string) string {
	return base + strings.NewReplacer("{", ":", "}", "").Replace(path)
}
