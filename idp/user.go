package idp

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// UserStatus says whether a user may sign in.
type UserStatus string

// The states of a user.
const (
	UserActive   UserStatus = "active"
	UserDisabled UserStatus = "disabled"
)

// Address is the address claim of OpenID Connect Core §5.1.1.
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"street_address,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	Country       string `json:"country,omitempty"`
}

// IsZero reports whether no part of the address is known.
func (a Address) IsZero() bool { return a == Address{} }

// User is a person who can sign in. The claim members are those of OpenID
// Connect Core §5.1; an empty string means that the value is not known.
type User struct {
	ID       string `json:"id"` // UUID, the sub claim; never reused
	Username string `json:"username"`
	Email    string `json:"email"`

	Name                string  `json:"name"`
	GivenName           string  `json:"given_name"`
	FamilyName          string  `json:"family_name"`
	MiddleName          string  `json:"middle_name"`
	Nickname            string  `json:"nickname"`
	PreferredUsername   string  `json:"preferred_username"`
	Profile             string  `json:"profile"`
	Picture             string  `json:"picture"`
	Website             string  `json:"website"`
	EmailVerified       bool    `json:"email_verified"`
	Gender              string  `json:"gender"`
	Birthdate           string  `json:"birthdate"`
	Zoneinfo            string  `json:"zoneinfo"`
	Locale              string  `json:"locale"`
	PhoneNumber         string  `json:"phone_number"`
	PhoneNumberVerified bool    `json:"phone_number_verified"`
	Address             Address `json:"address"`

	Roles []string `json:"roles"` // names, sorted
	// Permissions is what the roles let the user do in Gatehouse, as stores read it; none is written by it.
	Permissions Permissions `json:"-"`
	Status      UserStatus  `json:"status"`

	// PasswordHash is in PHC form; empty means that no password was set, so none matches.
	PasswordHash string `json:"-"`

	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	ExpiresAt       *time.Time `json:"expires_at"`        // the account stops working then
	LastLoginAt     *time.Time `json:"last_login_at"`     // last successful sign-in
	LastChangeAt    *time.Time `json:"last_change_at"`    // last change of the password
	FailedAuthAt    *time.Time `json:"failed_auth_at"`    // last failed sign-in
	FailedAuthCount int        `json:"failed_auth_count"` // failures since the last success
	// DeleteAt is when the account will be deleted, as its owner asked; nil when not.
	DeleteAt *time.Time `json:"delete_at"`
}

// LockedFailures is from how many failed sign-ins in a row an account is shown as locked.
const LockedFailures = 10

// Clone returns a copy that shares nothing that could be written to.
func (u *User) Clone() *User {
	c := *u
	c.Roles = slices.Clone(u.Roles)
	for _, t := range []**time.Time{&c.ExpiresAt, &c.LastLoginAt, &c.LastChangeAt, &c.FailedAuthAt, &c.DeleteAt} {
		*t = cloneTime(*t)
	}
	return &c
}

func cloneTime(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// DisplayName is how a person is called: the name, or else the username.
func (u *User) DisplayName() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Username
}

// MayAuthenticate reports whether the account works at the given time.
func (u *User) MayAuthenticate(now time.Time) bool {
	return u.Status == UserActive && (u.ExpiresAt == nil || now.Before(*u.ExpiresAt))
}

// StillIs reports whether what a password proved of the user as then read still
// holds of the user as read now: the same person and password, and may authenticate.
func (u *User) StillIs(then *User, now time.Time) bool {
	if u.ID != then.ID || !u.MayAuthenticate(now) {
		return false
	}
	if u.LastChangeAt == nil || then.LastChangeAt == nil {
		return u.LastChangeAt == then.LastChangeAt
	}
	return u.LastChangeAt.Equal(*then.LastChangeAt)
}

// HasRole reports whether the user holds the role.
func (u *User) HasRole(name string) bool { return slices.Contains(u.Roles, name) }

// Limits on what a user record may hold, in runes.
const (
	MaxUsername = 128
	MaxEmail    = 254
	MaxClaim    = 500
)

var birthdateForm = regexp.MustCompile(`^\d{4}(-\d{2}-\d{2})?$`)

