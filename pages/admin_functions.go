package pages

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
)

// consoleFunctions are the template functions that only pages of the console use.
func (s *speaker) consoleFunctions() template.FuncMap {
	return template.FuncMap{
		"deref":          func(n *int) int { return *n },
		"step_tone":      stepTone,
		"step_word":      stepWord,
		"overview_count": s.overviewCount,
		"action_text":    ActionText,
		"action_options": s.actionOptions,
		"audit_export":   auditExport,
		"fixed_setting":  fixedSetting,
		"say_any":        s.words,
		"ratio":          func(r float64) string { return strconv.FormatFloat(r, 'f', 1, 64) + ":1" },
		"plain_num":      func(n int64) string { return s.number(n) },
	}
}

func stepTone(done bool) string {
	if done {
		return "ok"
	}
	return ""
}

func stepWord(done bool) string {
	if done {
		return "overview.step_done"
	}
	return "overview.step_open"
}

// overviewCountView is what a tile of a count shows.
type overviewCountView struct {
	Label, Value, Note, To string
	Unusual                *badge
}

func (s *speaker) overviewCount(key string, given any, span, to string) (overviewCountView, error) {
	var c OverviewCount
	switch v := given.(type) {
	case OverviewCount:
		c = v
	case *OverviewCount:
		c = *v
	default:
		return overviewCountView{}, fmt.Errorf("a count of a %T", given)
	}
	out := overviewCountView{To: to, Value: s.number(c.N)}
	var err error
	if out.Label, err = s.say(text{key: key}); err != nil {
		return out, err
	}
	if out.Note, err = s.say(text{key: "overview.range." + span}); err != nil || !c.Unusual() {
		return out, err
	}
	b, err := s.badge("warn", Text{Key: "overview.usual", Args: map[string]string{"Times": strconv.FormatFloat(c.Times(), 'f', -1, 64)}})
	out.Unusual = &b
	return out, err
}

// auditExport is the address of an export of what the list shows.
func auditExport(l ListView, form string) string {
	q := url.Values{}
	for _, f := range l.filters() {
		q.Add(f.Name, f.Value)
	}
	if len(q) == 0 {
		return l.Path + "." + form
	}
	return l.Path + "." + form + "?" + q.Encode()
}
