package oauth

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
)

// What a kind begins with needs no more than names and addresses, and is of that kind.
func TestNewOfKind(t *testing.T) {
	s := newSystem(t)
	for _, kind := range idp.ClientKinds() {
		t.Run(string(kind), func(t *testing.T) {
			n := s.clients.NewOfKind(kind)
			n.Name = "Example"
			if slices.Contains(n.GrantTypes, idp.GrantAuthorizationCode) {
				n.RedirectURIs = []string{"https://app.example/cb"}
				if kind == idp.ClientNative {
					n.RedirectURIs = []string{"com.example.app:/cb"}
				}
			}
			made, secret, err := s.clients.Create(t.Context(), n)
			ok(t, err)
			if made.Kind() != kind {
				t.Errorf("it is of kind %s", made.Kind())
			}
			if (secret == "") != made.IsPublic() || made.SkipConsent || !made.RequirePKCE {
				t.Errorf("secret %t, %+v", secret != "", made)
			}
			for _, scope := range made.Scopes {
				if slices.Contains(idp.APIScopes(), scope) {
					t.Errorf("it may ask for %s", scope)
				}
			}
		})
	}
}

func TestUpdateIf(t *testing.T) {
	s := newSystem(t)
	s.client(idp.Client{ID: "app", RequirePKCE: true})
	rename := func(c *Clients, name string, since time.Time) (*idp.Client, error) {
		return c.UpdateIf(t.Context(), "app", since, func(c *idp.Client) error { c.Name = name; return nil })
	}
	shown, err := s.stores.Clients.Client(t.Context(), "app")
	ok(t, err)
	first, err := rename(s.clients, "first", shown.UpdatedAt)
	ok(t, err)
	if !first.UpdatedAt.After(shown.UpdatedAt) {
		t.Error("the version did not move on")
	}
	if _, err := rename(s.clients, "second", shown.UpdatedAt); !errors.Is(err, idp.ErrStale) {
		t.Errorf("on an old version: %v", err)
	}
	// Another instance, whose cache is behind what the person saw.
	there := NewClients(behind{s.stores.Clients, shown}, time.Now)
	second, err := rename(there, "second", first.UpdatedAt)
	ok(t, err)
	if second.Name != "second" {
		t.Errorf("%+v", second)
	}
	if _, err := rename(there, "third", first.UpdatedAt); !errors.Is(err, idp.ErrStale) {
		t.Errorf("there, on an old version: %v", err)
	}
	if _, err := rename(there, "third", shown.UpdatedAt); !errors.Is(err, idp.ErrStale) {
		t.Errorf("there, on the version of the cache: %v", err)
	}
	if _, err := s.clients.UpdateIf(t.Context(), "nobody", shown.UpdatedAt, func(*idp.Client) error { return nil }); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("of a client that is not there: %v", err)
	}
}

// behind is a store whose cache still has an old client.
type behind struct {
	idp.ClientStore
	old *idp.Client
}

func (b behind) Client(context.Context, string) (*idp.Client, error) { return b.old.Clone(), nil }

