package selfservice

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// themeFor is how long the choice of colours is remembered.
const themeFor = 365 * 24 * time.Hour

// ownClaims are the claims that a person may say of themselves. Not among them
// is what applications recognise somebody by: username, email address and
// preferred_username are an administrator's to change, lest somebody take
// another's name there.
func ownClaims() []string {
	return []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender", "birthdate",
		"zoneinfo", "locale", "phone_number",
		"address.street_address", "address.locality", "address.region", "address.postal_code", "address.country",
	}
}

func (a *SelfService) profilePage(c *gin.Context) error {
	u, err := a.me(c)
	if err != nil {
		return err
	}
	initial := url.Values{}
	for _, t := range u.Texts() {
		if slices.Contains(ownClaims(), t.Name) {
			initial.Set(t.Name, *t.Value)
		}
	}
	form, err := a.EditState(c, routeProfile, initial, web.FormVersion(u.UpdatedAt))
	if err != nil {
		return err
	}
	theme := a.Pages.Context(c.Request, "").Theme
	return a.Show(c, http.StatusOK, pages.ProfilePage{
		Form: form, Theme: pages.Form{Action: "/account/theme", Values: url.Values{"theme": {theme}}},
		Username: u.Username, Email: u.Email,
		Zones: pages.ZoneOptions(form.Values.Get("zoneinfo")), Locales: pages.LocaleOptions(form.Values.Get("locale")),
	})
}

func (a *SelfService) profileSubmit(c *gin.Context) error {
	values, err := a.Form(c)
	if err != nil {
		return err
	}
	version, err := web.ReadFormVersion(values)
	if err != nil {
		return err
	}
	err = a.Once(c, values, func() (string, error) {
		_, err := a.Users.UpdateIf(c.Request.Context(), web.Person(c).User.ID, version, func(u *idp.User) error {
			setClaims(u, values)
			return nil
		})
		return routeProfile, err
	})
	if err != nil {
		return a.Refuse(c, values, err)
	}
	return a.Done(c, routeProfile, pages.Toast{Key: pages.ToastProfileSaved})
}

// setClaims takes over what the form holds; what it lacks stays.
func setClaims(u *idp.User, values url.Values) {
	phone := u.PhoneNumber
	for _, t := range u.Texts() {
		if slices.Contains(ownClaims(), t.Name) && values.Has(t.Name) {
			*t.Value = values.Get(t.Name)
		}
	}
	if u.Normalize(); u.PhoneNumber != phone {
		u.PhoneNumberVerified = false // nobody has proved the new one
	}
}

// themeSubmit keeps the choice of colours in this browser.
func (a *SelfService) themeSubmit(c *gin.Context) error {
	values, err := a.Form(c)
	if err != nil {
		return err
	}
	if theme := values.Get("theme"); pages.IsTheme(theme) {
		a.Cookies.SetPlain(c.Writer, pages.ThemeCookie, theme, themeFor)
	} else {
		a.Cookies.SetPlain(c.Writer, pages.ThemeCookie, "", -time.Second)
	}
	return a.Done(c, routeProfile, pages.Toast{Key: pages.ToastThemeSaved})
}
