package api

import (
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/settings"
	"gatehouse/web"
)

// Options are the parts that the API stands on; all but Limits are required.
type Options struct {
	Users    *account.Users
	Roles    *account.Roles
	Access   *account.Access
	SignIn   *account.SignIn
	Clients  *oauth.Clients
	Provider *oauth.Provider
	Keys     *oauth.Keyring
	Settings *settings.Service

	ClientStore idp.ClientStore
	Grants      idp.GrantStore
	Sessions    idp.SessionStore
	Audit       idp.AuditStore
	Limits      Limits
	Now         func() time.Time
}

// API is the REST API. It is a room of handlers.
type API struct {
	Options
	*web.Site

	callers, strangers, registrations *limiter
	verifying                         sync.Mutex // one walk over the audit log at a time
}

// New makes the API; Mount puts it to work.
func New(o Options) *API {
	o.Limits = o.Limits.withDefaults()
	return &API{
		Options:       o,
		callers:       newLimiter("caller", o.Limits.Caller),
		strangers:     newLimiter("stranger", o.Limits.Stranger),
		registrations: newLimiter("register", o.Limits.Register),
	}
}

// Mount adds the routes.
func (a *API) Mount(e *gin.Engine, w *web.Site) {
	a.Site = w
	for _, r := range routes() {
		e.Handle(r.Method, ginPath(r.Path), w.Problem(a.serve(&r)))
	}
}
