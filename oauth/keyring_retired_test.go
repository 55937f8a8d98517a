package oauth

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"gatehouse/idp"
)

// memoryKeys is an idp.KeyStore for one caller at a time.
type memoryKeys struct{ keys []*idp.SigningKey }

func (m *memoryKeys) Keys(context.Context) ([]*idp.SigningKey, error) {
	out := make([]*idp.SigningKey, len(m.keys))
	for i, k := range m.keys {
		c := *k
		out[i] = &c
	}
	return out, nil
}

func (m *memoryKeys) AddKey(_ context.Context, k *idp.SigningKey) error {
	m.keys = append(m.keys, k)
	return nil
}

func (m *memoryKeys) change(kid string, do func(*idp.SigningKey)) error {
	i := slices.IndexFunc(m.keys, func(k *idp.SigningKey) bool { return k.KID == kid })
	if i < 0 {
		return idp.ErrNotFound
	}
	do(m.keys[i])
	return nil
}

func (m *memoryKeys) ScheduleKey(_ context.Context, kid string, at time.Time) error {
	return m.change(kid, func(k *idp.SigningKey) { k.ActivateAt = &at })
}

func (m *memoryKeys) ResealKey(_ context.Context, kid, _ string, sealed []byte, by string) error {
	return m.change(kid, func(k *idp.SigningKey) { k.Sealed, k.SealedBy = sealed, by })
}

func (m *memoryKeys) RevokeKey(_ context.Context, kid string, at time.Time) error {
	return m.change(kid, func(k *idp.SigningKey) { k.RevokedAt = &at })
}

func (m *memoryKeys) WipeKey(_ context.Context, kid string) error {
	return m.change(kid, func(k *idp.SigningKey) { k.Sealed = nil })
}

// Rotation must end what somebody can do who got hold of a key, whatever
// expiry they write into their tokens.
func TestRetiredKeyVouchesForNoAccessToken(t *testing.T) {
	const issuer = "https://id.example"
	now := time.Now()
	clock := func() time.Time { return now }
	master, err := ParseMasterKeys(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := OpenKeyring(t.Context(), KeyringOptions{
		Store: &memoryKeys{}, Master: master, RotateEvery: 24 * time.Hour, Settings: idp.DefaultSettings,
		Now: clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	verified, err := lru.New[[sha256.Size]byte, *accessClaims](8)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{o: Options{Issuer: issuer, Keys: keys, Now: clock}, verified: verified}
	stolen, err := keys.signer(algES256)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(jti string) string {
		token, err := sign(stolen.access, accessClaims{
			Issuer: issuer, Audience: audience{issuer}, Subject: "victim", JTI: jti, Expires: now.Add(1000 * time.Hour).Unix(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	seen, unseen := forge("seen"), forge("unseen")
	if _, err := p.verifyAccess(seen); err != nil {
		t.Fatalf("a token of the active key: %v", err)
	}
	hint, err := sign(stolen.id, map[string]any{"iss": issuer, "sub": "ada", "aud": "web"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first makes the next key wait, the second schedules it
		if _, err := keys.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(prePublish + time.Second)
	}
	if _, err := p.verifyAccess(seen); err != nil {
		t.Errorf("while the key retires its tokens live: %v", err)
	}
	now = now.Add(10*time.Minute + retireMargin + time.Second)
	if err := keys.maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"seen before": seen, "not seen before": unseen} {
		if _, err := p.verifyAccess(token); err == nil {
			t.Errorf("%s: a retired key still vouches for an access token", name)
		}
	}
	if _, err := p.verifyHint(hint); err != nil {
		t.Errorf("an old ID token is no hint any more: %v", err)
	}
}
