package selfservice

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const (
	// failuresWithin is how far back failed sign-ins are looked for.
	failuresWithin = 7 * 24 * time.Hour
	// failuresTold is from how many on they are a warning: fewer are one's own slips.
	failuresTold = 5
)

// home is GET /account.
func (a *SelfService) home(c *gin.Context) error {
	ctx, who := c.Request.Context(), web.Person(c)
	u, err := a.me(c)
	if err != nil {
		return err
	}
	sessions, err := a.Access.Sessions(ctx, u.ID)
	if err != nil {
		return err
	}
	p := pages.AccountPage{
		Name: u.Name, Username: u.Username, Email: u.Email, Roles: u.Roles,
		SignedInAt: who.Session.AuthTime, LastSignIn: timeOf(u.LastLoginAt), PasswordSet: timeOf(u.LastChangeAt),
		Sessions: len(sessions), ExpiresAt: timeOf(u.ExpiresAt), DeleteAt: timeOf(u.DeleteAt), DemoTo: a.Demo,
	}
	if p.Failed, err = a.failures(ctx, u.ID); err != nil {
		a.Log.WarnContext(ctx, "the overview of an account lacks the failed sign-ins", "error", err)
		p.AuditFailed = true
	}
	return a.Show(c, http.StatusOK, p)
}

// failures counts the refused sign-ins to the account, 0 when they are too few to tell.
func (a *SelfService) failures(ctx context.Context, userID string) (int, error) {
	page, err := a.Audit.QueryAudit(ctx, idp.AuditQuery{
		ListQuery: idp.ListQuery{Limit: 1}, TargetID: userID, Action: idp.ActionSignIn, Result: idp.AuditRefused,
		From: a.Now().Add(-failuresWithin).Unix(),
	})
	if err != nil || page.Total < failuresTold {
		return 0, err
	}
	return page.Total, nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
