package oauth

import (
	"bytes"
	"testing"
	"time"

	"gatehouse/idp"
)

func FuzzAccessToken(f *testing.F) {
	p := &Provider{o: Options{Issuer: "https://id.example", Now: time.Now}}
	p.o.Keys = &Keyring{o: KeyringOptions{Now: time.Now}}
	key := fuzzKey(f)
	p.o.Keys.state.Store(&keySet{keys: []*ringKey{key}, byKID: map[string]*ringKey{key.KID: key}})
	good, err := sign(key.access, accessClaims{Issuer: "https://id.example", Subject: "s", Expires: time.Now().Add(time.Hour).Unix(), JTI: "x"})
	if err != nil {
		f.Fatal(err)
	}
	want, _, err := p.o.Keys.open(good, "at+jwt")
	if err != nil {
		f.Fatal(err)
	}
	hint, err := sign(key.id, hintClaims{Issuer: "https://id.example", Subject: "s", Audience: audience{"a"}})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{good, hint, "a.b.c", good + ".", "eyJhbGciOiJub25lIn0.e30.", "{}", good[:40]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if payload, _, err := p.o.Keys.open(token, "at+jwt"); err == nil && !bytes.Equal(payload, want) {
			t.Fatalf("claims that we did not sign: %s", payload)
		}
		if c, err := p.verifyHint(token); err == nil && (c.Subject != "s" || c.Audience[0] != "a") {
			t.Fatalf("a hint that we did not sign: %+v", c)
		}
	})
}

func fuzzKey(f testing.TB) *ringKey {
	f.Helper()
	private, err := generateKey(algES256)
	if err != nil {
		f.Fatal(err)
	}
	r := &ringKey{SigningKey: idp.SigningKey{KID: "k", Alg: algES256}, private: private, public: private.Public()}
	if r.access, err = newSigner(r, "at+jwt"); err != nil {
		f.Fatal(err)
	}
	if r.id, err = newSigner(r, "JWT"); err != nil {
		f.Fatal(err)
	}
	return r
}
