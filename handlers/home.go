package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
	"gatehouse/web"
)

// home is GET /account: the overview of one's own account.
func (s *site) home(c *gin.Context) error {
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	if !who.Is() {
		web.SeeOther(c, web.WithNext(routeLogin, web.NextPath(c.Request.URL.RequestURI())))
		return nil
	}
	p := pages.HomePage{
		CSRF: s.CSRFToken(s.EnsureBrowser(c), routeLogout, who.Session.ID),
		Name: who.User.Name, Username: who.User.Username, Email: who.User.Email, Roles: who.User.Roles,
		SignedInAt: who.Session.AuthTime, Zone: who.User.Zoneinfo,
	}
	if s.Demo != nil {
		p.DemoTo = routeDemo
	}
	return s.Show(c, http.StatusOK, p)
}

// root leads to the account.
func (s *site) root(c *gin.Context) error {
	web.SeeOther(c, routeAccount)
	return nil
}

// errorPage is GET /error: stale forms lead there, with the path of the page to
// open again. Whoever else comes has no error to see.
func (s *site) errorPage(c *gin.Context) error {
	q, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	if back := web.NextPath(q.Get("stale")); back != "" {
		return &web.PageError{Status: http.StatusForbidden, Page: pages.ErrorPage{Kind: pages.ErrorStale, BackTo: back}}
	}
	return web.RefusePage(http.StatusNotFound, pages.ErrorNotFound)
}
