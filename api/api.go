package api

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/settings"
	"gatehouse/web"
)

// Options are the parts that the API stands on; all are required.
type Options struct {
	Users    *account.Users
	Roles    *account.Roles
	Access   *account.Access
	SignIn   *account.SignIn
	Clients  *oauth.Clients
	Provider *oauth.Provider
	Keys     *oauth.Keyring
	Settings *settings.Service

	Grants   idp.GrantStore
	Sessions idp.SessionStore
	Audit    idp.AuditStore
	Now      func() time.Time
}

// API is the REST API. It is a room of handlers.
type API struct {
	Options
	*web.Site
}

// New makes the API; Mount puts it to work.
func New(o Options) *API { return &API{Options: o} }

// Mount adds the routes.
func (a *API) Mount(_ *gin.Engine, w *web.Site) { a.Site = w }
