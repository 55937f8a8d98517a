package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
	"gatehouse/web"
)

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
