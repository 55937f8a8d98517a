package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/web"
)

// endSession is the end_session_endpoint (OpenID Connect RP-Initiated Logout 1.0 §2).
func (s *site) endSession(c *gin.Context) error {
	params, err := s.Params(c)
	if err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost && !s.HasCookies(c) {
		// A form of another site brings no cookies; the GET after it does.
		web.SeeOther(c, logoutLocation(params))
		return nil
	}
	l, err := s.Provider.ParseLogout(c.Request.Context(), params)
	if err != nil {
		return err
	}
	web.RecordOf(c).Client = l.ClientID
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	if l.RedirectURI == "" || !isOf(l, who) {
		// Whoever cannot prove that they mean this session must let the person confirm.
		return s.confirmLogout(c, who, params.Get("ui_locales"))
	}
	if who.Is() {
		if err := s.SignOut(c, who); err != nil {
			return err
		}
	}
	web.RecordOf(c).Outcome = "signed_out"
	web.SeeOther(c, l.Location())
	return nil
}

// isOf reports whether a verified hint is about the browser's session. Where
// nobody is signed in there is nothing to protect.
func isOf(l *oauth.LogoutRequest, who web.SignedIn) bool {
	switch {
	case !l.Verified:
		return false
	case !who.Is():
		return true
	case l.SessionID != "":
		return l.SessionID == who.Session.ID
	}
	return l.Subject == who.User.ID
}

// logoutLocation moves the known parameters of a form into the address.
func logoutLocation(params url.Values) string {
	q := url.Values{}
	for _, name := range []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"} {
		if v := params[name]; len(v) > 0 {
			q[name] = v
		}
	}
	if len(q) == 0 {
		return routeEndSession
	}
	return routeEndSession + "?" + q.Encode()
}

// logoutPage is GET /logout: the confirm page, or, when nobody is signed in, that page.
func (s *site) logoutPage(c *gin.Context) error {
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	return s.confirmLogout(c, who, "")
}

func (s *site) confirmLogout(c *gin.Context, who web.SignedIn, uiLocales string) error {
	if !who.Is() {
		return s.ShowFor(c, http.StatusOK, uiLocales, pages.SignedOutPage{})
	}
	apps, err := s.appsOf(c, who)
	if err != nil {
		return err
	}
	return s.ShowFor(c, http.StatusOK, uiLocales, pages.LogoutPage{
		CSRF: s.CSRFToken(s.EnsureBrowser(c), routeLogout, who.Session.ID), SignedInAs: displayName(who.User), Apps: apps,
	})
}

// logoutSubmit is POST /logout.
func (s *site) logoutSubmit(c *gin.Context) error {
	form, err := s.ReadOnce(c.Writer, c.Request)
	if err != nil {
		return err
	}
	who, err := s.Who(c)
	if err != nil {
		return err
	}
	if who.Is() {
		if !s.CSRFOK(c, form.Get("csrf"), routeLogout, who.Session.ID) {
			return s.StaleForm(c, routeLogout)
		}
		if err := s.SignOut(c, who); err != nil {
			return err
		}
		web.RecordOf(c).Outcome = "signed_out"
	}
	web.SeeOther(c, routeLogout)
	return nil
}

// appsOf names the applications that the session is signed in to.
func (s *site) appsOf(c *gin.Context, who web.SignedIn) ([]string, error) {
	ctx := c.Request.Context()
	grants, err := s.Grants.ListUserGrants(ctx, who.User.ID)
	if err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]bool{}
	for _, g := range grants {
		if g.SessionID != who.Session.ID || g.Offline() || seen[g.ClientID] {
			continue
		}
		seen[g.ClientID] = true
		name, err := s.clientName(ctx, g.ClientID)
		if err != nil {
			return nil, err
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// clientName is how a client is called, "" when it is gone.
func (s *site) clientName(ctx context.Context, id string) (string, error) {
	client, err := s.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case client.Name != "":
		return client.Name, nil
	}
	return client.ID, nil
}
