package server

import (
	"context"
	"errors"
	"time"

	"gatehouse/account"
	"gatehouse/api"
	"gatehouse/console"
	"gatehouse/handlers"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/selfservice"
	"gatehouse/web"
)

// handler puts the rooms together: people, protocol, pages, routes.
func (m *Main) handler(ctx context.Context) (*handlers.Handler, error) {
	stores, now, log := m.admin.stores, m.now, m.log.Logger
	live, recorder := m.admin.Settings.Current, m.admin.recorder
	browsers := knownBrowsers(m.master, now)
	m.signIn = account.NewSignIn(account.SignInOptions{
		Users: stores.Users, Throttles: stores.Throttles, Passwords: m.admin.passwords,
		Browsers: browsers, Limits: signInLimits(m.cfg), Audit: recorder, Counter: recorder, Now: now, Log: log,
	})
	sessions := account.NewSessions(account.SessionsOptions{
		Store: stores.Sessions, Users: stores.Users, Settings: live, Audit: recorder, Now: now,
	})
	provider, err := oauth.New(oauth.Options{
		Issuer: m.issuer, CodeTTL: m.cfg.CodeTTL, RefreshGrace: m.cfg.RefreshGrace, Settings: live,
		Clients: stores.Clients, Users: stores.Users, Consents: stores.Consents, Grants: stores.Grants, Sessions: stores.Sessions,
		Keys: m.keys, Master: m.master, Password: withPassword(m.signIn), Now: now,
		Audit: recorder, Counter: recorder,
	})
	if err != nil {
		return nil, err
	}
	renderer, err := pages.New(pages.Options{
		Settings: live, HelpURL: m.cfg.HelpURL, PrivacyURL: m.cfg.PrivacyURL, TermsURL: m.cfg.TermsURL, Now: now,
	})
	if err != nil {
		return nil, err
	}
	relyingParty, err := m.demo(ctx, renderer)
	if err != nil {
		return nil, err
	}
	rooms, err := m.rooms(provider, browsers, relyingParty != nil)
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Options{
		Web: web.Options{
			Provider: provider, Sessions: sessions, Notes: stores.Notes, Pages: renderer, Issuer: m.issuer,
			CSRFKey: m.master.Derive("forms"), TrustedProxies: m.cfg.TrustedProxies, Closing: m.stopping, Audit: recorder, Log: log, Now: now,
		},
		SignIn: m.signIn, Browsers: browsers, Settings: m.admin.Settings.Current,
		Users: stores.Users, Clients: stores.Clients, Grants: stores.Grants, Interactions: stores.Interactions,
		Ready: m.ready, Metrics: m.metrics, Demo: relyingParty,
		Rooms: rooms,
	})
}

// rooms are the console, the account pages and the REST API.
func (m *Main) rooms(provider *oauth.Provider, browsers *account.KnownBrowsers, withDemo bool) ([]handlers.Room, error) {
	a, stores := m.admin, m.admin.stores
	access := account.NewAccess(account.AccessOptions{
		Sessions: stores.Sessions, Grants: stores.Grants, Consents: stores.Consents, Clients: stores.Clients,
		Users: stores.Users, Audit: a.recorder, Now: m.now,
	})
	own := selfservice.Options{
		Users: a.Users, Access: access, SignIn: m.signIn, Browsers: browsers, Settings: a.Settings,
		SignUp:  account.NewSignUp(account.SignUpOptions{Users: a.Users, Throttles: stores.Throttles, Browsers: browsers}),
		Clients: stores.Clients, Consents: stores.Consents, Grants: stores.Grants, Audit: stores.Audit, Now: m.now,
	}
	if withDemo {
		own.Demo = "/demo"
	}
	calls, err := api.New(api.Options{
		Users: a.Users, Roles: a.Roles, Access: access, SignIn: m.signIn, SignUp: own.SignUp, Clients: a.Clients,
		Provider: provider, Keys: m.keys, Settings: a.Settings,
		ClientStore: stores.Clients, Grants: stores.Grants, Sessions: stores.Sessions, Audit: stores.Audit, Now: m.now,
	})
	if err != nil {
		return nil, err
	}
	return []handlers.Room{
		console.New(console.Options{
			Users: a.Users, Roles: a.Roles, Access: access, Clients: a.Clients,
			Provider: provider, Keys: m.keys, Settings: a.Settings,
			ClientStore: stores.Clients, Consents: stores.Consents, Grants: stores.Grants, Sessions: stores.Sessions,
			Audit: stores.Audit, Tallies: stores.Tallies, Images: stores.Images, RotateEvery: m.cfg.KeyRotation, Now: m.now,
		}),
		selfservice.New(own),
		calls,
	}, nil
}

// withPassword gives the password grant the rules of the sign-in page
// (throttling included). Every refusal looks the same to the client.
func withPassword(s *account.SignIn) oauth.PasswordFunc {
	return func(ctx context.Context, username, password, ip string) (*idp.User, error) {
		u, err := s.WithPassword(ctx, account.Attempt{Login: username, Password: password, IP: ip, RequestID: idp.ActOf(ctx).RequestID})
		if errors.Is(err, account.ErrBadCredentials) {
			return nil, errors.Join(oauth.ErrBadCredentials, err)
		}
		return u, err
	}
}

func knownBrowsers(master oauth.MasterKeys, now func() time.Time) *account.KnownBrowsers {
	k := account.NewKnownBrowsers(master.Derive("known browsers"))
	k.Now = now
	return k
}

func signInLimits(c *Config) account.Limits {
	login := account.Limit{Tries: c.SignInAccountLimit, Window: c.SignInWindow}
	return account.Limits{
		Account: login, Browser: login,
		Network:     account.Limit{Tries: c.SignInNetworkLimit, Window: c.SignInWindow},
		WideNetwork: account.Limit{Tries: 10 * c.SignInNetworkLimit, Window: c.SignInWindow},
	}
}
