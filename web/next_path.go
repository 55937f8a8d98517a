package web

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxNext = 1000

// NextPath returns s when it is a path on our own origin, and "" otherwise.
// It refuses more than it must: browsers read "//host", "/\host" and, after
// dropping tabs and newlines, "/<tab>/host" as another origin.
func NextPath(s string) string {
	if len(s) > maxNext || !strings.HasPrefix(s, "/") || !utf8.ValidString(s) {
		return ""
	}
	if strings.ContainsAny(s, "\\#") || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return ""
	}
	u, err := url.ParseRequestURI(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return ""
	}
	return s
}

// WithNext adds the path to go on to, where there is one.
func WithNext(page, next string) string {
	if next == "" {
		return page
	}
	return page + "?next=" + url.QueryEscape(next)
}
