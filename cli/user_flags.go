package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/idp"
)

// claim is a text that a user carries.
type claim struct {
	name string // JSON name; the flag has dashes
	of   func(*idp.User) *string
}

// claims lists the standard claims (OIDC Core §5.1) that are texts.
func claims() []claim {
	return []claim{
		{"name", func(u *idp.User) *string { return &u.Name }},
		{"given_name", func(u *idp.User) *string { return &u.GivenName }},
		{"family_name", func(u *idp.User) *string { return &u.FamilyName }},
		{"middle_name", func(u *idp.User) *string { return &u.MiddleName }},
		{"nickname", func(u *idp.User) *string { return &u.Nickname }},
		{"preferred_username", func(u *idp.User) *string { return &u.PreferredUsername }},
		{"profile", func(u *idp.User) *string { return &u.Profile }},
		{"picture", func(u *idp.User) *string { return &u.Picture }},
		{"website", func(u *idp.User) *string { return &u.Website }},
		{"gender", func(u *idp.User) *string { return &u.Gender }},
		{"birthdate", func(u *idp.User) *string { return &u.Birthdate }},
		{"zoneinfo", func(u *idp.User) *string { return &u.Zoneinfo }},
		{"locale", func(u *idp.User) *string { return &u.Locale }},
		{"phone_number", func(u *idp.User) *string { return &u.PhoneNumber }},
		{"address_formatted", func(u *idp.User) *string { return &u.Address.Formatted }},
		{"address_street_address", func(u *idp.User) *string { return &u.Address.StreetAddress }},
		{"address_locality", func(u *idp.User) *string { return &u.Address.Locality }},
		{"address_region", func(u *idp.User) *string { return &u.Address.Region }},
		{"address_postal_code", func(u *idp.User) *string { return &u.Address.PostalCode }},
		{"address_country", func(u *idp.User) *string { return &u.Address.Country }},
	}
}

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
	for _, cl := range claims() {
		f.texts[cl.flag()] = f.set.String(cl.flag(), "", "the claim "+cl.name)
	}
	f.set.BoolVar(&f.emailVerified, "email-verified", false, "the email address is known to be the user's")
	f.set.BoolVar(&f.phoneVerified, "phone-number-verified", false, "the phone number is known to be the user's")
	f.set.StringSliceVar(&f.roles, "role", nil, "a `role`, spelt exactly; one that there is not yet is made; repeat for several")
	f.set.StringVar(&f.expires, "expires-at", "", "when the account stops working, such as 2031-12-31T23:59:59Z; never for no end")
}

func (c claim) flag() string { return strings.ReplaceAll(c.name, "_", "-") }

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
	for _, c := range claims() {
		put(c.flag(), c.of(u))
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
