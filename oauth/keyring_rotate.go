package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/idp"
)

// KeyInfo is what people see of a signing key.
type KeyInfo struct {
	KID        string       `json:"kid"`
	Alg        string       `json:"alg"`
	State      idp.KeyState `json:"state"`
	CreatedAt  time.Time    `json:"created_at"`
	ActivateAt *time.Time   `json:"activate_at"` // null while it waits
	RetiresAt  *time.Time   `json:"retires_at"`  // null while it has no successor
	RevokedAt  *time.Time   `json:"revoked_at"`  // null unless an operator took it back
}

// Run keeps the keys fresh until ctx ends: it sees what other instances and
// the command line changed, prepares the next keys and rotates when it is time.
func (k *Keyring) Run(ctx context.Context) {
	tick := time.NewTicker(keyPoll)
	defer tick.Stop()
	var failing bool
	for {
		err := k.maintain(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing: // said once; the last good keys stay in use
			k.o.Log.Error("signing keys cannot be refreshed; the present ones stay in use", "error", err)
		case err == nil && failing:
			k.o.Log.Info("signing keys are refreshed again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// maintain is one round of Run.
func (k *Keyring) maintain(ctx context.Context) error {
	if err := k.load(ctx); err != nil {
		return err
	}
	changed := false
	for _, alg := range []string{algES256, algRS256} {
		did, err := k.maintainAlg(ctx, alg)
		if err != nil {
			return err
		}
		changed = changed || did
	}
	if err := k.wipeRetired(ctx); err != nil {
		return err
	}
	if changed {
		return k.load(ctx)
	}
	return nil
}

func (k *Keyring) maintainAlg(ctx context.Context, alg string) (changed bool, err error) {
	set, now := k.state.Load(), k.o.Now()
	active, next := set.active(alg, now), set.waiting(alg)
	if next == nil {
		predecessor := ""
		if last := set.last(alg); last != nil {
			predecessor = last.KID
		}
		return true, k.addKey(ctx, alg, predecessor, nil)
	}
	// A scheduled successor counts as the rotation.
	due := active != nil && !set.scheduled(alg, now) && now.Sub(*active.ActivateAt) >= k.o.RotateEvery
	if !due {
		return false, nil
	}
	return true, k.schedule(ctx, next)
}

// schedule gives a waiting key the earliest time at which everybody can know it.
func (k *Keyring) schedule(ctx context.Context, next *ringKey) error {
	at := k.o.Now()
	if known := next.CreatedAt.Add(prePublish); known.After(at) {
		at = known
	}
	err := k.o.Store.ScheduleKey(ctx, next.KID, at)
	if errors.Is(err, idp.ErrStale) {
		return nil // another instance did
	}
	return err
}

func (k *Keyring) wipeRetired(ctx context.Context) error {
	set, now := k.state.Load(), k.o.Now()
	for _, r := range set.keys {
		if r.private != nil && r.stateAt(now, set.active(r.Alg, now)) == idp.KeyRetired {
			if err := k.o.Store.WipeKey(ctx, r.KID); err != nil {
				return fmt.Errorf("wipe key %s: %w", r.KID, err)
			}
		}
	}
	return nil
}

// reseal puts every private key under the newest master key.
func (k *Keyring) reseal(ctx context.Context) error {
	newest := k.o.Master.keys[0].name()
	for _, r := range k.state.Load().keys {
		if len(r.Sealed) == 0 || r.SealedBy == newest {
			continue
		}
		context := sealContext(r.KID, r.Alg)
		der, err := k.o.Master.open(r.Sealed, r.SealedBy, context)
		if err != nil {
			return err
		}
		sealed, by, err := k.o.Master.seal(der, context)
		if err != nil {
			return err
		}
		err = k.o.Store.ResealKey(ctx, r.KID, r.SealedBy, sealed, by)
		if err != nil && !errors.Is(err, idp.ErrStale) {
			return fmt.Errorf("reseal key %s: %w", r.KID, err)
		}
	}
	return nil
}

// Rotate hands over to the waiting key of each algorithm, or prepares one
// where none waits, and puts the next one in place. A key that was published
// long enough signs at once, another one as soon as it was.
func (k *Keyring) Rotate(ctx context.Context) ([]KeyInfo, error) {
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	for _, alg := range []string{algES256, algRS256} {
		if k.state.Load().waiting(alg) == nil {
			if _, err := k.maintainAlg(ctx, alg); err != nil {
				return nil, err
			}
			if err := k.load(ctx); err != nil {
				return nil, err
			}
		}
		next := k.state.Load().waiting(alg)
		if next == nil {
			continue // another instance has just scheduled it
		}
		if err := k.schedule(ctx, next); err != nil {
			return nil, err
		}
		if err := k.addKey(ctx, alg, next.KID, nil); err != nil {
			return nil, err
		}
	}
	return k.List(ctx)
}

// List returns every key, oldest first.
func (k *Keyring) List(ctx context.Context) ([]KeyInfo, error) {
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	set, now := k.state.Load(), k.o.Now()
	out := make([]KeyInfo, 0, len(set.keys))
	for _, r := range set.keys {
		info := KeyInfo{
			KID: r.KID, Alg: r.Alg, State: r.stateAt(now, set.active(r.Alg, now)),
			CreatedAt: r.CreatedAt, ActivateAt: r.ActivateAt, RevokedAt: r.RevokedAt,
		}
		if !r.retires.IsZero() {
			info.RetiresAt = &r.retires
		}
		out = append(out, info)
	}
	return out, nil
}
