package sqlstore

import (
	"context"
	"errors"
	"math"
	"time"

	"gatehouse/idp"
)

// Codes and refresh tokens are spent by one UPDATE whose WHERE is the whole
// rule: of any number of callers the database lets one through, and that one
// needs no other statement. Only who was not let through asks why.

// RedeemCode implements idp.GrantStore. A caller that comes too late takes a second round trip.
func (s *Grants) RedeemCode(ctx context.Context, r idp.Redemption) error {
	if !storable(r.GrantID) || !storable(r.ClientID) {
		return idp.ErrNotFound
	}
	d := &s.db.dialect
	return s.db.do(ctx, "RedeemCode", func() error {
		n, err := s.db.write.exec(ctx, `UPDATE grants
			SET state = 'active', generation = $3, expires_at = @now + $4, refresh_expires_at = @now + $5
			WHERE id = $1 AND client_id = $2 AND state = 'code' AND expires_at > @now`,
			r.GrantID, r.ClientID, r.Generation, d.duration(r.TTL), d.lasting(min(r.RefreshTTL, r.TTL)))
		if err != nil || n == 1 {
			return err
		}
		// RFC 6749 §4.1.2: a code used twice revokes what came from it. State never
		// goes back to code, so an active grant means that somebody was first.
		n, err = s.db.write.exec(ctx, `DELETE FROM grants
			WHERE id = $1 AND client_id = $2 AND state = 'active' AND expires_at > @now`, r.GrantID, r.ClientID)
		switch {
		case err != nil:
			return err
		case n == 1:
			return idp.ErrReplayed
		}
		return idp.ErrNotFound
	})
}

// usable is what a grant must be for any of its refresh tokens to be looked at:
// $1 id, $2 client, $3 the client's watermark or NULL.
const usable = `id = $1 AND client_id = $2 AND created_at >= coalesce($3, created_at) AND state = 'active'
	AND generation > 0 AND expires_at > @now AND refresh_expires_at > @now`

// RotateRefresh implements idp.GrantStore. A spent token takes two round trips
// within the grace, three after it.
func (s *Grants) RotateRefresh(ctx context.Context, r idp.Rotation) (*idp.Grant, error) {
	if !storable(r.GrantID) || !storable(r.ClientID) || r.Generation == math.MaxInt64 {
		return nil, idp.ErrNotFound
	}
	if !r.NotBefore.IsZero() {
		r.NotBefore = r.NotBefore.Add(time.Microsecond - 1) // cut to microseconds it must not be earlier
	}
	d := &s.db.dialect
	var g *idp.Grant
	err := s.db.do(ctx, "RotateRefresh", func() error {
		g = new(idp.Grant)
		err := first(ctx, s.db.write, grantInto(g), `UPDATE grants SET generation = $5, rotated_at = @now,
			refresh_expires_at = @least(expires_at, @now + $6) WHERE `+usable+` AND generation <= $4
			RETURNING `+grantColumns,
			r.GrantID, r.ClientID, d.at(r.NotBefore), r.Generation, r.Generation+1, d.duration(r.RefreshTTL))
		if !errors.Is(err, idp.ErrNotFound) {
			return err
		}
		return s.rotateSpent(ctx, g, r)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// rotateSpent answers for a token that is not the current one: within the grace
// with the grant as it is, otherwise by ending the grant (RFC 9700 §4.14.2).
func (s *Grants) rotateSpent(ctx context.Context, g *idp.Grant, r idp.Rotation) error {
	d := &s.db.dialect
	var graced bool
	err := first(ctx, s.db.write, into(append(grantMembers(g), &graced)...), `SELECT `+grantColumns+`,
		coalesce(generation = $5 AND rotated_at + $6 >= @now, false)
		FROM grants WHERE `+usable+` AND generation > $4`,
		r.GrantID, r.ClientID, d.at(r.NotBefore), r.Generation, r.Generation+1, d.duration(r.Grace))
	if err != nil || graced {
		return err
	}
	n, err := s.db.write.exec(ctx, `DELETE FROM grants WHERE `+usable+` AND generation > $4`,
		r.GrantID, r.ClientID, d.at(r.NotBefore), r.Generation)
	switch {
	case err != nil:
		return err
	case n == 0:
		return idp.ErrNotFound // another caller ended it meanwhile
	}
	return idp.ErrReplayed
}
