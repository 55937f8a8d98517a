package storage

import (
	"context"
	"slices"
	"time"

	"gatehouse/idp"
)

// cachedUsers is a UserStore whose User is cached. Every other read goes through.
type cachedUsers struct {
	idp.UserStore
	byID *cache[idp.User]
}

func newCachedUsers(s idp.UserStore) *cachedUsers {
	return &cachedUsers{UserStore: s, byID: newCache(s.User, copyUser)}
}

// copyUser shares nothing that a caller could write to.
func copyUser(u *idp.User) *idp.User {
	c := *u
	c.Roles = slices.Clone(u.Roles)
	for _, t := range []**time.Time{&c.ExpiresAt, &c.LastLoginAt, &c.LastChangeAt, &c.FailedAuthAt} {
		*t = copyTime(*t)
	}
	return &c
}

func copyTime(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// User returns the user as it was at most two seconds ago, or as the last
// change through this store left it.
func (s *cachedUsers) User(ctx context.Context, id string) (*idp.User, error) {
	return s.byID.get(ctx, id)
}

func (s *cachedUsers) CreateUser(ctx context.Context, u *idp.User) error {
	defer s.byID.forget(u.ID)
	return s.UserStore.CreateUser(ctx, u)
}

func (s *cachedUsers) UpdateUser(ctx context.Context, u *idp.User, ifUnchangedSince time.Time) error {
	defer s.byID.forget(u.ID)
	return s.UserStore.UpdateUser(ctx, u, ifUnchangedSince)
}

func (s *cachedUsers) SetPasswordHash(ctx context.Context, id, hash string, at time.Time) error {
	defer s.byID.forget(id)
	return s.UserStore.SetPasswordHash(ctx, id, hash, at)
}

func (s *cachedUsers) RehashPassword(ctx context.Context, id, old, hash string) error {
	defer s.byID.forget(id)
	return s.UserStore.RehashPassword(ctx, id, old, hash)
}

func (s *cachedUsers) RecordSignIn(ctx context.Context, id string, at time.Time, ok bool) error {
	defer s.byID.forget(id)
	return s.UserStore.RecordSignIn(ctx, id, at, ok)
}

func (s *cachedUsers) DeleteUser(ctx context.Context, id string) error {
	defer s.byID.forget(id)
	return s.UserStore.DeleteUser(ctx, id)
}

func (s *cachedUsers) DeleteDueUser(ctx context.Context, id string) error {
	defer s.byID.forget(id)
	return s.UserStore.DeleteDueUser(ctx, id)
}

// cachedClients is a ClientStore whose Client is cached.
type cachedClients struct {
	idp.ClientStore
	byID *cache[idp.Client]
}

func newCachedClients(s idp.ClientStore) *cachedClients {
	return &cachedClients{ClientStore: s, byID: newCache(s.Client, copyClient)}
}

func copyClient(c *idp.Client) *idp.Client {
	n := *c
	n.RedirectURIs = slices.Clone(c.RedirectURIs)
	n.PostLogoutRedirectURIs = slices.Clone(c.PostLogoutRedirectURIs)
	n.GrantTypes = slices.Clone(c.GrantTypes)
	n.Scopes = slices.Clone(c.Scopes)
	n.Secrets = slices.Clone(c.Secrets)
	n.TokensNotBefore = copyTime(c.TokensNotBefore)
	return &n
}

// Client returns the client as it was at most two seconds ago, or as the last
// change through this store left it.
func (s *cachedClients) Client(ctx context.Context, id string) (*idp.Client, error) {
	return s.byID.get(ctx, id)
}

func (s *cachedClients) CreateClient(ctx context.Context, c *idp.Client) error {
	defer s.byID.forget(c.ID)
	return s.ClientStore.CreateClient(ctx, c)
}

func (s *cachedClients) UpdateClient(ctx context.Context, c *idp.Client, ifUnchangedSince time.Time) error {
	defer s.byID.forget(c.ID)
	return s.ClientStore.UpdateClient(ctx, c, ifUnchangedSince)
}

func (s *cachedClients) DeleteClient(ctx context.Context, id string) error {
	defer s.byID.forget(id)
	return s.ClientStore.DeleteClient(ctx, id)
}
