package console

import (
	"context"
	"errors"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

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
	return k.userOf(c.Request.Context(), c.Param("id"))
}

// userOf finds somebody by ID alone: an ID that is somebody's username is not theirs.
func (k *Console) userOf(ctx context.Context, id string) (*idp.User, error) {
	u, err := k.Users.Find(ctx, id)
	if err == nil && u.ID != id {
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

// formFor reads the form of a page about a user whom the reader may change.
func (k *Console) formFor(c *gin.Context) (*idp.User, url.Values, error) {
	u, err := k.managed(c)
	if err != nil {
		return nil, nil, err
	}
	values, err := k.Form(c)
	return u, values, err
}

// undo offers to take an act of one button back by another; what was itself
// taking back offers nothing.
func undo(values url.Values, action string) *pages.Undo {
	if values.Get("undo") == "1" {
		return nil
	}
	return &pages.Undo{Action: action, Fields: []pages.Field{{Name: "undo", Value: "1"}}}
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

// head is what every page about a person begins with.
func (k *Console) head(c *gin.Context) (pages.UserHead, error) {
	u, err := k.target(c)
	if err != nil {
		return pages.UserHead{}, err
	}
	p := may(c)
	h := pages.UserHead{User: u, State: pages.StateOf(u, k.Now()), Manage: p.MayManage(u)}
	h.Beyond = p.MayManageUsers() && !h.Manage
	if h.Manage {
		h.Kept, err = k.kept(c, u)
	}
	return h, err
}

// Why somebody can be neither disabled nor deleted.
const (
	keptSelf      = "self"
	keptLastAdmin = "last_admin"
)

func (k *Console) kept(c *gin.Context, u *idp.User) (string, error) {
	if isSelf(c, u) {
		return keptSelf, nil
	}
	if !u.HasRole(idp.RoleAdmin) {
		return "", nil
	}
	last, err := k.Users.IsLastAdmin(c.Request.Context(), u)
	if err != nil || !last {
		return "", err
	}
	return keptLastAdmin, nil
}

func userRoute(id string) string { return routeUsers + "/" + id }

func nameOf(u *idp.User) map[string]string { return map[string]string{"Name": u.DisplayName()} }

func called(u *idp.User) string {
	if u.Name == "" {
		return u.Username
	}
	return u.Name + " (" + u.Username + ")"
}
