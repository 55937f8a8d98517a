package account

import (
	_ "embed" // for the list of common passwords
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/idp"
)

// LeastMinLength is the shortest minimum there may be (NIST SP 800-63B §5.1.1.2).
const LeastMinLength = 8

//go:embed common_passwords.txt
var commonPasswords string

// Policy says which passwords may be set. There is no rule about kinds of
// characters and no expiry: both make passwords worse (NIST SP 800-63B §5.1.1.2).
type Policy struct {
	// MinLength is in characters, for one that a person chooses; 0 means 12, and LeastMinLength is the
	// least. One that an administrator assigns needs LeastMinLength.
	MinLength int
}

// Check reports every fault of a password that a person chooses, as
// *idp.InvalidError on "password", or nil. u, which may be nil, is whom it is for.
func (p Policy) Check(password string, u *idp.User) error {
	least := 12
	if p.MinLength != 0 {
		least = max(p.MinLength, LeastMinLength)
	}
	return check(password, least, u)
}

// CheckAssigned is Check for a password that an administrator assigns.
func (p Policy) CheckAssigned(password string, u *idp.User) error {
	return check(password, LeastMinLength, u)
}

func check(password string, least int, u *idp.User) error {
	if err := checkLength(password); err != nil {
		return err
	}
	if password == "" {
		return invalid(idp.NewFault("password", "is required"))
	}
	normal, ok := normalize(password)
	if !ok {
		return invalid(unusable())
	}
	var faults []idp.Fault
	if utf8.RuneCountInString(normal) < least {
		faults = append(faults, idp.NewFault("password", "must be at least %d characters", least))
	}
	folded := strings.ToLower(normal)
	switch {
	case u != nil && isOwnName(folded, u):
		faults = append(faults, idp.NewFault("password", "must not be the username or the email address"))
	case isCommon(folded):
		faults = append(faults, idp.NewFault("password", "is among the passwords that are tried first; choose another"))
	case isMonotonous(folded):
		faults = append(faults, idp.NewFault("password", "repeats or counts too simply; choose another"))
	}
	if len(faults) == 0 {
		return nil
	}
	return invalid(faults...)
}

// isOwnName compares with the username, the address and the part before the
// @, also with digits or signs put before or after.
func isOwnName(folded string, u *idp.User) bool {
	username, email := idp.NormalizeLogin(u.Username), idp.NormalizeLogin(u.Email)
	local, _, _ := strings.Cut(email, "@")
	for _, name := range []string{username, email, local} {
		if name != "" && (folded == name || bare(folded) == bare(name) && bare(name) != "") {
			return true
		}
	}
	return false
}

// isCommon looks the password up in the list, as it is and without the year
// or the exclamation mark that people append.
func isCommon(folded string) bool {
	stem := bare(folded)
	for line := range strings.Lines(commonPasswords) {
		if word := strings.TrimSuffix(line, "\n"); word != "" && (word == folded || word == stem) {
			return true
		}
	}
	return false
}

// bare removes what is neither letter nor mark from both ends.
func bare(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}

// isMonotonous finds passwords of three characters or fewer in turns, and
// those that only count up or down (1234567890, zyxwvuts).
func isMonotonous(s string) bool {
	distinct := map[rune]bool{}
	for _, r := range s {
		distinct[r] = true
	}
	return len(distinct) <= 3 || counts(s, 1) || counts(s, -1)
}

func counts(s string, step rune) bool {
	runes := []rune(s)
	for i := 1; i < len(runes); i++ {
		next := runes[i-1] + step
		switch next {
		case '9' + 1:
			next = '0'
		case '0' - 1:
			next = '9'
		}
		if runes[i] != next {
			return false
		}
	}
	return true
}
