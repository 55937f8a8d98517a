package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// LanguageCookie is the cookie that remembers what was chosen in the footer;
// its value is a tag of Languages.
const LanguageCookie = "gh_lang"

// ThemeCookie is the cookie that remembers which colours were chosen; its value
// is "light" or "dark". The server reads it, so that no page flashes.
const ThemeCookie = "gh_theme"

// theme is the choice that the request's cookie holds, "" to follow the system.
func theme(req *http.Request) string {
	if c, err := req.Cookie(ThemeCookie); err == nil && IsTheme(c.Value) {
		return c.Value
	}
	return ""
}

// IsTheme reports whether colours can be pinned to that.
func IsTheme(name string) bool { return name == "light" || name == "dark" }

// maxLanguageHeader bounds what is parsed of a stranger's wishes.
const maxLanguageHeader = 300

// Languages returns the tags of the languages that there are, the default first.
func (r *Renderer) Languages() []string {
	tags := make([]string, 0, len(r.tongues))
	for _, l := range languages() {
		tags = append(tags, l.tag)
	}
	return tags
}

// Language returns the language to write in: ?lang= of the footer form, then
// the cookie LanguageCookie, then ui_locales (OIDC Core §3.1.2.1), then
// Accept-Language, then English.
func (r *Renderer) Language(req *http.Request, uiLocales string) string {
	if tag := r.ChosenLanguage(req); tag != "" {
		return tag
	}
	if c, err := req.Cookie(LanguageCookie); err == nil && r.tongues[c.Value] != nil {
		return c.Value
	}
	if tag := r.match(uiLocaleTags(uiLocales)); tag != "" {
		return tag
	}
	// A header that cannot be read is no wish.
	wishes, _, _ := language.ParseAcceptLanguage(cut(req.Header.Get("Accept-Language")))
	if tag := r.match(wishes); tag != "" {
		return tag
	}
	return "en"
}

// ChosenLanguage returns the language that the request's ?lang= chose, or "":
// what a handler should remember in LanguageCookie.
func (r *Renderer) ChosenLanguage(req *http.Request) string {
	if tag := req.URL.Query().Get("lang"); r.tongues[tag] != nil {
		return tag
	}
	return ""
}

// Context returns the context of a request: its language, its colours, what it accepts, and
// its address where a GET asked for it.
func (r *Renderer) Context(req *http.Request, uiLocales string) Context {
	c := Context{Lang: r.Language(req, uiLocales), Theme: theme(req), AcceptEncoding: req.Header.Get("Accept-Encoding")}
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		c.Path, c.RawQuery = req.URL.Path, req.URL.RawQuery
	}
	return c
}

func uiLocaleTags(uiLocales string) []language.Tag {
	var tags []language.Tag
	for name := range strings.FieldsSeq(cut(uiLocales)) {
		if tag, err := language.Parse(name); err == nil {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (r *Renderer) match(wishes []language.Tag) string {
	if len(wishes) == 0 {
		return ""
	}
	_, i, confidence := r.matcher.Match(wishes...)
	if confidence == language.No {
		return ""
	}
	return languages()[i].tag
}

func cut(s string) string { return s[:min(len(s), maxLanguageHeader)] }

// languageForm is the footer's choice of language.
type languageForm struct {
	Action    string
	Fields    []Field
	Languages []languageOption
}

type languageOption struct {
	Tag, Name string
	Current   bool
}

// localPath returns the path if it leads to this origin and nowhere else.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") {
		return ""
	}
	return path
}

func newLanguageForm(c Context, current string) *languageForm {
	path := localPath(c.Path)
	if path == "" {
		return nil
	}
	f := &languageForm{Action: (&url.URL{Path: path}).EscapedPath()}
	query, err := url.ParseQuery(c.RawQuery)
	if err == nil {
		delete(query, "lang")
		for name, values := range query {
			for _, v := range values {
				f.Fields = append(f.Fields, Field{Name: name, Value: v})
			}
		}
		slices.SortStableFunc(f.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	}
	for _, l := range languages() {
		f.Languages = append(f.Languages, languageOption{Tag: l.tag, Name: l.name, Current: l.tag == current})
	}
	return f
}
