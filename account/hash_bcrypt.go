package account

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// maxBcryptCost is what an imported bcrypt hash may cost at most, about two seconds.
const maxBcryptCost = 15

// bcryptHash is a bcrypt hash. bcrypt reads 72 bytes at most, here as in the
// system that the hash comes from; the hash that replaces it reads all.
type bcryptHash struct {
	text []byte
	// digested says that bcrypt was given the SHA-256 of the password, in hex, as Django does.
	digested bool
}

func (h bcryptHash) matches(password string) bool {
	given := []byte(password)
	if h.digested {
		sum := sha256.Sum256(given)
		given = []byte(hex.EncodeToString(sum[:]))
	}
	return bcrypt.CompareHashAndPassword(h.text, given) == nil
}

func (h bcryptHash) memory() uint32 { return 4 }

var bcryptForm = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)

// parseBcrypt accepts a bcrypt hash within the limits.
func parseBcrypt(s string) (hashForm, error) {
	if !bcryptForm.MatchString(s) {
		return nil, errHashForm
	}
	h := bcryptHash{text: []byte(s)}
	if cost, err := bcrypt.Cost(h.text); err != nil || cost > maxBcryptCost {
		return nil, errHashForm
	}
	return h, nil
}

// parseBcryptSHA256 accepts what Django calls bcrypt_sha256.
func parseBcryptSHA256(s string) (hashForm, error) {
	h, err := parseBcrypt(strings.TrimPrefix(s, "bcrypt_sha256$"))
	if err != nil {
		return nil, err
	}
	b, _ := h.(bcryptHash)
	b.digested = true
	return b, nil
}
