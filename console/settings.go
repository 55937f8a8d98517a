package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/settings"
	"gatehouse/static"
	"gatehouse/web"
)

// settingsSections are the forms of the page, and the settings that each saves.
func settingsSections() map[string][]string {
	return map[string][]string{
		"lifetimes": {"access_token_ttl", "id_token_ttl", "refresh_token_ttl", "refresh_token_max_ttl", "session_ttl", "session_max_ttl"},
		"passwords": {"password_min_length"},
		"signup":    {"signup"},
		"branding":  {"product_name", "accent"},
		"audit":     {"audit_retention"},
	}
}

// settingsPage is GET /admin/settings.
func (k *Console) settingsPage(c *gin.Context) error {
	now := k.Settings.Current()
	p := pages.SettingsPage{Saved: now, Fixed: map[string]string{}}
	for section, form := range map[string]*pages.Form{
		"lifetimes": &p.Lifetimes, "passwords": &p.Passwords, "signup": &p.Signup, "branding": &p.Branding, "logo": &p.Logo, "audit": &p.Audit,
	} {
		var err error
		if *form, err = k.settingsForm(c, section, now); err != nil {
			return err
		}
	}
	p.Logo.Files = true
	for f := range settings.Encode(idp.Settings{}) {
		if by := k.Settings.FixedBy(f); by != "" {
			p.Fixed[f] = by
		}
	}
	p.Accent = checkAccent(p.Branding.Values.Get("accent"))
	return k.Show(c, http.StatusOK, p)
}

// settingsForm is the form of a section: as it is, or as it was refused.
func (k *Console) settingsForm(c *gin.Context, section string, now idp.Settings) (pages.Form, error) {
	action := routeSettings + "/" + section
	initial := url.Values{
		"access_token_ttl": {idp.ShortDuration(now.AccessTokenTTL)}, "id_token_ttl": {idp.ShortDuration(now.IDTokenTTL)},
		"refresh_token_ttl": {idp.ShortDuration(now.RefreshTokenTTL)}, "refresh_token_max_ttl": {idp.ShortDuration(now.RefreshTokenMaxTTL)},
		"session_ttl": {idp.ShortDuration(now.SessionTTL)}, "session_max_ttl": {idp.ShortDuration(now.SessionMaxTTL)},
		"password_min_length": {strconv.Itoa(now.PasswordMinLength)}, "signup": {now.Signup},
		"product_name": {now.ProductName}, "accent": {now.Accent},
		"audit_retention_days": {strconv.Itoa(int(now.AuditRetention / (24 * time.Hour)))},
	}
	since := idp.NeverSaved()
	if saved := k.Settings.Version(); !saved.IsZero() {
		since = saved
	}
	return k.EditState(c, action, initial, web.FormVersion(since))
}

// settingsSave is POST /admin/settings/{section}.
func (k *Console) settingsSave(c *gin.Context) error {
	section := c.Param("section")
	fields, known := settingsSections()[section]
	if !known {
		return web.ErrNoAddress
	}
	form, err := k.Form(c)
	if err != nil {
		return err
	}
	if section == "branding" && form.Get("check") == "1" {
		return k.Redraw(c, form)
	}
	values, err := settingsValues(form, fields)
	if err != nil {
		return k.Refuse(c, form, err)
	}
	for name := range values {
		if k.Settings.FixedBy(name) != "" {
			delete(values, name) // its control was not on the page
		}
	}
	since, err := web.ReadFormVersion(form)
	if err != nil {
		return k.Refuse(c, form, idp.ErrStale)
	}
	return k.Once(c, form, func() (string, error) {
		if err := k.Settings.Save(c.Request.Context(), values, since); err != nil {
			return "", k.Refuse(c, form, settingsFaults(err))
		}
		// Not to the section: what was done is told at the top.
		return routeSettings, k.Done(c, routeSettings, pages.Toast{Key: "settings.saved"})
	})
}

// settingsValues turns what was typed into the JSON members of the settings.
func settingsValues(form url.Values, fields []string) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	for _, name := range fields {
		var v any = strings.TrimSpace(form.Get(name))
		switch name {
		case "password_min_length":
			n, err := strconv.Atoi(strings.TrimSpace(form.Get(name)))
			if err != nil {
				return nil, invalid(idp.NewFault(name, "must be a whole number"))
			}
			v = n
		case "audit_retention":
			days, err := strconv.Atoi(strings.TrimSpace(form.Get("audit_retention_days")))
			if err != nil || days < 0 || days > 36500 {
				return nil, invalid(idp.NewFault("audit_retention_days", "must be a whole number"))
			}
			v = (time.Duration(days) * 24 * time.Hour).String()
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		values[name] = text
	}
	return values, nil
}

// settingsFaults names the field of the form where it is called otherwise.
func settingsFaults(err error) error {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	out := &idp.InvalidError{}
	for _, f := range invalid.Faults {
		if f.Field == "audit_retention" {
			f.Field = "audit_retention_days"
		}
		out.Faults = append(out.Faults, f)
	}
	return out
}

// checkAccent measures a colour, nil for none. One that is no colour has no pairs.
func checkAccent(accent string) *pages.AccentCheck {
	if accent == "" {
		return nil
	}
	report, err := static.CheckAccent(accent)
	out := &pages.AccentCheck{Colour: accent, OK: err == nil}
	if report != nil {
		out.Pairs = report.Pairs
	}
	return out
}
