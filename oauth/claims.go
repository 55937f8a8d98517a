package oauth

import (
	"slices"

	"gatehouse/idp"
)

// claim is one standard claim: the scope that asks for it (OIDC Core §5.4) and
// its value, nil when the user has none.
type claim struct {
	name  string
	scope string
	value func(u *idp.User) any
}

// claimTable lists every claim about a person that we can give. It is never changed.
var claimTable = []claim{
	{"name", idp.ScopeProfile, text(func(u *idp.User) string { return u.Name })},
	{"given_name", idp.ScopeProfile, text(func(u *idp.User) string { return u.GivenName })},
	{"family_name", idp.ScopeProfile, text(func(u *idp.User) string { return u.FamilyName })},
	{"middle_name", idp.ScopeProfile, text(func(u *idp.User) string { return u.MiddleName })},
	{"nickname", idp.ScopeProfile, text(func(u *idp.User) string { return u.Nickname })},
	{"preferred_username", idp.ScopeProfile, text(preferredUsername)},
	{"profile", idp.ScopeProfile, text(func(u *idp.User) string { return u.Profile })},
	{"picture", idp.ScopeProfile, text(func(u *idp.User) string { return u.Picture })},
	{"website", idp.ScopeProfile, text(func(u *idp.User) string { return u.Website })},
	{"gender", idp.ScopeProfile, text(func(u *idp.User) string { return u.Gender })},
	{"birthdate", idp.ScopeProfile, text(func(u *idp.User) string { return u.Birthdate })},
	{"zoneinfo", idp.ScopeProfile, text(func(u *idp.User) string { return u.Zoneinfo })},
	{"locale", idp.ScopeProfile, text(func(u *idp.User) string { return u.Locale })},
	{"updated_at", idp.ScopeProfile, func(u *idp.User) any { return u.UpdatedAt.Unix() }},
	{"email", idp.ScopeEmail, text(func(u *idp.User) string { return u.Email })},
	{"email_verified", idp.ScopeEmail, with(func(u *idp.User) string { return u.Email }, func(u *idp.User) bool { return u.EmailVerified })},
	{"phone_number", idp.ScopePhone, text(func(u *idp.User) string { return u.PhoneNumber })},
	{"phone_number_verified", idp.ScopePhone, with(func(u *idp.User) string { return u.PhoneNumber }, func(u *idp.User) bool { return u.PhoneNumberVerified })},
	{"address", idp.ScopeAddress, address},
	{"roles", idp.ScopeRoles, func(u *idp.User) any { return slices.Concat([]string{}, u.Roles) }},
}

func text(get func(*idp.User) string) func(*idp.User) any {
	return func(u *idp.User) any {
		if s := get(u); s != "" {
			return s
		}
		return nil // left out, never "" (OIDC Core §5.3.2)
	}
}

// with gives a flag only beside the value it speaks of.
func with(get func(*idp.User) string, flag func(*idp.User) bool) func(*idp.User) any {
	return func(u *idp.User) any {
		if get(u) == "" {
			return nil
		}
		return flag(u)
	}
}

func preferredUsername(u *idp.User) string {
	if u.PreferredUsername != "" {
		return u.PreferredUsername
	}
	return u.Username
}

func address(u *idp.User) any {
	if u.Address.IsZero() {
		return nil
	}
	return u.Address
}

// addClaims adds the named claims that the user has.
func addClaims(to map[string]any, u *idp.User, names []string) {
	if len(names) == 0 {
		return
	}
	for _, c := range claimTable {
		if slices.Contains(names, c.name) {
			if v := c.value(u); v != nil {
				to[c.name] = v
			}
		}
	}
}

// scopeClaims names the claims that a granted scope stands for.
func scopeClaims(scope string) []string {
	var names []string
	for _, c := range claimTable {
		if hasScope(scope, c.scope) {
			names = append(names, c.name)
		}
	}
	return names
}

// claimsAllowed drops claims whose scope the client has lost since they were granted.
func claimsAllowed(client *idp.Client, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !client.MayRequest(scopeOfClaim(name)) })
}

// scopeOfClaim returns the scope that a claim belongs to, "" for an unknown one.
func scopeOfClaim(name string) string {
	for _, c := range claimTable {
		if c.name == name {
			return c.scope
		}
	}
	return ""
}
