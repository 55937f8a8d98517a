package handlers_test

import (
	"context"
	"sync/atomic"
	"time"

	"gatehouse/idp"
)

// fault makes the real stores fail while it is set, all verbs or one.
type fault struct {
	is      atomic.Pointer[failing]
	barrier atomic.Pointer[barrier]
}

type failing struct {
	verb string // "" is every verb
	err  error
}

func (f *fault) set(err error)               { f.is.Store(&failing{err: err}) }
func (f *fault) setFor(verb string, e error) { f.is.Store(&failing{verb, e}) }
func (f *fault) clear()                      { f.is.Store(nil) }

func (f *fault) check(verb string) error {
	if is := f.is.Load(); is != nil && (is.verb == "" || is.verb == verb) {
		return is.err
	}
	return nil
}

// barrier lets n readers of an interaction go on only when all have read it.
type barrier struct {
	left atomic.Int64
	open chan struct{}
}

func (f *fault) meet(n int64) {
	b := &barrier{open: make(chan struct{})}
	b.left.Store(n)
	f.barrier.Store(b)
}

func (b *barrier) wait() {
	switch left := b.left.Add(-1); {
	case left == 0:
		close(b.open)
	case left > 0:
		<-b.open
	}
}

type faultyUsers struct {
	idp.UserStore
	f *fault
}

func (s faultyUsers) User(ctx context.Context, id string) (*idp.User, error) {
	if err := s.f.check("User"); err != nil {
		return nil, err
	}
	return s.UserStore.User(ctx, id)
}

func (s faultyUsers) UserByLogin(ctx context.Context, login string) (*idp.User, error) {
	if err := s.f.check("UserByLogin"); err != nil {
		return nil, err
	}
	return s.UserStore.UserByLogin(ctx, login)
}

type faultyClients struct {
	idp.ClientStore
	f *fault
}

func (s faultyClients) Client(ctx context.Context, id string) (*idp.Client, error) {
	if err := s.f.check("Client"); err != nil {
		return nil, err
	}
	return s.ClientStore.Client(ctx, id)
}

type faultyGrants struct {
	idp.GrantStore
	f *fault
}

func (s faultyGrants) CreateGrant(ctx context.Context, g *idp.Grant, ttl, refreshTTL time.Duration) error {
	if err := s.f.check("CreateGrant"); err != nil {
		return err
	}
	return s.GrantStore.CreateGrant(ctx, g, ttl, refreshTTL)
}

func (s faultyGrants) RevokeSession(ctx context.Context, sessionID string) error {
	if err := s.f.check("RevokeSession"); err != nil {
		return err
	}
	return s.GrantStore.RevokeSession(ctx, sessionID)
}

type faultySessions struct {
	idp.SessionStore
	f *fault
}

func (s faultySessions) Session(ctx context.Context, digest string) (*idp.Session, error) {
	if err := s.f.check("Session"); err != nil {
		return nil, err
	}
	return s.SessionStore.Session(ctx, digest)
}

func (s faultySessions) CreateSession(ctx context.Context, ses *idp.Session, replaces string) error {
	if err := s.f.check("CreateSession"); err != nil {
		return err
	}
	return s.SessionStore.CreateSession(ctx, ses, replaces)
}

type faultyInteractions struct {
	idp.InteractionStore
	f *fault
}

func (s faultyInteractions) CreateInteraction(ctx context.Context, in *idp.Interaction) error {
	if err := s.f.check("CreateInteraction"); err != nil {
		return err
	}
	return s.InteractionStore.CreateInteraction(ctx, in)
}

func (s faultyInteractions) Interaction(ctx context.Context, id string) (*idp.Interaction, error) {
	if err := s.f.check("Interaction"); err != nil {
		return nil, err
	}
	in, err := s.InteractionStore.Interaction(ctx, id)
	if b := s.f.barrier.Load(); b != nil {
		b.wait()
	}
	return in, err
}
