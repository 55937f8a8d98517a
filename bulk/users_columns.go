package bulk

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
)

// person is a user as a file has it.
type person struct {
	idp.User
	Password string // in plain text; refused unless asked for
}

// column is one member of a file of people: its name, and how it is read and written.
type column struct {
	name string
	read func(p *person, text string) *idp.Fault
	// write is nil for what is read only.
	write func(u *idp.User) string
}

// columns are all that a file of people may hold: the member names of the
// user's JSON, the parts of the address with a dot.
func columns() []column {
	var u idp.User
	all := []column{
		textColumn("username", func(u *idp.User) *string { return &u.Username }),
		textColumn("email", func(u *idp.User) *string { return &u.Email }),
	}
	for i, t := range u.Texts() {
		all = append(all, textColumn(t.Name, func(u *idp.User) *string { return u.Texts()[i].Value }))
	}
	return append(all,
		textColumn("address.formatted", func(u *idp.User) *string { return &u.Address.Formatted }),
		boolColumn("email_verified", func(u *idp.User) *bool { return &u.EmailVerified }),
		boolColumn("phone_number_verified", func(u *idp.User) *bool { return &u.PhoneNumberVerified }),
		column{
			"roles",
			func(p *person, text string) *idp.Fault {
				p.Roles = strings.FieldsFunc(text, betweenRoles)
				return nil
			},
			func(u *idp.User) string { return strings.Join(u.Roles, " ") },
		},
		column{
			"status",
			func(p *person, text string) *idp.Fault { p.Status = idp.UserStatus(text); return nil },
			func(u *idp.User) string { return string(u.Status) },
		},
		column{"expires_at", readExpiry, func(u *idp.User) string { return timeText(u.ExpiresAt) }},
		column{
			"password_hash",
			func(p *person, text string) *idp.Fault { p.PasswordHash = text; return nil },
			func(u *idp.User) string { return u.PasswordHash },
		},
		column{"password", func(p *person, text string) *idp.Fault { p.Password = text; return nil }, nil},
	)
}

// ignored are members of the user's JSON that a file may hold and that a new
// user gets from us.
func ignored() []string {
	return []string{
		"id", "created_at", "updated_at", "last_login_at", "last_change_at", "failed_auth_at", "failed_auth_count",
		"delete_at", "permissions",
	}
}

// otherNames are names that a column goes by too.
func otherNames() map[string]string {
	return map[string]string{"hash": "password_hash", "role": "roles"}
}

func isIgnored(name string) bool { return slices.Contains(ignored(), name) }

// betweenRoles reports whether a character parts the names of roles.
func betweenRoles(r rune) bool { return r == ' ' || r == ',' || r == ';' }

func textColumn(name string, of func(*idp.User) *string) column {
	return column{
		name,
		func(p *person, text string) *idp.Fault { *of(&p.User) = text; return nil },
		func(u *idp.User) string { return *of(u) },
	}
}

func boolColumn(name string, of func(*idp.User) *bool) column {
	return column{
		name,
		func(p *person, text string) *idp.Fault {
			v, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
			if err != nil && text != "" {
				f := idp.NewFault(name, "must be true or false")
				return &f
			}
			*of(&p.User) = v
			return nil
		},
		func(u *idp.User) string { return strconv.FormatBool(*of(u)) },
	}
}

func readExpiry(p *person, text string) *idp.Fault {
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f := idp.NewFault("expires_at", "must be a time such as 2031-12-31T23:59:59Z")
		return &f
	}
	p.ExpiresAt = &at
	return nil
}

func timeText(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
