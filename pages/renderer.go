package pages

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"golang.org/x/text/language"

	"gatehouse/idp"
	"gatehouse/static"
)

//go:embed templates
var templateFiles embed.FS

// Options configures a Renderer. The zero value works.
type Options struct {
	// Settings gives the name, accent and logo in force; nil is idp.DefaultSettings.
	Settings func() idp.Settings
	// HelpURL, PrivacyURL and TermsURL are linked from the footer of every
	// page; "" leaves the link out.
	HelpURL, PrivacyURL, TermsURL string
	// PseudoLocale adds en-XA, lengthened and accented English that shows
	// which layouts break and which words are not in a catalogue. For tests.
	PseudoLocale bool
	Now          func() time.Time // nil is time.Now
}

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct {
	options Options
	files   *static.Files
	brand   *brand
	tongues map[string]*tongue // by tag
	matcher language.Matcher
	buffers sync.Pool // of *buffer
}

// tongue is everything of one language.
type tongue struct {
	*speaker
	templates *template.Template
}

// New reads templates and catalogues; an error means that the binary or the Options are wrong.
func New(o Options) (*Renderer, error) { return build(o, "") }

// build is New with more templates, for tests.
func build(o Options, more string) (*Renderer, error) {
	if o.Settings == nil {
		o.Settings = idp.DefaultSettings
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	cats, err := loadCatalogues(o.PseudoLocale)
	if err != nil {
		return nil, err
	}
	// Parsed once, with functions of any language to satisfy the parser; each language gets a clone with its own.
	all := languages()
	parsed, err := template.New("pages").Funcs(cats.speaker(all[0]).functions(o.Now)).Funcs(cats.speaker(all[0]).consoleFunctions()).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	if parsed, err = parsed.Parse(more); err != nil {
		return nil, err
	}
	r := &Renderer{options: o, files: assets, brand: &brand{}, tongues: map[string]*tongue{}}
	tags := make([]language.Tag, len(all))
	for i, l := range all {
		tags[i] = language.MustParse(l.tag)
	}
	r.matcher = language.NewMatcher(tags)
	if o.PseudoLocale {
		all = append(all, languageInfo{tag: pseudoTag, dir: "ltr", name: "Pseudo"})
	}
	for _, l := range all {
		clone, err := parsed.Clone()
		if err != nil {
			return nil, err
		}
		s := cats.speaker(l)
		r.tongues[l.tag] = &tongue{speaker: s, templates: clone.Funcs(s.functions(o.Now)).Funcs(s.consoleFunctions())}
	}
	return r, nil
}

// view is what a template sees.
type view struct {
	P                    any // the page
	Lang, Dir, Theme     string
	Title, Product       string
	RequestID            string
	Here                 string // this page's own address, "" when it cannot be asked for by GET
	Style, MoreStyle     string // addresses; MoreStyle is "" on the pages of a sign-in
	Brand, Icon          string // addresses; Brand is "" without colours of the operator
	Scripts              []string
	Logo                 string // address of the operator's, "" for ours
	Wide                 bool
	Shell                *Shell
	Toast                *toastView
	LanguageForm         *languageForm
	Help, Privacy, Terms string

	state *renderState
}

// HasFooter reports whether there is anything to put into the footer.
func (v view) HasFooter() bool {
	return v.LanguageForm != nil || v.Help != "" || v.Privacy != "" || v.Terms != ""
}

func (r *Renderer) tongue(tag string) *tongue {
	if t := r.tongues[tag]; t != nil {
		return t
	}
	return r.tongues["en"]
}

func (r *Renderer) view(c Context, t *tongue, p Page, d description) (view, error) {
	settings := r.options.Settings()
	title, err := t.title(d, settings.ProductName)
	if err != nil {
		return view{}, err
	}
	v := view{
		P: p, Lang: t.tag, Dir: t.dir, Title: title, Product: settings.ProductName, RequestID: c.RequestID,
		Style: r.files.URL("app.css"), Brand: r.brand.address(settings.Accent), Icon: r.files.URL("favicon.svg"), Wide: d.wide,
		Scripts: []string{r.files.URL("auth.js")}, Shell: c.Shell,
		Help: r.options.HelpURL, Privacy: r.options.PrivacyURL, Terms: r.options.TermsURL, state: &renderState{},
	}
	if c.Shell != nil || d.wide || d.parts {
		v.MoreStyle = r.files.URL("console.css")
	}
	if settings.Logo != "" {
		v.Logo = "/images/" + settings.Logo
	}
	if c.Shell != nil {
		v.Scripts = append(v.Scripts, r.files.URL("admin.js"))
		if v.Toast, err = t.toast(c.Shell); err != nil {
			return v, err
		}
	}
	if c.Theme == "light" || c.Theme == "dark" {
		v.Theme = c.Theme
	}
	if !d.oneShot {
		v.LanguageForm = newLanguageForm(c, t.tag)
	}
	if v.Here = localPath(c.Path); v.Here != "" && c.RawQuery != "" {
		v.Here += "?" + c.RawQuery
	}
	return v, nil
}

// title is the title of a document, with the product's name.
func (s *speaker) title(d description, product string) (string, error) {
	page, err := s.say(d.title)
	if err != nil {
		return "", err
	}
	key := "title.page"
	if d.failed {
		key = "title.failed"
	}
	return s.say(text{key: key, args: args{"Page": page, "Product": product}})
}

// errNoPage says that a caller passed nil.
var errNoPage = errors.New("pages: no page to write")

func (r *Renderer) render(w io.Writer, c Context, p Page) (description, error) {
	if p == nil {
		return description{}, errNoPage
	}
	d := p.describe()
	t := r.tongue(c.Lang)
	v, err := r.view(c, t, p, d)
	if err != nil {
		return d, err
	}
	if err := t.templates.ExecuteTemplate(w, d.template, v); err != nil {
		return d, fmt.Errorf("page %s: %w", d.template, err)
	}
	return d, nil
}
