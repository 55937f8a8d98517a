package pages

import (
	"time"

	"gatehouse/idp"
)

// UserState is how an account stands, in one word.
type UserState string

// The states of an account; the first that fits is shown.
const (
	UserDisabled UserState = "disabled"
	UserExpired  UserState = "expired"
	UserLeaving  UserState = "leaving" // will be deleted, as its owner asked
	UserLocked   UserState = "locked"
	UserWorks    UserState = "active"
)

// StateOf tells how an account stands.
func StateOf(u *idp.User, now time.Time) UserState {
	switch {
	case u.Status == idp.UserDisabled:
		return UserDisabled
	case !u.MayAuthenticate(now):
		return UserExpired
	case u.DeleteAt != nil:
		return UserLeaving
	case u.FailedAuthCount >= idp.LockedFailures:
		return UserLocked
	}
	return UserWorks
}

// Tone is how a badge shows the state.
func (s UserState) Tone() string {
	switch s {
	case UserWorks:
		return "ok"
	case UserLocked, UserLeaving:
		return "warn"
	default:
		return ""
	}
}

// Key is the state in words.
func (s UserState) Key() string { return "people.state." + string(s) }

// UsersPage lists people.
type UsersPage struct {
	List   ListView
	Users  []UserRow
	Roles  []string // names, for the filter
	Manage bool     // the reader may change people: adding, and acts on many
	CSV    string   // address of the list as a file
	MaxCSV int      // records that it holds at most
}

// UserRow is a line of UsersPage.
type UserRow struct {
	*idp.User
	State UserState
	Pick  bool // may be chosen for an act on many
}

// LastSignIn is zero for somebody who never did.
func (r UserRow) LastSignIn() time.Time { return orZero(r.LastLoginAt) }

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// CSVHelp says what the file holds.
func (p UsersPage) CSVHelp() Text { return Counted("people.users.csv_help", p.MaxCSV) }

// RoleOptions are the choices of the filter by role.
func (p UsersPage) RoleOptions() []Option {
	out := []Option{{Key: "people.any_role"}}
	for _, name := range p.Roles {
		out = append(out, Option{Value: name, Label: name})
	}
	return out
}

// Acts are what can be done with many at once.
func (p UsersPage) Acts() []Option {
	return []Option{
		{Value: "disable", Key: "people.bulk.disable"},
		{Value: "enable", Key: "people.bulk.enable"},
		{Value: "end_sessions", Key: "people.bulk.end_sessions"},
		{Value: "delete", Key: "people.bulk.delete"},
	}
}

// UsersReviewPage is what an act on many would do, before it does it.
type UsersReviewPage struct {
	Act    string // one of UsersPage.Acts
	Review Review
	// Skipped says who is left out, and why; nothing when nobody is.
	Skipped []Text
	// None says why nothing can be done, "" when something can: "nobody", "too_many".
	None string
	Max  int    // how many go at once
	Back string // address of the list
}

// TooMany says how many go at once.
func (p UsersReviewPage) TooMany() Text { return Counted("people.bulk.too_many", p.Max) }

// NewUserPage adds somebody. It posts username, email, name, roles, how
// ("generate", "type" or "none") and password to /admin/users.
type NewUserPage struct {
	Form  Form
	Roles []Option
}

func (p UsersPage) describe() description {
	return description{template: "admin_users", title: text{key: "people.users.title"}}
}

func (p UsersReviewPage) describe() description {
	return description{
		template: "admin_users_review", title: text{key: "people.bulk." + p.Act + ".title"},
		failed: p.Review.Form.Failed(),
	}
}

func (p NewUserPage) describe() description {
	return description{template: "admin_user_new", title: text{key: "people.new.title"}, failed: p.Form.Failed()}
}
