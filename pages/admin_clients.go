package pages

import (
	"gatehouse/idp"
)

// ClientsPage lists the registered applications.
type ClientsPage struct {
	List    ListView
	Clients []*idp.Client
	// Discovery is the address that most applications ask for.
	Discovery string
	Manage    bool   // the reader may change clients
	CSV       string // address of the list as a file
	MaxCSV    int    // records that it holds at most
}

// KindOptions are the choices of the filter by kind.
func (p ClientsPage) KindOptions() []Option {
	out := []Option{{Key: "clients.any_kind"}}
	for _, k := range idp.ClientKinds() {
		out = append(out, Option{Value: string(k), Key: "clients.kind." + string(k)})
	}
	return out
}

// StatusOptions are the choices of the filter by status.
func (p ClientsPage) StatusOptions() []Option {
	return []Option{
		{Key: "clients.any_status"},
		{Value: "enabled", Key: "clients.status.enabled"},
		{Value: "disabled", Key: "clients.status.disabled"},
	}
}

// BuiltIn reports whether a client of the list is Gatehouse's own.
func (p ClientsPage) BuiltIn(c *idp.Client) bool { return c.ID == idp.ClientGatehouse }

// ClientKindPage asks what an application is: the first step of registering one.
type ClientKindPage struct{}

// Kinds are the kinds to choose from.
func (p ClientKindPage) Kinds() []idp.ClientKind { return idp.ClientKinds() }

// ClientNewPage is the second step: what that kind needs. It posts kind,
// client_name, client_id, redirect_uris, post_logout_redirect_uris, api_scope
// and more_scopes to /admin/clients; with add, the form is only drawn again.
type ClientNewPage struct {
	Kind idp.ClientKind
	Form Form
}

// ForPeople reports whether people sign in to that kind, so that it has addresses to come back to.
func (p ClientNewPage) ForPeople() bool {
	return p.Kind != idp.ClientMachine && p.Kind != idp.ClientResource
}

// Machine reports whether it acts for itself, so that its scopes are asked for.
func (p ClientNewPage) Machine() bool { return p.Kind == idp.ClientMachine }

// APIScopes are the scopes of Gatehouse's own API.
func (p ClientNewPage) APIScopes() []Option { return apiScopes() }

// OwnID reports whether the ID was filled in, so that its field is shown opened.
func (p ClientNewPage) OwnID() bool { return p.Form.Values.Get("client_id") != "" }

func apiScopes() []Option {
	var out []Option
	for _, scope := range idp.APIScopes() {
		if scope == idp.ScopeAccount {
			continue // a person's own record: of no use to a client by itself
		}
		out = append(out, Option{Value: scope, Label: scope, HelpKey: "clients.scope." + scope})
	}
	return out
}

func (p ClientsPage) describe() description {
	return description{template: "admin_clients", title: text{key: "clients.title"}}
}

func (p ClientKindPage) describe() description {
	return description{template: "admin_client_kind", title: text{key: "clients.new.title"}}
}

func (p ClientNewPage) describe() description {
	return description{
		template: "admin_client_new", title: text{key: "clients.new." + string(p.Kind)}, failed: p.Form.Failed(),
	}
}
