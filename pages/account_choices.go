package pages

import (
	_ "embed" // for the list of time zones
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// zoneNames are the zones of the IANA database that a country uses, one on each line.
//
//go:embed zones.txt
var zoneNames string

// ZoneOptions are the time zones to choose from: none, and every one that there
// is. A zone that is set already is among them whatever it is.
func ZoneOptions(current string) []Option {
	out := []Option{{Key: "account.zone_none"}}
	for name := range strings.Lines(zoneNames) {
		name = strings.TrimSpace(name)
		out = append(out, Option{Value: name, Label: strings.ReplaceAll(name, "_", " ")})
	}
	return withCurrent(out, current)
}

// LocaleOptions are the languages to choose from, each in its own words: none,
// and those that many people read. One that is set already is among them.
func LocaleOptions(current string) []Option {
	out := []Option{{Key: "account.locale_none"}}
	for _, tag := range []string{
		"ar", "bg", "bn", "ca", "cs", "da", "de", "de-AT", "de-CH", "el", "en", "en-GB", "en-US", "es", "es-MX", "et", "fa", "fi",
		"fr", "fr-CA", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru",
		"sk", "sl", "sr", "sv", "sw", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
	} {
		out = append(out, Option{Value: tag, Label: display.Self.Name(language.MustParse(tag))})
	}
	return withCurrent(out, current)
}

func withCurrent(options []Option, current string) []Option {
	if slices.ContainsFunc(options, func(o Option) bool { return o.Value == current }) {
		return options
	}
	return append(options, Option{Value: current, Label: current})
}