// Of many who change the same version, one wins.
func TestUpdatesIfRacing(t *testing.T) {
	s := newSystem(t)
	shown := s.client(idp.Client{ID: "app", RequirePKCE: true})
	var group sync.WaitGroup
	var won atomic.Int64
	for range 6 {
		group.Go(func() {
			_, err := s.clients.UpdateIf(context.WithoutCancel(t.Context()), "app", shown.UpdatedAt, func(c *idp.Client) error {
				c.Name += "x"
				return nil
			})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, idp.ErrStale) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	now, err := s.stores.Clients.Client(t.Context(), "app")
	ok(t, err)
	if won.Load() != 1 || now.Name != "x" {
		t.Errorf("%d won, name %q", won.Load(), now.Name)
	}
}

func TestDropOldSecret(t *testing.T) {
	s := newSystem(t)
	s.client(idp.Client{ID: "app", GrantTypes: []string{idp.GrantClientCredentials}, RequirePKCE: true})
	works := func(secret string) bool {
		_, err := s.token("app", "client_secret", secret, "grant_type", "client_credentials")
		return err == nil
	}
	ok(t, s.clients.DropOldSecret(t.Context(), "app"))
	if !works("secret of app") {
		t.Fatal("the only secret is gone")
	}
	second, err := s.clients.RotateSecret(t.Context(), "app", "")
	ok(t, err)
	if !works("secret of app") || !works(second) {
		t.Error("both work until the old one is dropped")
	}
	ok(t, s.clients.DropOldSecret(t.Context(), "app"))
	if works("secret of app") || !works(second) {
		t.Error("the new one alone works afterwards")
	}
	if err := s.clients.DropOldSecret(t.Context(), "nobody"); !errors.Is(err, idp.ErrNotFound) {
		t.Error(err)
	}
}

func TestRevokeTokens(t *testing.T) {
	s := newSystem(t)
	s.client(idp.Client{ID: "app", GrantTypes: []string{idp.GrantClientCredentials}, Scopes: []string{"books"}, RequirePKCE: true})
	token := func() string {
		out, err := s.token("app", "grant_type", "client_credentials")
		ok(t, err)
		return out.AccessToken
	}
	before := token()
	time.Sleep(2 * time.Millisecond) // a grant of this very millisecond may live
	ok(t, s.clients.RevokeTokens(t.Context(), "app"))
	if _, err := s.p.Authenticate(t.Context(), before); err == nil {
		t.Error("a token of before works")
	}
	time.Sleep(2 * time.Millisecond)
	if _, err := s.p.Authenticate(t.Context(), token()); err != nil {
		t.Errorf("a token of after: %v", err)
	}
}

// The built-in client can be turned off and on, and nothing else.
func TestGatehouseClientStaysAsItIs(t *testing.T) {
	s := newSystem(t)
	ctx, id := t.Context(), idp.ClientGatehouse
	_, _, create := s.clients.Create(ctx, NewClient{Client: idp.Client{ID: id, AuthMethod: idp.AuthMethodNone, RequirePKCE: true}})
	var taken *idp.ConflictError
	if !errors.As(create, &taken) {
		t.Errorf("create: %v", create)
	}
	_, update := s.clients.Update(ctx, id, func(c *idp.Client) error { c.GrantTypes = idp.GrantTypes(); return nil })
	_, updateIf := s.clients.UpdateIf(ctx, id, time.Now(), func(c *idp.Client) error { c.Scopes = nil; return nil })
	_, rotate := s.clients.RotateSecret(ctx, id, "")
	for what, err := range map[string]error{
		"update": update, "update if": updateIf, "rotate": rotate, "drop": s.clients.DropOldSecret(ctx, id), "delete": s.clients.Delete(ctx, id),
	} {
		if !errors.Is(err, idp.ErrBuiltIn) {
			t.Errorf("%s: %v, want ErrBuiltIn", what, err)
		}
	}
	ok(t, s.clients.SetDisabled(ctx, id, true))
	ok(t, s.clients.EnsureGatehouse(ctx))
	c, err := s.stores.Clients.Client(ctx, id)
	ok(t, err)
	if !c.Disabled || len(c.GrantTypes) > 0 || !c.MayRequest(idp.ScopeAPIAdmin) || c.Kind() != idp.ClientResource {
		t.Errorf("after a start: %s, %+v", c.Kind(), c)
	}
}

// A client that had the name before, or one of an older version, becomes ours;
// what it was given is dead.
func TestEnsureGatehouseTakesTheName(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	ok(t, s.stores.Clients.DeleteClient(ctx, idp.ClientGatehouse))
	at := time.Now().UTC().Add(-time.Hour)
	ok(t, s.stores.Clients.CreateClient(ctx, &idp.Client{
		ID: idp.ClientGatehouse, Name: "Somebody's", AuthMethod: idp.AuthMethodPost, GrantTypes: []string{idp.GrantClientCredentials},
		Scopes: []string{idp.ScopeAPIAdmin}, Secrets: []idp.ClientSecret{{Digest: secretDigest("secret of gatehouse-api"), CreatedAt: at}},
		CreatedAt: at, UpdatedAt: at,
	}))
	out, err := s.token(idp.ClientGatehouse, "grant_type", "client_credentials", "scope", idp.ScopeAPIAdmin)
	ok(t, err)
	time.Sleep(2 * time.Millisecond) // a grant of this very millisecond may live
	var group sync.WaitGroup
	for range 4 { // as instances that start together do
		group.Go(func() {
			if err := s.clients.EnsureGatehouse(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if _, err := s.p.Authenticate(ctx, out.AccessToken); err == nil {
		t.Error("a token of before works")
	}
	if _, err := s.token(idp.ClientGatehouse, "grant_type", "client_credentials"); err == nil {
		t.Error("its secret works")
	}
	if _, err := s.p.IssueToPerson(ctx, s.user("ada", idp.RoleUser), "", "", false); err != nil {
		t.Errorf("it is not ours: %v", err)
	}
}
