package account_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

const goodPassword = "violet engine tea"

var cheap = account.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}

// people is the room with its stores behind it, as the server puts it together.
type people struct {
	stores
	passwords *account.Passwords
	browsers  *account.KnownBrowsers
	users     *account.Users
	sessions  *account.Sessions
	signIn    *account.SignIn
	open      *account.Access
	roles     *account.Roles
	settings  idp.Settings
	told      *told
	hashes    *atomic.Int64 // hashes run so far
	now       *atomic.Pointer[time.Time]
}

// newPeople opens stores of its own; change may replace parts before they are put together.
func newPeople(t *testing.T, change func(*stores, *account.Limits)) *people {
	t.Helper()
	p := &people{
		stores: openStores(t), hashes: &atomic.Int64{}, now: &atomic.Pointer[time.Time]{},
		settings: idp.DefaultSettings(), told: &told{counts: map[idp.TallyKind]int{}},
	}
	var limits account.Limits
	if change != nil {
		change(&p.stores, &limits)
	}
	start := time.Now()
	p.now.Store(&start)
	now := func() time.Time { return *p.now.Load() }
	p.passwords = account.NewPasswords(cheap, 2, func(int, time.Duration) { p.hashes.Add(1) })
	p.browsers = account.NewKnownBrowsers(bytes.Repeat([]byte{7}, 32))
	p.browsers.Now = now
	p.users = account.NewUsers(account.UsersOptions{
		Users: p.Users, Roles: p.Roles, Sessions: p.Sessions, Grants: p.Grants, Passwords: p.passwords,
		Settings:    func() idp.Settings { return p.settings },
		ForgetTries: func(ctx context.Context, u *idp.User) error { return p.browsers.ForgetTries(ctx, p.Throttles, u) },
		Now:         now,
	})
	p.roles = account.NewRoles(account.RolesOptions{Roles: p.Roles, Now: now})
	p.sessions = account.NewSessions(account.SessionsOptions{Store: p.Sessions, Users: p.Users, Audit: p.told, Now: now})
	p.open = account.NewAccess(account.AccessOptions{
		Sessions: p.Sessions, Grants: p.Grants, Consents: p.Consents, Clients: p.Clients, Users: p.Users, Audit: p.told, Now: now,
	})
	p.signIn = account.NewSignIn(account.SignInOptions{
		Users: p.Users, Throttles: p.Throttles, Passwords: p.passwords, Browsers: p.browsers, Limits: limits,
		Audit: p.told, Counter: p.told, Now: now,
	})
	t.Cleanup(func() { p.close(t) })
	return p
}

func (p *people) close(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
	defer cancel()
	if err := p.signIn.Close(ctx); err != nil {
		t.Error(err)
	}
}

func (p *people) forward(d time.Duration) {
	then := p.now.Load().Add(d)
	p.now.Store(&then)
}

func (p *people) add(t *testing.T, username string, roles ...string) *idp.User {
	t.Helper()
	u, err := p.users.Create(t.Context(), &idp.User{
		Username: username, Email: username + "@example.com", Roles: roles,
	}, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// try signs in from an address of its own for every n.
func (p *people) try(t *testing.T, login, password string, n int, cookie ...string) error {
	t.Helper()
	a := account.Attempt{Login: login, Password: password, IP: fmt.Sprintf("10.%d.%d.1", n/250, n%250)}
	if len(cookie) > 0 {
		a.KnownBrowser = cookie[0]
	}
	_, err := p.signIn.WithPassword(t.Context(), a)
	return err
}

func (p *people) stored(t *testing.T, login string) *idp.User {
	t.Helper()
	u, err := p.Users.UserByLogin(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// told keeps what it was told, in place of the audit log.
type told struct {
	mu     sync.Mutex
	events []*idp.AuditEvent
	counts map[idp.TallyKind]int
}

func (r *told) Record(e *idp.AuditEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *told) Count(kind idp.TallyKind, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[kind]++
}

// take returns the events since the last time.
func (r *told) take() []*idp.AuditEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

func ptr[T any](v T) *T { return &v }
