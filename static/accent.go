package static

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// AccentPair is two colours that meet on pages, and how well one is told from the other.
type AccentPair struct {
	Theme       string // "light" or "dark"
	Front, Back string // tokens of app.css, such as "accent" and "surface"
	Ratio       float64
	Least       float64 // what the ratio must be (WCAG 2.2 §1.4.3, §1.4.11)
}

// OK reports whether the pair can be read.
func (p AccentPair) OK() bool { return p.Ratio >= p.Least }

// AccentReport is what an accent comes to: its pairs, the ones that fail among
// them, and the colours that are derived from it.
type AccentReport struct {
	Pairs       []AccentPair
	Light, Dark AccentColours
}

// AccentColours are the tokens of one theme that the accent decides, as "#rrggbb".
type AccentColours struct{ Accent, Hover, On, Soft string }

// AccentError says which pair of colours cannot be read.
type AccentError struct {
	Accent string
	Pair   AccentPair
}

func (e *AccentError) Error() string {
	return fmt.Sprintf("%s: %s on %s is %.2f to 1 in the %s theme, must be at least %.1f to 1",
		e.Accent, e.Pair.Front, e.Pair.Back, e.Pair.Ratio, e.Pair.Theme, e.Pair.Least)
}

// colour is in linear or stored channels from 0 to 1; here always stored sRGB.
type colour [3]float64

// The grounds of app.css, which a test holds equal to it.
const (
	lightSurface, lightBG = "#ffffff", "#f5f6f8"
	darkSurface, darkBG   = "#171b21", "#0f1216"
	readable              = 4.5
)

func parseColour(s string) (colour, error) {
	hex, ok := strings.CutPrefix(s, "#")
	v, err := strconv.ParseUint(hex, 16, 32)
	if !ok || err != nil || len(hex) != 6 {
		return colour{}, fmt.Errorf("%q is not a colour such as #3849c6", s)
	}
	return colour{float64(v >> 16 & 0xff), float64(v >> 8 & 0xff), float64(v & 0xff)}.scale(1.0 / 255), nil
}

// fixed is a colour of this file.
func fixed(s string) colour {
	c, err := parseColour(s)
	if err != nil {
		panic(err) // a constant of this package
	}
	return c
}

func (c colour) scale(f float64) colour { return colour{c[0] * f, c[1] * f, c[2] * f} }

// mix takes the share of other into c.
func (c colour) mix(other colour, share float64) colour {
	var out colour
	for i := range c {
		out[i] = c[i]*(1-share) + other[i]*share
	}
	return out.rounded()
}

// rounded is the colour as eight bits say it.
func (c colour) rounded() colour {
	for i := range c {
		c[i] = math.Round(c[i]*255) / 255
	}
	return c
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		if l[i] = v / 12.92; v > 0.04045 {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// CheckAccent judges a colour ("#rrggbb") as the accent of the light theme and
// derives the dark theme's from it. The error is an *AccentError for the first
// pair that cannot be read (the report is there all the same), or says that it is no colour.
func CheckAccent(accent string) (*AccentReport, error) {
	light, err := parseColour(accent)
	if err != nil {
		return nil, err
	}
	white, black := fixed("#ffffff"), fixed("#000000")
	dark := light
	for share := 0.0; contrast(dark, fixed(darkSurface)) < 8 && share < 1; share += 0.02 {
		dark = light.mix(white, share) // lighter until it stands out from the dark ground
	}
	ink := light.mix(black, 0.8) // letters on the dark theme's buttons
	lightSoft, darkSoft := soft(light, white, 0.1), soft(dark, fixed(darkSurface), 0.22)
	r := &AccentReport{
		Light: AccentColours{accent, light.mix(black, 0.2).String(), "#ffffff", lightSoft.String()},
		Dark:  AccentColours{dark.String(), dark.mix(white, 0.3).String(), ink.String(), darkSoft.String()},
	}
	r.Light.Accent = light.String()
	for _, p := range []struct {
		theme, front, back string
		a, b               colour
	}{
		{"light", "accent", "surface", light, fixed(lightSurface)},
		{"light", "on-accent", "accent", white, light},
		{"light", "accent", "bg", light, fixed(lightBG)},
		{"light", "accent", "accent-soft", light, lightSoft},
		{"dark", "accent", "surface", dark, fixed(darkSurface)},
		{"dark", "on-accent", "accent", ink, dark},
		{"dark", "accent", "bg", dark, fixed(darkBG)},
		{"dark", "accent", "accent-soft", dark, darkSoft},
	} {
		pair := AccentPair{Theme: p.theme, Front: p.front, Back: p.back, Ratio: contrast(p.a, p.b), Least: readable}
		r.Pairs = append(r.Pairs, pair)
		if !pair.OK() && err == nil {
			err = &AccentError{Accent: accent, Pair: pair}
		}
	}
	return r, err
}

// soft is the accent's tint of a ground: as strong as letters in the accent allow.
func soft(accent, ground colour, most float64) colour {
	share := most
	for share > 0.01 && contrast(accent, ground.mix(accent, share)) < readable {
		share -= 0.01
	}
	return ground.mix(accent, max(share, 0))
}

// CSS is the stylesheet that puts the accent in the place of ours.
func (r *AccentReport) CSS() []byte {
	return fmt.Appendf(nil, ":root{--accent:light-dark(%s,%s);--accent-hover:light-dark(%s,%s);--on-accent:light-dark(%s,%s);--accent-soft:light-dark(%s,%s)}\n",
		r.Light.Accent, r.Dark.Accent, r.Light.Hover, r.Dark.Hover, r.Light.On, r.Dark.On, r.Light.Soft, r.Dark.Soft)
}
