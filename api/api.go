package api

import (
	"net/http"
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
	SignUp   *account.SignUp
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

	callers, strangers *limiter
	denials            *limiter   // those that are recorded
	verifying          sync.Mutex // one walk over the audit log at a time

	text     []byte // of the description
	document *document
}

// New makes the API; Mount puts it to work. An error means that the binary is wrong.
func New(o Options) (*API, error) {
	o.Limits = o.Limits.withDefaults()
	text, err := OpenAPI()
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	return &API{
		Options: o, text: text, document: d,
		callers:   newLimiter("caller", o.Limits.Caller),
		strangers: newLimiter("stranger", o.Limits.Stranger),
		denials:   newLimiter("", Quota{1, time.Minute}),
	}, nil
}

// Mount adds the routes.
func (a *API) Mount(e *gin.Engine, w *web.Site) {
	a.Site = w
	for _, r := range routes() {
		e.Handle(r.Method, ginPath(r.Path), w.Problem(a.serve(&r)))
	}
	document, docs := w.Problem(serveOpenAPI(a.text)), w.Page(a.serveDocs(docsPage(a.document, w.Issuer)))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		e.Handle(method, routeOpenAPI, web.CORS(), document)
		e.Handle(method, routeDocs, docs)
	}
}
