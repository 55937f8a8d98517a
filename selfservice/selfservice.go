package selfservice

import (
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
	Access   *account.Access
	SignIn   *account.SignIn
	Browsers *account.KnownBrowsers
	Settings *settings.Service

	Clients   idp.ClientStore
	Consents  idp.ConsentStore
	Grants    idp.GrantStore
	Audit     idp.AuditStore
	Throttles idp.ThrottleStore
	Demo      string // address of the demo relying party, "" when it is off
	Now       func() time.Time
}

// SelfService is the account pages. It is a room of handlers.
type SelfService struct {
	Options
	*web.Site
}

// New makes the account pages; Mount puts them to work.
func New(o Options) *SelfService { return &SelfService{Options: o} }

// Mount adds the routes.
func (a *SelfService) Mount(e *gin.Engine, w *web.Site) {
	a.Site = w
	own := e.Group("", w.WithSession(), w.SameOrigin, w.Require(nil, pages.AreaAccount))
	_ = own
}
