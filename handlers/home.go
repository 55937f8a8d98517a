package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
)

// home is GET /account: the overview of one's own account.
func (s *site) home(c *gin.Context) error {
	who, err := s.who(c)
	if err != nil {
		return err
	}
	if !who.is() {
		seeOther(c, withNext(routeLogin, nextPath(c.Request.URL.RequestURI())))
		return nil
	}
	p := pages.HomePage{
		CSRF: s.csrfToken(s.ensureBrowser(c), routeLogout, who.session.ID),
		Name: who.user.Name, Username: who.user.Username, Email: who.user.Email, Roles: who.user.Roles,
		SignedInAt: who.session.AuthTime, Zone: who.user.Zoneinfo,
	}
	if s.Demo != nil {
		p.DemoTo = routeDemo
	}
	return s.show(c, http.StatusOK, p)
}

// root leads to the account.
func (s *site) root(c *gin.Context) error {
	seeOther(c, routeAccount)
	return nil
}

// errorPage is GET /error: stale forms lead there, with the path of the page to
// open again. Whoever else comes has no error to see.
func (s *site) errorPage(c *gin.Context) error {
	q, err := readQuery(c.Request)
	if err != nil {
		return err
	}
	if back := nextPath(q.Get("stale")); back != "" {
		return &pageError{http.StatusForbidden, pages.ErrorPage{Kind: pages.ErrorStale, BackTo: back}}
	}
	return refusePage(http.StatusNotFound, pages.ErrorNotFound)
}
