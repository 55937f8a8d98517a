package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// Clients holds a ClientStore to its contract, races included.
func Clients(t *testing.T, open func(t *testing.T) Durable) {
	runDurable(t, open, []durableTest{
		{"CreateClient", testCreateClient},
		{"UpdateClient", testUpdateClient},
		{"DeleteClient", testDeleteClient},
		{"ListClients", testListClients},
		{"QueryClients", testQueryClients},
		{"absent", testAbsentClient},
		{"races", testClientRaces},
		{"context", testClientContext},
	})
}

// newClient is a client with every member set.
func newClient() *idp.Client {
	now := instant()
	before := now.Add(-time.Minute)
	return &idp.Client{
		ID: "client-" + randomID(), Name: "The «App»", AuthMethod: idp.AuthMethodBasic,
		RedirectURIs:           []string{"https://app.example.com/callback?a=1&b=%20", "com.example.app:/cb"},
		PostLogoutRedirectURIs: []string{"https://app.example.com/"},
		GrantTypes:             []string{idp.GrantRefreshToken, idp.GrantAuthorizationCode}, // order is kept
		Scopes:                 []string{"openid", "books:read"},
		ResourceServer:         true, SkipConsent: true, RequirePKCE: true, IDTokenAlg: "ES256",
		ClientURI: "https://app.example.com", PolicyURI: "https://app.example.com/policy", TosURI: "https://app.example.com/tos",
		Disabled: true, TokensNotBefore: &before, CreatedAt: now, UpdatedAt: now,
		Secrets: []idp.ClientSecret{{Digest: strings.Repeat("b2", 32), CreatedAt: now}, {Digest: strings.Repeat("a1", 32), CreatedAt: before}},
	}
}

func (d Durable) readClient(t *testing.T, id string) *idp.Client {
	t.Helper()
	c, err := d.Clients.Client(t.Context(), id)
	noError(t, err)
	return c
}

func testCreateClient(t *testing.T, d Durable) {
	full := d.makeClient(t, nil)
	same(t, d.readClient(t, full.ID), full)

	bare := &idp.Client{ID: randomID(), AuthMethod: idp.AuthMethodNone, CreatedAt: instant(), UpdatedAt: instant()}
	noError(t, d.Clients.CreateClient(t.Context(), bare))
	got := d.readClient(t, bare.ID)
	for name, list := range map[string][]string{
		"RedirectURIs": got.RedirectURIs, "PostLogoutRedirectURIs": got.PostLogoutRedirectURIs, "GrantTypes": got.GrantTypes, "Scopes": got.Scopes,
	} {
		if list == nil || len(list) > 0 { // null in JSON would surprise API clients
			t.Errorf("%s is %#v, want an empty list", name, list)
		}
	}
	if len(got.Secrets) != 0 || got.TokensNotBefore != nil || got.Disabled || got.AuthMethod != idp.AuthMethodNone {
		t.Errorf("got %+v", got)
	}

	again := newClient()
	again.ID = full.ID
	taken(t, d.Clients.CreateClient(t.Context(), again), "client_id")
	same(t, d.readClient(t, full.ID), full)
	other := newClient() // IDs are compared as they are
	other.ID = strings.ToUpper(full.ID)
	noError(t, d.Clients.CreateClient(t.Context(), other))
}

func testUpdateClient(t *testing.T, d Durable) {
	old := d.makeClient(t, nil)
	next := newClient()
	next.ID, next.CreatedAt, next.UpdatedAt = old.ID, old.CreatedAt.Add(time.Hour), old.UpdatedAt.Add(time.Second)
	next.Name, next.AuthMethod, next.RedirectURIs, next.PostLogoutRedirectURIs = "Other", idp.AuthMethodPost, []string{"https://b.example/"}, []string{}
	next.GrantTypes, next.Scopes, next.Secrets = []string{idp.GrantClientCredentials}, []string{"jobs"}, next.Secrets[:1]
	next.ResourceServer, next.SkipConsent, next.RequirePKCE, next.Disabled = false, false, false, false
	next.IDTokenAlg, next.ClientURI, next.PolicyURI, next.TosURI, next.TokensNotBefore = "", "", "", "", nil

	wantError(t, d.Clients.UpdateClient(t.Context(), next, old.UpdatedAt.Add(-time.Microsecond)), idp.ErrStale)
	same(t, d.readClient(t, old.ID), old)
	noError(t, d.Clients.UpdateClient(t.Context(), next, old.UpdatedAt))
	next.CreatedAt = old.CreatedAt
	same(t, d.readClient(t, old.ID), next)
	wantError(t, d.Clients.UpdateClient(t.Context(), old, old.UpdatedAt), idp.ErrStale)
	noError(t, d.Clients.UpdateClient(t.Context(), old, time.Time{}))
	same(t, d.readClient(t, old.ID), old)
}

