package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/idp"
)

// texts are the claims of a user that a flag sets.
func texts(u *idp.User) []idp.NamedText {
	return append(u.Texts(), idp.NamedText{Name: "address.formatted", Value: &u.Address.Formatted})
}

// flagOf is the flag of a claim: --address-country for address.country.
func flagOf(claim string) string { return strings.NewReplacer("_", "-", ".", "-").Replace(claim) }

// userFlags are the flags that describe a user. Only those that were given count.
type userFlags struct {
	set   *pflag.FlagSet
	texts map[string]*string // by flag
	roles []string

	emailVerified, phoneVerified bool
	expires                      string
}

func (f *userFlags) add(c *cobra.Command) {
	f.set = c.Flags()
	f.texts = map[string]*string{
		"username": f.set.String("username", "", "name to sign in with"),
		"email":    f.set.String("email", "", "email address"),
	}
	for _, t := range texts(&idp.User{}) {
		f.texts[flagOf(t.Name)] = f.set.String(flagOf(t.Name), "", "the claim "+t.Name)
	}
	f.set.BoolVar(&f.emailVerified, "email-verified", false, "the email address is known to be the user's")
	f.set.BoolVar(&f.phoneVerified, "phone-number-verified", false, "the phone number is known to be the user's")
	f.set.StringSliceVar(&f.roles, "role", nil, "a `role`, spelt exactly; one that there is not yet is made; repeat for several")
	f.set.StringVar(&f.expires, "expires-at", "", "when the account stops working, such as 2031-12-31T23:59:59Z; never for no end")
}

// any reports whether something was given.
func (f *userFlags) any() bool {
	given := false
	f.set.Visit(func(p *pflag.Flag) {
		_, text := f.texts[p.Name]
		given = given || text || p.Name == "role" || p.Name == "expires-at" ||
			p.Name == "email-verified" || p.Name == "phone-number-verified"
	})
	return given
}

// apply puts what was given into the user.
func (f *userFlags) apply(u *idp.User) error {
	put := func(flag string, value *string) {
		if f.set.Changed(flag) {
			*value = *f.texts[flag]
		}
	}
	put("username", &u.Username)
	put("email", &u.Email)
	for _, t := range texts(u) {
		put(flagOf(t.Name), t.Value)
	}
	if f.set.Changed("email-verified") {
		u.EmailVerified = f.emailVerified
	}
	if f.set.Changed("phone-number-verified") {
		u.PhoneNumberVerified = f.phoneVerified
	}
	if f.set.Changed("role") {
		u.Roles = f.roles
	}
	if !f.set.Changed("expires-at") {
		return nil
	}
	u.ExpiresAt = nil
	if f.expires != "never" {
		at, err := time.Parse(time.RFC3339, f.expires)
		if err != nil {
			return misuse("--expires-at: %q is not a time such as 2031-12-31T23:59:59Z, nor never", f.expires)
		}
		u.ExpiresAt = &at
	}
	return nil
}
