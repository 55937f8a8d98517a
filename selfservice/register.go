package selfservice

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (a *SelfService) signupOpen() bool { return a.Settings.Current().Signup == idp.SignupOpen }

func errSignupClosed() error { return web.RefusePage(http.StatusForbidden, pages.ErrorSignup) }

// registerPage is GET /register, on the way to next.
func (a *SelfService) registerPage(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	next := web.NextPath(query.Get("next"))
	who, err := a.Who(c)
	switch {
	case err != nil:
		return err
	case who.Is():
		web.SeeOther(c, afterwards(next))
		return nil
	case !a.signupOpen():
		return errSignupClosed()
	}
	here := web.WithNext(routeRegister, next)
	form, err := a.FormState(c, here, url.Values{})
	if err != nil {
		return err
	}
	return a.Show(c, http.StatusOK, pages.RegisterPage{
		Form: form, CSRF: a.CSRFToken(a.EnsureBrowser(c), routeRegister), Back: here,
		MinLength: a.Settings.Current().PasswordMinLength, LoginTo: signInAt(next),
	})
}

// registerSubmit is POST /register: make the account, sign in, go on.
func (a *SelfService) registerSubmit(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	to := afterwards(web.NextPath(query.Get("next")))
	who, err := a.Who(c)
	switch {
	case err != nil:
		return err
	case who.Is(): // signed in meanwhile, in another tab
		web.SeeOther(c, to)
		return nil
	case !a.signupOpen():
		return errSignupClosed()
	}
	values, err := a.FormFor(c, routeRegister)
	if err != nil {
		return err
	}
	password := values.Get("new_password")
	var made *idp.User
	err = a.Once(c, values, func() (string, error) {
		ctx := idp.WithAct(c.Request.Context(), a.Act(c))
		var err error
		made, err = a.SignUp.Register(ctx, &idp.User{
			Name: values.Get("name"), Email: values.Get("email"), Username: values.Get("username"),
		}, password, web.RecordOf(c).IP)
		return to, err
	})
	if err != nil {
		return a.refuseSignUp(c, values, err)
	}
	web.RecordOf(c).Outcome = "signed_up"
	if !a.signInNewcomer(c, made, password) {
		web.SeeOther(c, signInAt(to))
		return nil
	}
	if to != routeHome {
		web.SeeOther(c, to)
		return nil
	}
	return a.Done(c, to, pages.Toast{Key: pages.ToastWelcome})
}

func (a *SelfService) refuseSignUp(c *gin.Context, values url.Values, err error) error {
	var throttled *account.ThrottledError
	switch {
	case errors.Is(err, account.ErrSignupClosed):
		return errSignupClosed()
	case errors.As(err, &throttled):
		err = &idp.InvalidError{Faults: []idp.Fault{
			idp.NewFault("", "too many accounts were made from your network; wait %s, then try again", minutes(throttled.Wait)),
		}}
	}
	return a.Refuse(c, values, onNew(err))
}

// signInNewcomer signs in the normal way. That it did not work is no reason to
// tell a newcomer that nothing was done: the account is there, and the sign-in
// page is the place to go on.
func (a *SelfService) signInNewcomer(c *gin.Context, made *idp.User, password string) bool {
	ctx := c.Request.Context()
	known := a.Cookies.Get(c.Request, web.CookieKnown)
	u, err := a.SignIn.WithPassword(ctx, account.Attempt{
		Login: made.Username, Password: password, IP: web.RecordOf(c).IP, RequestID: web.RecordOf(c).ID, KnownBrowser: known,
	})
	if err == nil {
		_, err = a.SignInAs(c, u, false)
	}
	if err != nil {
		a.Log.WarnContext(ctx, "somebody who registered could not be signed in", "user", made.ID, "error", err)
		return false
	}
	a.Cookies.Set(c.Writer, web.CookieKnown, a.Browsers.Add(known, u.ID), account.KnownBrowserTTL)
	return true
}

func afterwards(next string) string {
	if next == "" {
		return routeHome
	}
	return next
}

// signInAt is the sign-in page on the way to next; the page of a sign-in for an
// application is that page itself.
func signInAt(next string) string {
	if u, err := url.Parse(next); err == nil && u.Path == web.RouteLogin {
		return next
	}
	return web.WithNext(web.RouteLogin, next)
}
