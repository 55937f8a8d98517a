package pages

import (
	"net/http"
	"time"
)

// Options configures a Renderer. The zero value works.
type Options struct {
	ProductName string // "" is Gatehouse
	// HelpURL, PrivacyURL and TermsURL are linked from the footer of every
	// page; "" leaves the link out.
	HelpURL, PrivacyURL, TermsURL string
	// PseudoLocale adds en-XA, lengthened and accented English that shows
	// which layouts break and which words are not in a catalogue. For tests.
	PseudoLocale bool
	Now          func() time.Time // nil is time.Now
}

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct{}

// New reads templates and catalogues; an error means that the binary or the Options are wrong.
func New(o Options) (*Renderer, error) { panic("soon") }

// Static serves /static/…: styles, script and icons.
func (r *Renderer) Static() http.Handler { panic("soon") }

// Languages returns the tags of the languages that there are, the default first.
func (r *Renderer) Languages() []string { panic("soon") }

// Language returns the language to write in: ?lang= of the footer form, then
// the cookie LanguageCookie, then ui_locales (OIDC Core §3.1.2.1), then
// Accept-Language, then English.
func (r *Renderer) Language(req *http.Request, uiLocales string) string { panic("soon") }

// LanguageCookie is the cookie that remembers what was chosen in the footer.
// It is harmless: not HttpOnly matters nothing, it holds a language tag.
const LanguageCookie = "gh_lang"

// ChosenLanguage returns the language that the request's ?lang= chose, or "":
// what a handler should remember in LanguageCookie.
func (r *Renderer) ChosenLanguage(req *http.Request) string { panic("soon") }

// Write renders the page and answers with it: all headers, gzip where it is
// accepted. When it returns an error before anything was sent, the response is
// untouched and the caller may write another.
func (r *Renderer) Write(w http.ResponseWriter, status int, c Context, p Page) error { panic("soon") }
