package handlers

import (
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const maxTyped = 254 // bytes of a username that are kept and shown again

// loginPage is GET /login: with a flow on the way to an application, without
// one on the way to a path of ours.
func (s *site) loginPage(c *gin.Context) error {
	q, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	if q.Get("flow") == "" {
		return s.localLogin(c, web.NextPath(q.Get("next")), q.Get("again") == "1")
	}
	f, err := s.openFlow(c, q.Get("flow"))
	if err != nil {
		return err
	}
	if f.in.Browser == "" {
		return s.resume(c, f)
	}
	switching := q.Get("switch") == "1"
	stay := f.in.State == idp.InteractionOpen && (switching || f.in.Notice != "")
	if !stay {
		at, err := s.place(c, f)
		if err != nil {
			return err
		}
		if at != f.at(routeLogin) {
			web.SeeOther(c, at)
			return nil
		}
	}
	return s.showLogin(c, f, switching)
}

// localLogin is a sign-in without a client and without a failure to tell of.
// again asks for the password of whoever is signed in, before something that
// cannot be undone.
func (s *site) localLogin(c *gin.Context, next string, again bool) error {
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	if who.Is() && !again {
		web.SeeOther(c, afterSignIn(next))
		return nil
	}
	p := pages.LoginPage{
		CSRF: s.CSRFToken(s.EnsureBrowser(c), routeLogin, ""), SubmitTo: web.WithNext(routeLogin, next),
	}
	p.RegisterTo = s.registerAt(next)
	if who.Is() {
		p.Reauth, p.KnownAs, p.Remember = true, who.User.Username, who.Session.Remember
	} else if web.HoldsDraft(next) {
		p.Notice = pages.NoticeSessionEnded
	}
	return s.Show(c, http.StatusOK, p)
}

// showLogin shows the form of a flow. Its notice is shown once.
func (s *site) showLogin(c *gin.Context, f *flow, switching bool) error {
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	p := pages.LoginPage{
		Flow: f.in.ID, CSRF: s.CSRFToken(s.EnsureBrowser(c), routeLogin, f.in.ID), App: f.app,
		Login: f.in.Login, OffOrigin: f.offOrigin(),
	}
	p.RegisterTo = s.registerAt(f.at(routeLogin))
	flash := f.in.Notice
	p.Notice, p.Remember = readFlash(flash)
	switch {
	case switching:
		p.SubmitTo = routeLogin + "?switch=1"
	case who.Is() && f.suits(who):
		p.Reauth, p.KnownAs = true, who.User.Username
		if f.req != nil {
			p.SwitchTo = f.switchAt()
		}
	}
	if p.Login == "" && f.req != nil && !switching {
		p.Login = typed(f.req.LoginHint)
	}
	if flash != "" {
		if _, err := s.change(c.Request.Context(), f, func(in *idp.Interaction) bool {
			shown := in.State == idp.InteractionOpen && in.Notice == flash
			in.Notice = ""
			return shown
		}); err != nil {
			return err
		}
	}
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), p)
}

// registerAt is where a newcomer makes an account on the way to next, "" when strangers may not.
func (s *site) registerAt(next string) string {
	if s.Settings().Signup != idp.SignupOpen {
		return ""
	}
	return web.WithNext("/register", next)
}

// suits reports whether the sign-in that is asked for afresh can mean the person
// who is signed in.
func (f *flow) suits(who web.SignedIn) bool {
	if f.req == nil { // on the way to a page of ours that asks for the password again
		login := idp.NormalizeLogin(f.in.Login)
		return login == who.User.Username || login == who.User.Email
	}
	hint := idp.NormalizeLogin(f.req.LoginHint)
	return (f.req.Subject == "" || f.req.Subject == who.User.ID) &&
		(hint == "" || hint == who.User.Username || hint == who.User.Email)
}

// loginForm is what was sent to POST /login.
type loginForm struct {
	f               *flow // nil without one
	next            string
	switching       bool
	login, password string
	remember        bool
}

