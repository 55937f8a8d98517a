package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"gatehouse/idp"
)

// countingDialer counts what goes over the wire to Postgres: a round trip is
// something sent and something received.
type countingDialer struct {
	patientDialer
	trips *atomic.Int64
}

func (d countingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.patientDialer.DialContext(ctx, network, address)
	return &countingConn{Conn: c, trips: d.trips}, err
}

type countingConn struct {
	net.Conn
	trips *atomic.Int64
	asked atomic.Bool
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(b)
}

func (c *countingConn) Read(b []byte) (int, error) {
	if c.asked.Swap(false) {
		c.trips.Add(1)
	}
	return c.Conn.Read(b)
}

func TestRoundTripsToPostgres(t *testing.T) {
	var trips atomic.Int64
	db := open(t, Options{URL: backends[1].url(t), MaxConns: 1, wrap: func(c driver.Connector) driver.Connector {
		c.(*pq.Connector).Dialer(countingDialer{patientDialer{limit: answerLimit}, &trips})
		return c
	}})
	s, ctx := NewGrants(db), t.Context()
	makeGrant := func(state idp.GrantState, generation int64) *idp.Grant {
		id := fmt.Sprintf("grant-%d-%d", generation, time.Now().UnixNano())
		return &idp.Grant{ID: id, State: state, ClientID: "app", UserID: "user", SessionID: "sid", Generation: generation}
	}
	code, late, active := makeGrant(idp.GrantCode, 0), makeGrant(idp.GrantCode, 0), makeGrant(idp.GrantActive, 1)
	machine := &idp.Grant{ID: "machine", State: idp.GrantActive, ClientID: "app"}
	redeem := func(g *idp.Grant) error {
		return s.RedeemCode(ctx, idp.Redemption{GrantID: g.ID, ClientID: "app", Generation: 1, RefreshTTL: time.Hour, TTL: time.Hour})
	}
	rotate := func(generation int64, grace time.Duration) error {
		_, err := s.RotateRefresh(ctx, idp.Rotation{GrantID: active.ID, ClientID: "app", Generation: generation, Grace: grace, RefreshTTL: time.Hour})
		return err
	}
	// The first use of a statement on a connection prepares it. Nothing here is found, so nothing changes.
	absent := &idp.Grant{ID: "absent"}
	_ = s.CreateGrant(ctx, makeGrant(idp.GrantActive, 1), time.Minute, 0)
	_, _ = s.Grant(ctx, absent.ID)
	_ = redeem(absent)
	_, _ = s.RotateRefresh(ctx, idp.Rotation{GrantID: absent.ID, Generation: 1})
	_, _ = s.db.write.exec(ctx, `DELETE FROM grants WHERE `+usable+` AND generation > $4`, "", "", nil, 1)

	for _, step := range []struct {
		name string
		do   func() error
		want error
		most int64
	}{
		{"authorize", func() error { return s.CreateGrant(ctx, code, time.Minute, 0) }, nil, 1},
		{"client_credentials", func() error { return s.CreateGrant(ctx, machine, time.Minute, 0) }, nil, 1},
		{"introspect", func() error { _, err := s.Grant(ctx, machine.ID); return err }, nil, 1},
		{"code exchange", func() error {
			if _, err := s.Grant(ctx, code.ID); err != nil {
				return err
			}
			return redeem(code)
		}, nil, 2},
		{"code used again", func() error { return redeem(code) }, idp.ErrReplayed, 2},
		{"absent code", func() error { return redeem(late) }, idp.ErrNotFound, 2},
		{"password", func() error { return s.CreateGrant(ctx, active, time.Hour, time.Hour) }, nil, 1},
		{"refresh", func() error { return rotate(1, time.Minute) }, nil, 1},
		{"refresh in the grace", func() error { return rotate(1, time.Minute) }, nil, 2},
		{"refresh after the grace", func() error { return rotate(1, 0) }, idp.ErrReplayed, 3},
		{"revoke", func() error { return s.RevokeGrant(ctx, machine.ID) }, nil, 2}, // one to prepare
		{"list", func() error { _, err := s.ListUserGrants(ctx, "user"); return err }, nil, 2},
	} {
		before := trips.Load()
		if err := step.do(); !isError(err, step.want) {
			t.Fatalf("%s: %v, want %v", step.name, err, step.want)
		}
		if n := trips.Load() - before; n < 1 || n > step.most {
			t.Errorf("%s took %d round trips, at most %d are allowed", step.name, n, step.most)
		}
	}
}
