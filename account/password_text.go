package account

import (
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"gatehouse/idp"
)

func unusable() idp.Fault {
	return idp.NewFault("password", "contains a character that cannot be used, such as a control character")
}

// normalize brings a password into the form in which it is hashed (RFC 8265
// §4.2, OpaqueString), so that keyboards which compose é differently type the
// same password. It reports false for what cannot be a password: nothing at
// all, control characters, invalid UTF-8.
func normalize(password string) (string, bool) {
	// The profile would turn invalid bytes into U+FFFD, and make one password
	// of many. This finds both.
	if strings.ContainsRune(password, utf8.RuneError) {
		return "", false
	}
	s, err := precis.OpaqueString.String(password)
	return s, err == nil
}

// easyLetters are 32 letters and digits that are hard to mistake for each other.
const easyLetters = "abcdefghijkmnpqrstuvwxyz23456789"

// GeneratePassword returns a random password of 100 bits that is easy to read
// out and type: four groups of five letters or digits.
func GeneratePassword() string {
	random := make([]byte, 20)
	rand.Read(random)
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(easyLetters[r%byte(len(easyLetters))]) // 32 divides 256: no letter is likelier
	}
	return b.String()
}
