package account

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // only to read hashes that others made; the sign-in replaces them
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"regexp"
	"strings"
)

// maxIterations is what an imported PBKDF2 hash may cost at most, for each block of its key.
const maxIterations = 4_000_000

// pbkdf2Hash is a PBKDF2 hash taken apart (RFC 8018 §5.2, with HMAC).
type pbkdf2Hash struct {
	derived
	digest     func() hash.Hash
	iterations int
}

func (h pbkdf2Hash) matches(password string) bool {
	key, err := pbkdf2.Key(h.digest, password, h.salt, h.iterations, len(h.key))
	return err == nil && h.is(key)
}

func (h pbkdf2Hash) memory() uint32 { return 4 }

func newPBKDF2(digest string, iterations int, d derived, err error) (hashForm, error) {
	h := pbkdf2Hash{derived: d, iterations: iterations}
	switch digest {
	case "sha1":
		h.digest = sha1.New
	case "sha256":
		h.digest = sha256.New
	case "sha512":
		h.digest = sha512.New
	default:
		return nil, errHashForm
	}
	if err != nil || iterations < 1 {
		return nil, errHashForm
	}
	blocks := (len(d.key) + h.digest().Size() - 1) / h.digest().Size()
	if iterations > maxIterations/blocks {
		return nil, errHashForm
	}
	return h, nil
}

var (
	pbkdf2PHC      = regexp.MustCompile(`^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?([1-9]\d{0,7})(?:,l=([1-9]\d?))?\$([^$]+)\$([^$]+)$`)
	pbkdf2Werkzeug = regexp.MustCompile(`^pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,7})\$([!-#%-~]+)\$([0-9a-f]+)$`)
	pbkdf2Django   = regexp.MustCompile(`^pbkdf2_(sha1|sha256|sha512)\$([1-9]\d{0,7})\$([!-#%-~]+)\$([^$]+)$`)
)

// parsePBKDF2PHC reads $pbkdf2-DIGEST$i=N,l=LENGTH$salt$key, and the form
// without names that passlib writes, where base64 has a dot for the plus and no
// digest means SHA-1.
func parsePBKDF2PHC(s string) (hashForm, error) {
	m := pbkdf2PHC.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	salt, saltErr := fromRawBase64(strings.ReplaceAll(m[4], ".", "+"))
	key, keyErr := fromRawBase64(strings.ReplaceAll(m[5], ".", "+"))
	d, err := newDerived(salt, key, saltErr, keyErr)
	if m[3] != "" && number(m[3]) != len(key) {
		return nil, errHashForm
	}
	digest := m[1]
	if digest == "" {
		digest = "sha1"
	}
	return newPBKDF2(digest, number(m[2]), d, err)
}

// parsePBKDF2Werkzeug reads pbkdf2:DIGEST:N$salt$key; the salt is a text, the key in hex.
func parsePBKDF2Werkzeug(s string) (hashForm, error) {
	m := pbkdf2Werkzeug.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	key, keyErr := fromHex(m[4])
	d, err := newDerived([]byte(m[3]), key, keyErr)
	return newPBKDF2(m[1], number(m[2]), d, err)
}

// parsePBKDF2Django reads pbkdf2_DIGEST$N$salt$key; the salt is a text, the key in base64.
func parsePBKDF2Django(s string) (hashForm, error) {
	m := pbkdf2Django.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	key, keyErr := fromBase64(m[4])
	d, err := newDerived([]byte(m[3]), key, keyErr)
	return newPBKDF2(m[1], number(m[2]), d, err)
}
