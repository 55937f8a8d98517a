package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// selectPage is GET /login/select, for prompt=select_account.
func (s *site) selectPage(c *gin.Context) error {
	f, who, here, err := s.openAt(c, routeSelect)
	if err != nil || !here {
		return err
	}
	login := who.user.Email
	if login == "" {
		login = who.user.Username
	}
	return s.showFor(c, http.StatusOK, f.uiLocales(), pages.SelectPage{
		Flow: f.in.ID, CSRF: s.csrfToken(s.browser(c), routeSelect, f.in.ID, who.sessionID()), App: f.app,
		Accounts:  []pages.AccountChoice{{ID: who.user.ID, Name: who.user.Name, Login: login}},
		OffOrigin: f.offOrigin(),
	})
}

// openAt loads the flow of a GET page and checks that this page is what is
// due; when it is not, it redirects to the one that is.
func (s *site) openAt(c *gin.Context, route string) (f *flow, who signedIn, here bool, err error) {
	if f, err = s.openFlow(c, c.Query("flow")); err != nil {
		return nil, who, false, err
	}
	if f.in.Browser == "" {
		seeOther(c, f.at(routeLogin))
		return nil, who, false, nil
	}
	at, err := s.place(c, f)
	if err != nil {
		return nil, who, false, err
	}
	if at != f.at(route) {
		seeOther(c, at)
		return nil, who, false, nil
	}
	who, err = s.who(c)
	return f, who, err == nil, err
}

// selectSubmit is POST /login/select.
func (s *site) selectSubmit(c *gin.Context) error {
	form, err := s.readOnce(c.Writer, c.Request)
	if err != nil {
		return err
	}
	f, err := s.openFlow(c, form.Get("flow"))
	if err != nil {
		return err
	}
	who, err := s.who(c)
	if err != nil {
		return err
	}
	if !s.csrfOK(c, form.Get("csrf"), routeSelect, f.in.ID, who.sessionID()) {
		return s.staleForm(c, f.at(routeSelect))
	}
	switch choice := form.Get("account"); {
	case choice == pages.OtherAccount:
		seeOther(c, f.switchAt())
		return nil
	case who.is() && choice == who.user.ID:
		if _, err := s.change(c.Request.Context(), f, func(in *idp.Interaction) bool {
			in.AccountChosen = true
			return in.State == idp.InteractionOpen
		}); err != nil {
			return err
		}
	}
	return s.goOn(c, f) // any other choice leads back to the chooser
}
