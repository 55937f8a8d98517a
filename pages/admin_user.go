package pages

import (
	"net/url"
	"slices"
	"time"

	"gatehouse/idp"
)

// UserHead is the top of every page about one person.
type UserHead struct {
	User  *idp.User
	State UserState
	// Manage says that the reader may change this person. When not, Beyond says
	// that an administrator could: the person may do things in Gatehouse.
	Manage, Beyond bool
	// Kept says why the person can be neither disabled nor deleted: "self",
	// "last_admin", or "".
	Kept string
}

// To is the address of the person's page, or of one below it.
func (h UserHead) To(below ...string) string {
	to := "/admin/users/" + h.User.ID
	for _, part := range below {
		to += "/" + url.PathEscape(part)
	}
	return to
}

// Disabled reports whether there is something to enable.
func (h UserHead) Disabled() bool { return h.User.Status == idp.UserDisabled }

// Locked reports whether failed sign-ins hold the person back.
func (h UserHead) Locked() bool { return h.User.FailedAuthCount >= idp.LockedFailures }

// LastSignIn is zero for somebody who never signed in.
func (h UserHead) LastSignIn() time.Time { return orZero(h.User.LastLoginAt) }

// LastFailure is when a sign-in failed last, zero for never.
func (h UserHead) LastFailure() time.Time { return orZero(h.User.FailedAuthAt) }

// PasswordSince is when the password was set, zero when that is not known.
func (h UserHead) PasswordSince() time.Time { return orZero(h.User.LastChangeAt) }

// Ends is when the account stops working, zero for never.
func (h UserHead) Ends() time.Time { return orZero(h.User.ExpiresAt) }

// Leaves is when the account will be deleted, as its owner asked, zero for never.
func (h UserHead) Leaves() time.Time { return orZero(h.User.DeleteAt) }

// LockedText says why the person may be held back.
func (h UserHead) LockedText() Text { return Counted("people.user.locked", h.User.FailedAuthCount) }

// nameArgs are for messages that call the person by name.
func (h UserHead) nameArgs() args { return args{"Name": h.User.DisplayName()} }

func (h UserHead) title(tab string) text {
	return text{key: "people.user.title", args: args{
		"Name": h.User.DisplayName(), "Tab": text{key: "people.tab." + tab},
	}}
}

// UserPage is the profile of a person: every claim, and until when the account
// works. It posts the claims by their names to the person's address.
type UserPage struct {
	UserHead
	Form Form
	Zone string // that the end is given in
	// Own says that it is the reader's own account, which gets no end.
	Own bool
	// Zones and Locales are the choices of time zone and language.
	Zones, Locales []Option
	// Current holds what the store has now, where somebody else changed it meanwhile.
	Current map[string]string
}

// Now is what the store has in a field that somebody else changed, nil where it
// is what the form holds.
func (p UserPage) Now(field string) any {
	v, changed := p.Current[field]
	switch {
	case !changed:
		return nil
	case v == "":
		return Text{Key: "people.now_empty"}
	}
	return Text{Key: "people.now", Args: map[string]string{"Value": v}}
}

// NameFields are what people are called.
func (p UserPage) NameFields() []string {
	return []string{"name", "given_name", "middle_name", "family_name", "nickname", "preferred_username"}
}

// LinkFields are addresses on the web.
func (p UserPage) LinkFields() []string { return []string{"website", "profile", "picture"} }

// AddressFields are the parts of an address.
func (p UserPage) AddressFields() []string {
	return []string{
		"address.street_address", "address.postal_code", "address.locality", "address.region", "address.country",
	}
}

// UserClaim is a line of the profile for those who only read.
type UserClaim struct {
	Label string // key
	Value string
	Key   string // of the value in words, "" for one that is shown as it is
}

