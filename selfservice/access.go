package selfservice

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (a *SelfService) sessionsPage(c *gin.Context) error {
	who := web.Person(c)
	all, err := a.Access.Sessions(c.Request.Context(), who.User.ID)
	if err != nil {
		return err
	}
	here := pages.SessionRow{ID: who.Session.ID, Here: true}
	p := pages.SessionsPage{Rows: []pages.SessionRow{here}}
	for _, s := range append([]*idp.Session{who.Session}, all...) {
		row := pages.SessionRow{
			ID: s.ID, UserAgent: s.UserAgent, IP: s.IP, Here: s.ID == who.Session.ID, Started: s.CreatedAt, LastSeen: s.LastSeenAt,
		}
		if row.Here { // a sign-in in the same browser keeps the ID
			p.Rows[0] = row
			continue
		}
		p.Rows = append(p.Rows, row)
	}
	return a.Show(c, http.StatusOK, p)
}

// endSession ends one session of the person, which may be this one.
func (a *SelfService) endSession(c *gin.Context) error {
	values, err := a.Form(c)
	if err != nil {
		return err
	}
	who, sid := web.Person(c), values.Get("sid")
	if sid == who.Session.ID {
		if err := a.SignOut(c, who); err != nil {
			return err
		}
		web.SeeOther(c, web.RouteLogout)
		return nil
	}
	err = a.Access.EndSession(c.Request.Context(), who.User.ID, sid)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		return gone(routeSessions)
	case err != nil:
		return err
	}
	return a.Done(c, routeSessions, pages.Toast{Key: pages.ToastSessionEnded})
}

func (a *SelfService) endOthers(c *gin.Context) error {
	if _, err := a.Form(c); err != nil {
		return err
	}
	who := web.Person(c)
	ended, err := a.Access.EndSessions(c.Request.Context(), who.User.ID, who.Session.ID)
	switch {
	case errors.Is(err, idp.ErrNotFound): // this one was ended from elsewhere meanwhile
		web.SeeOther(c, web.WithNext(web.RouteLogin, routeSessions))
		return nil
	case err != nil:
		return err
	}
	told := pages.ToastSessionsEnded
	if ended == 0 {
		told = pages.ToastNoSessions
	}
	return a.Done(c, routeSessions, pages.Toast{Key: told})
}

func (a *SelfService) appsPage(c *gin.Context) error {
	apps, err := a.Access.Apps(c.Request.Context(), web.Person(c).User.ID)
	if err != nil {
		return err
	}
	p := pages.AppsPage{}
	for _, app := range apps {
		p.Apps = append(p.Apps, appRow(app))
	}
	return a.Show(c, http.StatusOK, p)
}

func appRow(app account.App) pages.AppRow {
	row := pages.AppRow{
		ID: app.Client.ID, Name: app.Client.DisplayName(), URI: app.Client.ClientURI,
		Since: app.Since, LastUsed: app.LastUsed, Disabled: app.Client.Disabled,
	}
	for _, s := range app.Scopes {
		row.Scopes = append(row.Scopes, pages.ScopeLine{Name: s})
	}
	return row
}

// app is the application of the address, if it has access to the person's account.
func (a *SelfService) app(c *gin.Context) (account.App, error) {
	apps, err := a.Access.Apps(c.Request.Context(), web.Person(c).User.ID)
	if err != nil {
		return account.App{}, err
	}
	i := slices.IndexFunc(apps, func(app account.App) bool { return app.Client.ID == c.Param("client") })
	if i < 0 {
		return account.App{}, gone(routeApps)
	}
	return apps[i], nil
}

func (a *SelfService) removeAppPage(c *gin.Context) error {
	app, err := a.app(c)
	if err != nil {
		return err
	}
	return a.Show(c, http.StatusOK, pages.NewRemoveAppPage(app.Client.ID, app.Client.DisplayName(), !app.Client.SkipConsent))
}

func (a *SelfService) removeApp(c *gin.Context) error {
	if _, err := a.Form(c); err != nil {
		return err
	}
	app, err := a.app(c)
	if err != nil {
		return err
	}
	err = a.Access.RemoveApp(c.Request.Context(), web.Person(c).User.ID, app.Client.ID)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		return gone(routeApps)
	case err != nil:
		return err
	}
	return a.Done(c, routeApps, pages.Toast{Key: pages.ToastAppRemoved, Args: map[string]string{"App": app.Client.DisplayName()}})
}
