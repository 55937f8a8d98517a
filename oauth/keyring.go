package oauth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/idp"
)

// Signing algorithms. ES256 signs access tokens (RFC 9068 leaves the choice),
// RS256 is what ID tokens use unless a client asks for ES256 (OIDC Core §15.1).
const (
	algES256 = "ES256"
	algRS256 = "RS256"
)

const (
	// jwksMaxAge is how long others may keep our JWKS.
	jwksMaxAge = 5 * time.Minute
	// keyPoll is how often the keys are read again from the store.
	keyPoll = 3 * time.Second
	// prePublish is how long a key is in the JWKS before it may sign: the time
	// others cache it, the time our instances take to see it, and a margin for clocks.
	prePublish = jwksMaxAge + 30*time.Second
	// KeyKnownAfter is from which age on a waiting key signs at once when keys are rotated.
	KeyKnownAfter = prePublish
	// retireMargin covers clock differences after the last token has expired.
	retireMargin = time.Minute
	// maxTokenTTL is the longest life of a token that settings allow.
	maxTokenTTL = 24 * time.Hour
	rsaBits     = 2048
)

// KeyringOptions says how a Keyring works.
type KeyringOptions struct {
	Store  idp.KeyStore
	Master MasterKeys
	// RotateEvery is the age at which an active key hands over.
	RotateEvery time.Duration
	// Settings say how long tokens live that the keys sign.
	Settings func() idp.Settings
	// SettingsSaved says when the lives of tokens may last have changed, zero
	// for never; nil when they cannot change.
	SettingsSaved func() time.Time
	Now           func() time.Time
	Log           *slog.Logger
}

// Keyring holds the signing keys: it publishes, signs, verifies and rotates.
// Several instances share the keys through the store; which key signs follows
// from the times in its records, so they switch without talking to each other.
type Keyring struct {
	o     KeyringOptions
	mu    sync.Mutex // serialises load
	state atomic.Pointer[keySet]
	jwks  atomic.Pointer[publishedKeys]
}

// ringKey is a stored key made ready for use.
type ringKey struct {
	idp.SigningKey
	private crypto.Signer // nil when wiped
	public  crypto.PublicKey
	jwk     jose.JSONWebKey
	access  jose.Signer // typ at+jwt
	id      jose.Signer // typ JWT
	retires time.Time   // when no token that it signed can be alive; zero while it has no successor
}

// keySet is one reading of the store, never changed after it was made.
type keySet struct {
	keys  []*ringKey // oldest first
	byKID map[string]*ringKey
}

// publishedKeys is the JWKS as sent, with the moment at which it must be made anew.
type publishedKeys struct {
	body  []byte
	etag  string
	until time.Time
}

// OpenKeyring loads the keys, makes the first ones where there are none, and
// seals all of them under the newest master key. A master key that opens
// nothing stops it.
func OpenKeyring(ctx context.Context, o KeyringOptions) (*Keyring, error) {
	k := &Keyring{o: o}
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	for _, alg := range []string{algES256, algRS256} {
		if k.state.Load().active(alg, o.Now()) != nil {
			continue
		}
		now := o.Now()
		// Nobody has cached a JWKS of ours yet, so the first key may sign at once.
		if err := k.addKey(ctx, alg, "", &now); err != nil {
			return nil, err
		}
	}
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	return k, k.reseal(ctx)
}

// InspectKeys opens the keys as OpenKeyring does, and changes nothing.
func InspectKeys(ctx context.Context, o KeyringOptions) ([]KeyInfo, error) {
	return (&Keyring{o: o}).List(ctx)
}

// load reads the keys from the store and makes them the current set.
func (k *Keyring) load(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	stored, err := k.o.Store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	old := k.state.Load()
	set := &keySet{byKID: make(map[string]*ringKey, len(stored))}
	for _, s := range stored {
		ready, err := k.ready(old, s)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", s.KID, err)
		}
		set.keys = append(set.keys, ready)
		set.byKID[s.KID] = ready
	}
	set.setRetirement(k.lives())
	k.state.Store(set)
	k.jwks.Store(nil)
	return nil
}

// ready opens a stored key, or takes it over from the earlier set where it was opened before.
func (k *Keyring) ready(old *keySet, s *idp.SigningKey) (*ringKey, error) {
	if old != nil {
		if had := old.byKID[s.KID]; had != nil && bytes.Equal(had.Sealed, s.Sealed) {
			again := *had
			again.SigningKey = *s
			return &again, nil
		}
	}
	r := &ringKey{SigningKey: *s}
	if err := json.Unmarshal(s.PublicJWK, &r.jwk); err != nil {
		return nil, err
	}
	r.public = r.jwk.Key
	if len(s.Sealed) == 0 {
		return r, nil
	}
	der, err := k.o.Master.open(s.Sealed, s.SealedBy, sealContext(s.KID, s.Alg))
	if err != nil {
		return nil, fmt.Errorf("%w; set GATEHOUSE_MASTER_KEY to the key that sealed it (id %s), newest first", err, s.SealedBy)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("not a private key that signs")
	}
	r.private = signer
	if r.access, err = newSigner(r, typAccess); err != nil {
		return nil, err
	}
	r.id, err = newSigner(r, typID)
	return r, err
}

func newSigner(r *ringKey, typ jose.ContentType) (jose.Signer, error) {
	opts := (&jose.SignerOptions{}).WithType(typ).WithHeader("kid", r.KID)
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(r.Alg), Key: r.private}, opts)
}