// Normalize puts the values into the form in which they are compared and kept:
// surrounding space removed, username and email lower-cased.
func (u *User) Normalize() {
	u.Username = NormalizeLogin(u.Username)
	u.Email = NormalizeLogin(u.Email)
	for _, p := range u.Texts() {
		*p.Value = strings.TrimSpace(*p.Value)
	}
	// OpenID Connect Core §5.1.1: a line may end in either way; one is kept.
	u.Address.Formatted = strings.TrimSpace(strings.ReplaceAll(u.Address.Formatted, "\r\n", "\n"))
	if u.Status == "" {
		u.Status = UserActive
	}
}

// NormalizeLogin is the compared form of a username or an email address.
func NormalizeLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Validate reports every fault of the record, or nil. Call Normalize first.
func (u *User) Validate() error {
	var f faults
	u.validateLogin(&f)
	for _, p := range u.Texts() {
		checkText(&f, p.Name, *p.Value, MaxClaim)
	}
	checkLines(&f, "address.formatted", u.Address.Formatted, 2*MaxClaim)
	for _, p := range []struct{ name, value string }{
		{"profile", u.Profile}, {"picture", u.Picture}, {"website", u.Website},
	} {
		if p.value != "" && !isWebURL(p.value) {
			f.add(p.name, "must be an http or https address")
		}
	}
	if u.Birthdate != "" && !birthdateForm.MatchString(u.Birthdate) {
		f.add("birthdate", "must look like 1815-12-10, or 1815 for the year alone")
	}
	if u.Zoneinfo != "" {
		if _, err := time.LoadLocation(u.Zoneinfo); err != nil || u.Zoneinfo == "Local" {
			f.add("zoneinfo", "must be a time zone name such as Europe/Paris")
		}
	}
	for _, r := range u.Roles {
		if err := (&Role{Name: r}).Validate(); err != nil {
			f.add("roles", "%q is not a role name", r)
		}
	}
	if u.Status != UserActive && u.Status != UserDisabled {
		f.add("status", "must be active or disabled")
	}
	return f.err()
}

func (u *User) validateLogin(f *faults) {
	switch {
	case u.Username == "":
		f.add("username", "is required")
	case utf8.RuneCountInString(u.Username) > MaxUsername:
		f.add("username", "must be at most %d characters", MaxUsername)
	case !isPlainText(u.Username) || strings.ContainsFunc(u.Username, unicode.IsSpace):
		f.add("username", "must not contain spaces or control characters")
	case strings.Contains(u.Username, "@") && u.Username != u.Email:
		// Otherwise one person's username could be another's email address.
		f.add("username", "may contain @ only when it is the account's own email address")
	}
	if u.Email == "" {
		return
	}
	a, err := mail.ParseAddress(u.Email)
	if err != nil || a.Address != u.Email || utf8.RuneCountInString(u.Email) > MaxEmail || !isPlainText(u.Email) {
		f.add("email", "must be an email address such as ada@example.com")
	}
}

// NamedText is a text claim of a user: its name in JSON and in tokens, parts of
// the address with a dot ("address.country"), and where it is kept.
type NamedText struct {
	Name  string
	Value *string
}

// Texts lists the free-text claims of one line (OIDC Core §5.1). It is the one
// list of them: forms, flags, imports and rules all go by it.
func (u *User) Texts() []NamedText {
	return []NamedText{
		{"name", &u.Name},
		{"given_name", &u.GivenName},
		{"family_name", &u.FamilyName},
		{"middle_name", &u.MiddleName},
		{"nickname", &u.Nickname},
		{"preferred_username", &u.PreferredUsername},
		{"profile", &u.Profile},
		{"picture", &u.Picture},
		{"website", &u.Website},
		{"gender", &u.Gender},
		{"birthdate", &u.Birthdate},
		{"zoneinfo", &u.Zoneinfo},
		{"locale", &u.Locale},
		{"phone_number", &u.PhoneNumber},
		{"address.street_address", &u.Address.StreetAddress},
		{"address.locality", &u.Address.Locality},
		{"address.region", &u.Address.Region},
		{"address.postal_code", &u.Address.PostalCode},
		{"address.country", &u.Address.Country},
	}
}

func checkText(f *faults, field, value string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		f.add(field, "must be at most %d characters", limit)
	}
	if !isPlainText(value) {
		f.add(field, "must not contain control characters")
	}
}

// checkLines is checkText for a text of several lines.
func checkLines(f *faults, field, value string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		f.add(field, "must be at most %d characters", limit)
	}
	if !isPlainText(strings.ReplaceAll(value, "\n", " ")) {
		f.add(field, "must not contain control characters other than line ends")
	}
}

// isPlainText refuses invalid UTF-8, NUL and the other control characters.
func isPlainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
