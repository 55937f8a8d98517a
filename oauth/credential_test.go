package oauth

import (
	"errors"
	"strings"
	"testing"
)

func master(t testing.TB, keys ...byte) MasterKeys {
	t.Helper()
	var parts []string
	for _, k := range keys {
		parts = append(parts, strings.Repeat(string("0123456789abcdef"[k]), 64))
	}
	m, err := ParseMasterKeys(strings.Join(parts, ","))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCredentialsComeBackAsTheyWere(t *testing.T) {
	m := master(t, 1)
	for _, want := range []credential{
		{kind: kindCode, grantID: newGrantID()},
		{kind: kindRefresh, grantID: newGrantID(), generation: 1},
		{kind: kindRefreshOffline, grantID: newGrantID(), generation: 1<<62 + 3},
	} {
		text, err := m.mint(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.read(text); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		if again, err := m.mint(want); err != nil || again != text {
			t.Error("racers would get different successors")
		}
	}
}

func TestForgedCredentialsAreRefused(t *testing.T) {
	m := master(t, 1)
	text, err := m.mint(credential{kind: kindRefresh, grantID: newGrantID(), generation: 7})
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		b := []byte(text)
		if b[i]++; b[i] == text[i] {
			continue
		}
		if _, err := m.read(string(b)); !errors.Is(err, errForged) {
			t.Fatalf("character %d changed: %v", i, err)
		}
	}
	for _, other := range []string{"", "x", text[:len(text)-1], text + "A", text + text, "=" + text, text + "=", " " + text, text[:9] + "\n" + text[9:], text + "\r\n"} {
		if _, err := m.read(other); !errors.Is(err, errForged) {
			t.Errorf("%q: %v", other, err)
		}
	}
	if _, err := master(t, 2).read(text); !errors.Is(err, errForged) {
		t.Error("another master key reads it")
	}
}

func TestMasterKeyRotationKeepsCredentials(t *testing.T) {
	c := credential{kind: kindRefresh, grantID: newGrantID(), generation: 3}
	old, err := master(t, 1).mint(c)
	if err != nil {
		t.Fatal(err)
	}
	both := master(t, 2, 1)
	if got, err := both.read(old); err != nil || got != c {
		t.Errorf("the older key reads nothing: %v", err)
	}
	fresh, err := both.mint(c)
	if err != nil || fresh == old {
		t.Error("the newest key does not write")
	}
	if _, err := master(t, 2).read(fresh); err != nil {
		t.Errorf("without the older key: %v", err)
	}
}

func TestMasterKeysAreCheckedAndHidden(t *testing.T) {
	good := GenerateMasterKey()
	for _, bad := range []string{"", "zz", good[:63], good + "0", good + "," + good, good + ",", "," + good} {
		if _, err := ParseMasterKeys(bad); err == nil {
			t.Errorf("%q passes", bad)
		} else if strings.Contains(err.Error(), good[:16]) {
			t.Error("the error repeats the key")
		}
	}
	m, err := ParseMasterKeys(good)
	if err != nil {
		t.Fatal(err)
	}
	if m.String() != "[hidden]" || m.GoString() != "[hidden]" || m.LogValue().String() != "[hidden]" {
		t.Error("the keys can be printed")
	}
	if string(m.Derive("a")) == string(m.Derive("b")) {
		t.Error("purposes share a key")
	}
}

func TestSealedValuesAreBoundToTheirContext(t *testing.T) {
	m := master(t, 1)
	sealed, by, err := m.seal([]byte("secret"), "one")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := m.open(sealed, by, "one"); err != nil || string(plain) != "secret" {
		t.Errorf("got %q, %v", plain, err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another context": func() ([]byte, error) { return m.open(sealed, by, "two") },
		"another key":     func() ([]byte, error) { return master(t, 2).open(sealed, by, "one") },
		"altered":         func() ([]byte, error) { return m.open(append(sealed[:len(sealed)-1:len(sealed)-1], 0), by, "one") },
		"empty":           func() ([]byte, error) { return m.open(nil, by, "one") },
		"a broken id":     func() ([]byte, error) { return m.open(sealed, "zz", "one") },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
}

func FuzzCredential(f *testing.F) {
	m := master(f, 1)
	for _, c := range []credential{{kindCode, newGrantID(), 0}, {kindRefresh, newGrantID(), 1}, {kindRefreshOffline, newGrantID(), 9}} {
		text, err := m.mint(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[1:])
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := m.read(text)
		if err != nil {
			return
		}
		// What reads is exactly what we would write.
		if again, err := m.mint(c); err != nil || again != text {
			t.Fatalf("%q reads as %+v, which writes %q", text, c, again)
		}
	})
}
