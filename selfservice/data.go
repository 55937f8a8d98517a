package selfservice

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const waitDays = int(account.DeletionWait / (24 * time.Hour))

func (a *SelfService) dataPage(c *gin.Context) error {
	u, err := a.me(c)
	if err != nil {
		return err
	}
	last, err := a.Users.IsLastAdmin(c.Request.Context(), u)
	if err != nil {
		return err
	}
	return a.Show(c, http.StatusOK, pages.DataPage{DeleteAt: timeOf(u.DeleteAt), WaitDays: waitDays, LastAdmin: last})
}

// deletePage says what deletion does and asks for the username.
func (a *SelfService) deletePage(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := a.FreshSignIn(c); err != nil {
		return err
	}
	u, err := a.me(c)
	if err != nil {
		return err
	}
	last, err := a.Users.IsLastAdmin(ctx, u)
	switch {
	case err != nil:
		return err
	case last || u.DeleteAt != nil: // what can be done is said there
		web.SeeOther(c, routeData)
		return nil
	}
	form, err := a.FormState(c, routeDelete, url.Values{})
	if err != nil {
		return err
	}
	p := pages.DeleteAccountPage{Form: form, Username: u.Username, DeleteAt: a.Now().Add(account.DeletionWait), WaitDays: waitDays}
	apps, err := a.Access.Apps(ctx, u.ID)
	if err != nil {
		return err
	}
	sessions, err := a.Access.Sessions(ctx, u.ID)
	if err != nil {
		return err
	}
	p.Apps, p.Sessions = len(apps), len(sessions)
	return a.Show(c, http.StatusOK, p)
}

// deleteSubmit checks all again: what the page asked before it was shown may have changed.
func (a *SelfService) deleteSubmit(c *gin.Context) error {
	values, err := a.Form(c)
	if err != nil {
		return err
	}
	if err := a.FreshSignIn(c); err != nil {
		return err
	}
	who := web.Person(c)
	if strings.TrimSpace(values.Get("match")) != who.User.Username {
		return a.Refuse(c, values, &idp.InvalidError{Faults: []idp.Fault{idp.NewFault("match", "does not match")}})
	}
	if _, err := a.Users.RequestDeletion(c.Request.Context(), who.User.ID); err != nil {
		return a.Refuse(c, values, err)
	}
	return a.Done(c, routeHome, pages.Toast{Key: pages.ToastDeletion, Tone: "warn"})
}

// keep takes the wish for deletion back.
func (a *SelfService) keep(c *gin.Context) error {
	if _, err := a.Form(c); err != nil {
		return err
	}
	if _, err := a.Users.CancelDeletion(c.Request.Context(), web.Person(c).User.ID); err != nil {
		return err
	}
	return a.Done(c, routeHome, pages.Toast{Key: pages.ToastKept})
}
