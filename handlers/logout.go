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
)

// endSession is the end_session_endpoint (OpenID Connect RP-Initiated Logout 1.0 §2).
func (s *site) endSession(c *gin.Context) error {
	params, err := s.params(c)
	if err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost && !s.hasCookies(c) {
		// A form of another site brings no cookies; the GET after it does.
		seeOther(c, logoutLocation(params))
		return nil
	}
	l, err := s.Provider.ParseLogout(c.Request.Context(), params)
	if err != nil {
		return err
	}
	recordOf(c).client = l.ClientID
	who, err := s.who(c)
	if err != nil {
		return err
	}
	if l.RedirectURI == "" || !isOf(l, who) {
		// Whoever cannot prove that they mean this session must let the person confirm.
		return s.confirmLogout(c, who, params.Get("ui_locales"))
	}
	if who.is() {
		if err := s.signOut(c, who); err != nil {
			return err
		}
	}
	recordOf(c).outcome = "signed_out"
	seeOther(c, l.Location())
	return nil
}

// isOf reports whether a verified hint is about the browser's session. Where
// nobody is signed in there is nothing to protect.
func isOf(l *oauth.LogoutRequest, who signedIn) bool {
	switch {
	case !l.Verified:
		return false
	case !who.is():
		return true
	case l.SessionID != "":
		return l.SessionID == who.session.ID
	}
	return l.Subject == who.user.ID
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
	who, err := s.who(c)
	if err != nil {
		return err
	}
	return s.confirmLogout(c, who, "")
}

func (s *site) confirmLogout(c *gin.Context, who signedIn, uiLocales string) error {
	if !who.is() {
		return s.showFor(c, http.StatusOK, uiLocales, pages.SignedOutPage{})
	}
	apps, err := s.appsOf(c, who)
	if err != nil {
		return err
	}
	return s.showFor(c, http.StatusOK, uiLocales, pages.LogoutPage{
		CSRF: s.csrfToken(s.ensureBrowser(c), routeLogout, who.session.ID), SignedInAs: displayName(who.user), Apps: apps,
	})
}

// logoutSubmit is POST /logout.
func (s *site) logoutSubmit(c *gin.Context) error {
	form, err := s.readOnce(c.Writer, c.Request)
	if err != nil {
		return err
	}
	who, err := s.who(c)
	if err != nil {
		return err
	}
	if who.is() {
		if !s.csrfOK(c, form.Get("csrf"), routeLogout, who.session.ID) {
			return s.staleForm(c, routeLogout)
		}
		if err := s.signOut(c, who); err != nil {
			return err
		}
		recordOf(c).outcome = "signed_out"
	}
	seeOther(c, routeLogout)
	return nil
}

// appsOf names the applications that the session is signed in to.
func (s *site) appsOf(c *gin.Context, who signedIn) ([]string, error) {
	ctx := c.Request.Context()
	grants, err := s.Grants.ListUserGrants(ctx, who.user.ID)
	if err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]bool{}
	for _, g := range grants {
		if g.SessionID != who.session.ID || g.Offline() || seen[g.ClientID] {
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
