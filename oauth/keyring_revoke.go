package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/idp"
)

const revokeTries = 5

// Revoke takes a key back, as when its private part was stolen: the next key
// signs at once, and nothing that the revoked one signed counts any more. Other
// instances follow within seconds; applications that keep our JWKS, when they
// read it again. idp.ErrNotFound when there is no such key. When it fails, call
// it again: a key that was revoked stays so.
func (k *Keyring) Revoke(ctx context.Context, kid string) error {
	if err := k.load(ctx); err != nil {
		return err
	}
	key := k.state.Load().byKID[kid]
	if key == nil {
		return idp.ErrNotFound
	}
	if key.RevokedAt != nil {
		return nil
	}
	// First the successor, so that there is a key to sign with at every moment.
	if err := k.replace(ctx, key); err != nil {
		return err
	}
	if err := k.o.Store.RevokeKey(ctx, kid, k.o.Now().UTC()); err != nil {
		return fmt.Errorf("revoke key %s: %w", kid, err)
	}
	return k.maintain(ctx)
}

// replace lets another key sign instead of this one, if this one signs. It was
// perhaps not published long enough: until the applications read our JWKS again
// they refuse what it signs, and not what a thief does.
func (k *Keyring) replace(ctx context.Context, key *ringKey) error {
	for range revokeTries {
		set, now := k.state.Load(), k.o.Now()
		if set.active(key.Alg, now) != set.byKID[key.KID] {
			return nil
		}
		// The margin is for instances whose clocks are behind ours.
		at := now.Add(-clockMargin).UTC().Truncate(time.Microsecond) // as stores keep it
		if !at.After(*key.ActivateAt) {
			at = key.ActivateAt.Add(time.Microsecond)
		}
		err := k.signFrom(ctx, set, key.Alg, at)
		if err != nil && !errors.Is(err, idp.ErrStale) { // stale: another instance was quicker
			return err
		}
		if err := k.load(ctx); err != nil {
			return err
		}
	}
	return idp.ErrStale
}

// signFrom sets the time of the waiting key, or makes a key where none waits.
func (k *Keyring) signFrom(ctx context.Context, set *keySet, alg string, at time.Time) error {
	if next := set.waiting(alg); next != nil {
		return k.o.Store.ScheduleKey(ctx, next.KID, at)
	}
	return k.addKey(ctx, alg, set.last(alg).KID, &at)
}
