package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatehouse/idp"
	redisstore "gatehouse/storage/redis"
	sqlstore "gatehouse/storage/sql"
)

// Options say where things are kept.
type Options struct {
	// DatabaseURL is "postgres://…", "postgresql://…" or "sqlite:PATH".
	DatabaseURL string
	// RedisURL is where what expires is kept; "" keeps it in the database.
	RedisURL string
	// MaxConns bounds the connections to Postgres; 0 means 4 for each CPU, at least 10.
	MaxConns int
	// Observe is told of every call of a store: which ("users", "grants", …),
	// which method, how long it took and its error. May be nil.
	Observe func(store, op string, d time.Duration, err error)
	// Log is told which backends were chosen; nil for none.
	Log *slog.Logger
}

// Stores are the open stores, one for each aggregate.
type Stores struct {
	Users        idp.UserStore
	Roles        idp.RoleStore
	Consents     idp.ConsentStore
	Clients      idp.ClientStore
	Keys         idp.KeyStore
	Grants       idp.GrantStore
	Sessions     idp.SessionStore
	Interactions idp.InteractionStore
	Throttles    idp.ThrottleStore
	Notes        idp.NoteStore
	Audit        idp.AuditStore
	Tallies      idp.TallyStore
	Settings     idp.SettingsStore
	Images       idp.ImageStore

	db    *sqlstore.DB
	redis *redisstore.Store // nil when what expires is in the database
}

// Open opens the stores and waits until each backend has answered once. The
// schema must be up to date; see Migrator. An error never repeats a URL.
func Open(ctx context.Context, o Options) (*Stores, error) {
	db, err := sqlstore.Open(ctx, sqlstore.Options{URL: o.DatabaseURL, MaxConns: o.MaxConns, Observe: o.Observe})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	users := newCachedUsers(sqlstore.NewUsers(db))
	s := &Stores{
		Users: users, Roles: rolesOfCached{sqlstore.NewRoles(db), users.byID},
		Consents: sqlstore.NewConsents(db), Clients: newCachedClients(sqlstore.NewClients(db)), Keys: sqlstore.NewKeys(db),
		Audit: sqlstore.NewAudit(db), Tallies: sqlstore.NewTallies(db), Settings: sqlstore.NewSettings(db), Images: sqlstore.NewImages(db),
		db: db,
	}
	expiring := db.Name()
	if o.RedisURL == "" {
		s.Grants, s.Sessions = sqlstore.NewGrants(db), sqlstore.NewSessions(db)
		s.Interactions, s.Throttles = sqlstore.NewInteractions(db), sqlstore.NewThrottles(db)
		s.Notes = sqlstore.NewNotes(db)
	} else {
		expiring = "redis"
		s.redis, err = redisstore.Open(ctx, o.RedisURL, redisstore.Options{Observe: o.Observe, Log: o.Log})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open Redis: %w", err), db.Close())
		}
		s.Grants, s.Sessions, s.Interactions, s.Throttles, s.Notes = s.redis, s.redis, s.redis, s.redis, s.redis
	}
	if o.Log != nil {
		o.Log.InfoContext(ctx, "stores are open", "users_clients_keys", db.Name(), "grants_sessions", expiring)
	}
	return s, nil
}

// Ping returns nil when every backend answers.
func (s *Stores) Ping(ctx context.Context) error {
	err := s.db.Ping(ctx)
	if s.redis != nil {
		err = errors.Join(err, s.redis.Ping(ctx))
	}
	return err
}

// Evicts returns the policy by which Redis may drop live records to make room,
// "" for none.
func (s *Stores) Evicts(ctx context.Context) string {
	if s.redis == nil {
		return ""
	}
	return s.redis.Evicts(ctx)
}

// Close closes every backend. Calls that still run fail with idp.ErrUnavailable.
func (s *Stores) Close() error {
	err := s.db.Close()
	if s.redis != nil {
		err = errors.Join(err, s.redis.Close())
	}
	return err
}

// Purge deletes expired records from the database, in small batches, and
// returns how many. Redis forgets by itself.
func (s *Stores) Purge(ctx context.Context) (int, error) { return s.db.Purge(ctx) }

// PoolStat is the state of one pool of connections.
type PoolStat struct {
	Pool  string // "postgres", "sqlite_read", "sqlite_write" or "redis"
	Open  int    // connections
	InUse int    // of them, busy
	Idle  int    // of them, waiting for work
	// Max is how many there may be; 0 when each node has its own limit.
	Max int
}

// PoolStats returns the state of every pool, by name.
func (s *Stores) PoolStats() []PoolStat {
	var stats []PoolStat
	for name, p := range s.db.Stats() {
		stats = append(stats, PoolStat{Pool: name, Open: p.OpenConnections, InUse: p.InUse, Idle: p.Idle, Max: p.MaxOpenConnections})
	}
	if s.redis != nil {
		p := s.redis.PoolStats()
		stats = append(stats, PoolStat{Pool: "redis", Open: p.Open, InUse: p.InUse, Idle: p.Idle})
	}
	slices.SortFunc(stats, func(a, b PoolStat) int { return strings.Compare(a.Pool, b.Pool) })
	return stats
}

// Migrator returns what brings the schema of the database up and down. It connects to nothing yet.
func Migrator(databaseURL string) (*sqlstore.Migrator, error) {
	return sqlstore.NewMigrator(databaseURL)
}
