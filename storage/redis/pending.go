package redisstore

import (
	"context"
	"time"

	"gatehouse/idp"
)

var _ idp.NoteStore = (*Store)(nil)

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

// PutNote implements idp.NoteStore.
func (s *Store) PutNote(context.Context, string, []byte, time.Duration) error {
	return idp.ErrUnavailable
}

// AddNote implements idp.NoteStore.
func (s *Store) AddNote(context.Context, string, []byte, time.Duration) (bool, []byte, error) {
	return false, nil, idp.ErrUnavailable
}

// Note implements idp.NoteStore.
func (s *Store) Note(context.Context, string) ([]byte, error) { return nil, idp.ErrUnavailable }

// TakeNote implements idp.NoteStore.
func (s *Store) TakeNote(context.Context, string) ([]byte, error) { return nil, idp.ErrUnavailable }

// DropNote implements idp.NoteStore.
func (s *Store) DropNote(context.Context, string) error { return idp.ErrUnavailable }
