package selfservice

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// activityDays is how far back people see what happened.
const activityDays = 90

func (a *SelfService) activityPage(c *gin.Context) error {
	ctx, me := c.Request.Context(), web.Person(c).User
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := a.activityQuery(me.ID, query)
	page, err := a.Audit.QueryAudit(ctx, q)
	if invalid := (*idp.InvalidError)(nil); errors.As(err, &invalid) { // a cursor that is none
		web.SeeOther(c, routeActivity)
		return nil
	}
	if err != nil {
		return err
	}
	p := pages.ActivityPage{List: pages.NewListView(routeActivity, query, page), Type: q.Action, Days: activityDays}
	names := a.names()
	for _, e := range page.Items {
		row, err := activityRow(ctx, e, me.ID, names)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	return a.Show(c, http.StatusOK, p)
}

func (a *SelfService) activityQuery(userID string, query url.Values) idp.AuditQuery {
	q := idp.AuditQuery{
		ListQuery: idp.ListQuery{After: query.Get("after"), Limit: 50}, PersonID: userID,
		From: a.Now().AddDate(0, 0, -activityDays).Unix(),
	}
	if q.After == "" {
		q.Before = query.Get("before")
	}
	if n, err := strconv.Atoi(query.Get("n")); err == nil && (n == 25 || n == 100) {
		q.Limit = n
	}
	if t := query.Get("type"); slices.Contains(pages.ActivityTypes(), t) {
		q.Action = t
	}
	return q
}

// activityRow is an event as the person may see it: what others did to the
// account is told, who exactly and from where is not.
func activityRow(ctx context.Context, e *idp.AuditEvent, userID string, names appNames) (pages.ActivityRow, error) {
	row := pages.ActivityRow{
		At: e.Time, Action: e.Action, Refused: e.Result == idp.AuditRefused, By: by(e, userID), Subject: subject(e, userID), Count: e.Count,
	}
	if row.By == pages.BySelf || row.By == pages.ByStranger {
		row.IP = e.IP
	}
	var err error
	row.App, err = names(ctx, e.ClientID)
	return row, err
}

func by(e *idp.AuditEvent, userID string) pages.ActivityBy {
	switch e.ActorKind {
	case idp.ActorUser:
		if e.ActorID == userID {
			return pages.BySelf
		}
		return pages.ByAdmin
	case idp.ActorCLI:
		return pages.ByAdmin
	case idp.ActorClient:
		return pages.ByApp
	case idp.ActorNobody:
		if e.Action == idp.ActionUserCreate { // they registered
			return pages.BySelf
		}
		return pages.ByStranger
	case idp.ActorSystem:
	}
	return pages.BySystem
}

// subject names what somebody with a permission changed, "" for what is about their own account.
func subject(e *idp.AuditEvent, userID string) string {
	switch {
	case e.Target.Kind == "grant" || e.Target.Kind == "session" || e.Target.Kind == "page" || e.Target.Kind == "" || e.Target.ID == userID:
		return ""
	case e.Target.Name != "":
		return e.Target.Name
	}
	return e.Target.ID
}

// appNames finds how applications are called; of one that is gone the ID is left.
type appNames func(ctx context.Context, clientID string) (string, error)

// names asks for each application once.
func (a *SelfService) names() appNames {
	known := map[string]string{"": ""}
	return func(ctx context.Context, clientID string) (string, error) {
		if name, ok := known[clientID]; ok {
			return name, nil
		}
		client, err := a.Clients.Client(ctx, clientID)
		switch {
		case errors.Is(err, idp.ErrNotFound):
			known[clientID] = clientID
		case err != nil:
			return "", err
		default:
			known[clientID] = client.DisplayName()
		}
		return known[clientID], nil
	}
}
