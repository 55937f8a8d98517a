package pages

import (
	"slices"
	"time"

	"gatehouse/idp"
)

// ActivityPage is what happened with the account, the latest first. The
// filter is ?type=, one of ActivityTypes.
type ActivityPage struct {
	List ListView
	Type string // chosen, "" for all
	Days int    // how far back it goes
	Rows []ActivityRow
}

// ActivityRow is one thing that happened.
type ActivityRow struct {
	At      time.Time
	Action  string // of the audit log
	Refused bool
	By      ActivityBy
	Subject string // name of what somebody with a permission changed, "" for the account itself
	App     string // name of the application that it is about, "" for none
	IP      string // "" where it is not the person's to know
	Count   int    // how many alike; 0 and 1 are one
}

// ActivityBy says who did it, seen by the person.
type ActivityBy string

// Who did it.
const (
	BySelf     ActivityBy = "self"
	ByAdmin    ActivityBy = "admin"    // somebody with a permission, or an operator
	ByStranger ActivityBy = "stranger" // somebody who did not prove who they are
	BySystem   ActivityBy = "system"
	ByApp      ActivityBy = "app"
)

func (p ActivityPage) describe() description {
	return description{template: "account_activity", title: text{key: "nav.activity"}}
}

// ActivityTypes are the values of the filter, each the beginning of actions.
func ActivityTypes() []string { return []string{"session.", "user.", "consent.", "grant."} }

// Types are the choices of the filter.
func (p ActivityPage) Types() []Option {
	keys := []string{"account.type.session", "account.type.user", "account.type.consent", "account.type.grant"}
	out := []Option{{Key: "account.type_all"}}
	for i, value := range ActivityTypes() {
		out = append(out, Option{Value: value, Key: keys[i]})
	}
	return out
}

// toldActions have words of their own about the person's own account; all
// others are told as administration.
func toldActions() []string {
	return []string{
		idp.ActionSignIn, idp.ActionSessionEnd,
		idp.ActionUserCreate, idp.ActionUserUpdate, idp.ActionUserEnable, idp.ActionUserDisable, idp.ActionUserDelete,
		idp.ActionUserPassword, idp.ActionUserUnlock, idp.ActionUsersExport,
		idp.ActionConsentGive, idp.ActionConsentRemove,
		idp.ActionGrantIssue, idp.ActionGrantRevoke, idp.ActionGrantReplay, idp.ActionPermissionRefuse,
	}
}

// activity says what happened.
func (s *speaker) activity(r ActivityRow) (string, error) {
	if r.Subject != "" || !slices.Contains(toldActions(), r.Action) {
		return s.say(text{key: "activity.administration", args: args{"Action": r.Action, "Subject": r.Subject}})
	}
	key := "activity." + r.Action
	if r.Refused && (r.Action == idp.ActionSignIn || r.Action == idp.ActionUserUpdate) {
		key += ".refused"
	}
	return s.say(text{key: key})
}
