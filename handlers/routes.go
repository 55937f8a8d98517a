package handlers

import (
	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

// Addresses that are named more than once.
const (
	routeOIDC       = "/.well-known/openid-configuration"
	routeOAuth      = "/.well-known/oauth-authorization-server"
	routeKeys       = "/.well-known/jwks.json"
	routeToken      = "/oauth2/token" //nolint:gosec // an address, no secret
	routeRevoke     = "/oauth2/revoke"
	routeUserinfo   = "/oauth2/userinfo"
	routeLogin      = web.RouteLogin
	routeSelect     = "/login/select"
	routeConsent    = "/consent"
	routeContinue   = "/continue"
	routeError      = web.RouteError
	routeLogout     = web.RouteLogout
	routeAccount    = web.RouteAccount
	routeEndSession = "/oauth2/logout"
	routeDemo       = "/demo"
	routeHealth     = "/healthz"
	routeReady      = "/readyz"
	routeStatic     = "/static/*file"
)

// mount is every route. What protects a route is its group, here and nowhere else.
func (s *site) mount(e *gin.Engine) {
	e.Use(s.Observe)
	e.NoRoute(s.NoRoute)
	e.NoMethod(s.NoMethod)

	// Public protocol, read by any origin: no cookie is looked at.
	open := e.Group("", web.CORS())
	get(open, routeOIDC, s.OAuth(s.metadata()))
	get(open, routeOAuth, s.OAuth(s.metadata()))
	get(open, routeKeys, s.OAuth(s.jwks))
	tokens := open.Group("", web.NoStore)
	tokens.POST(routeToken, s.OAuth(s.token))
	tokens.POST(routeRevoke, s.OAuth(s.revoke))
	tokens.GET(routeUserinfo, s.OAuth(s.userinfo))
	tokens.POST(routeUserinfo, s.OAuth(s.userinfo))
	for _, path := range []string{routeOIDC, routeOAuth, routeKeys, routeToken, routeRevoke, routeUserinfo} {
		open.OPTIONS(path, web.Preflight)
	}

	// Protocol for servers: no other origin has a use for it.
	e.POST("/oauth2/introspect", web.NoStore, s.OAuth(s.introspect))

	// Protocol with a browser: clients send these forms from their own origin.
	browser := e.Group("", s.WithSession())
	browser.GET("/oauth2/authorize", s.Page(s.authorize))
	browser.POST("/oauth2/authorize", s.Page(s.authorize))
	browser.GET(routeEndSession, s.Page(s.endSession))
	browser.POST(routeEndSession, s.Page(s.endSession))

	// Pages: forms come from our own origin alone.
	pages := browser.Group("", s.SameOrigin)
	pages.GET("/", s.Page(s.root))
	pages.GET(routeLogin, s.Page(s.loginPage))
	pages.POST(routeLogin, s.Page(s.loginSubmit))
	pages.GET(routeSelect, s.Page(s.selectPage))
	pages.POST(routeSelect, s.Page(s.selectSubmit))
	pages.GET(routeConsent, s.Page(s.consentPage))
	pages.POST(routeConsent, s.Page(s.consentSubmit))
	pages.GET(routeContinue, s.Page(s.carryOn))
	pages.GET(routeError, s.Page(s.errorPage))
	pages.GET(routeLogout, s.Page(s.logoutPage))
	pages.POST(routeLogout, s.Page(s.logoutSubmit))

	// The console, the account pages, the REST API.
	for _, room := range s.Rooms {
		room.Mount(e, s.Site)
	}

	// Files and health.
	get(&e.RouterGroup, routeStatic, gin.WrapH(s.static))
	get(&e.RouterGroup, routeHealth, s.OAuth(s.healthz))
	get(&e.RouterGroup, routeReady, s.OAuth(s.readyz))

	// The demo relying party: an application like any other, on this origin for convenience.
	if s.Demo != nil {
		e.Any(routeDemo, s.SameOrigin, gin.WrapH(s.Demo))
		e.Any(routeDemo+"/*path", s.SameOrigin, gin.WrapH(s.Demo))
	}
}

func get(g *gin.RouterGroup, path string, h ...gin.HandlerFunc) {
	g.GET(path, h...)
	g.HEAD(path, h...)
}
