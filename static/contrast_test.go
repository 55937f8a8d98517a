package static_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// theme is the colours of one side of every light-dark() token.
type theme map[string]string

var token = regexp.MustCompile(`--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?\s*,\s*(#[0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?\s*\)`)

func themes(css string) (light, dark theme) {
	light, dark = theme{}, theme{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		light[m[1]], dark[m[1]] = m[2], m[3]
	}
	return light, dark
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(hex string) (float64, error) {
	v, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		return 0, err
	}
	channel := func(shift uint) float64 {
		c := float64(v>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0), nil
}

// contrast returns the ratio of two tokens.
func (t theme) contrast(a, b string) (float64, error) {
	if t[a] == "" || t[b] == "" {
		return 0, fmt.Errorf("no token %s or %s", a, b)
	}
	la, err := luminance(t[a])
	if err != nil {
		return 0, err
	}
	lb, err := luminance(t[b])
	if err != nil {
		return 0, err
	}
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05), nil
}

type pair struct {
	front, back string
	least       float64
}

// pairs are the colours that meet on a page: text needs 4.5, what shows a
// control's border or its focus 3.
func pairs() []pair {
	var out []pair
	for _, back := range []string{"bg", "surface", "surface-2"} {
		for _, front := range []string{"text", "text-2", "accent", "danger", "ok", "warn"} {
			out = append(out, pair{front, back, 4.5})
		}
		out = append(out, pair{"border-strong", back, 3})
	}
	return append(
		out,
		pair{"on-accent", "accent", 4.5},
		pair{"on-accent", "accent-hover", 4.5},
		pair{"accent", "accent-soft", 4.5},
		pair{"text", "danger-soft", 4.5},
		pair{"text", "ok-soft", 4.5},
		pair{"text", "warn-soft", 4.5},
		pair{"danger", "danger-soft", 4.5},
		pair{"ok", "ok-soft", 4.5},
		pair{"warn", "warn-soft", 4.5},
		pair{"accent", "danger-soft", 3}, // focus on a link in a notice
	)
}

func TestContrast(t *testing.T) {
	light, dark := themes(string(files(t).Content("app.css")))
	for name, th := range map[string]theme{"light": light, "dark": dark} {
		for _, p := range pairs() {
			ratio, err := th.contrast(p.front, p.back)
			if err != nil {
				t.Fatal(err)
			}
			if ratio < p.least {
				t.Errorf("%s: %s on %s is %.2f, must be %.1f", name, p.front, p.back, ratio, p.least)
			}
		}
	}
}

func TestContrastBites(t *testing.T) {
	light, _ := themes("--text: light-dark(#767676, #000000); --bg: light-dark(#f5f6f8, #000000);")
	ratio, err := light.contrast("text", "bg")
	if err != nil || ratio >= 4.5 || ratio < 4 {
		t.Errorf("#767676 on #f5f6f8 is %.2f, %v", ratio, err)
	}
	if ratio, err := (theme{"a": "#000000", "b": "#ffffff"}).contrast("a", "b"); err != nil || math.Abs(ratio-21) > 0.001 {
		t.Errorf("black on white is %.3f, %v", ratio, err)
	}
	if _, err := light.contrast("text", "absent"); err == nil {
		t.Error("an absent token passes")
	}
}

// TestColoursAreTokens keeps colours in the block that the contrast test reads.
func TestColoursAreTokens(t *testing.T) {
	css := styles(t)
	rest := token.ReplaceAllString(css, "")
	if found := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(`).FindAllString(rest, -1); found != nil {
		t.Errorf("colours outside the tokens: %q", found)
	}
}
