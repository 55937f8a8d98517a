package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// selectPage is GET /login/select, for prompt=select_account.
func (s *site) selectPage(c *gin.Context) error {
	f, who, err := s.openAt(c, routeSelect)
	if f == nil {
		return err
	}
	login := who.User.Email
	if login == "" {
		login = who.User.Username
	}
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), pages.SelectPage{
		Flow: f.in.ID, CSRF: s.CSRFToken(s.Browser(c), routeSelect, f.in.ID, who.SessionID()), App: f.app,
		Accounts:  []pages.AccountChoice{{ID: who.User.ID, Name: who.User.Name, Login: login}},
		OffOrigin: f.offOrigin(),
	})
}

// selectSubmit is POST /login/select.
func (s *site) selectSubmit(c *gin.Context) error {
	f, who, form, err := s.openForm(c, routeSelect)
	if f == nil {
		return err
	}
	switch choice := form.Get("account"); {
	case choice == pages.OtherAccount:
		web.SeeOther(c, f.switchAt())
		return nil
	case who.Is() && choice == who.User.ID:
		if _, err := s.change(c.Request.Context(), f, func(in *idp.Interaction) bool {
			in.AccountChosen = true
			return in.State == idp.InteractionOpen
		}); err != nil {
			return err
		}
	}
	return s.goOn(c, f) // any other choice leads back to the chooser
}
