package storagetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

func testQueryClients(t *testing.T, d Durable) {
	tag := strings.ToLower(randomID())
	kinds := []idp.ClientKind{idp.ClientWeb, idp.ClientSPA, idp.ClientNative, idp.ClientMachine, idp.ClientResource}
	cs := make([]*idp.Client, 10)
	for i := range cs {
		cs[i] = d.makeClient(t, func(c *idp.Client) {
			c.ID = []string{"B", "a"}[i%2] + tag + string(rune('0'+i))
			c.Name = []string{"", "Zebra 100%", "äpfel", "ÄPFEL"}[i%4]
			c.Disabled = i%3 == 0
			c.CreatedAt = c.CreatedAt.Truncate(time.Second).Add(time.Duration(i%3) * time.Microsecond)
			if i%2 == 0 {
				at := c.CreatedAt.Add(time.Duration(i%4) * time.Hour)
				c.LastUsedAt = &at
			}
			asKind(c, kinds[i%5])
		})
		if got := cs[i].Kind(); got != kinds[i%5] {
			t.Fatalf("the client is %s, want %s", got, kinds[i%5])
		}
	}
	query := func(q idp.ClientQuery) list[idp.Client] {
		return list[idp.Client]{
			read: func(l idp.ListQuery) (idp.Page[*idp.Client], error) {
				q := q
				l.Text = cmp.Or(q.Text, tag)
				q.ListQuery = l
				return d.Clients.QueryClients(t.Context(), q)
			},
			id: func(c *idp.Client) string { return c.ID },
		}
	}
	sorted := func(compare func(a, b *idp.Client) int) (ids []string) {
		for _, c := range slices.SortedFunc(slices.Values(cs), func(a, b *idp.Client) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) }) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	byName := func(a, b *idp.Client) int {
		return cmp.Compare(strings.ToLower(a.DisplayName()), strings.ToLower(b.DisplayName()))
	}
	byUse := func(a, b *idp.Client) int {
		at := []time.Time{time.Unix(0, 0), time.Unix(0, 0)}
		for i, c := range []*idp.Client{a, b} {
			if c.LastUsedAt != nil {
				at[i] = *c.LastUsedAt
			}
		}
		return at[0].Compare(at[1])
	}
	all := query(idp.ClientQuery{})
	all.is(t, "", sorted(byName))
	all.bothWays(t, "client_name", sorted(byName))
	all.bothWays(t, "client_id", sorted(func(a, b *idp.Client) int { return 0 }))
	all.bothWays(t, "created_at", sorted(func(a, b *idp.Client) int { return a.CreatedAt.Compare(b.CreatedAt) }))
	all.bothWays(t, "last_used_at", sorted(byUse))
	all.refusesSorts(t)
	all.refusesCursors(t)
	for _, item := range all.page(t, idp.ListQuery{}).Items {
		same(t, item, d.readClient(t, item.ID))
	}
	pick := func(keep func(i int, c *idp.Client) bool) (ids []string) {
		for _, id := range sorted(byName) {
			i := slices.IndexFunc(cs, func(c *idp.Client) bool { return c.ID == id })
			if keep(i, cs[i]) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	yes, no := true, false
	for name, c := range map[string]struct {
		q    idp.ClientQuery
		want []string
	}{
		"disabled":       {idp.ClientQuery{Disabled: &yes}, pick(func(_ int, c *idp.Client) bool { return c.Disabled })},
		"enabled":        {idp.ClientQuery{Disabled: &no}, pick(func(_ int, c *idp.Client) bool { return !c.Disabled })},
		"ID in any case": {idp.ClientQuery{ListQuery: idp.ListQuery{Text: strings.ToUpper(tag) + "4"}}, []string{cs[4].ID}},
		"no such kind":   {idp.ClientQuery{Kind: "x\x00"}, nil},
	} {
		t.Run(name, func(t *testing.T) { query(c.q).is(t, "", c.want) })
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			query(idp.ClientQuery{Kind: kind}).is(t, "", pick(func(_ int, c *idp.Client) bool { return c.Kind() == kind }))
		})
	}
	t.Run("a kind follows an update", func(t *testing.T) {
		c := cs[0].Clone()
		asKind(c, idp.ClientMachine)
		noError(t, d.Clients.UpdateClient(t.Context(), c, time.Time{}))
		if ids := query(idp.ClientQuery{Kind: idp.ClientMachine}).ids(query(idp.ClientQuery{Kind: idp.ClientMachine}).page(t, idp.ListQuery{})); !slices.Contains(ids, c.ID) {
			t.Errorf("machines are %q", ids)
		}
	})
}

// asKind gives a client the settings of a kind.
func asKind(c *idp.Client, kind idp.ClientKind) {
	c.AuthMethod, c.GrantTypes, c.ResourceServer = idp.AuthMethodNone, []string{idp.GrantAuthorizationCode}, false
	c.RedirectURIs = []string{"https://app.example/cb"}
	switch kind {
	case idp.ClientWeb:
		c.AuthMethod = idp.AuthMethodBasic
	case idp.ClientNative:
		c.RedirectURIs = []string{"com.example.app:/cb"}
	case idp.ClientMachine:
		c.AuthMethod, c.GrantTypes = idp.AuthMethodPost, []string{idp.GrantClientCredentials}
	case idp.ClientResource:
		c.AuthMethod, c.GrantTypes, c.ResourceServer = idp.AuthMethodBasic, nil, true
	case idp.ClientSPA:
	}
}
