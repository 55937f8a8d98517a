package oauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// A credential is a code or a refresh token: not a stored value but a MAC that
// only we can make. Its bytes, in base64url:
//
//	kind (1) | master key id (4) | grant id (24) | generation (8, refresh tokens) | HMAC-SHA256 (32)
//
// A forged one is refused without asking a store, a stolen database holds
// none, and everyone who races inside the grace window computes the same successor.
type credential struct {
	kind       credentialKind
	grantID    string // base64url, 32 characters
	generation int64
}

type credentialKind byte

const (
	kindCode           credentialKind = 1
	kindRefresh        credentialKind = 2 // ends with the browser session
	kindRefreshOffline credentialKind = 3 // outlives it
)

const (
	grantIDSize    = 24 // random bytes
	macSize        = sha256.Size
	maxCredential  = 128 // characters; a longer value is not ours
	codeSize       = 1 + keyIDSize + grantIDSize + macSize
	refreshSize    = codeSize + 8
	grantIDLetters = grantIDSize / 3 * 4
)

var b64 = base64.RawURLEncoding.Strict()

// errForged says that a credential was not made by us.
var errForged = errors.New("not a credential of ours")

func newGrantID() string { return randomText(grantIDSize) }

// randomText returns n random bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return b64.EncodeToString(b)
}

// mint writes the credential with the newest master key.
func (m MasterKeys) mint(c credential) (string, error) {
	id, err := b64.DecodeString(c.grantID)
	if err != nil || len(id) != grantIDSize {
		return "", errForged
	}
	key := &m.keys[0]
	b := make([]byte, 0, refreshSize)
	b = append(b, byte(c.kind))
	b = append(b, key.id[:]...)
	b = append(b, id...)
	if c.kind != kindCode {
		b = binary.BigEndian.AppendUint64(b, uint64(c.generation)) //nolint:gosec // generations count up from 1
	}
	return b64.EncodeToString(append(b, key.sum(b)...)), nil
}

// read checks the MAC and returns what the credential says.
func (m MasterKeys) read(text string) (credential, error) {
	// The decoder skips line ends; a credential has one spelling.
	if len(text) > maxCredential || strings.ContainsAny(text, "\r\n") {
		return credential{}, errForged
	}
	b, err := b64.DecodeString(text)
	if err != nil || (len(b) != codeSize && len(b) != refreshSize) {
		return credential{}, errForged
	}
	body, sum := b[:len(b)-macSize], b[len(b)-macSize:]
	key := m.byID(body[1 : 1+keyIDSize])
	if key == nil || !hmac.Equal(sum, key.sum(body)) {
		return credential{}, errForged
	}
	c := credential{
		kind:    credentialKind(body[0]),
		grantID: b64.EncodeToString(body[1+keyIDSize : 1+keyIDSize+grantIDSize]),
	}
	if len(b) == refreshSize {
		c.generation = int64(binary.BigEndian.Uint64(body[1+keyIDSize+grantIDSize:])) //nolint:gosec // we wrote it
	}
	if (c.kind == kindCode) != (len(b) == codeSize) {
		return credential{}, errForged
	}
	return c, nil
}

func (k *masterKey) sum(body []byte) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write(body)
	return h.Sum(nil)
}

// newJTI names an access token: the grant's id and a random part of its own.
func newJTI(grantID string) string { return grantID + "." + randomText(12) }

// grantOfJTI returns the grant that an access token belongs to.
func grantOfJTI(jti string) (string, bool) {
	id, rest, ok := strings.Cut(jti, ".")
	return id, ok && len(id) == grantIDLetters && rest != ""
}
