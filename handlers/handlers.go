package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/web"
)

// Options are the parts that the handlers stand on. Everything but Ready,
// Metrics, Demo and Rooms is required.
type Options struct {
	Web          web.Options
	SignIn       *account.SignIn
	Browsers     *account.KnownBrowsers
	Users        idp.UserStore
	Clients      idp.ClientStore
	Grants       idp.GrantStore
	Interactions idp.InteractionStore

	Settings func() idp.Settings // nil is idp.DefaultSettings

	Ready   func(ctx context.Context) error // nil is always ready
	Metrics Metrics                         // nil counts nothing
	Demo    http.Handler                    // the demo relying party; nil is off
	// Rooms are the console, the account pages and the REST API: each gets the
	// plumbing and mounts its own routes.
	Rooms []Room
}

// Room mounts its routes on the engine. What protects them is written at its top.
type Room interface {
	Mount(e *gin.Engine, w *web.Site)
}

// Metrics is told what happened. Label values come from small fixed sets.
type Metrics interface {
	web.Metrics
	// Token is told of every answer of the token endpoint: the grant type
	// ("other" when unknown) and "ok" or an error code.
	Token(grant, outcome string)
	// SignIn is told of every password given on the sign-in page: "ok",
	// "refused", "throttled" or "unavailable".
	SignIn(outcome string)
}

type noMetrics struct{ web.Metrics }

func (noMetrics) Token(string, string) {}
func (noMetrics) SignIn(string)        {}

// site holds what the handlers need; it is not changed after New.
type site struct {
	*web.Site
	Options
	static http.Handler
	flows  *web.Budget // of sign-ins in progress, in bytes
}

// Handler answers everything that Gatehouse serves to the public.
type Handler struct{ engine *gin.Engine }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.engine.ServeHTTP(w, r) }

// Route is an address with a method. Parameters of the path begin with a
// colon, a rest of the path with an asterisk.
type Route struct{ Method, Path string }

// Routes lists every route there is.
func (h *Handler) Routes() []Route {
	var all []Route
	for _, r := range h.engine.Routes() {
		all = append(all, Route{r.Method, r.Path})
	}
	return all
}

// New makes the Handler. An error means that the options do not fit together.
func New(o Options) (*Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	// gin's debug mode would print to stdout, where nothing but the log may be.
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ForwardedByClientIP = false // web does this, for the request id and the scheme too
	s.mount(e)
	return &Handler{e}, nil
}

func newSite(o Options) (*site, error) {
	if o.SignIn == nil || o.Browsers == nil || o.Users == nil || o.Clients == nil || o.Grants == nil || o.Interactions == nil {
		return nil, errors.New("handlers: a part is missing (SignIn, Browsers, Users, Clients, Grants, Interactions)")
	}
	if o.Settings == nil {
		o.Settings = idp.DefaultSettings
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	} else {
		o.Web.Metrics = o.Metrics
	}
	o.Web.Quiet = []string{routeHealth, routeReady, routeStatic, routeKeys, routeOIDC, routeOAuth}
	w, err := web.New(o.Web)
	if err != nil {
		return nil, err
	}
	return &site{Site: w, Options: o, static: w.Pages.Static(), flows: web.NewBudget(flowRoom, flowTTL)}, nil
}
