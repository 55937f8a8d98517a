package sqlstore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// TestUpgradeFillsWhatListsNeed: rows of the first release are found, filtered and
// sorted after the second migration as if this release had written them.
func TestUpgradeFillsWhatListsNeed(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		m := migrator(t, url)
		noError(t, m.Up(ctx))
		db, err := Open(ctx, Options{URL: url})
		noError(t, err)
		roles := []string{idp.RoleAdmin, idp.RoleUser, "Staff"}
		for _, name := range roles {
			_, err := NewRoles(db).EnsureRole(ctx, &idp.Role{ID: uuid.NewString(), Name: name, CreatedAt: time.Now()})
			noError(t, err)
		}
		u, plain := newUser(), newUser()
		u.Name, u.Roles = "Ada LOVELACE", roles
		noError(t, NewUsers(db).CreateUser(ctx, u))
		noError(t, NewUsers(db).CreateUser(ctx, plain))
		cs := oldClients(t, db)
		noError(t, db.Close())

		noError(t, m.Down(ctx, 1))
		noError(t, m.Up(ctx))
		db, err = Open(ctx, Options{URL: url})
		noError(t, err)
		defer db.Close()
		users := NewUsers(db)
		for name, q := range map[string]idp.UserQuery{
			"name": textQuery("lovelace"), "username": textQuery(u.Username[3:]), "email": textQuery(u.ID[5:] + "@example"),
			"Admin": {Role: idp.RoleAdmin}, "Staff": {Role: "Staff"}, "User": {Role: idp.RoleUser},
		} {
			if page, err := users.QueryUsers(ctx, q); err != nil || len(page.Items) != 1 || page.Items[0].ID != u.ID {
				t.Errorf("by %s: %+v, %v", name, page.Items, err)
			}
		}
		page, err := users.QueryUsers(ctx, idp.UserQuery{ListQuery: idp.ListQuery{Sort: "-name"}})
		noError(t, err)
		if len(page.Items) != 2 || page.Items[0].ID != u.ID || !page.Items[0].Permissions.Admin || page.Items[1].Permissions.Any() {
			t.Errorf("by name: %+v", page.Items)
		}
		for _, c := range cs {
			page, err := NewClients(db).QueryClients(ctx, idp.ClientQuery{Kind: c.Kind(), ListQuery: idp.ListQuery{Limit: 100}})
			noError(t, err)
			if !slices.ContainsFunc(page.Items, func(o *idp.Client) bool { return o.ID == c.ID }) {
				t.Errorf("%s %q is not among the clients of kind %s", c.ID, c.RedirectURIs, c.Kind())
			}
			if page, err = NewClients(db).QueryClients(ctx, idp.ClientQuery{ListQuery: idp.ListQuery{Text: strings.ToUpper(c.ID)}}); err != nil || len(page.Items) != 1 {
				t.Errorf("%s is not found by its ID: %v", c.ID, err)
			}
		}
		if why := broken(t, NewAudit(db)); why != "" {
			t.Error(why)
		}
	})
}

// oldClients are clients of every kind, by every rule that makes one that.
func oldClients(t *testing.T, db *DB) []*idp.Client {
	t.Helper()
	var cs []*idp.Client
	add := func(change func(*idp.Client)) {
		c := newClient()
		c.GrantTypes = []string{idp.GrantAuthorizationCode}
		change(c)
		noError(t, NewClients(db).CreateClient(t.Context(), c))
		cs = append(cs, c)
	}
	for _, uri := range []string{
		"https://a.example/", "HTTPS://a.example/", "http://localhost/", "http://localhost:3000/cb", "http://127.0.0.1:1/", "http://127.1.2.3/cb",
		"http://[::1]/", "http://[::1]:99/cb", "com.example.app:/cb", "httpx.example:/cb", "https.example.app:/cb",
	} {
		add(func(c *idp.Client) { c.RedirectURIs = []string{"https://first.example/", uri} })
	}
	add(func(c *idp.Client) {
		c.AuthMethod, c.RedirectURIs = idp.AuthMethodBasic, []string{"com.example.app:/cb"}
	})
	add(func(c *idp.Client) {
		c.AuthMethod, c.GrantTypes = idp.AuthMethodPost, []string{idp.GrantClientCredentials}
	})
	add(func(c *idp.Client) {
		c.AuthMethod, c.GrantTypes = idp.AuthMethodPost, []string{idp.GrantClientCredentials, idp.GrantAuthorizationCode}
	})
	add(func(c *idp.Client) { c.AuthMethod, c.GrantTypes, c.ResourceServer = idp.AuthMethodBasic, nil, true })
	add(func(c *idp.Client) { c.AuthMethod, c.GrantTypes = idp.AuthMethodBasic, nil })
	add(func(c *idp.Client) { c.GrantTypes, c.RedirectURIs = nil, nil })
	add(func(c *idp.Client) { c.GrantTypes = []string{idp.GrantPassword} })
	return cs
}