// Claims are the claims that are known, by the names of their fields.
func (p UserPage) Claims() []UserClaim {
	u := p.User
	out := []UserClaim{
		{Label: "field.username", Value: u.Username},
		{Label: "field.email", Value: u.Email},
		{Label: "field.email_verified", Key: yesNo(u.EmailVerified)},
	}
	for _, t := range append(u.Texts(), idp.NamedText{Name: "address.formatted", Value: &u.Address.Formatted}) {
		if *t.Value == "" {
			continue
		}
		out = append(out, UserClaim{Label: "field." + t.Name, Value: *t.Value})
		if t.Value == &u.PhoneNumber {
			out = append(out, UserClaim{Label: "field.phone_number_verified", Key: yesNo(u.PhoneNumberVerified)})
		}
	}
	return out
}

func yesNo(yes bool) string {
	if yes {
		return "people.yes"
	}
	return "people.no"
}

// EndLabel names the zone in which the end is given.
func (p UserPage) EndLabel() Text {
	return Text{Key: "people.expires_at", Args: map[string]string{"Zone": p.Zone}}
}

// UserRolesPage gives and takes roles. It posts roles to the person's address,
// once for each.
type UserRolesPage struct {
	UserHead
	Form  Form
	Roles []Option
	// Held are the roles that the reader can neither give nor take and that stay as they are.
	Held []Field
	// Names are the roles, for those who only read.
	Names []string
}

// UserSecurityPage is about signing in. It posts how ("generate", "type") and
// password to …/password.
type UserSecurityPage struct {
	UserHead
	Form        Form
	Own         bool
	HasPassword bool
	// Secret is a password that was just generated, shown this once.
	Secret string
}

// UserSessionsPage lists where a person is signed in.
type UserSessionsPage struct {
	UserHead
	Sessions []AdminSessionRow
	Own      bool // the reader's own: the one that the page is read with stays
}

// EndAll is the act on all of them in words.
func (p UserSessionsPage) EndAll() Text {
	if p.Own {
		return Text{Key: "people.sessions.end_others"}
	}
	return Text{Key: "people.sessions.end_all"}
}

// Endable reports whether there is one to end.
func (p UserSessionsPage) Endable() bool {
	return slices.ContainsFunc(p.Sessions, func(r AdminSessionRow) bool { return r.End })
}

// UserAppsPage lists the applications that may act for a person.
type UserAppsPage struct {
	UserHead
	Apps []UserApp
}

// UserApp is a line of UserAppsPage.
type UserApp struct {
	ClientID, Name  string
	Scopes          []string
	Since, LastUsed time.Time
	// To is the address of the client's page, "" for readers who may not see it.
	To string
}

// UserActivityPage is what the audit log knows about a person.
type UserActivityPage struct {
	UserHead
	List   ListView
	Events []UserEvent
	// Link says that the reader may open events in the audit log.
	Link bool
	// Narrow says that only what was done to the person is listed.
	Narrow bool
}

// UserEvent is a line of UserActivityPage.
type UserEvent struct{ *idp.AuditEvent }

// What says what happened.
func (e UserEvent) What() Text { return ActionText(e.Action) }

// UserDeletePage is the last question before a person is deleted.
type UserDeletePage struct {
	UserHead
	Review Review
}

func (p UserPage) describe() description {
	return description{template: "admin_user", title: p.title("profile"), failed: p.Form.Failed()}
}

func (p UserRolesPage) describe() description {
	return description{template: "admin_user_roles", title: p.title("roles"), failed: p.Form.Failed()}
}

func (p UserSecurityPage) describe() description {
	return description{template: "admin_user_security", title: p.title("security"), failed: p.Form.Failed()}
}

func (p UserSessionsPage) describe() description {
	return description{template: "admin_user_sessions", title: p.title("sessions")}
}

func (p UserAppsPage) describe() description {
	return description{template: "admin_user_apps", title: p.title("apps")}
}

func (p UserActivityPage) describe() description {
	return description{template: "admin_user_activity", title: p.title("activity")}
}

func (p UserDeletePage) describe() description {
	return description{
		template: "admin_user_delete", title: text{key: "people.delete.title", args: p.nameArgs()},
		failed: p.Review.Form.Failed(),
	}
}
