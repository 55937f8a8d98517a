package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

// Options are the parts that the handlers stand on. Everything but Ready,
// Metrics, Log, Now, TrustedProxies and Demo is required.
type Options struct {
	Provider     *oauth.Provider
	SignIn       *account.SignIn
	Sessions     *account.Sessions
	Browsers     *account.KnownBrowsers
	Users        idp.UserStore
	Clients      idp.ClientStore
	Grants       idp.GrantStore
	Interactions idp.InteractionStore
	Pages        *pages.Renderer

	// Issuer is the public base URL, without a path. Its scheme decides
	// whether cookies are Secure and carry the __Host- prefix.
	Issuer string
	// CSRFKey authenticates the tokens of our forms; at least 32 bytes, the same on every instance.
	CSRFKey []byte
	// TrustedProxies are the networks whose X-Forwarded-For, X-Forwarded-Proto and X-Request-Id count.
	TrustedProxies []netip.Prefix

	Ready   func(ctx context.Context) error // nil is always ready
	Metrics Metrics                         // nil counts nothing
	Log     *slog.Logger                    // nil is slog.Default
	Now     func() time.Time                // nil is time.Now
	Demo    http.Handler                    // the demo relying party; nil is off
}

// Metrics is told what happened. Label values come from small fixed sets.
type Metrics interface {
	// Request is told of every answer. The route is a pattern, never a path as sent.
	Request(route, method string, status int, took time.Duration)
	// Token is told of every answer of the token endpoint: the grant type
	// ("other" when unknown) and "ok" or an error code.
	Token(grant, outcome string)
	// SignIn is told of every password given on the sign-in page: "ok",
	// "refused", "throttled" or "unavailable".
	SignIn(outcome string)
}

type noMetrics struct{}

func (noMetrics) Request(string, string, int, time.Duration) {}
func (noMetrics) Token(string, string)                       {}
func (noMetrics) SignIn(string)                              {}

// site holds what the handlers need; it is not changed after New.
type site struct {
	Options
	https       bool
	cookies     cookies
	crossOrigin *http.CrossOriginProtection
	proxies     proxies
	static      http.Handler
	bodies      bodies
	headers     http.Header // shared by all answers, never changed
}

// New returns the handler of everything that Gatehouse serves to the public.
// An error means that the options do not fit together.
func New(o Options) (http.Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	// gin's debug mode would print to stdout, where nothing but the log may be.
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ForwardedByClientIP = false // proxies.go does this, for the request id and the scheme too
	s.mount(e)
	return e, nil
}

func newSite(o Options) (*site, error) {
	issuer, err := url.Parse(o.Issuer)
	switch {
	case err != nil || issuer.Host == "" || (issuer.Scheme != "http" && issuer.Scheme != "https"):
		return nil, fmt.Errorf("handlers: the issuer %q is not an http or https address", o.Issuer)
	case issuer.Path != "" && issuer.Path != "/":
		return nil, errors.New("handlers: an issuer with a path is not supported")
	case len(o.CSRFKey) < 32:
		return nil, errors.New("handlers: the CSRF key must have at least 32 bytes")
	case o.Provider == nil || o.SignIn == nil || o.Sessions == nil || o.Browsers == nil || o.Pages == nil:
		return nil, errors.New("handlers: a part is missing (Provider, SignIn, Sessions, Browsers, Pages)")
	case o.Users == nil || o.Clients == nil || o.Grants == nil || o.Interactions == nil:
		return nil, errors.New("handlers: a store is missing (Users, Clients, Grants, Interactions)")
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &site{
		Options: o,
		https:   issuer.Scheme == "https",
		cookies: cookies{secure: issuer.Scheme == "https"},
		proxies: o.TrustedProxies,
		static:  o.Pages.Static(),
		headers: secureHeaders(),
	}
	s.crossOrigin = http.NewCrossOriginProtection()
	// Behind a proxy that rewrites Host, Origin is still the public one.
	if err := s.crossOrigin.AddTrustedOrigin(issuer.Scheme + "://" + issuer.Host); err != nil {
		return nil, fmt.Errorf("handlers: issuer: %w", err)
	}
	return s, nil
}
