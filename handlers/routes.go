package handlers

import (
	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// Addresses that are named more than once.
const (
	routeOIDC       = "/.well-known/openid-configuration"
	routeOAuth      = "/.well-known/oauth-authorization-server"
	routeKeys       = "/.well-known/jwks.json"
	routeToken      = "/oauth2/token" //nolint:gosec // an address, no secret
	routeRevoke     = "/oauth2/revoke"
	routeUserinfo   = "/oauth2/userinfo"
	routeLogin      = "/login"
	routeSelect     = "/login/select"
	routeConsent    = "/consent"
	routeContinue   = "/continue"
	routeError      = "/error"
	routeLogout     = "/logout"
	routeAccount    = "/account"
	routeEndSession = "/oauth2/logout"
	routeDemo       = "/demo"
	routeHealth     = "/healthz"
	routeReady      = "/readyz"
	routeStatic     = "/static/*file"
)

// mount is every route. What protects a route is its group, here and nowhere else.
func (s *site) mount(e *gin.Engine) {
	e.Use(s.observe)
	e.NoRoute(s.noRoute)
	e.NoMethod(s.noMethod)

	// Public protocol, read by any origin: no cookie is looked at.
	open := e.Group("", cors())
	get(open, routeOIDC, s.api(s.metadata()))
	get(open, routeOAuth, s.api(s.metadata()))
	get(open, routeKeys, s.api(s.jwks))
	tokens := open.Group("", noStore)
	tokens.POST(routeToken, s.api(s.token))
	tokens.POST(routeRevoke, s.api(s.revoke))
	tokens.GET(routeUserinfo, s.api(s.userinfo))
	tokens.POST(routeUserinfo, s.api(s.userinfo))
	for _, path := range []string{routeOIDC, routeOAuth, routeKeys, routeToken, routeRevoke, routeUserinfo} {
		open.OPTIONS(path, preflight)
	}

	// Protocol for servers: no other origin has a use for it.
	e.POST("/oauth2/introspect", noStore, s.api(s.introspect))

	// Protocol with a browser: clients send these forms from their own origin.
	browser := e.Group("", s.withSession())
	browser.GET("/oauth2/authorize", s.page(s.authorize))
	browser.POST("/oauth2/authorize", s.page(s.authorize))
	browser.GET(routeEndSession, s.page(s.endSession))
	browser.POST(routeEndSession, s.page(s.endSession))

	// Pages: forms come from our own origin alone.
	pages := browser.Group("", s.sameOrigin)
	pages.GET("/", s.page(s.root))
	pages.GET(routeLogin, s.page(s.loginPage))
	pages.POST(routeLogin, s.page(s.loginSubmit))
	pages.GET(routeSelect, s.page(s.selectPage))
	pages.POST(routeSelect, s.page(s.selectSubmit))
	pages.GET(routeConsent, s.page(s.consentPage))
	pages.POST(routeConsent, s.page(s.consentSubmit))
	pages.GET(routeContinue, s.page(s.carryOn))
	pages.GET(routeError, s.page(s.errorPage))
	pages.GET(routeLogout, s.page(s.logoutPage))
	pages.POST(routeLogout, s.page(s.logoutSubmit))
	pages.GET(routeAccount, s.page(s.home))

	// Files and health.
	get(&e.RouterGroup, routeStatic, gin.WrapH(s.static))
	get(&e.RouterGroup, routeHealth, s.api(s.healthz))
	get(&e.RouterGroup, routeReady, s.api(s.readyz))

	// The demo relying party: an application like any other, on this origin for convenience.
	if s.Demo != nil {
		e.Any(routeDemo, s.sameOrigin, gin.WrapH(s.Demo))
		e.Any(routeDemo+"/*path", s.sameOrigin, gin.WrapH(s.Demo))
	}
}

func get(g *gin.RouterGroup, path string, h ...gin.HandlerFunc) {
	g.GET(path, h...)
	g.HEAD(path, h...)
}

// withSession makes the browser session reachable; it is loaded when first asked for.
func (s *site) withSession() gin.HandlerFunc {
	store := &sessionStore{sessions: s.Sessions, cookies: s.cookies, now: s.Now}
	return ginsessions.Sessions(s.cookies.name(cookieSession), store)
}

// sameOrigin refuses forms that another site sent.
func (s *site) sameOrigin(c *gin.Context) {
	if err := s.crossOrigin.Check(c.Request); err != nil {
		s.fail(c, errCrossSite, s.failPage)
		return
	}
	c.Next()
}
