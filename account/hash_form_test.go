package account

import (
	"strings"
	"testing"
)

// A PHC string of argon2id made elsewhere (the reference implementation's
// command line: argon2 somesalt -id -t 2 -m 16 -p 1 <<< password).
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestParseArgonReadsForeignHashes(t *testing.T) {
	h, err := parseArgon(referenceHash)
	if err != nil {
		t.Fatal(err)
	}
	if h.HashParams != (HashParams{65536, 2, 1}) || string(h.salt) != "somesalt" || h.String() != referenceHash {
		t.Fatalf("read %+v", h)
	}
	if !h.matches("password") || h.matches("Password") {
		t.Fatal("the reference implementation's password does not match alone")
	}
}

func TestParseArgonRefuses(t *testing.T) {
	const salt, key = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, s := range map[string]string{
		"empty":             "",
		"argon2i":           strings.Replace(referenceHash, "argon2id", "argon2i", 1),
		"old version":       strings.Replace(referenceHash, "v=19", "v=16", 1),
		"no version":        strings.Replace(referenceHash, "$v=19", "", 1),
		"too much memory":   "$argon2id$v=19$m=131073,t=2,p=1$" + salt + "$" + key,
		"memory overflows":  "$argon2id$v=19$m=4294967297,t=2,p=1$" + salt + "$" + key,
		"too little memory": "$argon2id$v=19$m=15,t=2,p=2$" + salt + "$" + key,
		"too long":          "$argon2id$v=19$m=65536,t=17,p=1$" + salt + "$" + key,
		"no passes":         "$argon2id$v=19$m=65536,t=0,p=1$" + salt + "$" + key,
		"no threads":        "$argon2id$v=19$m=65536,t=2,p=0$" + salt + "$" + key,
		"threads wrap":      "$argon2id$v=19$m=65536,t=2,p=257$" + salt + "$" + key,
		"other order":       "$argon2id$v=19$t=2,m=65536,p=1$" + salt + "$" + key,
		"signed":            "$argon2id$v=19$m=+65536,t=2,p=1$" + salt + "$" + key,
		"empty key":         "$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$",
		"short key":         "$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$AAAA",
		"short salt":        "$argon2id$v=19$m=65536,t=2,p=1$c29t$" + key,
		"padded":            "$argon2id$v=19$m=65536,t=2,p=1$" + salt + "=$" + key,
		"line break":        referenceHash + "\n",
		"more parts":        referenceHash + "$" + key,
		"huge":              referenceHash + strings.Repeat("A", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := parseArgon(s); err == nil {
				t.Fatalf("accepted as %+v", h)
			}
		})
	}
}

func TestParseBcryptLimits(t *testing.T) {
	const rest = "abcdefghijklmnopqrstuuW6kAtb5S5hGZPGqHmZNpPmXMSWZ8YHG"
	for s, want := range map[string]bool{
		"$2a$10$" + rest: true, "$2b$15$" + rest: true, "$2y$04$" + rest: true,
		"$2x$10$" + rest: false, "$2a$16$" + rest: false, "$2a$31$" + rest: false, "$2a$03$" + rest: false,
		"$2a$1$" + rest: false, "$2a$10$" + rest[1:]: false, "$2a$10$" + rest + "\n": false,
	} {
		if _, err := parseBcrypt(s); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParseArgon(f *testing.F) {
	f.Add(referenceHash)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=0,t=0,p=0$$")
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHR=$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPP\n")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseArgon(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Fatalf("%q is read as %q: two texts for one hash", s, h.String())
		}
		if h.MemoryKiB > maxMemoryKiB || h.Time > maxTime || h.Threads > maxThreads || h.Threads == 0 || h.Time == 0 {
			t.Fatalf("%q costs too much", s)
		}
	})
}

func FuzzParseBcrypt(f *testing.F) {
	f.Add("$2a$10$abcdefghijklmnopqrstuuW6kAtb5S5hGZPGqHmZNpPmXMSWZ8YHG")
	f.Add("$2a$99$")
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := parseBcrypt(s); err == nil && (len(h) != 60 || string(h) != s) {
			t.Fatalf("%q accepted", s)
		}
	})
}
