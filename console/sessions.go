package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) sessions(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := listQuery(query)
	q.Text, q.Sort = "", ""
	page, err := k.Sessions.QuerySessions(c.Request.Context(), idp.SessionQuery{ListQuery: q})
	if err != nil {
		return listAgain(c, err)
	}
	p := pages.AdminSessionsPage{List: pages.NewListView(routeSessions, query, page), Manage: may(c).MayManageUsers()}
	p.List.PickOnly = true
	if p.Sessions, err = k.sessionRows(c, page.Items); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

// chosenSession is one that was picked in the list, and whose it is.
type chosenSession struct {
	*idp.Session
	user *idp.User
}

// chosenSessions finds what was picked, by "userID.sid". Left out, and told,
// are those that have ended, the reader's own, and those of people whom the
// reader may not change.
func (k *Console) chosenSessions(c *gin.Context, keys []string) (found []chosenSession, out choice, err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	if len(keys) > maxPicked {
		return nil, out, web.BadInput("more than %d were chosen one by one", maxPicked)
	}
	for _, key := range keys {
		userID, sid, _ := strings.Cut(key, ".")
		s, u, err := k.sessionOf(c.Request.Context(), userID, sid)
		switch {
		case errors.Is(err, idp.ErrNotFound):
			out.Gone++
		case err != nil:
			return nil, out, err
		case s.ID == web.Person(c).SessionID():
			out.Self++
		case !may(c).MayManage(u):
			out.Beyond++
		default:
			found = append(found, chosenSession{s, u})
		}
	}
	return found, out, nil
}

func (k *Console) sessionOf(ctx context.Context, userID, sid string) (*idp.Session, *idp.User, error) {
	u, err := k.userOf(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	all, err := k.Access.Sessions(ctx, u.ID)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(all, func(s *idp.Session) bool { return s.ID == sid })
	if i < 0 {
		return nil, nil, idp.ErrNotFound
	}
	return all[i], u, nil
}

func (k *Console) sessionsReview(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	to := routeSessions + "/end"
	if query.Has("id") {
		return k.toReview(c, to, query)
	}
	keys, err := k.picks(c, query.Get("pick"))
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return k.Done(c, routeSessions, pages.Toast{Key: "people.toast.no_session", Tone: "warn"})
	}
	found, out, err := k.chosenSessions(c, keys)
	if err != nil {
		return err
	}
	p := pages.AdminSessionsReviewPage{
		None: len(found) == 0, Back: routeSessions,
		Skipped: skipped(out, "people.skipped.own_session", "people.skipped.beyond_session", "people.skipped.gone_session"),
	}
	p.Review = pages.Review{
		More: max(0, len(found)-bulkShown), Submit: "people.sessions.end", Cancel: routeSessions,
		Consequences: []pages.Text{pages.Counted("people.sessions.what", len(found))},
	}
	for i, s := range found {
		if i < bulkShown {
			p.Review.Items = append(p.Review.Items, called(s.user)+", "+s.IP)
		}
		p.Review.Hidden = append(p.Review.Hidden, pages.Field{Name: "id", Value: s.UserID + "." + s.ID})
	}
	if p.Review.Form, err = k.FormState(c, to, url.Values{}); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) endSessions(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		found, _, err := k.chosenSessions(c, values["id"])
		if err != nil {
			return "", err
		}
		done := 0
		for _, s := range found {
			err := k.Access.EndSession(c.Request.Context(), s.UserID, s.ID)
			if err != nil && !errors.Is(err, idp.ErrNotFound) {
				return "", err
			}
			done++
		}
		return routeSessions, k.Done(c, routeSessions, bulkToast("end_sessions_picked", done, len(values["id"])))
	})
}
