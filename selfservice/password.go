package selfservice

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (a *SelfService) passwordPage(c *gin.Context) error {
	form, err := a.FormState(c, routePassword, url.Values{"end_others": {"1"}})
	if err != nil {
		return err
	}
	return a.Show(c, http.StatusOK, pages.PasswordPage{
		Form: form, Username: web.Person(c).User.Username, MinLength: a.Settings.Current().PasswordMinLength,
	})
}

func (a *SelfService) passwordSubmit(c *gin.Context) error {
	values, err := a.Form(c)
	if err != nil {
		return err
	}
	current, chosen := values.Get("current_password"), values.Get("new_password")
	others := values.Get("end_others") == "1"
	err = a.Once(c, values, func() (string, error) {
		return routeHome, a.setPassword(c, current, chosen, others)
	})
	if err != nil {
		return a.Refuse(c, values, err)
	}
	// The change made the browser a stranger; whoever is here has just shown both passwords.
	known := a.Browsers.Add(a.Cookies.Get(c.Request, web.CookieKnown), web.Person(c).User.ID)
	a.Cookies.Set(c.Writer, web.CookieKnown, known, account.KnownBrowserTTL)
	told := pages.ToastPasswordChanged
	if others {
		told = pages.ToastPasswordAndEnded
	}
	return a.Done(c, routeHome, pages.Toast{Key: told})
}

// setPassword looks at the new password first: what is wrong with it costs no
// try at the current one.
func (a *SelfService) setPassword(c *gin.Context, current, chosen string, endOthers bool) error {
	ctx, who := c.Request.Context(), web.Person(c)
	if err := a.checkPasswords(current, chosen, who.User); err != nil {
		return err
	}
	_, err := a.SignIn.Confirm(ctx, account.Attempt{
		Login: who.User.Username, Password: current, IP: web.RecordOf(c).IP, RequestID: web.RecordOf(c).ID,
		KnownBrowser: a.Cookies.Get(c.Request, web.CookieKnown),
	})
	if err != nil {
		return currentRefused(err)
	}
	if endOthers {
		return onNew(a.Users.ChangePassword(ctx, who.User.ID, chosen, who.Session.Digest))
	}
	return onNew(a.Users.ReplacePassword(ctx, who.User.ID, chosen))
}

func (a *SelfService) checkPasswords(current, chosen string, u *idp.User) error {
	all := &idp.InvalidError{}
	if current == "" {
		all.Faults = append(all.Faults, idp.NewFault("current_password", "is required"))
	}
	policy := account.Policy{MinLength: a.Settings.Current().PasswordMinLength}
	var invalid *idp.InvalidError
	switch err := onNew(policy.Check(chosen, u)); {
	case errors.As(err, &invalid):
		all.Faults = append(all.Faults, invalid.Faults...)
	case err != nil:
		return err
	case chosen == current:
		all.Faults = append(all.Faults, idp.NewFault("new_password", "must not be the current password"))
	}
	if len(all.Faults) == 0 {
		return nil
	}
	return all
}

// currentRefused puts the refusal of the current password beside its field.
func currentRefused(err error) error {
	var throttled *account.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return &idp.InvalidError{Faults: []idp.Fault{
			idp.NewFault("current_password", "was wrong too often; wait %s, then try again", minutes(throttled.Wait)),
		}}
	case errors.Is(err, account.ErrBadCredentials):
		return &idp.InvalidError{Faults: []idp.Fault{idp.NewFault("current_password", "does not match; check it and try again")}}
	}
	return err
}

// onNew moves the faults of a password to the field that it was typed in.
func onNew(err error) error {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	moved := &idp.InvalidError{}
	for _, f := range invalid.Faults {
		if f.Field == "password" {
			f.Field = "new_password"
		}
		moved.Faults = append(moved.Faults, f)
	}
	return moved
}

// minutes rounds up, so that waiting that long is enough.
func minutes(wait time.Duration) time.Duration {
	return max(time.Minute, (wait + time.Minute - 1).Truncate(time.Minute))
}
