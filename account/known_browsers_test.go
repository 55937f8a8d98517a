package account

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

func newBrowsers(now *time.Time) *KnownBrowsers {
	k := NewKnownBrowsers(bytes.Repeat([]byte{7}, 32))
	k.Now = func() time.Time { return *now }
	return k
}

func TestKnownBrowsers(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	k := newBrowsers(&now)
	cookie := k.Add("", "user-1")
	if !k.Knows(cookie, "user-1") || k.Knows(cookie, "user-2") || k.Knows(cookie, "") || k.Knows("", "user-1") {
		t.Fatal("knows the wrong ones")
	}
	two := k.Add(cookie, "user-2")
	if !k.Knows(two, "user-1") || !k.Knows(two, "user-2") || k.Knows(cookie, "user-2") {
		t.Fatal("does not add")
	}
	now = now.Add(KnownBrowserTTL - time.Second)
	if !k.Knows(two, "user-1") {
		t.Fatal("forgets too soon")
	}
	renewed := k.Add(two, "user-1")
	now = now.Add(time.Second)
	if k.Knows(two, "user-1") || k.Knows(renewed, "user-2") || !k.Knows(renewed, "user-1") {
		t.Fatal("a year is not a year")
	}
	if got := k.Add(renewed, "user-3"); k.Knows(got, "user-2") || len(got) != len(two) {
		t.Fatal("keeps what has expired")
	}
}

func TestKnownBrowsersKeepFive(t *testing.T) {
	now := time.Now()
	k := newBrowsers(&now)
	cookie := ""
	for i := range 7 {
		cookie = k.Add(cookie, fmt.Sprint(i))
	}
	cookie = k.Add(cookie, "3") // again: no second entry, and the latest now
	cookie = k.Add(cookie, "7")
	for i, want := range []bool{false, false, false, true, true, true, true, true} {
		// 2 left when 7 came.
		if got := k.Knows(cookie, fmt.Sprint(i)); got != want {
			t.Errorf("user %d: %v", i, got)
		}
	}
	if n := len(cookie); n != base64.RawURLEncoding.EncodedLen(cookieLongest) || n > 256 {
		t.Errorf("%d characters", n)
	}
}

func TestKnownBrowsersTellNothing(t *testing.T) {
	now := time.Now()
	k := newBrowsers(&now)
	raw, err := base64.RawURLEncoding.DecodeString(k.Add("", "user-1"))
	if err != nil || bytes.Contains(raw, []byte("user")) {
		t.Fatalf("%q %v", raw, err)
	}
	// The same person in two browsers cannot be recognised as the same.
	a, _ := k.parse(k.Add("", "user-1"))
	b, _ := k.parse(k.Add("", "user-1"))
	if a.id == b.id || a.accounts[0].user == b.accounts[0].user {
		t.Error("two browsers of one person have something in common")
	}
	keyA, _, _ := k.find(k.format(a), "user-1")
	keyB, _, _ := k.find(k.format(b), "user-1")
	if keyA == keyB || keyA == "" || strings.Contains(keyA, "user") {
		t.Errorf("counters %q and %q", keyA, keyB)
	}
}

func TestKnownBrowsersRefuseForgeries(t *testing.T) {
	now := time.Now()
	k := newBrowsers(&now)
	cookie := k.Add(k.Add("", "user-1"), "user-2")
	raw, _ := base64.RawURLEncoding.DecodeString(cookie)
	for i := range raw {
		forged := bytes.Clone(raw)
		forged[i] ^= 1
		if _, ok := k.parse(base64.RawURLEncoding.EncodeToString(forged)); ok {
			t.Fatalf("byte %d can be changed", i)
		}
	}
	foreign := NewKnownBrowsers(bytes.Repeat([]byte{8}, 32)).Add("", "user-1")
	for name, c := range map[string]string{
		"of another key": foreign,
		"cut":            cookie[:len(cookie)-4],
		"grown":          cookie + "AAAA",
		"padded":         cookie + "=",
		"line break":     cookie[:8] + "\n" + cookie[8:],
		"huge":           strings.Repeat("A", 1<<20),
		"no base64":      "%%%",
		"other version":  k.sealed(append([]byte{2}, raw[1:cookieHead]...)),
		"half an entry":  k.sealed(raw[:cookieHead+10]),
	} {
		if _, ok := k.parse(c); ok || k.Knows(c, "user-1") {
			t.Errorf("%s: accepted", name)
		}
	}
	if !k.Knows(k.Add("%%%", "user-1"), "user-1") {
		t.Error("a broken cookie cannot be replaced")
	}
}

func (k *KnownBrowsers) sealed(raw []byte) string {
	return cookieText.EncodeToString(append(bytes.Clone(raw), mac(k.seal, string(raw))...))
}

func FuzzKnownBrowsers(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	k := newBrowsers(&now)
	one := k.Add("", "user-1")
	f.Add(one, []byte{})
	f.Add(k.Add(one, "user-2"), []byte{1})
	f.Add("", make([]byte, cookieHead))
	f.Add("AQ", make([]byte, cookieHead+cookieAccount))
	f.Fuzz(func(t *testing.T, cookie string, raw []byte) {
		// As it comes from a stranger, and as if the stranger could sign.
		for _, c := range []string{cookie, k.sealed(raw)} {
			b, ok := k.parse(c)
			if ok && (len(b.accounts) > maxKnownAccounts || k.format(b) != c) {
				t.Fatalf("%q is read as %+v", c, b)
			}
			if k.Knows(c, "somebody else") {
				t.Fatal("knows everybody")
			}
			if !k.Knows(k.Add(c, "user-3"), "user-3") {
				t.Fatal("cannot add")
			}
		}
	})
}

// The parts of a MAC must not run into each other.
func TestMacSeparatesParts(t *testing.T) {
	key := make([]byte, 32)
	if bytes.Equal(mac(key, "ab", "c"), mac(key, "a", "bc")) || bytes.Equal(mac(key, "a"), mac(key, "a", "")) {
		t.Error("two lists of parts have one MAC")
	}
}
