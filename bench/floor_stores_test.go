package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver that Gatehouse uses
)

// grants is what the floor stores.
type grants interface {
	put(ctx context.Context, id string, generation int, g grant, life time.Duration) error
	get(ctx context.Context, id string) (grant, error)
	// next moves a grant from a generation to the one after, for one caller only.
	next(ctx context.Context, id string, generation int) (grant, error)
}

func openGrants(c floorConfig) (grants, error) {
	if c.Redis == "" {
		return openSQLite(c.SQLite)
	}
	o, err := redis.ParseURL(c.Redis)
	if err != nil {
		return nil, err
	}
	o.Protocol, o.DisableIdentity = 2, true
	return redisGrants{redis.NewClient(o)}, nil
}

// redisGrants keeps a grant as one string: eight digits of generation, then JSON.
type redisGrants struct{ c *redis.Client }

var swap = redis.NewScript(`
local v=redis.call('GET',KEYS[1])
if not v or string.sub(v,1,8)~=ARGV[1] then return false end
redis.call('SETRANGE',KEYS[1],0,ARGV[2])
return string.sub(v,9)`)

func (r redisGrants) put(ctx context.Context, id string, generation int, g grant, life time.Duration) error {
	body, _ := json.Marshal(g)
	return r.c.Set(ctx, id, fmt.Sprintf("%08d%s", generation, body), life).Err()
}

func (r redisGrants) get(ctx context.Context, id string) (grant, error) {
	text, err := r.c.Get(ctx, id).Bytes()
	if err != nil {
		return grant{}, err
	}
	return parse(text[8:])
}

func (r redisGrants) next(ctx context.Context, id string, generation int) (grant, error) {
	text, err := swap.Run(ctx, r.c, []string{id}, fmt.Sprintf("%08d", generation), fmt.Sprintf("%08d", generation+1)).Text()
	if err != nil {
		return grant{}, err
	}
	return parse([]byte(text))
}

func parse(text []byte) (g grant, err error) {
	err = json.Unmarshal(text, &g)
	return g, err
}

// sqliteGrants keeps a grant as one row, in the journal mode and with the
// connections that Gatehouse has.
type sqliteGrants struct {
	write, read             *sql.DB
	putRow, getRow, nextRow *sql.Stmt
}

func openSQLite(path string) (grants, error) {
	const pragmas = "?_busy_timeout=5000&_foreign_keys=1&_synchronous=NORMAL&_dqs=0"
	var s sqliteGrants
	var err error
	if s.write, err = sql.Open("sqlite", "file:"+path+pragmas+"&_txlock=immediate&_journal_mode=WAL"); err != nil {
		return nil, err
	}
	if s.read, err = sql.Open("sqlite", "file:"+path+pragmas+"&_query_only=1"); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	// Without the index nobody could find what has expired.
	if _, err = s.write.Exec(`CREATE TABLE grants (id TEXT PRIMARY KEY, generation INTEGER, expires INTEGER, body TEXT) STRICT;
		CREATE INDEX expiry ON grants (expires)`); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		db   *sql.DB
		stmt **sql.Stmt
		text string
	}{
		{s.write, &s.putRow, `INSERT INTO grants VALUES (?, ?, ?, ?)`},
		{s.read, &s.getRow, `SELECT body FROM grants WHERE id = ? AND expires > ?`},
		{s.write, &s.nextRow, `UPDATE grants SET generation = generation + 1 WHERE id = ? AND expires > ? AND generation = ? RETURNING body`},
	} {
		if *p.stmt, err = p.db.Prepare(p.text); err != nil { //nolint:sqlclosecheck // lives as long as the process
			return nil, err
		}
	}
	return s, nil
}

func (s sqliteGrants) put(ctx context.Context, id string, generation int, g grant, life time.Duration) error {
	body, _ := json.Marshal(g)
	_, err := s.putRow.ExecContext(ctx, id, generation, time.Now().Add(life).UnixMicro(), string(body))
	return err
}

func (s sqliteGrants) get(ctx context.Context, id string) (grant, error) {
	return scan(s.getRow.QueryRowContext(ctx, id, time.Now().UnixMicro()))
}

func (s sqliteGrants) next(ctx context.Context, id string, generation int) (grant, error) {
	return scan(s.nextRow.QueryRowContext(ctx, id, time.Now().UnixMicro(), generation))
}

func scan(row *sql.Row) (grant, error) {
	var text []byte
	if err := row.Scan(&text); err != nil {
		return grant{}, err
	}
	return parse(text)
}
