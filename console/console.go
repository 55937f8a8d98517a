package console

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/settings"
	"gatehouse/web"
)

// Options are the parts that the console stands on; all are required.
type Options struct {
	Users    *account.Users
	Roles    *account.Roles
	Access   *account.Access
	Clients  *oauth.Clients
	Provider *oauth.Provider
	Keys     *oauth.Keyring
	Settings *settings.Service

	ClientStore idp.ClientStore
	Consents    idp.ConsentStore
	Grants      idp.GrantStore
	Sessions    idp.SessionStore
	Audit       idp.AuditStore
	Tallies     idp.TallyStore
	Images      idp.ImageStore
	// RotateEvery is how often signing keys are meant to be rotated; 0 is never.
	RotateEvery time.Duration
	Now         func() time.Time
}

// Console is the admin console. It is a room of handlers.
type Console struct {
	Options
	*web.Site
	streams  streams
	snippets *snippets
}

// New makes the console; Mount puts it to work.
func New(o Options) *Console { return &Console{Options: o, snippets: newSnippets()} }

// Mount adds the routes of the console. Each group asks for a permission; a
// route that changes something is in a group that may.
func (k *Console) Mount(e *gin.Engine, w *web.Site) {
	k.Site = w
	group := func(may func(idp.Permissions) bool) *gin.RouterGroup {
		return e.Group(web.RouteAdmin, w.WithSession(), w.SameOrigin, w.Require(may, pages.AreaAdmin))
	}
	seePeople, managePeople := group(idp.Permissions.MaySeeUsers), group(idp.Permissions.MayManageUsers)
	seeAll, administer := group(idp.Permissions.MaySeeAll), group(isAdmin)
	k.mountPeople(seePeople, managePeople, administer)
	k.mountApps(seeAll, administer)
	k.mountRecords(seePeople, seeAll, administer)
	e.GET(routeImages+"/:id", w.Page(k.image)) // logos are on public pages
}

func isAdmin(p idp.Permissions) bool { return p.Admin }
