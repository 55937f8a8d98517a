package handlers_test

import (
	"context"
	"sync/atomic"
	"time"

	"gatehouse/idp"
)

// fault makes the real stores fail while it is set.
type fault struct{ err atomic.Pointer[error] }

func (f *fault) set(err error) { f.err.Store(&err) }
func (f *fault) clear()        { f.err.Store(nil) }

func (f *fault) check() error {
	if e := f.err.Load(); e != nil {
		return *e
	}
	return nil
}

type faultyUsers struct {
	idp.UserStore
	f *fault
}

func (s faultyUsers) User(ctx context.Context, id string) (*idp.User, error) {
	if err := s.f.check(); err != nil {
		return nil, err
	}
	return s.UserStore.User(ctx, id)
}

func (s faultyUsers) UserByLogin(ctx context.Context, login string) (*idp.User, error) {
	if err := s.f.check(); err != nil {
		return nil, err
	}
	return s.UserStore.UserByLogin(ctx, login)
}

type faultyClients struct {
	idp.ClientStore
	f *fault
}

func (s faultyClients) Client(ctx context.Context, id string) (*idp.Client, error) {
	if err := s.f.check(); err != nil {
		return nil, err
	}
	return s.ClientStore.Client(ctx, id)
}

type faultyGrants struct {
	idp.GrantStore
	f *fault
}

func (s faultyGrants) CreateGrant(ctx context.Context, g *idp.Grant, ttl, refreshTTL time.Duration) error {
	if err := s.f.check(); err != nil {
		return err
	}
	return s.GrantStore.CreateGrant(ctx, g, ttl, refreshTTL)
}

func (s faultyGrants) RevokeSession(ctx context.Context, sessionID string) error {
	if err := s.f.check(); err != nil {
		return err
	}
	return s.GrantStore.RevokeSession(ctx, sessionID)
}

type faultySessions struct {
	idp.SessionStore
	f *fault
}

func (s faultySessions) Session(ctx context.Context, digest string) (*idp.Session, error) {
	if err := s.f.check(); err != nil {
		return nil, err
	}
	return s.SessionStore.Session(ctx, digest)
}

func (s faultySessions) CreateSession(ctx context.Context, ses *idp.Session, replaces string) error {
	if err := s.f.check(); err != nil {
		return err
	}
	return s.SessionStore.CreateSession(ctx, ses, replaces)
}

type faultyInteractions struct {
	idp.InteractionStore
	f *fault
}

func (s faultyInteractions) CreateInteraction(ctx context.Context, in *idp.Interaction) error {
	if err := s.f.check(); err != nil {
		return err
	}
	return s.InteractionStore.CreateInteraction(ctx, in)
}

func (s faultyInteractions) Interaction(ctx context.Context, id string) (*idp.Interaction, error) {
	if err := s.f.check(); err != nil {
		return nil, err
	}
	return s.InteractionStore.Interaction(ctx, id)
}
