package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"gatehouse/idp"
)

// How long things may take. A call as a whole ends within callTimeout, whatever
// dialling and redirections do; a revocation of many grants is many round trips.
const (
	dialTimeout   = time.Second
	ioTimeout     = 2 * time.Second
	callTimeout   = 3 * time.Second
	revokeTimeout = 30 * time.Second
)

// Options are the choices beyond the URL. The zero value works.
type Options struct {
	// PoolSize is the number of connections to each node; 0 means ten for each processor.
	PoolSize int
	// Observe is told of every call: which store ("grants", "sessions",
	// "interactions", "throttles") and which method. May be nil.
	Observe func(store, op string, d time.Duration, err error)
	// Log gets warnings about the server's configuration at the start. May be nil.
	Log *slog.Logger
}

// Store keeps what expires. It is safe for concurrent use.
type Store struct {
	rdb     redis.UniversalClient
	observe func(store, op string, d time.Duration, err error)
}

var (
	_ idp.GrantStore       = (*Store)(nil)
	_ idp.SessionStore     = (*Store)(nil)
	_ idp.InteractionStore = (*Store)(nil)
	_ idp.ThrottleStore    = (*Store)(nil)
	_ idp.NoteStore        = (*Store)(nil)
)

// Open connects to the Redis that rawURL names (see [ParseURL] for its forms)
// and checks that it answers. The error matches [ErrURL] for a bad URL, and
// idp.ErrUnavailable when Redis does not answer; neither repeats the URL.
func Open(ctx context.Context, rawURL string, o Options) (*Store, error) {
	opts, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	routeLibraryLog()
	opts.Protocol = 2 // RESP3 costs a larger reply and a push reader, and gives us nothing
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.DialerRetries, opts.DialerRetryTimeout = dialTimeout, 2, 50*time.Millisecond
	opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = ioTimeout, ioTimeout, ioTimeout
	opts.MaxRetries = -1 // see the package comment, Failure
	opts.PoolSize = o.PoolSize
	opts.PipelinePoolSize = -1                                   // one pool
	opts.ReadBufferSize, opts.WriteBufferSize = 16*1024, 16*1024 // a grant is 1 KB
	s := &Store{rdb: redis.NewUniversalClient(opts), observe: o.Observe}
	if err := s.Ping(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	if o.Log != nil {
		if policy := s.Evicts(ctx); policy != "" {
			o.Log.WarnContext(ctx, "redis may evict live records: set maxmemory-policy to noeviction", "maxmemory_policy", policy)
		}
	}
	return s, nil
}

// Evicts returns the policy by which Redis may drop live keys to make room, ""
// when it drops none, or does not say: some hosted servers refuse INFO.
func (s *Store) Evicts(ctx context.Context) (policy string) {
	info, err := s.rdb.Info(ctx, "memory").Result()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(info) {
		policy, found := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:")
		if found && policy != "noeviction" {
			return policy
		}
	}
	return ""
}

// Ping says whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.call(ctx, "redis", "Ping", func(ctx context.Context) error { return s.rdb.Ping(ctx).Err() })
}

// Close ends all connections. Calls afterwards fail with idp.ErrUnavailable.
func (s *Store) Close() error { return s.rdb.Close() }

// PoolStats counts connections, over all nodes.
type PoolStats struct{ Open, InUse, Idle int }

// PoolStats returns the present counts.
func (s *Store) PoolStats() PoolStats {
	p := s.rdb.PoolStats()
	return PoolStats{
		Open: int(p.TotalConns), Idle: int(p.IdleConns), InUse: max(0, int(p.TotalConns)-int(p.IdleConns)),
	}
}

// call runs one method: bounded in time, its error mapped, observed.
func (s *Store) call(ctx context.Context, store, op string, f func(context.Context) error) error {
	return s.callWithin(ctx, callTimeout, store, op, f)
}

func (s *Store) callWithin(ctx context.Context, limit time.Duration, store, op string, f func(context.Context) error) error {
	begin := time.Now()
	err := ctx.Err()
	if err == nil {
		bounded, cancel := context.WithTimeout(ctx, limit)
		err = f(bounded)
		cancel()
	}
	err = failure(ctx, err)
	if s.observe != nil {
		s.observe(store, op, time.Since(begin), err)
	}
	return err
}

// run runs a script on one key by its digest, in one round trip once the server knows it.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	return script.Run(ctx, s.rdb, []string{key}, args...)
}

// pipeline sends what add queues in one round trip. Inside it, scripts go out whole (Script.Eval).
func (s *Store) pipeline(ctx context.Context, add func(redis.Pipeliner)) error {
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error { add(p); return nil })
	return err
}

// failed returns the error of the first command that failed, of a pipeline in
// which others may fail without harm.
func failed[C redis.Cmder](commands ...C) error {
	for _, c := range commands {
		if err := c.Err(); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the records with the names, which a list gave, in one round
// trip. Those that were revoked or have expired since they were listed are left out.
func readAll[T any](ctx context.Context, s *Store, prefix string, names []string, decode func(name string, reply any) (*T, error)) ([]*T, error) {
	if len(names) == 0 {
		return nil, nil
	}
	replies := make([]*redis.Cmd, len(names))
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, name := range names {
			replies[i] = p.Do(ctx, "hgetall", prefix+name)
		}
	})
	if err != nil {
		return nil, err
	}
	var all []*T
	for i, name := range names {
		one, err := decode(name, replies[i].Val())
		if errors.Is(err, idp.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// fromMicros reads a time of a record, in microseconds; 0 is the zero time.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// fields pairs up the flat reply of HGETALL.
func fields(reply any, each func(name, value string) error) error {
	flat, ok := reply.([]any)
	if !ok || len(flat)%2 != 0 {
		return fmt.Errorf("%w: %T", errReply, reply)
	}
	for i := 0; i < len(flat); i += 2 {
		name, isName := flat[i].(string)
		value, isValue := flat[i+1].(string)
		if !isName || !isValue {
			return errReply
		}
		if err := each(name, value); err != nil {
			return err
		}
	}
	return nil
}
