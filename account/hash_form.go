package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// HashParams are the costs of argon2id (RFC 9106).
type HashParams struct {
	MemoryKiB uint32
	Time      uint32 // passes over the memory
	Threads   uint8
}

// DefaultHashParams returns 19 MiB, two passes, one thread: about 24 ms.
func DefaultHashParams() HashParams { return HashParams{MemoryKiB: 19456, Time: 2, Threads: 1} }

const (
	saltLen = 16
	keyLen  = 32

	// What an imported hash may cost at most: a hash is data, and data must not
	// be able to take the memory or the minutes of the server.
	maxMemoryKiB  = 128 * 1024
	maxTime       = 16
	maxThreads    = 16
	maxBcryptCost = 15
)

// errHashForm says that a stored hash is of no kind that is understood.
var errHashForm = errors.New("password hash of an unknown form")

// argonHash is an argon2id hash taken apart.
type argonHash struct {
	HashParams
	salt, key []byte
}

// derive makes the hash of a password, already normalised.
func derive(p HashParams, password string) argonHash {
	h := argonHash{HashParams: p, salt: make([]byte, saltLen)}
	rand.Read(h.salt) // never fails: crypto/rand ends the program instead
	h.key = h.run(password, keyLen)
	return h
}

func (h argonHash) run(password string, length int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.Time, h.MemoryKiB, h.Threads, uint32(length)) //nolint:gosec // at most 64
}

func (h argonHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.run(password, len(h.key)), h.key) == 1
}

// String is the PHC form.
func (h argonHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.MemoryKiB, h.Time, h.Threads, b64(h.salt), b64(h.key))
}

var argonParams = regexp.MustCompile(`^m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})$`)

// parseArgon reads a PHC string of argon2id, version 19, within the limits.
func parseArgon(s string) (h argonHash, err error) {
	parts := strings.Split(s, "$")
	if len(s) > 300 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" ||
		parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return argonHash{}, errHashForm
	}
	m := argonParams.FindStringSubmatch(parts[3])
	if m == nil {
		return argonHash{}, errHashForm
	}
	var n [3]uint64
	for i := range n {
		if n[i], err = strconv.ParseUint(m[i+1], 10, 32); err != nil {
			return argonHash{}, errHashForm
		}
	}
	// RFC 9106 §3.1: at least 8 KiB for each lane.
	if n[0] > maxMemoryKiB || n[1] > maxTime || n[2] > maxThreads || n[0] < 8*n[2] {
		return argonHash{}, errHashForm
	}
	h.HashParams = HashParams{MemoryKiB: uint32(n[0]), Time: uint32(n[1]), Threads: uint8(n[2])} //nolint:gosec // bounded above
	b64 := base64.RawStdEncoding.Strict()
	var saltErr, keyErr error
	h.salt, saltErr = b64.DecodeString(parts[4])
	h.key, keyErr = b64.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.key) < 16 || len(h.key) > 64 ||
		strings.ContainsAny(s, "\r\n") { // which the decoder passes over
		return argonHash{}, errHashForm
	}
	return h, nil
}

var bcryptForm = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)

// parseBcrypt accepts a bcrypt hash within the limits.
func parseBcrypt(s string) ([]byte, error) {
	if !bcryptForm.MatchString(s) {
		return nil, errHashForm
	}
	h := []byte(s)
	if cost, err := bcrypt.Cost(h); err != nil || cost > maxBcryptCost {
		return nil, errHashForm
	}
	return h, nil
}

// bcryptMatches compares with the password as it was typed, as the system did
// that the hash comes from. bcrypt reads 72 bytes at most, there as here; the
// hash that replaces it reads all.
func bcryptMatches(hash []byte, typed string) bool {
	return bcrypt.CompareHashAndPassword(hash, []byte(typed)) == nil
}