func testDeleteClient(t *testing.T, d Durable) {
	u, c, other := d.makeUser(t, nil), d.makeClient(t, nil), d.makeClient(t, nil)
	for _, id := range []string{c.ID, other.ID} {
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, id, []string{"openid"}, instant()))
	}
	noError(t, d.Clients.DeleteClient(t.Context(), c.ID))
	_, err := d.Clients.Client(t.Context(), c.ID)
	wantError(t, err, idp.ErrNotFound)
	_, err = d.Consents.Consent(t.Context(), u.ID, c.ID)
	wantError(t, err, idp.ErrNotFound)
	d.readConsent(t, u.ID, other.ID)
	wantError(t, d.Clients.DeleteClient(t.Context(), c.ID), idp.ErrNotFound)
}

func testListClients(t *testing.T, d Durable) {
	var want, got []string
	for _, begin := range []string{"b", "B", "a", "Z", "0", "m.x", "m-x"} {
		want = append(want, d.makeClient(t, func(c *idp.Client) { c.ID = begin + randomID() }).ID)
	}
	slices.Sort(want)
	for after := ""; ; {
		page, err := d.Clients.ListClients(t.Context(), after, 2)
		noError(t, err)
		if len(page) == 0 {
			break
		}
		if len(page) > 2 || page[0].ID <= after {
			t.Fatalf("%d clients from %s after %s", len(page), page[0].ID, after)
		}
		for _, c := range page {
			after = c.ID
			if slices.Contains(want, c.ID) {
				got = append(got, c.ID)
				same(t, c, d.readClient(t, c.ID))
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("clients are %q, want %q", got, want)
	}
	for _, after := range hostile() {
		_, err := d.Clients.ListClients(t.Context(), after, 1)
		noError(t, err)
	}
}

func testAbsentClient(t *testing.T, d Durable) {
	for _, id := range append(hostile(), randomID()) {
		_, err := d.Clients.Client(t.Context(), id)
		wantError(t, err, idp.ErrNotFound)
		c := newClient()
		c.ID = id
		wantError(t, d.Clients.UpdateClient(t.Context(), c, c.UpdatedAt), idp.ErrNotFound)
		wantError(t, d.Clients.UpdateClient(t.Context(), c, time.Time{}), idp.ErrNotFound)
		wantError(t, d.Clients.DeleteClient(t.Context(), id), idp.ErrNotFound)
	}
}

func testClientRaces(t *testing.T, d Durable) {
	id := randomID()
	oneWinner(t, race(racers, func(int) error {
		c := newClient()
		c.ID = id
		return d.Clients.CreateClient(t.Context(), c)
	}), isConflict)

	for range 5 {
		c := d.readClient(t, id)
		errs := race(racers, func(i int) error {
			n := *c
			n.Name, n.UpdatedAt = fmt.Sprint("Racer ", i), c.UpdatedAt.Add(time.Duration(i+1)*time.Millisecond)
			return d.Clients.UpdateClient(t.Context(), &n, c.UpdatedAt)
		})
		oneWinner(t, errs, isStale)
		if name, winner := d.readClient(t, id).Name, slices.Index(errs, nil); name != fmt.Sprint("Racer ", winner) {
			t.Fatalf("racer %d won and the name is %s", winner, name)
		}
	}
}

func testClientContext(t *testing.T, d Durable) {
	c := d.makeClient(t, nil)
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"CreateClient": func() error { return d.Clients.CreateClient(ctx, newClient()) },
			"Client":       func() error { _, err := d.Clients.Client(ctx, "absent"+randomID()); return err },
			"UpdateClient": func() error { return d.Clients.UpdateClient(ctx, c, time.Time{}) },
			"DeleteClient": func() error { return d.Clients.DeleteClient(ctx, c.ID) },
			"QueryClients": func() error { _, err := d.Clients.QueryClients(ctx, idp.ClientQuery{}); return err },
			"ListClients":  func() error { _, err := d.Clients.ListClients(ctx, "", 1); return err },
		}
	})
	same(t, d.readClient(t, c.ID), c)
}