// loginSubmit is POST /login. It always ends in a redirect, failures too, so
// that Back and Reload never send a form again.
func (s *site) loginSubmit(c *gin.Context) error {
	form, err := s.ReadOnce(c.Writer, c.Request)
	if err != nil {
		return err
	}
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	l := loginForm{
		next: web.NextPath(query.Get("next")), switching: query.Get("switch") == "1",
		login: form.Get("username"), password: form.Get("password"), remember: form.Get("remember") == "1",
	}
	id := form.Get("flow")
	if id != "" {
		if l.f, err = s.openFlow(c, id); err != nil {
			return err
		}
		l.next = l.f.in.Next
	}
	if !s.CSRFOK(c, form.Get("csrf"), routeLogin, id) {
		web.RecordOf(c).Outcome = web.OutcomeStale
		return s.flash(c, &l, pages.NoticeStale)
	}
	if l.f != nil && l.f.in.State != idp.InteractionOpen {
		return s.goOn(c, l.f)
	}
	if strings.TrimSpace(l.login) == "" || l.password == "" {
		return s.flash(c, &l, pages.NoticeMissing)
	}
	return s.tryPassword(c, &l)
}

func (s *site) tryPassword(c *gin.Context, l *loginForm) error {
	ctx := c.Request.Context()
	rec := web.RecordOf(c)
	user, err := s.SignIn.WithPassword(ctx, account.Attempt{
		Login: l.login, Password: l.password, IP: rec.IP, KnownBrowser: s.Cookies.Get(c.Request, web.CookieKnown),
	})
	var who web.SignedIn
	if err == nil {
		who, err = s.SignInAs(c, user, l.remember)
	}
	var throttled *account.ThrottledError
	switch {
	case errors.As(err, &throttled):
		s.signInOutcome(c, "throttled")
		return s.flash(c, l, pages.Throttled(throttled.Wait))
	case errors.Is(err, account.ErrBadCredentials):
		s.signInOutcome(c, "refused")
		return s.flash(c, l, pages.NoticeWrongPair)
	case err != nil:
		s.signInOutcome(c, "unavailable")
		return err
	}
	s.signInOutcome(c, "ok")
	known := s.Browsers.Add(s.Cookies.Get(c.Request, web.CookieKnown), user.ID)
	s.Cookies.Set(c.Writer, web.CookieKnown, known, account.KnownBrowserTTL)
	if l.f == nil || l.f.req == nil {
		web.SeeOther(c, afterSignIn(l.next))
		return nil
	}
	if _, err := s.change(ctx, l.f, func(in *idp.Interaction) bool {
		in.Login, in.Notice = "", ""
		in.Reauthenticated, in.AccountChosen = who.Session.AuthTime.Unix(), true
		return in.State == idp.InteractionOpen
	}); err != nil {
		return err
	}
	return s.goOn(c, l.f)
}

func (s *site) signInOutcome(c *gin.Context, outcome string) {
	web.RecordOf(c).Outcome = "sign_in:" + outcome
	s.Metrics.SignIn(outcome)
}

// flash keeps a notice and what was typed as username, never the password,
// and goes back to the form.
func (s *site) flash(c *gin.Context, l *loginForm, n pages.Notice) error {
	ctx := c.Request.Context()
	login := typed(l.login)
	if l.f == nil {
		f, err := s.newFlow(c, s.EnsureBrowser(c), nil, &idp.Interaction{Next: l.next, Login: login, Notice: flashOf(l, n)})
		if err != nil {
			return err
		}
		web.SeeOther(c, f.at(routeLogin))
		return nil
	}
	if _, err := s.change(ctx, l.f, func(in *idp.Interaction) bool {
		in.Login, in.Notice = login, flashOf(l, n)
		return in.State == idp.InteractionOpen
	}); err != nil {
		return err
	}
	at := l.f.at(routeLogin)
	if l.switching {
		at = l.f.switchAt()
	}
	web.SeeOther(c, at)
	return nil
}

// keptRemember marks a notice whose form had "remember" ticked.
const keptRemember = "+remember"

// flashOf packs what a failed form says and keeps into an interaction's notice.
func flashOf(l *loginForm, n pages.Notice) string {
	if l.remember {
		return string(n) + keptRemember
	}
	return string(n)
}

// readFlash is the reverse of flashOf.
func readFlash(s string) (n pages.Notice, remember bool) {
	s, remember = strings.CutSuffix(s, keptRemember)
	return pages.Notice(s), remember
}

// typed makes what a stranger typed safe to keep.
func typed(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxTyped)], "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}
