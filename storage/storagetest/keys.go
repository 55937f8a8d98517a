package storagetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"gatehouse/idp"
)

// Keys holds a KeyStore to its contract, races included.
func Keys(t *testing.T, open func(t *testing.T) idp.KeyStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.KeyStore)
	}{
		{"AddKey and Keys", testAddKey},
		{"ScheduleKey", testScheduleKey},
		{"ResealKey", testResealKey},
		{"RevokeKey", testRevokeKey},
		{"WipeKey", testWipeKey},
		{"races", testKeyRaces},
		{"context", testKeyContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// newKey is a key that waits, after a predecessor that no other key has.
func newKey() *idp.SigningKey {
	return &idp.SigningKey{
		KID: randomID(), Alg: "ES256", Predecessor: randomID(), Sealed: []byte("\x00sealed\xff"), SealedBy: "m1",
		PublicJWK: []byte(`{"kty":"EC","crv":"P-256","x":"é"}`), CreatedAt: instant(),
	}
}

func makeKey(t *testing.T, s idp.KeyStore, change func(*idp.SigningKey)) *idp.SigningKey {
	t.Helper()
	k := newKey()
	if change != nil {
		change(k)
	}
	noError(t, s.AddKey(t.Context(), k))
	return k
}

// readKey returns the stored key, nil when there is none.
func readKey(t *testing.T, s idp.KeyStore, kid string) *idp.SigningKey {
	t.Helper()
	keys, err := s.Keys(t.Context())
	noError(t, err)
	for _, k := range keys {
		if k.KID == kid {
			return k
		}
	}
	return nil
}

func testAddKey(t *testing.T, s idp.KeyStore) {
	k := makeKey(t, s, nil)
	same(t, readKey(t, s, k.KID), k)
	active := makeKey(t, s, func(k *idp.SigningKey) { at := k.CreatedAt.Add(time.Hour); k.ActivateAt = &at })
	same(t, readKey(t, s, active.KID), active)

	same2 := newKey()
	same2.Predecessor = k.Predecessor
	taken(t, s.AddKey(t.Context(), same2), "predecessor")
	makeKey(t, s, func(n *idp.SigningKey) { n.Alg, n.Predecessor = "RS256", k.Predecessor })
	twin := newKey()
	twin.KID = k.KID
	taken(t, s.AddKey(t.Context(), twin), "kid")
	same(t, readKey(t, s, k.KID), k)

	t.Run("oldest first", func(t *testing.T) {
		old := makeKey(t, s, func(k *idp.SigningKey) { k.CreatedAt = k.CreatedAt.Add(-time.Hour) })
		keys, err := s.Keys(t.Context())
		noError(t, err)
		for i, k := range keys[1:] {
			if k.CreatedAt.Before(keys[i].CreatedAt) {
				t.Fatalf("%s of %v comes after %v", k.KID, k.CreatedAt, keys[i].CreatedAt)
			}
		}
		if keys[0].KID != old.KID {
			t.Errorf("the first key is not the oldest one")
		}
	})
}

func testScheduleKey(t *testing.T, s idp.KeyStore) {
	k := makeKey(t, s, nil)
	at := instant().Add(time.Hour)
	noError(t, s.ScheduleKey(t.Context(), k.KID, at))
	k.ActivateAt = &at
	same(t, readKey(t, s, k.KID), k)
	wantError(t, s.ScheduleKey(t.Context(), k.KID, at.Add(time.Hour)), idp.ErrStale)
	same(t, readKey(t, s, k.KID), k)
	for _, kid := range append(hostile(), randomID()) {
		wantError(t, s.ScheduleKey(t.Context(), kid, at), idp.ErrNotFound)
	}
}

func testResealKey(t *testing.T, s idp.KeyStore) {
	k := makeKey(t, s, nil)
	noError(t, s.ResealKey(t.Context(), k.KID, "m1", []byte("again"), "m2"))
	k.Sealed, k.SealedBy = []byte("again"), "m2"
	same(t, readKey(t, s, k.KID), k)
	wantError(t, s.ResealKey(t.Context(), k.KID, "m1", []byte("late"), "m3"), idp.ErrStale)
	same(t, readKey(t, s, k.KID), k)
	for _, kid := range append(hostile(), randomID()) {
		wantError(t, s.ResealKey(t.Context(), kid, "m1", []byte("x"), "m2"), idp.ErrStale)
	}
}

func testRevokeKey(t *testing.T, s idp.KeyStore) {
	k, other := makeKey(t, s, nil), makeKey(t, s, nil)
	at := instant()
	noError(t, s.RevokeKey(t.Context(), k.KID, at))
	k.RevokedAt = &at
	same(t, readKey(t, s, k.KID), k)
	noError(t, s.RevokeKey(t.Context(), k.KID, at.Add(time.Hour))) // it stays revoked since then
	same(t, readKey(t, s, k.KID), k)
	same(t, readKey(t, s, other.KID), other)
	for _, kid := range append(hostile(), randomID()) {
		wantError(t, s.RevokeKey(t.Context(), kid, at), idp.ErrNotFound)
	}
}

func testWipeKey(t *testing.T, s idp.KeyStore) {
	k, other := makeKey(t, s, nil), makeKey(t, s, nil)
	for range 2 {
		noError(t, s.WipeKey(t.Context(), k.KID))
		got := readKey(t, s, k.KID)
		if len(got.Sealed) != 0 {
			t.Fatalf("the private key is still there")
		}
		if !bytes.Equal(got.PublicJWK, k.PublicJWK) {
			t.Errorf("the public key is %s", got.PublicJWK)
		}
	}
	// An instance that read it before must not bring it back.
	wantError(t, s.ResealKey(t.Context(), k.KID, "m1", []byte("back"), "m2"), idp.ErrStale)
	same(t, readKey(t, s, other.KID), other)
	for _, kid := range append(hostile(), randomID()) {
		noError(t, s.WipeKey(t.Context(), kid))
	}
}

func testKeyRaces(t *testing.T, s idp.KeyStore) {
	for range 5 {
		predecessor := randomID()
		oneWinner(t, race(racers, func(int) error {
			k := newKey()
			k.Predecessor = predecessor
			return s.AddKey(t.Context(), k)
		}), isConflict)
	}
	k := makeKey(t, s, nil)
	oneWinner(t, race(racers, func(i int) error {
		return s.ScheduleKey(t.Context(), k.KID, k.CreatedAt.Add(time.Duration(i)*time.Second))
	}), isStale)
	oneWinner(t, race(racers, func(int) error {
		return s.ResealKey(t.Context(), k.KID, "m1", []byte("x"), "m2")
	}), isStale)
}

func testKeyContext(t *testing.T, s idp.KeyStore) {
	k := makeKey(t, s, nil)
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"Keys":        func() error { _, err := s.Keys(ctx); return err },
			"AddKey":      func() error { return s.AddKey(ctx, newKey()) },
			"ScheduleKey": func() error { return s.ScheduleKey(ctx, k.KID, instant()) },
			"ResealKey":   func() error { return s.ResealKey(ctx, k.KID, "m1", []byte("x"), "m2") },
			"RevokeKey":   func() error { return s.RevokeKey(ctx, k.KID, instant()) },
			"WipeKey":     func() error { return s.WipeKey(ctx, k.KID) },
		}
	})
	same(t, readKey(t, s, k.KID), k)
}
