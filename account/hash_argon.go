package account

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/argon2"
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

	// What an imported argon2 hash may cost at most.
	maxMemoryKiB = 128 * 1024
	maxTime      = 16
	maxThreads   = 16
)

// argonHash is an argon2 hash taken apart.
type argonHash struct {
	HashParams
	derived
	kind string // "argon2id", which ours are, or "argon2i"
}

// derive makes the hash of a password, already normalised.
func derive(p HashParams, password string) argonHash {
	h := argonHash{HashParams: p, kind: "argon2id", derived: derived{salt: make([]byte, saltLen)}}
	rand.Read(h.salt) // never fails: crypto/rand ends the program instead
	h.key = h.run(password, keyLen)
	return h
}

func (h argonHash) run(password string, length int) []byte {
	if h.kind == "argon2i" {
		return argon2.Key([]byte(password), h.salt, h.Time, h.MemoryKiB, h.Threads, uint32(length)) //nolint:gosec // at most 64
	}
	return argon2.IDKey([]byte(password), h.salt, h.Time, h.MemoryKiB, h.Threads, uint32(length)) //nolint:gosec // at most 64
}

func (h argonHash) matches(password string) bool { return h.is(h.run(password, len(h.key))) }

func (h argonHash) memory() uint32 { return h.MemoryKiB }

// isOf reports whether Hash makes such hashes with these costs.
func (h argonHash) isOf(p HashParams) bool {
	return h.kind == "argon2id" && h.HashParams == p && len(h.salt) == saltLen && len(h.key) == keyLen
}

// String is the PHC form.
func (h argonHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s",
		h.kind, argon2.Version, h.MemoryKiB, h.Time, h.Threads, b64(h.salt), b64(h.key))
}

var argonForm = regexp.MustCompile(`^\$(argon2id?)\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})\$([^$]+)\$([^$]+)$`)

// parseArgon reads a PHC string of argon2id or argon2i, version 19 (RFC 9106),
// within the limits. argon2d is not for passwords (RFC 9106 §4).
func parseArgon(s string) (hashForm, error) {
	m := argonForm.FindStringSubmatch(s)
	if m == nil {
		return nil, errHashForm
	}
	memory, time, threads := number(m[2]), number(m[3]), number(m[4])
	// RFC 9106 §3.1: at least 8 KiB for each lane.
	if memory > maxMemoryKiB || time > maxTime || threads > maxThreads || memory < 8*threads {
		return nil, errHashForm
	}
	salt, saltErr := fromRawBase64(m[5])
	key, keyErr := fromRawBase64(m[6])
	d, err := newDerived(salt, key, saltErr, keyErr)
	if err != nil || len(salt) < 8 { // RFC 9106 §3.1
		return nil, errHashForm
	}
	p := HashParams{MemoryKiB: uint32(memory), Time: uint32(time), Threads: uint8(threads)} //nolint:gosec // bounded above
	return argonHash{HashParams: p, derived: d, kind: strings.Clone(m[1])}, nil
}
