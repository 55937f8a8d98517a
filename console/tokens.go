package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) tokens(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	p := pages.TokensPage{User: query.Get("user"), Client: query.Get("client"), Manage: may(c).Admin}
	q, err := k.grantQuery(ctx, query)
	var page idp.Page[*idp.Grant]
	switch {
	case errors.Is(err, errNoUser):
		p.NoSuchUser = true
	case errors.Is(err, errNoClient):
		p.NoSuchClient = true
	case err != nil:
		return err
	default:
		if page, err = k.Grants.QueryGrants(ctx, q); err != nil {
			return listAgain(c, err)
		}
	}
	p.List = pages.NewListView(routeTokens, query, page)
	if p.Grants, err = k.grantRows(ctx, page.Items); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

var (
	errNoUser   = errors.New("the filter names no user")
	errNoClient = errors.New("the filter names no client")
)

// grantQuery reads the filters: user is a username, an email address or an ID.
func (k *Console) grantQuery(ctx context.Context, v url.Values) (idp.GrantQuery, error) {
	q := idp.GrantQuery{ListQuery: listQuery(v), ClientID: strings.TrimSpace(v.Get("client"))}
	q.Text, q.Sort = "", ""
	if user := strings.TrimSpace(v.Get("user")); user != "" {
		u, err := k.Users.Find(ctx, user)
		if errors.Is(err, idp.ErrNotFound) {
			return q, errNoUser
		}
		if err != nil {
			return q, err
		}
		q.UserID = u.ID
	}
	if q.ClientID != "" {
		_, err := k.ClientStore.Client(ctx, q.ClientID)
		if errors.Is(err, idp.ErrNotFound) {
			return q, errNoClient
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// grantRows puts names to grants. Whoever is gone is called by the ID.
func (k *Console) grantRows(ctx context.Context, grants []*idp.Grant) ([]pages.GrantRow, error) {
	users, clients := map[string]*idp.User{}, map[string]*idp.Client{}
	rows := make([]pages.GrantRow, len(grants))
	for i, g := range grants {
		client, err := found(clients, g.ClientID, func() (*idp.Client, error) { return k.ClientStore.Client(ctx, g.ClientID) })
		if err != nil {
			return nil, err
		}
		u, err := found(users, g.UserID, func() (*idp.User, error) { return k.userOf(ctx, g.UserID) })
		if err != nil {
			return nil, err
		}
		row := pages.GrantRow{Grant: g, ClientName: g.ClientID, Dead: client == nil || u == nil}
		if client != nil {
			row.ClientName, row.Dead = client.DisplayName(), row.Dead || !vouches(client, g)
		}
		if u != nil {
			row.Username, row.Name = u.Username, u.Name
			row.Dead = row.Dead || !u.MayAuthenticate(k.Now())
		}
		rows[i] = row
	}
	return rows, nil
}

// found reads a record once; one that is not there is nil.
func found[T any](known map[string]*T, id string, read func() (*T, error)) (*T, error) {
	if v, ok := known[id]; ok {
		return v, nil
	}
	v, err := read()
	if errors.Is(err, idp.ErrNotFound) {
		v, err = nil, nil
	}
	known[id] = v
	return v, err
}

func (k *Console) clientTokens(c *gin.Context) error {
	head, err := k.clientHead(c)
	if err != nil {
		return err
	}
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := idp.GrantQuery{ListQuery: listQuery(query), ClientID: head.Client.ID}
	q.Text, q.Sort = "", ""
	page, err := k.Grants.QueryGrants(c.Request.Context(), q)
	if err != nil {
		return listAgain(c, err)
	}
	p := pages.ClientTokensPage{ClientHead: head, List: pages.NewListView(head.To("tokens"), query, page)}
	if p.Grants, err = k.grantRows(c.Request.Context(), page.Items); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

// maxRevoked is how many families are revoked at once.
const maxRevoked = 1000

// shownRevoked is how many of them the question names.
const shownRevoked = 10

// chosenGrants are the grants that a form of the list names: by ID, or all that match its filters.
func (k *Console) chosenGrants(ctx context.Context, v url.Values) (grants []*idp.Grant, more bool, err error) {
	if v.Get("all") == "1" {
		return k.matchingGrants(ctx, v)
	}
	ids := v["id"]
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if len(grants) == maxRevoked {
			return grants, true, nil
		}
		g, err := k.Grants.Grant(ctx, id)
		if errors.Is(err, idp.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		grants = append(grants, g)
	}
	return grants, false, nil
}

func (k *Console) matchingGrants(ctx context.Context, v url.Values) (grants []*idp.Grant, more bool, err error) {
	q, err := k.grantQuery(ctx, v)
	if errors.Is(err, errNoUser) || errors.Is(err, errNoClient) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	q.After, q.Before, q.Limit = "", "", idp.MaxPage
	for {
		page, err := k.Grants.QueryGrants(ctx, q)
		if err != nil {
			return nil, false, err
		}
		grants = append(grants, page.Items...)
		if len(grants) > maxRevoked {
			return grants[:maxRevoked], true, nil
		}
		if q.After = page.Next; q.After == "" {
			return grants, false, nil
		}
	}
}

func (k *Console) revokeReview(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	kept, err := k.FormState(c, routeTokens+"/revoke", url.Values{})
	if err != nil {
		return err
	}
	if !query.Has("id") && query.Get("all") != "1" {
		query = kept.Values // the choice was too long for the address that leads back
	}
	list := withQuery(routeTokens, keep(query, "user", "client"))
	p := pages.ReviewPage{
		Title: pages.Text{Key: "tokens.revoking.title"}, Up: list, UpName: pages.Text{Key: "tokens.title"},
	}
	grants, more, err := k.chosenGrants(ctx, query)
	if err != nil {
		return err
	}
	switch {
	case len(grants) > 0:
	case len(query["id"]) == 0 && query.Get("all") != "1":
		p.Nothing = "tokens.revoking.none_chosen"
	default:
		p.Nothing = "tokens.revoking.nothing"
	}
	rows, err := k.grantRows(ctx, grants[:min(len(grants), shownRevoked)])
	if err != nil {
		return err
	}
	p.Review = pages.Review{
		Form: pages.Form{Action: routeTokens + "/revoke"}, More: len(grants) - len(rows), Submit: "tokens.revoking.submit", Cancel: list,
		Consequences: []pages.Text{pages.Counted("tokens.revoking.families", len(grants)), {Key: "tokens.revoking.again"}},
	}
	if more {
		p.Review.Consequences = append(p.Review.Consequences, pages.Counted("tokens.revoking.many", len(grants)))
	}
	for _, row := range rows {
		p.Review.Items = append(p.Review.Items, row.Person()+" – "+row.ClientName)
	}
	for _, g := range grants { // exactly what was shown and counted, whatever matches by then
		p.Review.Hidden = append(p.Review.Hidden, pages.Field{Name: "id", Value: g.ID})
	}
	for name, v := range keep(query, "user", "client") {
		p.Review.Hidden = append(p.Review.Hidden, pages.Field{Name: name, Value: v[0]})
	}
	return k.ask(c, p)
}

func (k *Console) revokeTokens(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if len(values["id"]) > maxRevoked {
		return web.BadInput("too many are named at once")
	}
	return k.Once(c, values, func() (string, error) {
		to := withQuery(routeTokens, keep(values, "user", "client"))
		ctx, n := c.Request.Context(), 0
		for _, id := range values["id"] {
			err := k.Access.RevokeGrant(ctx, id)
			if err != nil && !errors.Is(err, idp.ErrNotFound) {
				return "", err
			}
			if err == nil {
				n++
			}
		}
		if n == 0 {
			return to, k.Done(c, to, pages.Toast{Key: "tokens.toast.nothing", Tone: "warn"})
		}
		return to, k.Done(c, to, pages.Toast{Key: "tokens.toast.revoked", Count: n})
	})
}
