package audit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/idp"
)

// The longest texts an event keeps, in runes.
const (
	maxName = 300  // of somebody or something
	maxText = 2000 // of a reason, or a value that changed
)

// cleaned is a copy with texts that every store can keep: a batch that one bad
// text spoils would be lost, and who made the text may want just that.
func cleaned(e *idp.AuditEvent) *idp.AuditEvent {
	c := *e
	for _, s := range []*string{
		&c.ActorID, &c.ActorName, &c.Target.Kind, &c.Target.ID, &c.Target.Name, &c.ClientID, &c.IP, &c.RequestID,
	} {
		*s = clean(*s, maxName)
	}
	c.Reason = clean(c.Reason, maxText)
	c.Changes = nil
	for _, ch := range e.Changes {
		c.Changes = append(c.Changes, idp.Change{
			Field: clean(ch.Field, maxName), Before: clean(ch.Before, maxText), After: clean(ch.After, maxText),
		})
	}
	c.Count = max(c.Count, 1)
	return &c
}

func clean(s string, limit int) string {
	s = strings.ToValidUTF8(s[:min(len(s), utf8.UTFMax*limit)], "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > limit {
		return string([]rune(s)[:limit])
	}
	return s
}
