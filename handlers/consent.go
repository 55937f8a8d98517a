package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// consentPage is GET /consent.
func (s *site) consentPage(c *gin.Context) error {
	f, who, err := s.openAt(c, routeConsent)
	if f == nil {
		return err
	}
	fresh, known, err := s.Provider.ConsentScopes(c.Request.Context(), f.req, who.User.ID)
	if err != nil {
		return err
	}
	p := pages.ConsentPage{
		Flow: f.in.ID, CSRF: s.CSRFToken(s.Browser(c), routeConsent, f.in.ID, who.SessionID()), App: *f.app,
		SignedInAs: displayName(who.User), SwitchTo: f.switchAt(),
		OnlyNew: len(fresh) > 0 && len(known) > 0, OffOrigin: f.offOrigin(),
	}
	for _, name := range slices.Concat(fresh, known) {
		p.Scopes = append(p.Scopes, pages.ScopeLine{
			Name: name, Shared: sharedBy(name, who.User), New: slices.Contains(fresh, name),
		})
	}
	return s.ShowFor(c, http.StatusOK, f.uiLocales(), p)
}

// consentSubmit is POST /consent. The token fits the session that the page
// showed, so nobody decides for whoever signed in meanwhile.
func (s *site) consentSubmit(c *gin.Context) error {
	f, who, form, err := s.openForm(c, routeConsent)
	if f == nil {
		return err
	}
	at, err := s.place(c, f)
	if err != nil {
		return err
	}
	if at != f.at(routeConsent) {
		web.SeeOther(c, at)
		return nil
	}
	if err := s.decideConsent(c, f, who, form.Get("decision")); err != nil {
		return err
	}
	return s.goOn(c, f) // without a decision: the page again
}

func (s *site) decideConsent(c *gin.Context, f *flow, who web.SignedIn, decision string) error {
	ctx := s.ActAs(c, who)
	switch decision {
	case "allow":
		web.RecordOf(c).Outcome = "consent:allow"
		if err := s.Provider.RememberConsent(ctx, f.req, who.User.ID); err != nil {
			return err
		}
		return s.approve(ctx, f, who, f.req.Scopes)
	case "deny":
		web.RecordOf(c).Outcome = "consent:deny"
		return s.deny(ctx, f, web.CodeAccessDenied)
	}
	return nil
}

func displayName(u *idp.User) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Username
}

// sharedBy is the value that a scope shares of a person, for the consent page.
func sharedBy(scope string, u *idp.User) string {
	switch scope {
	case idp.ScopeProfile:
		return u.Name
	case idp.ScopeEmail:
		return u.Email
	case idp.ScopePhone:
		return u.PhoneNumber
	case idp.ScopeAddress:
		return strings.Join(slices.DeleteFunc([]string{u.Address.StreetAddress, u.Address.PostalCode, u.Address.Locality, u.Address.Country},
			func(s string) bool { return s == "" }), ", ")
	case idp.ScopeRoles:
		return strings.Join(u.Roles, ", ")
	}
	return ""
}
