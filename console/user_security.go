package console

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
)

func (k *Console) userSecurity(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	p := pages.UserSecurityPage{UserHead: head, Own: isSelf(c, head.User), HasPassword: head.User.PasswordHash != ""}
	p.Form, err = k.FormState(c, userRoute(head.User.ID)+"/password", url.Values{"how": {passwordGenerate}})
	if err != nil {
		return err
	}
	if head.Manage {
		secret, err := k.TakeOnce(c)
		if err != nil {
			return err
		}
		p.Secret = string(secret)
	}
	return k.Show(c, http.StatusOK, p)
}

// setPassword gives somebody another password. Whoever knows it can sign in as
// them, so it takes a fresh sign-in; one's own is changed where the old one is asked for.
func (k *Console) setPassword(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	to := userRoute(u.ID) + "/security"
	if err := reachOther(c)(u); errors.Is(err, errSelf) {
		return k.Done(c, to, pages.Toast{Key: "people.toast.own_password", Tone: "warn"})
	}
	if err := k.FreshSignIn(c); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		password, shown, err := newPassword(values)
		if err == nil {
			err = k.Users.SetPasswordIf(c.Request.Context(), u.ID, password, reachOther(c))
		}
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		if shown {
			if to, err = k.KeepOnce(c, to, []byte(password)); err != nil {
				return "", err
			}
		}
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.password", Args: nameOf(u)})
	})
}

// newPassword is the one that was typed, or one that is made and shown.
func newPassword(values url.Values) (password string, shown bool, err error) {
	switch values.Get("how") {
	case passwordGenerate:
		return account.GeneratePassword(), true, nil
	case passwordType:
		if values.Get("password") == "" {
			return "", false, invalid(idp.NewFault("password", "is required"))
		}
		return values.Get("password"), false, nil
	}
	return "", false, invalid(idp.NewFault("how", "is required"))
}

// disableUser keeps somebody from signing in; the toast takes it back.
func (k *Console) disableUser(c *gin.Context) error { return k.switchUser(c, idp.UserDisabled) }

func (k *Console) enableUser(c *gin.Context) error { return k.switchUser(c, idp.UserActive) }

func (k *Console) switchUser(c *gin.Context, to idp.UserStatus) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	done := pages.Toast{Key: "people.toast.enabled", Args: nameOf(u), Undo: undo(values, userRoute(u.ID)+"/disable")}
	allowed := reach(c)
	if to == idp.UserDisabled {
		allowed = reachOther(c)
		done.Key, done.Undo = "people.toast.disabled", undo(values, userRoute(u.ID)+"/enable")
	}
	_, err = k.Users.SetStatusIf(c.Request.Context(), u.ID, time.Time{}, to, allowed)
	return k.doneOr(c, backTo(values, userRoute(u.ID)), done, err)
}

func (k *Console) unlockUser(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	err = k.Users.Unlock(c.Request.Context(), u.ID)
	return k.doneOr(c, backTo(values, userRoute(u.ID)+"/security"), pages.Toast{Key: "people.toast.unlocked", Args: nameOf(u)}, err)
}

// userDelete asks before somebody is deleted: what will be gone, in numbers.
func (k *Console) userDelete(c *gin.Context) error {
	head, err := k.head(c)
	switch {
	case err != nil:
		return err
	case !head.Manage:
		return errNotAllowed
	}
	if head.Kept == "" {
		if err := k.FreshSignIn(c); err != nil {
			return err
		}
	}
	p := pages.UserDeletePage{UserHead: head}
	if p.Review, err = k.deleteReview(c, head.User); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) deleteReview(c *gin.Context, u *idp.User) (pages.Review, error) {
	ctx, to := c.Request.Context(), userRoute(u.ID)
	r := pages.Review{Final: true, Match: u.Username, Reason: true, Submit: "people.delete.submit", Cancel: to}
	sessions, err := k.Access.Sessions(ctx, u.ID)
	if err != nil {
		return r, err
	}
	apps, err := k.Access.Apps(ctx, u.ID)
	if err != nil {
		return r, err
	}
	r.Consequences = []pages.Text{
		pages.Counted("people.delete.apps", len(apps)), pages.Counted("people.delete.sessions", len(sessions)),
		{Key: "people.delete.record"},
		{Key: "people.delete.log"},
	}
	r.Form, err = k.FormState(c, to+"/delete", url.Values{})
	return r, err
}

func (k *Console) deleteUser(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		u, err := k.managed(c)
		if err != nil {
			return "", err
		}
		if err := k.FreshSignIn(c); err != nil {
			return "", err
		}
		if err := confirmed(values, u.Username); err != nil {
			return "", k.Refuse(c, values, err)
		}
		k.WithReason(c, values.Get("reason"))
		to := routeUsers
		err = k.Users.DeleteIf(c.Request.Context(), u.ID, reachOther(c))
		if errors.Is(err, errSelf) || errors.Is(err, idp.ErrLastAdmin) {
			to = userRoute(u.ID)
		}
		return to, k.doneOr(c, to, pages.Toast{Key: "people.toast.deleted", Args: nameOf(u)}, err)
	})
}
