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

// actionOptions are the choices of the filter by action.
func (s *speaker) actionOptions() ([]Option, error) {
	all := []Option{{Key: "audit.any"}}
	for _, a := range actions() {
		words, err := s.say(ActionText(a).text())
		if err != nil {
			return nil, err
		}
		all = append(all, Option{Value: a, Label: words})
	}
	return all, nil
}
