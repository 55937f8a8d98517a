package storage

import (
	"context"
	"time"

	"gatehouse/idp"
)

// cachedUsers is a UserStore whose User is cached. Every other read goes through.
type cachedUsers struct {
	idp.UserStore
	byID *cache[idp.User]
}

func newCachedUsers(s idp.UserStore) *cachedUsers {
	return &cachedUsers{UserStore: s, byID: newCache(s.User, (*idp.User).Clone)}
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

func (s *cachedUsers) SetPasswordHash(ctx context.Context, id, hash string, at, ifUnchangedSince time.Time) error {
	defer s.byID.forget(id)
	return s.UserStore.SetPasswordHash(ctx, id, hash, at, ifUnchangedSince)
}

func (s *cachedUsers) RehashPassword(ctx context.Context, id, old, hash string) error {
	defer s.byID.forget(id)
	return s.UserStore.RehashPassword(ctx, id, old, hash)
}

func (s *cachedUsers) RecordSignIn(ctx context.Context, id string, at time.Time, ok bool) error {
	defer s.byID.forget(id)
	return s.UserStore.RecordSignIn(ctx, id, at, ok)
}

func (s *cachedUsers) DeleteUser(ctx context.Context, id string, ifUnchangedSince time.Time) error {
	defer s.byID.forget(id)
	return s.UserStore.DeleteUser(ctx, id, ifUnchangedSince)
}

func (s *cachedUsers) DeleteDueUser(ctx context.Context, id string) error {
	defer s.byID.forget(id)
	return s.UserStore.DeleteDueUser(ctx, id)
}

func (s *cachedUsers) Unlock(ctx context.Context, id string) error {
	defer s.byID.forget(id)
	return s.UserStore.Unlock(ctx, id)
}

func (s *cachedUsers) AddUsers(ctx context.Context, us []*idp.User) ([]error, error) {
	defer func() {
		for _, u := range us {
			s.byID.forget(u.ID)
		}
	}()
	return s.UserStore.AddUsers(ctx, us)
}

// rolesOfCached is a RoleStore beside cached users: what a role lets its
// holders do is part of them.
type rolesOfCached struct {
	idp.RoleStore
	users *cache[idp.User]
}

func (s rolesOfCached) UpdateRole(ctx context.Context, r *idp.Role, ifUnchangedSince time.Time) error {
	defer s.users.forgetAll()
	return s.RoleStore.UpdateRole(ctx, r, ifUnchangedSince)
}

// cachedClients is a ClientStore whose Client is cached.
type cachedClients struct {
	idp.ClientStore
	byID *cache[idp.Client]
}

func newCachedClients(s idp.ClientStore) *cachedClients {
	return &cachedClients{ClientStore: s, byID: newCache(s.Client, (*idp.Client).Clone)}
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
