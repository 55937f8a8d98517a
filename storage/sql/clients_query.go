package sqlstore

import (
	"context"
	"strings"

	"gatehouse/idp"
)

// clientOrders are what clients may be sorted by; each has an index.
var clientOrders = []order{
	{name: "client_id", column: "clients.id"},
	{name: "client_name", column: "clients.name_key"},
	{name: "created_at", column: "clients.created_at", time: true},
	{name: "last_used_at", column: "coalesce(clients.last_used_at, @never)", time: true},
}

// QueryClients implements idp.ClientStore.
func (s *Clients) QueryClients(ctx context.Context, q idp.ClientQuery) (idp.Page[*idp.Client], error) {
	o, err := orderOf(q.Sort, "client_name", clientOrders)
	if err != nil {
		return idp.Page[*idp.Client]{}, err
	}
	var c conditions
	if text := strings.TrimSpace(clean(q.Text)); text != "" {
		c.contains(&s.db.dialect, "clients.search", text)
	}
	if q.Kind != "" {
		c.add("clients.kind = ?", clean(string(q.Kind)))
	}
	if q.Disabled != nil {
		c.add("clients.disabled = ?", *q.Disabled)
	}
	l := listing[idp.Client]{
		db: s.db, table: "clients", id: "clients.id", columns: clientColumns + ", " + clientTimes, into: clientInto, parseID: textID,
	}
	return l.page(ctx, "QueryClients", q.ListQuery, o, c)
}
