package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) userProfile(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	zone := zoneOf(c)
	stored := profileValues(head.User, zone)
	p := pages.UserPage{UserHead: head, Zone: zone.String(), Own: isSelf(c, head.User)}
	if p.Form, err = k.EditState(c, userRoute(head.User.ID), stored, web.FormVersion(head.User.UpdatedAt)); err != nil {
		return err
	}
	p.Zones, p.Locales = pages.ZoneOptions(p.Form.Values.Get("zoneinfo")), pages.LocaleOptions(p.Form.Values.Get("locale"))
	if p.Form.Notice == pages.NoticeChanged {
		p.Current = differing(stored, p.Form.Values)
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) saveProfile(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	since, err := web.ReadFormVersion(values)
	if err != nil {
		return err
	}
	reached := reach(c)
	own, zone := isSelf(c, u), zoneOf(c)
	return k.Once(c, values, func() (string, error) {
		u, err := k.Users.UpdateIf(c.Request.Context(), u.ID, since, func(u *idp.User) error {
			if err := reached(u); err != nil {
				return err
			}
			return applyProfile(u, values, zone, own)
		})
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := userRoute(u.ID)
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.saved", Args: nameOf(u)})
	})
}

// zoneOf is the reader's zone.
func zoneOf(c *gin.Context) *time.Location {
	if loc, err := time.LoadLocation(web.Person(c).User.Zoneinfo); err == nil {
		return loc
	}
	return time.UTC
}

// localForm is how a browser sends a date and a time.
const localForm = "2006-01-02T15:04"

const fieldEnd = "expires_at"

// profileValues is the form as the store has the user.
func profileValues(u *idp.User, zone *time.Location) url.Values {
	v := url.Values{
		"username": {u.Username}, "email": {u.Email}, "address.formatted": {u.Address.Formatted}, fieldEnd: {localEnd(u, zone)},
	}
	for _, t := range u.Texts() {
		v.Set(t.Name, *t.Value)
	}
	for name, on := range map[string]bool{"email_verified": u.EmailVerified, "phone_number_verified": u.PhoneNumberVerified} {
		if on {
			v.Set(name, "1")
		}
	}
	return v
}

func localEnd(u *idp.User, zone *time.Location) string {
	if u.ExpiresAt == nil {
		return ""
	}
	return u.ExpiresAt.In(zone).Format(localForm)
}

// applyProfile writes the form into the user. What was not sent stays: a form
// has every field but those that it must not change.
func applyProfile(u *idp.User, v url.Values, zone *time.Location, own bool) error {
	text := func(name string, to *string) {
		if v.Has(name) {
			*to = v.Get(name)
		}
	}
	text("username", &u.Username)
	text("email", &u.Email)
	text("address.formatted", &u.Address.Formatted)
	for _, t := range u.Texts() {
		text(t.Name, t.Value)
	}
	u.EmailVerified, u.PhoneNumberVerified = v.Get("email_verified") == "1", v.Get("phone_number_verified") == "1"
	if own || !v.Has(fieldEnd) {
		return nil // nobody ends their own account
	}
	return applyEnd(u, v.Get(fieldEnd), zone)
}

// applyEnd sets until when the account works. The form holds whole minutes, so
// one that is as it was shown changes nothing.
func applyEnd(u *idp.User, typed string, zone *time.Location) error {
	typed = strings.TrimSpace(typed)
	if typed == localEnd(u, zone) {
		return nil
	}
	if typed == "" {
		u.ExpiresAt = nil
		return nil
	}
	at, err := time.ParseInLocation(localForm, typed, zone)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		u.Normalize()
		return withFault(u.Validate(), idp.NewFault(fieldEnd, "must be a date and a time such as 2030-12-31T17:00"))
	}
	at = at.UTC()
	u.ExpiresAt = &at
	return nil
}

// withFault adds a fault to those that a check found.
func withFault(found error, f idp.Fault) error {
	if invalid, ok := found.(*idp.InvalidError); ok { //nolint:errorlint // from Validate, never wrapped
		return &idp.InvalidError{Faults: append(invalid.Faults, f)}
	}
	return &idp.InvalidError{Faults: []idp.Fault{f}}
}

// differing are the stored values of the fields that a form holds otherwise.
func differing(stored, typed url.Values) map[string]string {
	out := map[string]string{}
	for name := range stored {
		if a, b := stored.Get(name), typed.Get(name); a != b {
			out[name] = a
		}
	}
	for _, name := range []string{"email_verified", "phone_number_verified"} {
		delete(out, name) // a tick needs no words
	}
	return out
}
