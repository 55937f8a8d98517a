package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) clients(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	page, err := k.findClients(c.Request.Context(), clientQuery(query))
	if err != nil {
		return listAgain(c, err)
	}
	p := pages.ClientsPage{
		List: pages.NewListView(routeClients, query, page), Clients: page.Items,
		Discovery: k.endpoints().Issuer + "/.well-known/openid-configuration",
		Manage:    may(c).Admin, MaxCSV: maxRows,
	}
	if p.List.Sort == "" {
		p.List.Sort = "client_name"
	}
	p.CSV = withQuery(routeClients+".csv", keep(query, "q", "kind", "status", "sort"))
	return k.Show(c, http.StatusOK, p)
}

// clientQuery reads what the list is asked for. What it does not know it passes over.
func clientQuery(v url.Values) idp.ClientQuery {
	q := idp.ClientQuery{ListQuery: listQuery(v)}
	for _, kind := range idp.ClientKinds() {
		if v.Get("kind") == string(kind) {
			q.Kind = kind
		}
	}
	switch v.Get("status") {
	case "enabled":
		q.Disabled = new(false)
	case "disabled":
		q.Disabled = new(true)
	}
	return q
}

// findClients asks the store. A text longer than any member of a record matches none.
func (k *Console) findClients(ctx context.Context, q idp.ClientQuery) (idp.Page[*idp.Client], error) {
	if utf8.RuneCountInString(q.Text) > idp.MaxClaim {
		return idp.Page[*idp.Client]{}, nil
	}
	return k.Clients.Query(ctx, q)
}

func (k *Console) clientsCSV(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := clientQuery(query)
	read := fromStart(&q.ListQuery, func() (idp.Page[*idp.Client], error) { return k.findClients(c.Request.Context(), q) })
	return k.sendCSV(c, export{
		Name: "clients", Action: idp.ActionClientsExport, Header: clientHeader(), Rows: allRows(read, clientCells),
	})
}

// clientHeader names the columns of clientCells, as in JSON.
func clientHeader() []string {
	return []string{
		"client_id", "client_name", "kind", "status", "token_endpoint_auth_method", "grant_types", "scope",
		"redirect_uris", "post_logout_redirect_uris", "client_id_issued_at", "updated_at", "last_used_at",
	}
}

func clientCells(c *idp.Client) []string {
	status := "enabled"
	if c.Disabled {
		status = "disabled"
	}
	return []string{
		c.ID, c.Name, string(c.Kind()), status, c.AuthMethod, strings.Join(c.GrantTypes, " "), strings.Join(c.Scopes, " "),
		strings.Join(c.RedirectURIs, " "), strings.Join(c.PostLogoutRedirectURIs, " "),
		cellTime(&c.CreatedAt), cellTime(&c.UpdatedAt), cellTime(c.LastUsedAt),
	}
}
