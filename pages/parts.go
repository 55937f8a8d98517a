package pages

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// renderState is what the parts of one page share while it is written.
type renderState struct {
	ids     int
	focused bool
	zone    *time.Location // of the shell, once it was asked for
}

// focus reports whether the caller is the first to ask for the focus.
func (r *renderState) focus() bool {
	first := !r.focused
	r.focused = true
	return first
}

// id returns an id that no other part of the page has.
func (r *renderState) id(kind string) string {
	r.ids++
	return fmt.Sprintf("%s-%d", kind, r.ids)
}

// Review is the page before something that disrupts or cannot be undone: what
// it is about, what it does in numbers, and how to leave it.
type Review struct {
	// Form is posted with the fields match and reason where they are asked for.
	Form   Form
	Hidden []Field
	Items  []string // what it is about; the first ones where there are many
	More   int      // how many more there are
	// Consequences are sentences with numbers: Counted("users.delete_sessions", 4).
	Consequences []Text
	Final        bool   // cannot be undone
	Match        string // what has to be typed into the field match; "" asks for nothing
	Reason       bool   // asks for a reason, which the audit log keeps
	Submit       string // key of the button's words
	Cancel       string // address of the way back
}

// reviewView is what the part review shows.
type reviewView struct {
	Review
	Form  formView
	Match any // a fieldView, or nil
	Why   any // a fieldView, or nil
	More  string
}

func (s *speaker) review(v view, r Review) (reviewView, error) {
	out := reviewView{Review: r}
	var err error
	if out.Form, err = s.form(v, r.Form, "match", "review.match_label", "reason", "review.reason"); err != nil {
		return out, err
	}
	if r.More > 0 {
		if out.More, err = s.say(text{key: "review.more", count: r.More, counted: true}); err != nil {
			return out, err
		}
	}
	if r.Match != "" {
		label, err := s.rich(text{key: "review.match", args: args{"Match": mono(r.Match)}})
		if err != nil {
			return out, err
		}
		if out.Match, err = s.field(v, r.Form, "match", "label", label); err != nil {
			return out, err
		}
	}
	if r.Reason {
		out.Why, err = s.field(v, r.Form, "reason", "label", "review.reason", "help", "review.reason_help", "optional", true)
	}
	return out, err
}

// badge is a state in one word.
type badge struct {
	Tone  string // "", ok, warn, bad or accent
	Label any
}

func (s *speaker) badge(tone string, label any) (badge, error) {
	if !slices.Contains([]string{"", "ok", "warn", "bad", "accent"}, tone) {
		return badge{}, fmt.Errorf("no badge is %s", tone)
	}
	words, err := s.words(label)
	return badge{Tone: tone, Label: words}, err
}

// link is a way somewhere.
type link struct {
	To      string
	Label   any
	Current bool
	Count   string // beside the label of a tab, "" for none
}

func (s *speaker) link(to string, label any) (link, error) {
	words, err := s.words(label)
	return link{To: to, Label: words}, err
}

// tab is a link with how many things are behind it.
func (s *speaker) tab(to string, label any, count ...int) (link, error) {
	l, err := s.link(to, label)
	if len(count) > 0 {
		l.Count = s.number(int64(count[0]))
	}
	return l, err
}

// tabs prepares the part tabs. The one whose address is the shell's path is current.
type tabs struct {
	Label any
	Links []link
}

func (s *speaker) tabs(v view, label any, links ...link) (tabs, error) {
	words, err := s.words(label)
	for i := range links {
		path, _, _ := strings.Cut(links[i].To, "?")
		links[i].Current = v.Shell != nil && path == v.Shell.Path
	}
	return tabs{Label: words, Links: links}, err
}

// fact is a line of the part facts.
type fact struct{ Label, Value any }

// fact takes a label's key and a value: text, or HTML of another function.
// Nothing is shown as "None".
func (s *speaker) fact(label, value any) (fact, error) {
	words, err := s.words(label)
	if v, ok := value.(string); ok {
		value = nil
		if v != "" {
			value = wrap("<bdi>", v, "</bdi>")
		}
	}
	return fact{Label: words, Value: value}, err
}

// tile is a number of an overview.
type tile struct {
	Label, Value, Note any
	To                 string
	Tone               string // of the note: "" or warn
}

