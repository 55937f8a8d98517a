package account

import (
	"strings"
	"testing"
)

// A PHC string of argon2id made elsewhere (the reference implementation's
// command line: argon2 somesalt -id -t 2 -m 16 -p 1 <<< password).
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestParseArgonReadsForeignHashes(t *testing.T) {
	form, err := parseArgon(referenceHash)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := form.(argonHash)
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
		"argon2d":           strings.Replace(referenceHash, "argon2id", "argon2d", 1),
		"argon2":            strings.Replace(referenceHash, "argon2id", "argon2", 1),
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
			if h, err := parseHash(s); err == nil {
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
		if _, err := parseHash(s); (err == nil) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}
