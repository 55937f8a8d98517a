package account

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// KnownBrowserTTL is how long a browser stays known after a sign-in, and the
// life to give its cookie.
const KnownBrowserTTL = 365 * 24 * time.Hour

// maxKnownAccounts is how many people one browser remembers, the latest first.
const maxKnownAccounts = 5

// KnownBrowsers recognises browsers in which a person has signed in before, by
// a signed cookie. To be known opens nothing: it only gives the browser a
// counter of its own when passwords are tried.
//
// The cookie is base64url of
//
//	version(1) browser(16) { seen(8) user(16) }×0..5 mac(32)
//
// where browser is random, seen is when the person last signed in (Unix
// seconds, big-endian) and user is a MAC of browser and user ID, so that
// nobody can tell from it who has signed in.
type KnownBrowsers struct {
	// Now is the clock; time.Now unless set before use.
	Now func() time.Time

	seal, name, throttle []byte
}

// NewKnownBrowsers takes a secret key of at least 32 bytes, the same on every instance.
func NewKnownBrowsers(key []byte) *KnownBrowsers {
	return &KnownBrowsers{
		Now:  time.Now,
		seal: subKey(key, "seal"), name: subKey(key, "name"), throttle: subKey(key, "throttle"),
	}
}

func subKey(key []byte, purpose string) []byte {
	k, err := hkdf.Expand(sha256.New, key, "gatehouse/known-browsers/"+purpose, 32)
	if err != nil {
		panic(err) // only for a length that is out of bounds, which 32 is not
	}
	return k
}

// Knows reports whether the person signed in with this browser before. A
// cookie that is absent, altered or expired knows nobody.
func (k *KnownBrowsers) Knows(cookie, userID string) bool {
	_, _, known := k.find(cookie, userID)
	return known
}

// Add returns the cookie for a browser in which the person has just signed in,
// with the accounts that the old cookie knew, five at most.
func (k *KnownBrowsers) Add(cookie, userID string) string {
	b, ok := k.parse(cookie)
	if !ok {
		rand.Read(b.id[:])
	}
	name := k.nameOf(b.id, userID)
	accounts := []knownAccount{{seen: k.Now().Unix(), user: name}}
	for _, a := range b.accounts {
		if len(accounts) < maxKnownAccounts && a.user != name && k.isFresh(a) {
			accounts = append(accounts, a)
		}
	}
	b.accounts = accounts
	return k.format(b)
}

// find returns the browser's own throttle key for the person, and when the
// person last signed in with it.
func (k *KnownBrowsers) find(cookie, userID string) (throttleKey string, seen time.Time, known bool) {
	b, ok := k.parse(cookie)
	if !ok || userID == "" {
		return "", time.Time{}, false
	}
	name := k.nameOf(b.id, userID)
	for _, a := range b.accounts {
		if hmac.Equal(a.user[:], name[:]) && k.isFresh(a) {
			return k.throttleKey("browser", string(name[:])), time.Unix(a.seen, 0), true
		}
	}
	return "", time.Time{}, false
}

// throttleKey makes a counter's name out of something typed, which may well be
// a password in the wrong field: so it is keyed, and cannot be guessed back.
func (k *KnownBrowsers) throttleKey(kind, value string) string {
	return "signin:" + kind + ":" + base64.RawURLEncoding.EncodeToString(mac(k.throttle, kind, value)[:18])
}

func (k *KnownBrowsers) isFresh(a knownAccount) bool {
	return k.Now().Sub(time.Unix(a.seen, 0)) < KnownBrowserTTL
}

func (k *KnownBrowsers) nameOf(browser [16]byte, userID string) (name [16]byte) {
	copy(name[:], mac(k.name, string(browser[:]), userID))
	return name
}

type knownBrowser struct {
	id       [16]byte
	accounts []knownAccount
}

type knownAccount struct {
	seen int64
	user [16]byte
}

const (
	cookieVersion = 1
	cookieHead    = 1 + 16
	cookieAccount = 8 + 16
	cookieLongest = cookieHead + maxKnownAccounts*cookieAccount + sha256.Size
)

var cookieText = base64.RawURLEncoding.Strict()

func (k *KnownBrowsers) format(b knownBrowser) string {
	raw := make([]byte, 0, cookieLongest)
	raw = append(raw, cookieVersion)
	raw = append(raw, b.id[:]...)
	for _, a := range b.accounts {
		raw = binary.BigEndian.AppendUint64(raw, uint64(a.seen)) //nolint:gosec // read back the same way
		raw = append(raw, a.user[:]...)
	}
	return cookieText.EncodeToString(append(raw, mac(k.seal, string(raw))...))
}

// parse checks the seal before it reads anything.
func (k *KnownBrowsers) parse(cookie string) (b knownBrowser, ok bool) {
	// The decoder passes over line breaks, which would make two texts of one.
	if len(cookie) > cookieText.EncodedLen(cookieLongest) || strings.ContainsAny(cookie, "\r\n") {
		return b, false
	}
	raw, err := cookieText.DecodeString(cookie)
	if err != nil || len(raw) < cookieHead+sha256.Size {
		return b, false
	}
	raw, seal := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(seal, mac(k.seal, string(raw))) || raw[0] != cookieVersion {
		return b, false
	}
	copy(b.id[:], raw[1:])
	rest := raw[cookieHead:]
	if len(rest)%cookieAccount != 0 {
		return knownBrowser{}, false
	}
	for ; len(rest) > 0; rest = rest[cookieAccount:] {
		a := knownAccount{seen: int64(binary.BigEndian.Uint64(rest))} //nolint:gosec // written the same way
		copy(a.user[:], rest[8:])
		b.accounts = append(b.accounts, a)
	}
	return b, true
}

// mac is HMAC-SHA256 over the parts, each with its length before it, so that
// no two lists of parts are one text.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
