package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
)

// sealer keeps what is shown once unreadable while it lies in a store.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "shown once", 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

var errSealed = errors.New("the note was not sealed here")

// seal binds the text to its owner.
func (s sealer) seal(text []byte, owner string) []byte {
	return s.aead.Seal(nil, nil, text, []byte(owner)) //nolint:gosec // this AEAD makes its own nonces
}

func (s sealer) open(sealed []byte, owner string) ([]byte, error) {
	text, err := s.aead.Open(nil, nil, sealed, []byte(owner))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}

// Seal makes a text unreadable while it lies in a store, bound to its owner.
func (s *Site) Seal(text []byte, owner string) []byte { return s.sealer.seal(text, owner) }

// Unseal opens what Seal made for that owner.
func (s *Site) Unseal(sealed []byte, owner string) ([]byte, error) {
	return s.sealer.open(sealed, owner)
}
