package console

import (
	"errors"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) userSessions(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	sessions, err := k.Access.Sessions(c.Request.Context(), head.User.ID)
	if err != nil {
		return err
	}
	rows, err := k.sessionRows(c, sessions)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].User, rows[i].End = nil, head.Manage && !rows[i].Own
	}
	return k.Show(c, http.StatusOK, pages.UserSessionsPage{UserHead: head, Sessions: rows, Own: isSelf(c, head.User)})
}

func (k *Console) endUserSession(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	to := backTo(values, userRoute(u.ID)+"/sessions")
	if c.Param("sid") == web.Person(c).SessionID() {
		return k.Done(c, to, pages.Toast{Key: "people.toast.own_session", Tone: "warn"})
	}
	err = k.Access.EndSession(c.Request.Context(), u.ID, c.Param("sid"))
	if errors.Is(err, idp.ErrNotFound) {
		return k.Done(c, to, pages.Toast{Key: "people.toast.session_gone", Tone: "warn"})
	}
	return k.doneOr(c, to, pages.Toast{Key: "people.toast.session_ended", Args: nameOf(u)}, err)
}

// endUserSessions signs somebody out everywhere; oneself, everywhere else.
func (k *Console) endUserSessions(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	keep := ""
	if isSelf(c, u) {
		keep = web.Person(c).SessionID()
	}
	_, err = k.Access.EndSessions(c.Request.Context(), u.ID, keep)
	return k.doneOr(c, backTo(values, userRoute(u.ID)+"/sessions"), pages.Toast{Key: "people.toast.sessions_ended", Args: nameOf(u)}, err)
}

func (k *Console) userApps(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	apps, err := k.Access.Apps(c.Request.Context(), head.User.ID)
	if err != nil {
		return err
	}
	p := pages.UserAppsPage{UserHead: head}
	for _, a := range apps {
		app := pages.UserApp{
			ClientID: a.Client.ID, Name: a.Client.DisplayName(), Scopes: a.Scopes, Since: a.Since, LastUsed: a.LastUsed,
		}
		if may(c).MaySeeAll() {
			app.To = clientRoute(a.Client.ID)
		}
		p.Apps = append(p.Apps, app)
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) removeUserApp(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	to := backTo(values, userRoute(u.ID)+"/apps")
	err = k.Access.RemoveApp(c.Request.Context(), u.ID, c.Param("client"))
	if errors.Is(err, idp.ErrNotFound) {
		return k.Done(c, to, pages.Toast{Key: "people.toast.app_gone", Tone: "warn"})
	}
	return k.doneOr(c, to, pages.Toast{Key: "people.toast.app_removed", Args: nameOf(u)}, err)
}

// userActivity lists what the audit log knows of somebody. Who may not see the
// whole log sees only what was done to the person: what an administrator did
// elsewhere is none of theirs.
func (k *Console) userActivity(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := idp.AuditQuery{ListQuery: listQuery(query)}
	q.Text, q.Sort = "", ""
	all := may(c).MaySeeAll()
	if all {
		q.PersonID = head.User.ID
	} else {
		q.TargetID = head.User.ID
	}
	page, err := k.Audit.QueryAudit(c.Request.Context(), q)
	if err != nil {
		return listAgain(c, err)
	}
	p := pages.UserActivityPage{
		UserHead: head, List: pages.NewListView(c.Request.URL.Path, query, page), Link: all, Narrow: !all,
	}
	for _, e := range page.Items {
		p.Events = append(p.Events, pages.UserEvent{AuditEvent: e})
	}
	return k.Show(c, http.StatusOK, p)
}

// sessionRows are sessions with who they are and which applications they led to.
func (k *Console) sessionRows(c *gin.Context, sessions []*idp.Session) ([]pages.AdminSessionRow, error) {
	ctx := c.Request.Context()
	var ids []string
	for _, s := range sessions {
		ids = append(ids, s.UserID)
	}
	users, err := k.Users.Named(ctx, ids)
	if err != nil {
		return nil, err
	}
	apps := map[string][]string{}
	for id := range users {
		of, err := k.Access.AppsBySession(ctx, id)
		if err != nil {
			return nil, err
		}
		maps.Copy(apps, of)
	}
	rows := make([]pages.AdminSessionRow, len(sessions))
	for i, s := range sessions {
		u := users[s.UserID]
		own := s.ID == web.Person(c).SessionID()
		rows[i] = pages.AdminSessionRow{
			Session: s, User: u, Apps: apps[s.ID], Own: own, End: u != nil && may(c).MayManage(u) && !own,
		}
	}
	return rows, nil
}
