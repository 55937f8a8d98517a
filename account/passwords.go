package account

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
)

// MaxPasswordBytes is the longest password that is looked at, in bytes of UTF-8.
const MaxPasswordBytes = 1024

// Passwords makes and checks password hashes. Every hash, of whatever kind and
// for whatever purpose, passes one gate, which bounds processor and memory.
type Passwords struct {
	params HashParams
	gate   *gate
	dummy  argonHash // of our own costs, the hash of nothing
}

// NewPasswords lets slots hashes run at once (at least one); the rest waits.
// observe, if not nil, is told at the end of each wait how many still wait and
// how long this one did; it must be quick and safe to call from many goroutines.
func NewPasswords(p HashParams, slots int, observe func(waiting int, waited time.Duration)) *Passwords {
	dummy := argonHash{HashParams: p, kind: "argon2id", derived: derived{make([]byte, saltLen), make([]byte, keyLen)}}
	rand.Read(dummy.salt)
	rand.Read(dummy.key)
	return &Passwords{params: p, gate: newGate(slots, observe), dummy: dummy}
}

// Waiting is how many callers wait for the gate now.
func (p *Passwords) Waiting() int { return int(p.gate.waiting.Load()) }

// Hash returns the PHC form of the password's hash. The error is
// *idp.InvalidError for a password that cannot be used at all, the error of
// ctx when it ended in the queue, or ErrBusy.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := checkLength(password); err != nil {
		return "", err
	}
	normal, ok := normalize(password)
	if !ok {
		return "", invalid(unusable())
	}
	leave, err := p.gate.enter(ctx, 1)
	if err != nil {
		return "", err
	}
	defer leave()
	return derive(p.params, normal).String(), nil
}

// Verify reports whether the password is that of the hash. An empty hash
// matches nothing, in the time of one that does. Errors: *idp.InvalidError for
// an over-long password, without hashing; a hash of an unknown form, after the
// usual time; the error of ctx when it ended in the queue; ErrBusy.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (bool, error) {
	if err := checkLength(password); err != nil {
		return false, err
	}
	leave, err := p.gate.enter(ctx, p.places(hash))
	if err != nil {
		return false, err
	}
	defer leave()
	return p.compare(hash, password)
}

// VerifyNone takes the time of Verify and matches nothing: for an account that
// does not exist. Errors as Verify.
func (p *Passwords) VerifyNone(ctx context.Context, password string) error {
	_, err := p.Verify(ctx, "", password)
	return err
}

// NeedsRehash reports whether the hash is not one that Hash makes now.
func (p *Passwords) NeedsRehash(hash string) bool {
	h, err := parseHash(hash)
	if err != nil {
		return true
	}
	a, ok := h.(argonHash)
	return !ok || !a.isOf(p.params) || !strings.HasPrefix(hash, "$")
}

// Understands reports whether Verify can check passwords against the hash:
// argon2, bcrypt, scrypt or PBKDF2 in PHC form or as Django and Werkzeug write
// them, of bearable costs.
func (p *Passwords) Understands(hash string) bool {
	_, err := parseHash(hash)
	return err == nil
}

// compare runs one hash, whatever it is given; a second one only for an
// imported hash and a password that normalising changes: the system that the
// hash comes from may have hashed it as it was typed. The caller is inside the gate.
func (p *Passwords) compare(hash, password string) (bool, error) {
	normal, usable := normalize(password)
	switch {
	case !usable:
		// None could have been set. NUL above all must not reach bcrypt, for
		// which a password and its repetition with a NUL between are one.
		p.dummy.matches("")
		return false, nil
	case hash == "":
		p.dummy.matches(normal)
		return false, nil
	}
	h, err := parseHash(hash)
	if err != nil {
		p.dummy.matches(normal)
		return false, errHashForm
	}
	if h.matches(normal) {
		return true, nil
	}
	return normal != password && p.NeedsRehash(hash) && h.matches(password), nil
}

// places is the share of the gate that a hash takes: one that needs more
// memory than ours takes the place of several.
func (p *Passwords) places(hash string) int64 {
	h, err := parseHash(hash)
	if err != nil || h.memory() <= p.params.MemoryKiB {
		return 1
	}
	return int64((h.memory() + p.params.MemoryKiB - 1) / p.params.MemoryKiB)
}
