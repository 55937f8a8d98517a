package static_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gatehouse/static"
)

func TestCheckAccent(t *testing.T) {
	for _, c := range []struct {
		accent, theme, front, back string // of the pair that fails, "" for none
	}{
		{accent: "#3849c6"},
		{accent: "#0A7D5A"},
		{accent: "#000000"},
		{"#ffcc00", "light", "accent", "surface"},
		{"#ffffff", "light", "accent", "surface"},
		{"#737373", "light", "accent", "bg"}, // 4.7 on white, 4.4 on the page's ground
	} {
		report, err := static.CheckAccent(c.accent)
		if report == nil || len(report.Pairs) != 8 {
			t.Fatalf("%s: report %v", c.accent, report)
		}
		var wrong *static.AccentError
		if errors.As(err, &wrong) != (c.front != "") || err != nil && (wrong.Pair.Theme != c.theme || wrong.Pair.Front != c.front || wrong.Pair.Back != c.back) {
			t.Errorf("%s: %v", c.accent, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.front+" on "+c.back) {
			t.Errorf("%s: %q does not say which pair", c.accent, err)
		}
	}
	for _, bad := range []string{"", "red", "#fff", "#12345g", "3849c6", "#3849c6ff", "#-12345"} {
		if report, err := static.CheckAccent(bad); err == nil || report != nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// An accent that is accepted can be read wherever the stylesheet puts it, in both themes.
func TestDerivedColoursCanBeRead(t *testing.T) {
	accepted, sheet := 0, string(files(t).Content("app.css"))
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				accent := fmt.Sprintf("#%02x%02x%02x", r, g, b)
				report, err := static.CheckAccent(accent)
				if err != nil {
					continue
				}
				accepted++
				checkSheet(t, accent, sheet, string(report.CSS()))
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d accents are accepted", accepted)
	}
}

func checkSheet(t *testing.T, accent, sheet, css string) {
	t.Helper()
	ourLight, ourDark := themes(sheet)
	light, dark := themes(css)
	for name, sides := range map[string][2]theme{"light": {ourLight, light}, "dark": {ourDark, dark}} {
		all := sides[0]
		for token, colour := range sides[1] {
			if all[token] == "" {
				t.Fatalf("%s: no token %s", accent, token)
			}
			all[token] = colour
		}
		for _, p := range []pair{
			{"accent", "surface", 4.5},
			{"accent", "bg", 4.5},
			{"on-accent", "accent", 4.5},
			{"on-accent", "accent-hover", 4.5},
			{"accent", "accent-soft", 4.5},
		} {
			if ratio, err := all.contrast(p.front, p.back); err != nil || ratio < p.least {
				t.Errorf("%s, %s: %s on %s is %.2f, %v", accent, name, p.front, p.back, ratio, err)
			}
		}
	}
}

// The grounds that accents are judged on are those of the stylesheet.
func TestGroundsAreThoseOfTheStylesheet(t *testing.T) {
	light, dark := themes(string(files(t).Content("app.css")))
	report, err := static.CheckAccent("#3849c6")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Pairs {
		all := map[string]theme{"light": light, "dark": dark}[p.Theme]
		if p.Back != "surface" && p.Back != "bg" {
			continue
		}
		accent := map[string]string{"light": report.Light.Accent, "dark": report.Dark.Accent}[p.Theme]
		all["accent"] = accent
		if ratio, err := all.contrast("accent", p.Back); err != nil || math.Abs(ratio-p.Ratio) > 0.001 {
			t.Errorf("%s on %s: %.3f in the stylesheet, %.3f in the report, %v", p.Front, p.Back, ratio, p.Ratio, err)
		}
	}
}

func FuzzCheckAccent(f *testing.F) {
	for _, s := range []string{"#3849c6", "#fff", "", "#+12345", "#0x1234", "light-dark(#fff,#000)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accent string) {
		report, err := static.CheckAccent(accent)
		if err != nil {
			return
		}
		if len(accent) != 7 || strings.ContainsAny(string(report.CSS()), "\"'<>") || strings.Count(string(report.CSS()), "}") != 1 {
			t.Errorf("%q makes %s", accent, report.CSS())
		}
	})
}