// tile takes a label's key and a value: a number or text. The pairs: "note",
// "tone" ("warn"), "to" an address.
func (s *speaker) tile(label, value any, given ...any) (tile, error) {
	more, err := newPairs(given)
	if err != nil {
		return tile{}, err
	}
	out := tile{To: more.text("to", ""), Tone: more.text("tone", "")}
	switch v := value.(type) {
	case int:
		out.Value = s.number(int64(v))
	case int64:
		out.Value = s.number(v)
	default:
		out.Value = v
	}
	if out.Label, err = s.words(label); err != nil {
		return out, err
	}
	if out.Note, err = s.words(more["note"]); err != nil {
		return out, err
	}
	return out, more.unknown("note", "tone", "to")
}

// empty is a list with nothing in it: what it is for, and one next action.
type empty struct {
	Title, Text any
	Action      *link
}

func (s *speaker) empty(title, words any, action ...link) (empty, error) {
	var e empty
	var first, second error
	e.Title, first = s.words(title)
	e.Text, second = s.words(words)
	if len(action) > 0 {
		e.Action = &action[0]
	}
	return e, errors.Join(first, second)
}

// secret is a value that is shown this once.
type secret struct {
	ID, Value, SavedTo string
	Label              any
}

func (s *speaker) secret(v view, label any, value, savedTo string) (secret, error) {
	words, err := s.words(label)
	return secret{ID: v.state.id("secret"), Label: words, Value: value, SavedTo: savedTo}, err
}

// buttons end a form: the way back, and the act.
type buttons struct {
	Submit any
	Cancel string // address, "" leaves it out
	Tone   string // "danger" for what cannot be undone
}

func (s *speaker) buttons(submit any, cancel ...string) (buttons, error) {
	words, err := s.words(submit)
	b := buttons{Submit: words}
	if len(cancel) > 0 {
		b.Cancel = cancel[0]
	}
	return b, err
}

// act is a form of one button: for what can be undone.
type act struct {
	Action, CSRF, Back string
	Label, Name        any
	Fields             []Field
}

// act takes an address, the button's words, and fields as names and values. The
// name "label" is no field but what the button is called where its words alone
// do not say which row it is about.
func (s *speaker) act(v view, action string, label any, given ...any) (act, error) {
	more, err := newPairs(given)
	if err != nil {
		return act{}, err
	}
	a := act{Action: action}
	if v.Shell != nil {
		a.CSRF, a.Back = v.Shell.CSRF, v.Shell.back()
	}
	if a.Label, err = s.words(label); err != nil {
		return a, err
	}
	if a.Name, err = s.words(more["label"]); err != nil {
		return a, err
	}
	for name := range more {
		if name != "label" {
			a.Fields = append(a.Fields, Field{Name: name, Value: more.text(name, "")})
		}
	}
	slices.SortFunc(a.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return a, nil
}

// notice is a banner: news, a warning or a refusal, with a way on.
type notice struct {
	Tone   string // "", ok, warn or bad
	Text   any
	Action *link
}

func (s *speaker) notice(tone string, words any, action ...link) (notice, error) {
	said, err := s.words(words)
	n := notice{Tone: tone, Text: said}
	if len(action) > 0 {
		n.Action = &action[0]
	}
	return n, err
}

// at writes a time shortly, for tables, in the shell's zone; a zero time is "Never".
func (s *speaker) at(v view, t time.Time) (template.HTML, error) {
	if t.IsZero() {
		said, err := s.say(text{key: "time.never"})
		return wrap(`<span class="muted">`, said, "</span>"), err
	}
	if v.state.zone == nil {
		v.state.zone = time.UTC
		if v.Shell != nil {
			v.state.zone = location(v.Shell.Zone)
		}
	}
	return s.timeIn(t, v.state.zone, "date.short", "date.mon.")
}

// ago says how long a time is past, beside the time itself.
func (s *speaker) ago(now func() time.Time) func(t time.Time) (string, error) {
	return func(t time.Time) (string, error) {
		past := now().Sub(t)
		for _, unit := range []struct {
			key  string
			size time.Duration
		}{{"time.days_ago", 24 * time.Hour}, {"time.hours_ago", time.Hour}, {"time.minutes_ago", time.Minute}} {
			if past >= unit.size {
				return s.say(text{key: unit.key, count: int(past / unit.size), counted: true})
			}
		}
		return s.say(text{key: "time.now"})
	}
}
