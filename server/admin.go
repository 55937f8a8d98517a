package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"gatehouse/account"
	"gatehouse/audit"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/settings"
	"gatehouse/storage"
)

// Admin is what administration works with: the open stores and the rooms that
// keep their rules. The server stands on one, each command opens one.
type Admin struct {
	Users   *account.Users
	Roles   *account.Roles
	Clients *oauth.Clients
	// UserList and ClientList are for reading.
	UserList   idp.UserStore
	ClientList idp.ClientStore
	Settings   *settings.Service
	// Audit is the log that every change is written to.
	Audit idp.AuditStore

	cfg       *Config
	log       *slog.Logger
	now       func() time.Time
	stores    *storage.Stores
	recorder  *audit.Recorder
	passwords *account.Passwords
}

// OpenAdmin prepares the data folder and the schema and opens the stores.
func OpenAdmin(ctx context.Context, c *Config, log *slog.Logger) (*Admin, error) {
	return openAdmin(ctx, c, log, nil)
}

// openAdmin is OpenAdmin with metrics, nil for none.
func openAdmin(ctx context.Context, c *Config, log *slog.Logger, m *Metrics) (*Admin, error) {
	if err := prepareSchema(ctx, c, log); err != nil {
		return nil, err
	}
	o := storage.Options{
		DatabaseURL: c.Database(), RedisURL: string(c.RedisURL), MaxConns: c.DatabaseMaxConns, Log: log,
	}
	var observeWait func(int, time.Duration)
	if m != nil {
		o.Observe, observeWait = m.store, m.hashWait
	}
	stores, err := storage.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	a := &Admin{
		Settings: settings.New(settings.Options{
			Store: stores.Settings, Fixed: c.fixed, Base: c.settings(), CheckAccent: checkAccent, Now: time.Now, Log: log,
		}),
		recorder: audit.New(audit.Options{Store: stores.Audit, Tallies: stores.Tallies, Now: time.Now, Log: log}),
		cfg:      c, log: log, now: time.Now, stores: stores,
		UserList: stores.Users, ClientList: stores.Clients, Audit: stores.Audit,
		passwords: account.NewPasswords(account.DefaultHashParams(), c.hashSlots(), observeWait),
		Clients:   oauth.NewClients(stores.Clients, time.Now),
	}
	a.Users = account.NewUsers(account.UsersOptions{
		Users: stores.Users, Roles: stores.Roles, Sessions: stores.Sessions, Grants: stores.Grants,
		Passwords: a.passwords, Settings: a.Settings.Current, ForgetTries: a.forgetTries, Now: time.Now,
	})
	a.Roles = account.NewRoles(account.RolesOptions{Roles: stores.Roles, Now: time.Now})
	if m != nil {
		m.watchHashQueue(a.passwords.Waiting)
		m.watchPools(stores)
		m.watchAudit(a.recorder.Dropped)
	}
	if err := a.Settings.Load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read the settings: %w", err), a.Close()) //nolint:contextcheck // cleaning up must not end with ctx
	}
	return a, nil
}

// forgetTries lets the user sign in again at once.
func (a *Admin) forgetTries(ctx context.Context, u *idp.User) error {
	master, err := a.masterKeys(ctx)
	if err != nil {
		return err
	}
	return knownBrowsers(master, a.now).ForgetTries(ctx, a.stores.Throttles, u)
}

// Keyring opens the signing keys; the first ones are made if there are none.
func (a *Admin) Keyring(ctx context.Context) (*oauth.Keyring, error) {
	keys, _, err := a.keyring(ctx)
	return keys, err
}

// masterKeys makes a key only where there is nothing yet that another sealed.
func (a *Admin) masterKeys(ctx context.Context) (oauth.MasterKeys, error) {
	if lacksMasterKey(a.cfg) {
		sealed, err := a.stores.Keys.Keys(ctx)
		if err != nil {
			return oauth.MasterKeys{}, fmt.Errorf("read signing keys: %w", err)
		}
		// Looked for again: another process may have made both since.
		if len(sealed) > 0 && lacksMasterKey(a.cfg) {
			return oauth.MasterKeys{}, errLostMasterKey(a.cfg)
		}
	}
	return masterKeys(a.cfg)
}

func (a *Admin) keyring(ctx context.Context) (*oauth.Keyring, oauth.MasterKeys, error) {
	master, err := a.masterKeys(ctx)
	if err != nil {
		return nil, oauth.MasterKeys{}, err
	}
	keys, err := oauth.OpenKeyring(ctx, oauth.KeyringOptions{
		Store: a.stores.Keys, Master: master,
		RotateEvery: a.cfg.KeyRotation, Settings: a.Settings.Current, SettingsSaved: a.tokenLivesSaved,
		Now: a.now, Log: a.log,
	})
	if err != nil {
		return nil, oauth.MasterKeys{}, fmt.Errorf("open the signing keys: %w", err)
	}
	return keys, master, nil
}

// tokenLivesSaved is when the lives of tokens may last have changed; what the
// environment fixes does not.
func (a *Admin) tokenLivesSaved() time.Time {
	if a.Settings.FixedBy("access_token_ttl") != "" && a.Settings.FixedBy("id_token_ttl") != "" {
		return time.Time{}
	}
	return a.Settings.Version()
}

// Seed makes the built-in roles, the client of the REST API's own tokens, and
// the first administrator if nobody is one.
func (a *Admin) Seed(ctx context.Context) (account.SeedResult, error) {
	seeded, err := a.Users.Seed(ctx, account.SeedOptions{
		Username: a.cfg.AdminUsername, Email: a.cfg.AdminEmail, Password: string(a.cfg.AdminPassword),
	})
	var invalid *idp.InvalidError
	var taken *idp.ConflictError
	if errors.As(err, &invalid) || errors.As(err, &taken) {
		return seeded, fmt.Errorf("GATEHOUSE_ADMIN_USERNAME, _EMAIL, _PASSWORD: %w", err)
	}
	if err != nil {
		return seeded, err
	}
	return seeded, a.Clients.EnsureGatehouse(ctx)
}

// OnLoopback reports whether the issuer can be reached from this machine alone.
func (a *Admin) OnLoopback() bool {
	u, err := url.Parse(a.cfg.Issuer)
	return err == nil && idp.IsLoopbackHost(u.Hostname())
}

// closeTimeout is for the last audit events to be written.
const closeTimeout = 5 * time.Second

// Close writes what is still to be recorded and closes the stores.
func (a *Admin) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return errors.Join(a.recorder.Close(ctx), a.stores.Close())
}
