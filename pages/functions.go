package pages

import (
	"fmt"
	"html/template"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// functions are what templates can call, bound to a language.
func (s *speaker) functions(now func() time.Time) template.FuncMap {
	all := template.FuncMap{
		"t": func(key string, pairs ...any) (string, error) {
			t, err := newText(key, pairs)
			if err != nil {
				return "", err
			}
			return s.say(t)
		},
		"tn": func(key string, n int) (string, error) { return s.say(text{key: key, count: n, counted: true}) },
		"rich": func(key string, pairs ...any) (template.HTML, error) {
			t, err := newText(key, pairs)
			if err != nil {
				return "", err
			}
			return s.rich(t)
		},
		"errtext": func(p ErrorPage, part string) (string, error) { return s.say(errorText(p, part)) },
		"scope":   func(l ScopeLine, part string) (string, error) { return s.say(scopeText(l, part)) },
		"way":     s.wayOn,
		"button":  s.demoButton,
		"when":    s.when,
		"stamp": func(t time.Time) template.HTML {
			if t.IsZero() {
				t = now()
			}
			return timeElement(t, t.UTC().Format("2006-01-02 15:04:05 UTC"))
		},
		"b":       func(v string) template.HTML { return wrap("<strong><bdi>", v, "</bdi></strong>") },
		"bdi":     func(v string) template.HTML { return wrap("<bdi>", v, "</bdi>") },
		"mono":    mono,
		"initial": initial,
		"capital": capital,
		"target":  target,
		"icon":    icon,
		// For the parts of templates/parts.html.
		"say":      func(t Text) (string, error) { return s.say(t.text()) },
		"plain":    func(v any) plain { return plain(fmt.Sprint(v)) },
		"num":      s.numberOf,
		"duration": s.duration,
		"at":       s.at,
		"ago":      s.ago(now),
		"form":     s.form,
		"field":    s.field,
		"options":  makeOptions,
		"buttons":  s.buttons,
		"act":      s.act,
		"review":   s.review,
		"secret":   s.secret,
		"notice":   s.notice,
		"table":    s.table,
		"col":      s.col,
		"pick":     s.pick,
		"pick_col": s.pickColumn,
		"live":     func(to string) link { return link{To: to} },
		"list_bar": s.listBar,
		"bulk":     s.bulkBar,
		"search":   s.search,
		"filter":   s.filter,
		"empty":    s.empty,
		"badge":    s.badge,
		"link":     s.link,
		"tab":      s.tab,
		"tabs":     s.tabs,
		"fact":     s.fact,
		"facts":    func(facts ...fact) []fact { return facts },
		"tile":     s.tile,
		"tiles":    func(tiles ...tile) []tile { return tiles },
		"chart":    s.chart,
		"contrast": s.contrast,
		// For the account pages, and where else people see a device.
		"device":   s.device,
		"activity": s.activity,
	}
	maps.Copy(all, s.appFunctions())
	return all
}

// numberOf writes whole numbers of any size.
func (s *speaker) numberOf(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return s.number(int64(n)), nil
	case int64:
		return s.number(n), nil
	}
	return "", fmt.Errorf("num of a %T", n)
}

// mono sets an identifier, an address or a code, which runs left to right everywhere.
func mono(v string) template.HTML { return wrap(`<span class="mono" dir="ltr">`, v, "</span>") }

// wrap puts escaped text between two pieces of fixed HTML.
func wrap(before, v, after string) template.HTML {
	return template.HTML(before + template.HTMLEscapeString(v) + after) //nolint:gosec // escaped in this line
}

func timeElement(t time.Time, words string) template.HTML {
	return wrap(`<time datetime="`+t.UTC().Format(time.RFC3339)+`">`, words, "</time>")
}

// when writes a time for people, in their zone (UTC when it is not known), with the zone named.
func (s *speaker) when(t time.Time, zone string) (template.HTML, error) {
	return s.timeIn(t, location(zone), "date.long", "date.month.")
}

// timeIn writes a time in a form of the catalogue, with the months' names from there.
func (s *speaker) timeIn(t time.Time, zone *time.Location, form, months string) (template.HTML, error) {
	local := t.In(zone)
	words, err := s.say(text{key: form, args: args{
		"Day": local.Format("2"), "Year": local.Format("2006"), "Time": local.Format("15:04"), "Zone": zoneAt(local),
		"Month": text{key: months + local.Format("01")},
	}})
	return timeElement(t, words), err
}

// zoneAt is how the zone of a time is called then.
func zoneAt(local time.Time) string {
	name := local.Format("MST")
	if strings.ContainsAny(name, "+-") { // a zone without letters
		name = local.Format("UTC-07:00")
	}
	return name
}

// capital begins words with a large letter, as at the head of a column.
func capital(words string) string {
	r, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(r)) + words[size:]
}

// initial is the letter that stands for an account.
func initial(name, login string) string {
	for _, v := range []string{name, login} {
		if r, _ := utf8.DecodeRuneInString(strings.TrimSpace(v)); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "•"
}

// target is an address of an application that was verified against its
// registration. html/template knows only http, https and mailto, but an app on
// the device has a scheme of its own, with a dot in it (RFC 8252 §7.1).
func target(address string) template.URL {
	scheme, _, ok := strings.Cut(address, ":")
	scheme = strings.ToLower(scheme)
	if !ok || strings.ContainsAny(address, "\r\n\t") || (scheme != "http" && scheme != "https" && !strings.Contains(scheme, ".")) {
		return "#"
	}
	return template.URL(address) //nolint:gosec // the scheme was judged above; attributes are still escaped
}

// way is the link that leads on from an error page.
type way struct {
	To    string
	Words template.HTML
	Main  bool
}

// wayOn finds where an error page leads: every one leads somewhere.
func (s *speaker) wayOn(v view) (way, error) {
	p, ok := v.P.(ErrorPage)
	if !ok {
		return way{}, nil
	}
	var t text
	w := way{Main: true}
	switch {
	case p.App != nil && (p.BackTo != "" || p.App.URI != ""):
		w.To = p.BackTo
		if w.To == "" {
			w.To = p.App.URI
		}
		t = text{key: "error.back", args: args{"App": wrap("<bdi>", p.App.Name, "</bdi>")}}
	case p.BackTo != "" && p.Kind == ErrorGone:
		w.To, t = p.BackTo, text{key: "error.gone.back"}
	case p.BackTo != "":
		w.To, t = p.BackTo, text{key: "error.again"}
	case v.Here != "" && (p.Kind == ErrorUnavailable || p.Kind == ErrorServer):
		w.To, t = v.Here, text{key: "error.again"}
	default:
		w.To, w.Main, t = "/account", false, text{key: "error.account"}
	}
	words, err := s.rich(t)
	w.Words = words
	return w, err
}

// demoButton is one of the demo's buttons.
type demoButton struct {
	Name, CSRF, Words string
	Main              bool
}

func (s *speaker) demoButton(name, csrf string) (demoButton, error) {
	words, err := s.say(text{key: "demo." + name})
	return demoButton{Name: name, CSRF: csrf, Words: words, Main: name == "refresh"}, err
}
