package console

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const (
	routeUsers    = web.RouteAdmin + "/users"
	routeRoles    = web.RouteAdmin + "/roles"
	routeSessions = web.RouteAdmin + "/sessions"
)

func (k *Console) mountPeople(see, manage, admin *gin.RouterGroup) {
	see.GET("/users", k.person(k.users))
	see.GET("/users.csv", k.person(k.usersCSV))
	manage.GET("/users/new", k.person(k.newUser))
	manage.POST("/users", k.person(k.addUser))
	manage.GET("/users/bulk", k.person(k.bulkReview))
	manage.POST("/users/bulk", k.person(k.bulkAsk))
	manage.POST("/users/bulk/confirm", k.person(k.bulkDo))

	see.GET("/users/:id", k.person(k.userProfile))
	manage.POST("/users/:id", k.person(k.saveProfile))
	see.GET("/users/:id/roles", k.person(k.userRoles))
	manage.POST("/users/:id/roles", k.person(k.saveRoles))
	see.GET("/users/:id/security", k.person(k.userSecurity))
	manage.POST("/users/:id/password", k.person(k.setPassword))
	manage.POST("/users/:id/unlock", k.person(k.unlockUser))
	manage.POST("/users/:id/disable", k.person(k.disableUser))
	manage.POST("/users/:id/enable", k.person(k.enableUser))
	manage.GET("/users/:id/delete", k.person(k.userDelete))
	manage.POST("/users/:id/delete", k.person(k.deleteUser))
	see.GET("/users/:id/sessions", k.person(k.userSessions))
	manage.POST("/users/:id/sessions/end", k.person(k.endUserSessions))
	manage.POST("/users/:id/sessions/:sid/end", k.person(k.endUserSession))
	see.GET("/users/:id/apps", k.person(k.userApps))
	manage.POST("/users/:id/apps/:client/remove", k.person(k.removeUserApp))
	see.GET("/users/:id/activity", k.person(k.userActivity))

	see.GET("/roles", k.person(k.roles))
	admin.GET("/roles/new", k.person(k.newRole))
	admin.POST("/roles", k.person(k.addRole))
	see.GET("/roles/:name", k.person(k.role))
	admin.POST("/roles/:name", k.person(k.saveRole))
	admin.GET("/roles/:name/delete", k.person(k.roleDelete))
	admin.POST("/roles/:name/delete", k.person(k.deleteRole))

	see.GET("/sessions", k.person(k.sessions))
	manage.GET("/sessions/end", k.person(k.sessionsReview))
	manage.POST("/sessions/end", k.person(k.endSessions))
}

// Refusals about the person at hand. The group of a route asked for the least
// permission that it needs; these come when it does not reach this person.
var (
	errNotAllowed = errors.New("the roles do not reach this person")
	errSelf       = errors.New("nobody does this to themselves")
)

// person adapts a handler of the people pages: whoever reaches for somebody
// beyond their permission is answered, and recorded, as at a route's guard.
func (k *Console) person(h web.Handler) gin.HandlerFunc {
	return k.Page(func(c *gin.Context) error {
		err := h(c)
		if errors.Is(err, errNotAllowed) {
			k.Forbid(c)
			return web.ErrAnswered
		}
		return err
	})
}

// may is what the reader may do.
func may(c *gin.Context) idp.Permissions { return web.Person(c).User.Permissions }

func isSelf(c *gin.Context, u *idp.User) bool { return web.Person(c).User.ID == u.ID }

// target is the user whom the address names, as the store has them now.
func (k *Console) target(c *gin.Context) (*idp.User, error) {
	id := c.Param("id")
	u, err := k.Users.Find(c.Request.Context(), id)
	if err == nil && u.ID != id { // a login is no address
		return nil, idp.ErrNotFound
	}
	return u, err
}

// managed is target for those who may change that user, for forms and their pages.
func (k *Console) managed(c *gin.Context) (*idp.User, error) {
	u, err := k.target(c)
	if err != nil {
		return nil, err
	}
	return u, reach(c)(u)
}

// reach refuses users whom the reader may not change. Changes ask it again
// about the user as the store has them at that moment: roles may just have been given.
func reach(c *gin.Context) func(*idp.User) error {
	p := may(c)
	return func(u *idp.User) error {
		if !p.MayManage(u) {
			return errNotAllowed
		}
		return nil
	}
}

// reachOther is reach for what nobody does to themselves.
func reachOther(c *gin.Context) func(*idp.User) error {
	others := reach(c)
	return func(u *idp.User) error {
		if isSelf(c, u) {
			return errSelf
		}
		return others(u)
	}
}

// form reads the form of a page about a user whom the reader may change.
func (k *Console) formFor(c *gin.Context) (*idp.User, url.Values, error) {
	u, err := k.managed(c)
	if err != nil {
		return nil, nil, err
	}
	values, err := k.Form(c)
	return u, values, err
}

// Version is how a form names the state of the record that it edits.
const versionForm = time.RFC3339Nano

func version(at time.Time) string { return at.UTC().Format(versionForm) }

// versionOf reads it back. A form without one is none of ours: it would
// overwrite what somebody else changed meanwhile.
func versionOf(values url.Values) (time.Time, error) {
	at, err := time.Parse(versionForm, values.Get("version"))
	if err != nil || at.IsZero() {
		return time.Time{}, web.BadInput("the form lacks the version of what it edits")
	}
	return at, nil
}

// backTo is the page that a form was on, or another where it names none of the console.
func backTo(values url.Values, otherwise string) string {
	back := web.NextPath(values.Get("back"))
	at, _, _ := strings.Cut(back, "?")
	if !strings.HasPrefix(at, web.RouteAdmin+"/") || path.Clean(at) != at {
		return otherwise
	}
	return back
}

// doneOr leads on after an act of one button: told at the top of the next page,
// also where a rule kept the act from being done.
func (k *Console) doneOr(c *gin.Context, to string, done pages.Toast, err error) error {
	switch {
	case err == nil:
		return k.Done(c, to, done)
	case errors.Is(err, errSelf):
		return k.Done(c, to, pages.Toast{Key: "people.toast.self", Tone: "warn"})
	case errors.Is(err, idp.ErrLastAdmin):
		return k.Done(c, to, pages.Toast{Key: "people.toast.last_admin", Tone: "warn"})
	}
	return err
}
