package pages

import "time"

// Page is one page of this package: each exported struct whose name ends in Page.
type Page interface {
	describe() description
}

// description is what the Renderer needs to know about a page beyond its template.
type description struct {
	template string // name of the template
	title    text   // of the document, without the product name
	failed   bool   // the title starts with "Error: " (a form was sent and refused)
	// offOrigin leaves form-action out of the policy: the answer to the form leaves our origin.
	offOrigin bool
	// refresh is the address of a Refresh header, "" for none.
	refresh string
	// oneShot pages cannot be asked for again, so they have no language form.
	oneShot bool
	// wide pages hold long lines.
	wide bool
	// parts says that a public page has forms and lists as those of the console do.
	parts bool
}

// Context is what every page needs. Renderer.Context builds it from a request;
// the handler adds RequestID, and Theme where it knows one.
type Context struct {
	Lang      string // from Renderer.Language
	Theme     string // "" follows the system, "light" and "dark" pin it
	RequestID string // shown under "Details for support" of ErrorPage
	// Path and RawQuery are where the language form in the footer leads, by
	// GET; the query's parameters but lang are kept. An empty Path leaves the
	// form out, as is right where the address answers POST only.
	Path, RawQuery string
	// Shell surrounds the page of somebody who is signed in; nil on public pages.
	Shell          *Shell
	AcceptEncoding string // the request's header; with gzip in it the page is compressed
}

// App is the application that a person is on the way to.
type App struct {
	Name string // client_name, or the client ID where there is none
	Host string // host (and port) of the redirect URI that was verified; or the scheme for an app on the device
	// URI, PolicyURI and TosURI are http(s) addresses from the registration, or "".
	URI, PolicyURI, TosURI string
}

// Field is a form field that is passed on as it is.
type Field struct{ Name, Value string }

// LoginPage asks for username and password. It posts the fields flow, csrf,
// username, password and remember (value "1" when checked).
type LoginPage struct {
	Flow, CSRF string
	App        *App   // nil for a sign-in without an application
	Login      string // what was typed before, or login_hint
	Notice     Notice
	Remember   bool
	SubmitTo   string // "" is /login
	// OffOrigin says that the callback has a custom scheme: form-action is left off.
	OffOrigin bool
	// Reauth says that the person is signed in and must show it again. KnownAs
	// is then the username, which is shown and cannot be edited.
	Reauth  bool
	KnownAs string
	// SwitchTo is the address of "Use another account" when Reauth; "" leaves it out.
	SwitchTo string
	// RegisterTo is the address of "Create an account"; "" leaves it out.
	RegisterTo string
}

// SelectPage asks which account to go on with. It posts flow, csrf and account
// (an AccountChoice.ID, or OtherAccount) to /login/select.
type SelectPage struct {
	Flow, CSRF string
	App        *App
	Accounts   []AccountChoice
	OffOrigin  bool
}

// OtherAccount is the value of the field account that asks for another sign-in.
const OtherAccount = "other"

// AccountChoice is one account of the chooser.
type AccountChoice struct {
	ID    string // value of the field account
	Name  string // how the person is called; may be empty
	Login string // email address or username
}

// ConsentPage asks whether an application may have what it asked for. It
// posts flow, csrf and decision ("allow" or "deny") to /consent.
type ConsentPage struct {
	Flow, CSRF string
	App        App
	SignedInAs string
	SwitchTo   string      // address of "Not you?"; "" leaves it out
	Scopes     []ScopeLine // in the order to show
	// OnlyNew says that the application has access already and wants more: the
	// lines with New are then the question, the others are only recalled.
	OnlyNew   bool
	OffOrigin bool
}

// ScopeLine is one scope of the consent page.
type ScopeLine struct {
	Name   string // scope-token; standard ones are put into plain words
	Shared string // the value that will be shared, such as the email address; may be empty
	New    bool   // not allowed before
}

// ContinuePage hands over to an http(s) callback: a Refresh header and a visible link.
type ContinuePage struct {
	App      App
	Location string // absolute http(s) address
}

// ContinuedPage is shown to those who come back to a flow that was handed over.
type ContinuedPage struct {
	App App
}

// FormPostPage hands over by response_mode=form_post: the fields are posted to
// Action by auth.js, or by the visible button.
type FormPostPage struct {
	App    App
	Action string
	Fields []Field
}

// LogoutPage asks whether to sign out. It posts csrf to /logout.
type LogoutPage struct {
	CSRF       string
	SignedInAs string
	Apps       []string // names of the applications that will be signed out
}

// SignedOutPage says that the person is signed out.
type SignedOutPage struct{}

// DemoPage is the demo relying party at /demo. Sign in is a GET form to
// /demo/login; the others post csrf to /demo/refresh, /demo/introspect,
// /demo/userinfo and /demo/logout.
type DemoPage struct {
	SignedIn bool
	Name     string
	Sections []DemoSection // claims, tokens, results
	Message  string        // what the last button did, "" for nothing
	CSRF     string
}

// DemoSection is a titled text shown in a fixed-width face.
type DemoSection struct{ Title, Text string }

// ErrorPage says what went wrong in human words, and keeps the technical ones
// for support.
type ErrorPage struct {
	Kind ErrorKind
	App  *App // nil when not known
	// BackTo is where "Go back" or "Try again" leads, "" leaves it out; without
	// it App.URI is used. It is an http(s) address or a local path.
	BackTo string
	// Code and Description are shown under "Details for support": a protocol
	// error code and its description, never internal text.
	Code, Description string
	Time              time.Time // zero is now
}

// ErrorKind is a human cause.
type ErrorKind string

// The causes that ErrorPage knows.
const (
	ErrorBadClient   ErrorKind = "bad_client"   // unknown client_id
	ErrorBadRedirect ErrorKind = "bad_redirect" // redirect_uri not registered; we never go there
	ErrorBadRequest  ErrorKind = "bad_request"  // a link or form that cannot be understood
	ErrorExpired     ErrorKind = "expired"      // the flow ended or never was
	ErrorStale       ErrorKind = "stale"        // CSRF token of an old page; set BackTo
	ErrorAppDisabled ErrorKind = "app_disabled"
	ErrorCrossSite   ErrorKind = "cross_site" // a form sent by another website
	ErrorNotFound    ErrorKind = "not_found"
	ErrorMethod      ErrorKind = "method"
	ErrorTooLarge    ErrorKind = "too_large"
	ErrorUnavailable ErrorKind = "unavailable"   // a store does not answer
	ErrorServer      ErrorKind = "server"        // our fault
	ErrorForbidden   ErrorKind = "forbidden"     // signed in, but the roles do not allow it
	ErrorSignup      ErrorKind = "signup_closed" // strangers may not register
	ErrorGone        ErrorKind = "gone"          // what was to be ended is not there (any more); set BackTo
	ErrorCookies     ErrorKind = "cookies"       // the flow's cookie did not come back: cookies off, or another browser
)

func errorKinds() []ErrorKind {
	return []ErrorKind{
		ErrorBadClient, ErrorBadRedirect, ErrorBadRequest, ErrorExpired, ErrorStale, ErrorAppDisabled,
		ErrorCrossSite, ErrorNotFound, ErrorMethod, ErrorTooLarge, ErrorUnavailable, ErrorServer, ErrorCookies,
		ErrorForbidden, ErrorSignup, ErrorGone,
	}
}
