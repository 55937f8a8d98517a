package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

const (
	masterKeySize = 32 // bytes
	keyIDSize     = 4  // bytes of a master key's id, as tokens carry it
)

// MasterKeys are the keys under which signing keys are sealed and from which
// the MAC keys of codes and refresh tokens are derived, newest first. New
// values are made with the newest; older ones still open and verify.
type MasterKeys struct{ keys []masterKey }

type masterKey struct {
	id     [keyIDSize]byte
	secret []byte
	mac    []byte // of codes and refresh tokens
}

// GenerateMasterKey returns a new random key in the form that ParseMasterKeys reads.
func GenerateMasterKey() string {
	b := make([]byte, masterKeySize)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// ParseMasterKeys reads a comma-separated list of keys, newest first, each 64
// hexadecimal digits. Errors never repeat the text.
func ParseMasterKeys(text string) (MasterKeys, error) {
	var m MasterKeys
	seen := map[[keyIDSize]byte]bool{}
	for i, part := range strings.Split(text, ",") {
		secret, err := hex.DecodeString(strings.TrimSpace(part))
		if err != nil || len(secret) != masterKeySize {
			return MasterKeys{}, fmt.Errorf("master key %d is not 64 hexadecimal digits", i+1)
		}
		k := masterKey{secret: secret, mac: derive(secret, "token mac")}
		copy(k.id[:], derive(secret, "key id"))
		if seen[k.id] {
			return MasterKeys{}, fmt.Errorf("master key %d stands in the list twice", i+1)
		}
		seen[k.id] = true
		m.keys = append(m.keys, k)
	}
	return m, nil
}

// derive is HKDF-SHA256 (RFC 5869) with a purpose as info.
func derive(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "gatehouse "+purpose, sha256.Size)
	if err != nil { // only for lengths over 255 hashes
		panic(err)
	}
	return key
}

// Derive returns 32 bytes for a purpose outside this package, from the newest key.
func (m MasterKeys) Derive(purpose string) []byte { return derive(m.keys[0].secret, "use "+purpose) }

// LogValue hides the keys.
func (m MasterKeys) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// String hides the keys.
func (m MasterKeys) String() string { return "[hidden]" }

// GoString hides the keys from %#v.
func (m MasterKeys) GoString() string { return "[hidden]" }

// byID returns the key with the id, or nil.
func (m MasterKeys) byID(id []byte) *masterKey {
	for i := range m.keys {
		if string(m.keys[i].id[:]) == string(id) {
			return &m.keys[i]
		}
	}
	return nil
}

func (k *masterKey) name() string { return hex.EncodeToString(k.id[:]) }

func (k *masterKey) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(k.secret, "seal"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts with the newest key and says which that was. The context is
// authenticated, so a sealed value cannot stand in for another.
func (m MasterKeys) seal(plain []byte, context string) (sealed []byte, by string, err error) {
	a, err := m.keys[0].aead()
	if err != nil {
		return nil, "", err
	}
	return a.Seal(nil, nil, plain, []byte(context)), m.keys[0].name(), nil //nolint:gosec // this AEAD makes its own random nonce
}

// errNoMasterKey says that none of the configured master keys opens a sealed value.
var errNoMasterKey = errors.New("no configured master key opens it")

func (m MasterKeys) open(sealed []byte, by, context string) ([]byte, error) {
	id, err := hex.DecodeString(by)
	if err != nil {
		return nil, errNoMasterKey
	}
	k := m.byID(id)
	if k == nil {
		return nil, errNoMasterKey
	}
	a, err := k.aead()
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, errNoMasterKey
	}
	return plain, nil
}
