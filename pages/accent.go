package pages

import (
	"cmp"
	"math"

	"golang.org/x/text/number"

	"gatehouse/static"
)

// ourAccent is the accent of app.css in the light theme.
const ourAccent = "#3849c6"

// contrastView is what the part contrast shows: how an accent looks and reads in both themes.
type contrastView struct {
	Field  string // id of the field it is typed into
	Themes []contrastTheme
}

type contrastTheme struct {
	Name             string
	OK               bool
	Ground, Text     string
	Accent, OnAccent string
}

// contrast prepares the part contrast for a field and its value; one that is no
// colour has no samples.
func (s *speaker) contrast(field, accent string) (contrastView, error) {
	out := contrastView{Field: fieldID("", field)}
	report, _ := static.CheckAccent(cmp.Or(accent, ourAccent)) // an accent that cannot be read is shown as what it is
	if report == nil {
		return out, nil
	}
	for _, t := range []struct {
		theme, ground, text string
		c                   static.AccentColours
	}{{"light", "#ffffff", "#15181d", report.Light}, {"dark", "#171b21", "#e9ecf0", report.Dark}} {
		least := math.Inf(1)
		for _, p := range report.Pairs {
			if p.Theme == t.theme {
				least = min(least, p.Ratio)
			}
		}
		ratio := s.numbers.Sprint(number.Decimal(math.Floor(least*10)/10, number.MaxFractionDigits(1)))
		name, err := s.say(text{key: "contrast." + t.theme, args: args{"Ratio": ratio}})
		if err != nil {
			return out, err
		}
		out.Themes = append(out.Themes, contrastTheme{
			Name: name, OK: least >= 4.5, Ground: t.ground, Text: t.text, Accent: t.c.Accent, OnAccent: t.c.On,
		})
	}
	return out, nil
}
