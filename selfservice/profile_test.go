package selfservice_test

import (
	"net/http"
	"sync"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const profileForm = "form[action='/account/profile']"

func TestProfile(t *testing.T) {
	e := webtest.New(t)
	t.Run("saved, and in force at once", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		p := b.Submit(profileForm, values(
			"name", " Ada Lovelace ", "zoneinfo", "Asia/Kolkata", "locale", "de", "website", "https://ada.example", "address.country", "England",
		))
		at(t, p, "/account/profile", http.StatusOK)
		told(t, p, "Your profile is saved.")
		got := e.FindUser(u.Username)
		if got.Name != "Ada Lovelace" || got.Zoneinfo != "Asia/Kolkata" || got.Locale != "de" || got.Website != "https://ada.example" || got.Address.Country != "England" {
			t.Errorf("%+v", got)
		}
		if p := b.Get("/account"); !p.Has("IST") || p.Doc.Find("[role=status]").Length() != 0 {
			t.Errorf("the zone is not in force, or it is told twice: %s", p.Text())
		}
	})
	t.Run("what is not one's own to change stays", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		b.Submit(profileForm, values(
			"nickname", "ok", "username", "root", "email", "root@example.com", "preferred_username", "root", "roles", "Admin", "status", "disabled",
			"email_verified", "1", "phone_number_verified", "true", "id", "x", "expires_at", "2000-01-01T00:00:00Z", "password", "a quiet gate elsewhere",
		))
		got := e.FindUser(u.Username)
		if got.Nickname != "ok" || got.Email != u.Email || got.PreferredUsername != "" || len(got.Roles) != 1 || got.Roles[0] != idp.RoleUser ||
			got.Status != idp.UserActive || got.EmailVerified || got.PhoneNumberVerified || got.ExpiresAt != nil || got.LastChangeAt != nil {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a new phone number is unproven", func(t *testing.T) {
		u, b := somebody(t, e)
		_, err := e.Admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error {
			u.PhoneNumber, u.PhoneNumberVerified = "+44 1", true
			return nil
		})
		must(t, err)
		b.Get("/account/profile")
		b.Submit(profileForm, values("nickname", "x"))
		if !e.FindUser(u.Username).PhoneNumberVerified {
			t.Error("another change made the old one unproven")
		}
		b.Get("/account/profile")
		b.Submit(profileForm, values("phone_number", "+44 2"))
		if got := e.FindUser(u.Username); got.PhoneNumberVerified || got.PhoneNumber != "+44 2" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("what is wrong is told at the field, and what was typed is kept", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		p := b.Submit(profileForm, values("nickname", "Countess", "website", "javascript:alert(1)", "birthdate", "yesterday", "zoneinfo", "No/Where"))
		failed(t, p, "/account/profile",
			"website", "Enter a web address that starts with https:// or http://.",
			"birthdate", "Enter a date like 1815-12-10, or 1815 for the year alone.",
			"zoneinfo", "Enter a time zone such as Europe/Paris.")
		if _, form := b.Form(profileForm); form.Get("nickname") != "Countess" || form.Get("website") != "javascript:alert(1)" {
			t.Errorf("kept: %v", form)
		}
		if e.FindUser(u.Username).Nickname != "" {
			t.Error("half of it was saved")
		}
		at(t, b.Submit(profileForm, values("website", "", "birthdate", "1815", "zoneinfo", "")), "/account/profile", http.StatusOK)
		if got := e.FindUser(u.Username); got.Nickname != "Countess" || got.Birthdate != "1815" {
			t.Errorf("after mending: %+v", got)
		}
	})
	t.Run("somebody else changed it meanwhile", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		_, err := e.Admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Name = "By the administrator"; return nil })
		must(t, err)
		p := b.Submit(profileForm, values("nickname", "Countess"))
		failed(t, p, "/account/profile")
		if !p.Has("Somebody else changed this") {
			t.Errorf("%s", p.Text())
		}
		if got := e.FindUser(u.Username); got.Nickname != "" || got.Name != "By the administrator" {
			t.Errorf("%+v", got)
		}
		b.Submit(profileForm, nil)
		if got := e.FindUser(u.Username); got.Nickname != "Countess" {
			t.Errorf("saving again: %+v", got)
		}
	})
	t.Run("a form without a good version", func(t *testing.T) {
		_, b := somebody(t, e)
		for _, version := range []string{"", "0", "-1", "x", "99999999999999999999"} {
			b.Get("/account/profile")
			if p := b.Submit(profileForm, values("version", version)); p.Status != http.StatusBadRequest {
				t.Errorf("%q: %d", version, p.Status)
			}
		}
	})
	t.Run("sent twice at once, it counts once", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		action, form := b.Form(profileForm)
		form.Set("nickname", "Countess")
		before := len(events(t, e, u.ID, idp.ActionUserUpdate))
		twice(t, e, b, func(b *webtest.Browser) {
			at(t, b.Post(action, form), "/account/profile", http.StatusOK)
			if b.Last.Has("Somebody else") {
				t.Error("the second is told of the first")
			}
		})
		if after := len(events(t, e, u.ID, idp.ActionUserUpdate)); after != before+1 {
			t.Errorf("%d changes", after-before)
		}
	})
	t.Run("the colours stay in this browser, on every page", func(t *testing.T) {
		_, b := somebody(t, e)
		for _, theme := range []string{"dark", "light", "", "purple"} {
			b.Get("/account/profile")
			p := b.Submit("form[action='/account/theme']", values("theme", theme))
			told(t, p, "The appearance is saved in this browser.")
			want := theme
			if theme == "purple" {
				want = ""
			}
			for _, path := range []string{"/account", "/logout", "/account/profile"} {
				if got := b.Get(path).Doc.Find("html").AttrOr("data-theme", ""); got != want {
					t.Errorf("%q: %s has %q", theme, path, got)
				}
			}
			if got := b.Last.Doc.Find("input[name=theme][checked]").AttrOr("value", "none"); got != want {
				t.Errorf("%q: the form shows %q", theme, got)
			}
		}
	})
}

// twice does the same at the same time in two windows of one browser.
func twice(t *testing.T, e *webtest.Env, b *webtest.Browser, do func(*webtest.Browser)) {
	t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		window := e.Browser(t)
		window.Client.Jar = b.Client.Jar
		wg.Go(func() { do(window) })
	}
	wg.Wait()
}
