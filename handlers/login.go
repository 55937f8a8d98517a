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
)

const maxTyped = 254 // bytes of a username that are kept and shown again

// loginPage is GET /login: with a flow on the way to an application, without
// one on the way to a path of ours.
func (s *site) loginPage(c *gin.Context) error {
	q, err := readQuery(c.Request)
	if err != nil {
		return err
	}
	if q.Get("flow") == "" {
		return s.localLogin(c, nextPath(q.Get("next")))
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
			seeOther(c, at)
			return nil
		}
	}
	return s.showLogin(c, f, switching)
}

// localLogin is a sign-in without a client and without a failure to tell of.
func (s *site) localLogin(c *gin.Context, next string) error {
	who, err := s.who(c)
	if err != nil {
		return err
	}
	if who.is() {
		seeOther(c, afterSignIn(next))
		return nil
	}
	return s.show(c, http.StatusOK, pages.LoginPage{
		CSRF: s.csrfToken(s.ensureBrowser(c), routeLogin, ""), SubmitTo: withNext(routeLogin, next),
	})
}

// showLogin shows the form of a flow. Its notice is shown once.
func (s *site) showLogin(c *gin.Context, f *flow, switching bool) error {
	who, err := s.who(c)
	if err != nil {
		return err
	}
	p := pages.LoginPage{
		Flow: f.in.ID, CSRF: s.csrfToken(s.ensureBrowser(c), routeLogin, f.in.ID), App: f.app,
		Login: f.in.Login, OffOrigin: f.offOrigin(),
	}
	flash := f.in.Notice
	p.Notice, p.Remember = readFlash(flash)
	switch {
	case switching:
		p.SubmitTo = routeLogin + "?switch=1"
	case who.is() && f.suits(who):
		p.Reauth, p.KnownAs, p.SwitchTo = true, who.user.Username, f.switchAt()
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
	return s.showFor(c, http.StatusOK, f.uiLocales(), p)
}

// suits reports whether the request, asking for a fresh sign-in, can mean the
// person who is signed in.
func (f *flow) suits(who signedIn) bool {
	if f.req == nil {
		return false
	}
	hint := idp.NormalizeLogin(f.req.LoginHint)
	return (f.req.Subject == "" || f.req.Subject == who.user.ID) &&
		(hint == "" || hint == who.user.Username || hint == who.user.Email)
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
	form, err := s.readOnce(c.Writer, c.Request)
	if err != nil {
		return err
	}
	query, err := readQuery(c.Request)
	if err != nil {
		return err
	}
	l := loginForm{
		next: nextPath(query.Get("next")), switching: query.Get("switch") == "1",
		login: form.Get("username"), password: form.Get("password"), remember: form.Get("remember") == "1",
	}
	id := form.Get("flow")
	if id != "" {
		if l.f, err = s.openFlow(c, id); err != nil {
			return err
		}
		l.next = l.f.in.Next
	}
	if !s.csrfOK(c, form.Get("csrf"), routeLogin, id) {
		recordOf(c).outcome = outcomeStale
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
	rec := recordOf(c)
	user, err := s.SignIn.WithPassword(ctx, account.Attempt{
		Login: l.login, Password: l.password, IP: rec.origin.ip, KnownBrowser: s.cookies.get(c.Request, cookieKnown),
	})
	var who signedIn
	if err == nil {
		who, err = s.signIn(c, user, l.remember)
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
	known := s.Browsers.Add(s.cookies.get(c.Request, cookieKnown), user.ID)
	s.cookies.set(c.Writer, cookieKnown, known, account.KnownBrowserTTL)
	if l.f == nil || l.f.req == nil {
		seeOther(c, afterSignIn(l.next))
		return nil
	}
	if _, err := s.change(ctx, l.f, func(in *idp.Interaction) bool {
		in.Login, in.Notice = "", ""
		in.Reauthenticated, in.AccountChosen = who.session.AuthTime.Unix(), true
		return in.State == idp.InteractionOpen
	}); err != nil {
		return err
	}
	return s.goOn(c, l.f)
}

func (s *site) signInOutcome(c *gin.Context, outcome string) {
	recordOf(c).outcome = "sign_in:" + outcome
	s.Metrics.SignIn(outcome)
}

// flash keeps a notice and what was typed as username, never the password,
// and goes back to the form.
func (s *site) flash(c *gin.Context, l *loginForm, n pages.Notice) error {
	ctx := c.Request.Context()
	login := typed(l.login)
	if l.f == nil {
		f, err := s.newFlow(ctx, s.ensureBrowser(c), nil, &idp.Interaction{Next: l.next, Login: login, Notice: flashOf(l, n)})
		if err != nil {
			return err
		}
		seeOther(c, f.at(routeLogin))
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
	seeOther(c, at)
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
