package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

// Addresses that every room leads to.
const (
	RouteLogin   = "/login"
	RouteLogout  = "/logout"
	RouteError   = "/error"
	RouteAccount = "/account"
	RouteAdmin   = "/admin"
)

// Options are the parts that all rooms stand on. Everything but
// TrustedProxies, Closing, Audit, Metrics, Log, Now and Quiet is required.
type Options struct {
	Provider *oauth.Provider
	Sessions *account.Sessions
	Notes    idp.NoteStore
	Pages    *pages.Renderer

	// Issuer is the public base URL, without a path. Its scheme decides
	// whether cookies are Secure and carry the __Host- prefix.
	Issuer string
	// CSRFKey authenticates the tokens of our forms, and seals what is shown
	// once; at least 32 bytes, the same on every instance.
	CSRFKey []byte
	// TrustedProxies are the networks whose X-Forwarded-For, X-Forwarded-Proto and X-Request-Id count.
	TrustedProxies []netip.Prefix
	// Quiet are the routes that are logged at Debug alone: probes, and public
	// documents that everybody fetches again and again.
	Quiet []string

	// Closing is closed when the program begins to stop: answers that go on and
	// on end then. Nil never is.
	Closing <-chan struct{}

	Audit   idp.Recorder     // nil records nothing
	Metrics Metrics          // nil counts nothing
	Log     *slog.Logger     // nil is slog.Default
	Now     func() time.Time // nil is time.Now
}

// Metrics is told of every answer.
type Metrics interface {
	// Request names the route as a pattern, never as a path that was sent.
	Request(route, method string, status int, took time.Duration)
}

type noMetrics struct{}

func (noMetrics) Request(string, string, int, time.Duration) {}

type noAudit struct{}

func (noAudit) Record(*idp.AuditEvent) {}

// Site is the plumbing; it is not changed after New.
type Site struct {
	Options
	Cookies     Cookies
	https       bool
	crossOrigin *http.CrossOriginProtection
	proxies     proxies
	bodies      bodies
	sealer      sealer
	drafts      *Budget     // of people who are not signed in, by network
	ownDrafts   *Budget     // of the others, by person
	headers     http.Header // shared by all answers, never changed
}

// New checks that the options fit together.
func New(o Options) (*Site, error) {
	issuer, err := url.Parse(o.Issuer)
	switch {
	case err != nil || issuer.Host == "" || (issuer.Scheme != "http" && issuer.Scheme != "https"):
		return nil, fmt.Errorf("web: the issuer %q is not an http or https address", o.Issuer)
	case issuer.Path != "" && issuer.Path != "/":
		return nil, errors.New("web: an issuer with a path is not supported")
	case len(o.CSRFKey) < 32:
		return nil, errors.New("web: the CSRF key must have at least 32 bytes")
	case o.Provider == nil || o.Sessions == nil || o.Notes == nil || o.Pages == nil:
		return nil, errors.New("web: a part is missing (Provider, Sessions, Notes, Pages)")
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	if o.Audit == nil {
		o.Audit = noAudit{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Site{
		Options:   o,
		https:     issuer.Scheme == "https",
		Cookies:   Cookies{secure: issuer.Scheme == "https"},
		proxies:   o.TrustedProxies,
		headers:   secureHeaders(),
		drafts:    NewBudget(strangerDrafts, draftLife),
		ownDrafts: NewBudget(personDrafts, draftLife),
	}
	if s.sealer, err = newSealer(o.CSRFKey); err != nil {
		return nil, err
	}
	s.crossOrigin = http.NewCrossOriginProtection()
	// Behind a proxy that rewrites Host, Origin is still the public one.
	if err := s.crossOrigin.AddTrustedOrigin(issuer.Scheme + "://" + issuer.Host); err != nil {
		return nil, fmt.Errorf("web: issuer: %w", err)
	}
	return s, nil
}

// WithSession makes the browser session reachable; it is loaded when first asked for.
func (s *Site) WithSession() gin.HandlerFunc {
	store := &sessionStore{sessions: s.Sessions, cookies: s.Cookies, now: s.Now}
	return ginsessions.Sessions(s.Cookies.name(cookieSession), store)
}

// SameOrigin refuses forms that another site sent.
func (s *Site) SameOrigin(c *gin.Context) {
	if err := s.crossOrigin.Check(c.Request); err != nil {
		s.Fail(c, ErrCrossSite, s.FailPage)
		return
	}
	c.Next()
}

// HasCookies reports whether the request carries a cookie that binds it to a browser.
func (s *Site) HasCookies(c *gin.Context) bool {
	return s.Browser(c) != "" || s.Cookies.Get(c.Request, cookieSession) != ""
}
