package account

import (
	"math/bits"
	"regexp"

	"golang.org/x/crypto/scrypt"
)

// What an imported scrypt hash may cost at most (RFC 7914): memory is 128·N·r
// bytes, time grows with N·r·p.
const (
	maxScryptMemory = 1 << 20 // N·r: 128 MiB, as for argon2
	maxScryptWork   = 1 << 22 // N·r·p
	maxScryptBlock  = 32      // r
)

// scryptHash is a scrypt hash taken apart.
type scryptHash struct {
	derived
	n, r, p int
}

func (h scryptHash) matches(password string) bool {
	key, err := scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, len(h.key))
	return err == nil && h.is(key)
}

func (h scryptHash) memory() uint32 { return uint32(h.n * h.r / 8) } //nolint:gosec // at most 2^17

func newScrypt(n, r, p int, d derived, err error) (hashForm, error) {
	// N is a power of two above 1 (RFC 7914 §2). The factors are bounded first: their product must not overflow.
	if err != nil || n < 2 || bits.OnesCount(uint(n)) != 1 || r < 1 || p < 1 ||
		n > maxScryptMemory || r > maxScryptBlock || n*r > maxScryptMemory || p > maxScryptWork/(n*r) || p > maxThreads {
		return nil, errHashForm
	}
	return scryptHash{derived: d, n: n, r: r, p: p}, nil
}

var (
	scryptPHC      = regexp.MustCompile(`^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([^$]+)\$([^$]+)$`)
	scryptWerkzeug = regexp.MustCompile(`^scrypt:([1-9]\d{0,6}):([1-9]\d?):([1-9]\d?)\$([!-#%-~]+)\$([0-9a-f]+)$`)
	scryptDjango   = regexp.MustCompile(`^scrypt\$([1-9]\d{0,6})\$([!-#%-~]+)\$([1-9]\d?)\$([1-9]\d?)\$([^$]+)$`)
)

// parseScryptPHC reads $scrypt$ln=…,r=…,p=…$salt$key, with log2 of N.
func parseScryptPHC(s string) (hashForm, error) {
	m := scryptPHC.FindStringSubmatch(s)
	if m == nil || number(m[1]) > 20 {
		return nil, errHashForm
	}
	salt, saltErr := fromRawBase64(m[4])
	key, keyErr := fromRawBase64(m[5])
	d, err := newDerived(salt, key, saltErr, keyErr)
	return newScrypt(1<<number(m[1]), number(m[2]), number(m[3]), d, err)
}

// parseScryptWerkzeug reads scrypt:N:r:p$salt$key; the salt is a text, the key in hex.
func parseScryptWerkzeug(s string) (hashForm, error) {
	m := scryptWerkzeug.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	key, keyErr := fromHex(m[5])
	d, err := newDerived([]byte(m[4]), key, keyErr)
	return newScrypt(number(m[1]), number(m[2]), number(m[3]), d, err)
}

// parseScryptDjango reads scrypt$N$salt$r$p$key; the salt is a text, the key in base64.
func parseScryptDjango(s string) (hashForm, error) {
	m := scryptDjango.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	key, keyErr := fromBase64(m[5])
	d, err := newDerived([]byte(m[2]), key, keyErr)
	return newScrypt(number(m[1]), number(m[3]), number(m[4]), d, err)
}
