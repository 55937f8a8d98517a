package api

import (
	"slices"

	"gatehouse/idp"
	"gatehouse/oauth"
)

func (a *API) listClients(c *call) (*answer, error) {
	list, err := c.page()
	if err != nil {
		return nil, err
	}
	q := idp.ClientQuery{ListQuery: list, Kind: idp.ClientKind(c.query.Get("kind"))}
	if q.Kind != "" && !slices.Contains(idp.ClientKinds(), q.Kind) {
		return nil, invalid(unknownKind())
	}
	if q.Disabled, err = c.flag("disabled"); err != nil {
		return nil, err
	}
	p, err := a.Clients.Query(c.ctx(), q)
	if err != nil {
		return nil, err
	}
	return listed(a, c, p, viewClient), nil
}

func unknownKind() idp.Fault { return fault("kind", "must be web, spa, native, machine or resource") }

func (a *API) readClient(c *call) (*answer, error) {
	client, err := a.ClientStore.Client(c.ctx(), c.param("client"))
	if err != nil {
		return nil, err
	}
	return versioned(viewClient(client), client.UpdatedAt), nil
}

func (a *API) createClient(c *call) (*answer, error) {
	m, err := c.members(append(clientMembers(), "client_id", "client_secret", "kind")...)
	if err != nil {
		return nil, err
	}
	n, err := a.newClient(m)
	if err != nil {
		return nil, err
	}
	made, secret, err := a.Clients.Create(c.ctx(), n)
	if err != nil {
		return nil, err
	}
	return created(base+"/clients/"+made.ID, viewNewClient(made, secret), made.UpdatedAt), nil
}

// newClient is the registration that the members describe, over what suits the kind.
func (a *API) newClient(m members) (oauth.NewClient, error) {
	n := oauth.NewClient{Client: idp.Client{RequirePKCE: true}}
	kind, err := m.text("kind")
	if err != nil {
		return n, err
	}
	if kind != "" {
		if !slices.Contains(idp.ClientKinds(), idp.ClientKind(kind)) {
			return n, invalid(unknownKind())
		}
		n = a.Clients.NewOfKind(idp.ClientKind(kind))
	}
	if n.Secret, err = m.text("client_secret"); err != nil {
		return n, err
	}
	delete(m, "kind")
	delete(m, "client_secret")
	return n, patchClient(&n.Client, m)
}

func (a *API) updateClient(c *call) (*answer, error) {
	m, err := c.members(clientMembers()...)
	if err != nil {
		return nil, err
	}
	return a.changeClient(c, func(client *idp.Client) error { return patchClient(client, m) })
}

// changeClient changes a client, as it is at that moment or as the caller saw it.
func (a *API) changeClient(c *call, change func(*idp.Client) error) (*answer, error) {
	before, err := a.ClientStore.Client(c.ctx(), c.param("client"))
	if err != nil {
		return nil, err
	}
	since, err := c.match.since(before.UpdatedAt)
	if err != nil {
		return nil, err
	}
	client, err := a.Clients.UpdateIf(c.ctx(), before.ID, since, change)
	if err != nil {
		return nil, err
	}
	return versioned(viewClient(client), client.UpdatedAt), nil
}

func (a *API) deleteClient(c *call) (*answer, error) {
	id := c.param("client")
	if c.match.sent {
		// Disabling first takes the version as it is in that moment, which Delete does not ask for.
		if _, err := a.changeClient(c, func(client *idp.Client) error { client.Disabled = true; return nil }); err != nil {
			return nil, err
		}
	}
	if err := a.Clients.Delete(c.ctx(), id); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) disableClient(c *call) (*answer, error) { return a.switchClient(c, true) }

func (a *API) enableClient(c *call) (*answer, error) { return a.switchClient(c, false) }

func (a *API) switchClient(c *call, disabled bool) (*answer, error) {
	if err := a.Clients.SetDisabled(c.ctx(), c.param("client"), disabled); err != nil {
		return nil, err
	}
	return a.readClient(c)
}

func (a *API) revokeClientTokens(c *call) (*answer, error) {
	if err := a.Clients.RevokeTokens(c.ctx(), c.param("client")); err != nil {
		return nil, err
	}
	return nothing(), nil
}

// rotateClientSecret makes a further secret, which is shown this once.
func (a *API) rotateClientSecret(c *call) (*answer, error) {
	m, err := c.members("client_secret")
	if err != nil {
		return nil, err
	}
	chosen, err := m.text("client_secret")
	if err != nil {
		return nil, err
	}
	id := c.param("client")
	secret, err := a.Clients.RotateSecret(c.ctx(), id, chosen)
	if err != nil {
		return nil, err
	}
	client, err := a.ClientStore.Client(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	return versioned(viewNewClient(client, secret), client.UpdatedAt), nil
}

func (a *API) dropOldClientSecret(c *call) (*answer, error) {
	if err := a.Clients.DropOldSecret(c.ctx(), c.param("client")); err != nil {
		return nil, err
	}
	return nothing(), nil
}
