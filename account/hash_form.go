package account

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// errHashForm says that a stored hash is of no kind that is understood, or costs too much.
var errHashForm = errors.New("password hash of an unknown form")

// hashForm is a stored hash, taken apart and found bearable: a hash is data,
// and data must not be able to take the memory or the minutes of the server.
type hashForm interface {
	// matches reports whether the password is that of the hash.
	matches(password string) bool
	// memory is what matches takes, in KiB.
	memory() uint32
}

// maxHashText is the longest hash that is looked at, in bytes.
const maxHashText = 400

// Bounds of what an imported hash holds, in bytes.
const (
	minKey, maxKey = 16, 64
	maxSalt        = 64
)

// parseHash reads a stored hash: ours, or one of those that other systems
// make. Whatever is not exactly of a known form and within the bounds is errHashForm.
func parseHash(s string) (hashForm, error) {
	if len(s) > maxHashText || strings.ContainsAny(s, "\r\n") { // which base64 would pass over
		return nil, errHashForm
	}
	for _, f := range []struct {
		prefix string
		parse  func(string) (hashForm, error)
	}{
		{"$argon2", parseArgon},
		{"$2", parseBcrypt},
		{"$scrypt$", parseScryptPHC},
		{"$pbkdf2", parsePBKDF2PHC},
		{"scrypt:", parseScryptWerkzeug},
		{"pbkdf2:", parsePBKDF2Werkzeug},
		{"argon2$argon2", func(s string) (hashForm, error) { return parseArgon(strings.TrimPrefix(s, "argon2")) }}, // Django
		{"bcrypt$$2", func(s string) (hashForm, error) { return parseBcrypt(strings.TrimPrefix(s, "bcrypt$")) }},   // Django
		{"bcrypt_sha256$$2", parseBcryptSHA256},
		{"scrypt$", parseScryptDjango},
		{"pbkdf2_", parsePBKDF2Django},
	} {
		if strings.HasPrefix(s, f.prefix) {
			return f.parse(s)
		}
	}
	return nil, errHashForm
}

// derived is the salt and the outcome of a key derivation.
type derived struct{ salt, key []byte }

// newDerived checks the lengths: a key that is too short matches too easily, a long one costs.
func newDerived(salt, key []byte, errs ...error) (derived, error) {
	if errors.Join(errs...) != nil || len(salt) == 0 || len(salt) > maxSalt || len(key) < minKey || len(key) > maxKey {
		return derived{}, errHashForm
	}
	return derived{salt, key}, nil
}

func (d derived) is(key []byte) bool { return subtle.ConstantTimeCompare(key, d.key) == 1 }

// The ways in which salts and keys are written.

func fromHex(s string) ([]byte, error) { return hex.DecodeString(s) }

func fromBase64(s string) ([]byte, error) { return base64.StdEncoding.Strict().DecodeString(s) }

func fromRawBase64(s string) ([]byte, error) { return base64.RawStdEncoding.Strict().DecodeString(s) }

// number reads a cost that a pattern found; 0, which no cost is, when it is too large.
func number(s string) int {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}
