package pages

import (
	"html/template"
	"strings"
	"time"
)

// grantView is a value beside the page that it is shown on, for templates that need both.
type grantView struct {
	V view
	G any
}

// appFunctions are for the pages about applications.
func (s *speaker) appFunctions() template.FuncMap {
	return template.FuncMap{
		"rows":   s.rows,
		"grant":  func(v view, g any) grantView { return grantView{v, g} },
		"moment": moment,
		"codes":  codes,
		"yes":    s.yes,
		"to":     linkTo,
	}
}

// moment is a time that may not be known; zero is then shown as such.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// codes lists identifiers, nothing when there are none.
func codes(list []string) any {
	if len(list) == 0 {
		return nil
	}
	var b strings.Builder
	for _, v := range list {
		b.WriteString("<li>" + string(mono(v)) + "</li>")
	}
	return template.HTML(`<ul class="codes">` + b.String() + "</ul>") //nolint:gosec // mono escapes
}

// yes says yes or no.
func (s *speaker) yes(v bool) (string, error) {
	if v {
		return s.say(text{key: "apps.yes"})
	}
	return s.say(text{key: "apps.no"})
}

// linkTo is a link within the console, nothing without a label.
func linkTo(address, label string) any {
	if label == "" {
		return nil
	}
	return wrap(`<a href="`+template.HTMLEscapeString(address)+`"><bdi>`, label, "</bdi></a>")
}