func sealContext(kid, alg string) string { return "signing key " + alg + " " + kid }

// active returns the key that signs, or nil.
func (s *keySet) active(alg string, now time.Time) *ringKey {
	var best *ringKey
	for _, r := range s.keys {
		if r.Alg != alg || r.ActivateAt == nil || r.ActivateAt.After(now) || r.private == nil || r.RevokedAt != nil {
			continue
		}
		if best == nil || r.ActivateAt.After(*best.ActivateAt) {
			best = r
		}
	}
	return best
}

// waiting returns the newest key that has no time to activate yet, or nil.
func (s *keySet) waiting(alg string) *ringKey {
	for _, r := range slices.Backward(s.keys) {
		if r.Alg == alg && r.ActivateAt == nil && r.RevokedAt == nil {
			return r
		}
	}
	return nil
}

// scheduled reports whether a key is going to take over at a time that is set.
func (s *keySet) scheduled(alg string, now time.Time) bool {
	return slices.ContainsFunc(s.keys, func(r *ringKey) bool {
		return r.Alg == alg && r.ActivateAt != nil && r.ActivateAt.After(now) && r.RevokedAt == nil
	})
}

// last returns the end of the chain of an algorithm, or nil.
func (s *keySet) last(alg string) *ringKey {
	followed := map[string]bool{}
	for _, r := range s.keys {
		if r.Alg == alg {
			followed[r.Predecessor] = true
		}
	}
	for _, r := range s.keys {
		if r.Alg == alg && !followed[r.KID] {
			return r
		}
	}
	return nil
}

func (r *ringKey) stateAt(now time.Time, active *ringKey) idp.KeyState {
	switch {
	// A key whose private part was wiped does not come back, whatever its times say.
	case r.RevokedAt != nil || r.private == nil:
		return idp.KeyRetired
	case r.ActivateAt == nil || r.ActivateAt.After(now):
		return idp.KeyNext
	case r == active:
		return idp.KeyActive
	case r.retires.IsZero() || now.Before(r.retires):
		return idp.KeyRetiring
	}
	return idp.KeyRetired
}

// signer returns the active key of an algorithm.
func (k *Keyring) signer(alg string) (*ringKey, error) {
	if r := k.state.Load().active(alg, k.o.Now()); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("no active %s key", alg)
}

// verifier returns the key with the KID, or nil. Retired keys still check old
// ID tokens that come back as hints; revoked ones check nothing.
func (k *Keyring) verifier(kid string) *ringKey {
	if r := k.state.Load().byKID[kid]; r != nil && r.RevokedAt == nil {
		return r
	}
	return nil
}

// isRetired reports whether the key with the KID has retired, or is gone.
func (k *Keyring) isRetired(kid string) bool {
	r := k.state.Load().byKID[kid]
	return r == nil || k.stateOf(r) == idp.KeyRetired
}

// stateOf is where a key of the present set stands.
func (k *Keyring) stateOf(r *ringKey) idp.KeyState {
	now := k.o.Now()
	return r.stateAt(now, k.state.Load().active(r.Alg, now))
}

// addKey makes a key, seals and stores it.
func (k *Keyring) addKey(ctx context.Context, alg, predecessor string, activate *time.Time) error {
	private, err := generateKey(alg)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	jwk := jose.JSONWebKey{Key: private.Public(), Algorithm: alg, Use: "sig"}
	thumb, err := jwk.Thumbprint(crypto.SHA256) // RFC 7638: distinct as the keys are
	if err != nil {
		return err
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumb[:16])
	public, err := jwk.MarshalJSON()
	if err != nil {
		return err
	}
	sealed, by, err := k.o.Master.seal(der, sealContext(jwk.KeyID, alg))
	if err != nil {
		return err
	}
	err = k.o.Store.AddKey(ctx, &idp.SigningKey{
		KID: jwk.KeyID, Alg: alg, Predecessor: predecessor, Sealed: sealed, SealedBy: by,
		PublicJWK: public, CreatedAt: k.o.Now(), ActivateAt: activate,
	})
	var conflict *idp.ConflictError
	if errors.As(err, &conflict) {
		return nil // another instance made the same step
	}
	return err
}

func generateKey(alg string) (crypto.Signer, error) {
	if alg == algRS256 {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// JWKS returns the published keys (RFC 7517 §5) as they are sent, their entity
// tag, and how long they may be cached.
func (k *Keyring) JWKS() (body []byte, etag string, maxAge time.Duration) {
	now := k.o.Now()
	p := k.jwks.Load()
	if p == nil || now.After(p.until) {
		p = k.publish(now)
		k.jwks.Store(p)
	}
	return p.body, p.etag, jwksMaxAge
}

func (k *Keyring) publish(now time.Time) *publishedKeys {
	set := k.state.Load()
	out := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, r := range set.keys {
		if r.stateAt(now, set.active(r.Alg, now)) != idp.KeyRetired {
			out.Keys = append(out.Keys, r.jwk)
		}
	}
	body, err := json.Marshal(out)
	if err != nil { // public keys that we marshalled before
		panic(err)
	}
	sum := sha256.Sum256(body)
	return &publishedKeys{body: body, etag: `"` + b64.EncodeToString(sum[:12]) + `"`, until: now.Add(keyPoll)}
}
