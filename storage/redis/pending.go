package redisstore

import (
	"context"

	"gatehouse/idp"
)

// QueryGrants implements idp.GrantStore.
func (s *Store) QueryGrants(context.Context, idp.GrantQuery) (idp.Page[*idp.Grant], error) {
	return idp.Page[*idp.Grant]{}, idp.ErrUnavailable
}

// QuerySessions implements idp.SessionStore.
func (s *Store) QuerySessions(context.Context, idp.SessionQuery) (idp.Page[*idp.Session], error) {
	return idp.Page[*idp.Session]{}, idp.ErrUnavailable
}

// CountSessions implements idp.SessionStore.
func (s *Store) CountSessions(context.Context) (int, error) { return 0, idp.ErrUnavailable }
