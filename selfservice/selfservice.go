package selfservice

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/settings"
	"gatehouse/web"
)

// Options are the parts that the account pages stand on; all but Demo are required.
type Options struct {
	Users    *account.Users
	SignIn   *account.SignIn
	SignUp   *account.SignUp
	Access   *account.Access
	Browsers *account.KnownBrowsers
	Settings *settings.Service

	Clients  idp.ClientStore
	Consents idp.ConsentStore
	Grants   idp.GrantStore
	Audit    idp.AuditStore
	Demo     string // address of the demo relying party, "" when it is off
	Now      func() time.Time
}

// SelfService is the account pages. It is a room of handlers.
type SelfService struct {
	Options
	*web.Site
}

// New makes the account pages; Mount puts them to work.
func New(o Options) *SelfService { return &SelfService{Options: o} }

// Addresses that are named more than once.
const (
	routeHome     = web.RouteAccount
	routeProfile  = web.RouteAccount + "/profile"
	routePassword = web.RouteAccount + "/password"
	routeSessions = web.RouteAccount + "/sessions"
	routeApps     = web.RouteAccount + "/apps"
	routeActivity = web.RouteAccount + "/activity"
	routeData     = web.RouteAccount + "/data"
	routeDelete   = web.RouteAccount + "/data/delete"
	routeRegister = "/register"
)

// Mount adds the routes. All below /account need somebody who is signed in.
func (a *SelfService) Mount(e *gin.Engine, w *web.Site) {
	a.Site = w
	public := e.Group("", w.WithSession(), w.SameOrigin)
	public.GET(routeRegister, w.Page(a.registerPage))
	public.POST(routeRegister, w.Page(a.registerSubmit))
	public.GET("/.well-known/change-password", w.Page(a.changePassword))

	own := e.Group("", w.WithSession(), w.SameOrigin, w.Require(nil, pages.AreaAccount))
	own.GET(routeHome, w.Page(a.home))
	own.GET(routeProfile, w.Page(a.profilePage))
	own.POST(routeProfile, w.Page(a.profileSubmit))
	own.POST("/account/theme", w.Page(a.themeSubmit))
	own.GET(routePassword, w.Page(a.passwordPage))
	own.POST(routePassword, w.Page(a.passwordSubmit))
	own.GET(routeSessions, w.Page(a.sessionsPage))
	own.POST(routeSessions+"/end", w.Page(a.endSession))
	own.POST(routeSessions+"/end-others", w.Page(a.endOthers))
	own.GET(routeApps, w.Page(a.appsPage))
	own.GET(routeApps+"/:client/remove", w.Page(a.removeAppPage))
	own.POST(routeApps+"/:client/remove", w.Page(a.removeApp))
	own.GET(routeActivity, w.Page(a.activityPage))
	own.GET(routeData, w.Page(a.dataPage))
	own.GET(routeData+"/export.json", w.Page(a.export))
	own.GET(routeDelete, w.Page(a.deletePage))
	own.POST(routeDelete, w.Page(a.deleteSubmit))
	own.POST(routeData+"/keep", w.Page(a.keep))
}

// me is who is signed in, as the store has it now, not as a cache knew it.
func (a *SelfService) me(c *gin.Context) (*idp.User, error) {
	return a.Users.Find(c.Request.Context(), web.Person(c).User.ID)
}

// changePassword is the well-known address that password managers lead to.
func (a *SelfService) changePassword(c *gin.Context) error {
	web.SeeOther(c, routePassword)
	return nil
}

// gone answers who wants to end what is not there, or is not theirs.
func gone(backTo string) error {
	return &web.PageError{Status: http.StatusNotFound, Page: pages.ErrorPage{Kind: pages.ErrorGone, BackTo: backTo}}
}
