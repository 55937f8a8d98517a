package pages

import (
	"strconv"

	"gatehouse/idp"
)

// AuditPage lists what happened, the latest first.
type AuditPage struct {
	List ListView
	Rows []*idp.AuditEvent
	Live string // address of the live events
	// First and Last are where the chain begins and ends; 0 when it is empty.
	First, Last int64
}

func (p AuditPage) describe() description {
	return description{template: "audit", title: text{key: "nav.audit"}}
}

// AuditEventPage is one event with all that is known of it.
type AuditEventPage struct {
	Event  *idp.AuditEvent
	Intact bool // its hash is right
}

func (p AuditEventPage) describe() description {
	return description{template: "audit_event", title: text{key: "audit.event", args: args{"Seq": strconv.FormatInt(p.Event.Seq, 10)}}}
}

// auditActions are the actions that have words, in the order of the filter.
func auditActions() []string {
	return []string{
		idp.ActionSignIn, idp.ActionSessionEnd, idp.ActionGrantIssue, idp.ActionGrantRevoke, idp.ActionGrantReplay,
		idp.ActionConsentGive, idp.ActionConsentRemove, idp.ActionClientAuth,
		idp.ActionUserCreate, idp.ActionUserUpdate, idp.ActionUserEnable, idp.ActionUserDisable, idp.ActionUserDelete,
		idp.ActionUserPassword, idp.ActionUserUnlock, idp.ActionUsersExport,
		idp.ActionRoleCreate, idp.ActionRoleUpdate, idp.ActionRoleDelete,
		idp.ActionClientCreate, idp.ActionClientUpdate, idp.ActionClientEnable, idp.ActionClientDisable,
		idp.ActionClientSecret, idp.ActionClientDelete, idp.ActionClientsExport,
		idp.ActionKeyCreate, idp.ActionKeyActivate, idp.ActionKeyRevoke, idp.ActionSettingsUpdate,
		idp.ActionAuditExport, idp.ActionAuditRetention, idp.ActionPermissionRefuse,
	}
}

// actionWords puts an action into words; one without words is shown as it is.
func (s *speaker) actionWords(action string) string {
	if words, err := s.say(text{key: "audit.action." + action}); err == nil {
		return words
	}
	return action
}

// actionOptions are the choices of the filter by action.
func (s *speaker) actionOptions() ([]Option, error) {
	all := []Option{{Key: "audit.any"}}
	for _, a := range auditActions() {
		words, err := s.say(text{key: "audit.action." + a})
		if err != nil {
			return nil, err
		}
		all = append(all, Option{Value: a, Label: words})
	}
	return all, nil
}
