package selfservice_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const (
	passwordForm = "form[action='/account/password']"
	newPassword  = "another gate by the sea"
)

func change(b *webtest.Browser, current, chosen string, more ...string) *webtest.Page {
	b.Get("/account/password")
	return b.Submit(passwordForm, values(append([]string{"current_password", current, "new_password", chosen}, more...)...))
}

func (p *person) canSignIn(password string) bool {
	b := p.e.Browser(p.t)
	b.Get("/login?next=/account")
	return b.Submit("form[action^='/login']", values("username", p.u.Username, "password", password)).Path() == "/account"
}

type person struct {
	t *testing.T
	e *webtest.Env
	u *idp.User
}

func TestPassword(t *testing.T) {
	e := webtest.New(t)
	t.Run("changed, and other devices are signed out", func(t *testing.T) {
		u, b := somebody(t, e)
		other := e.As(t, u.Username)
		grant := giveAccess(t, e, u, "grafana-one")
		p := change(b, webtest.Password, newPassword)
		at(t, p, "/account", http.StatusOK)
		told(t, p, "Your password is changed. Other devices and apps are signed out.")
		if isSignedIn(other) || !isSignedIn(b) {
			t.Error("the other device is signed in, or this one is not")
		}
		if _, err := e.Stores.Grants.Grant(t.Context(), grant.ID); err == nil {
			t.Error("an app still has access")
		}
		who := person{t, e, u}
		if who.canSignIn(webtest.Password) || !who.canSignIn(newPassword) {
			t.Error("the old password works, or the new one does not")
		}
		if got := events(t, e, u.ID, idp.ActionUserPassword); len(got) != 1 || got[0].ActorID != u.ID || got[0].IP == "" {
			t.Errorf("recorded: %+v", got)
		}
	})
	t.Run("this browser stays known", func(t *testing.T) {
		u, b := somebody(t, e)
		before := cookie(t, e, b, "gh_known")
		time.Sleep(1100 * time.Millisecond) // what a browser is known by counts seconds
		change(b, webtest.Password, newPassword)
		after := cookie(t, e, b, "gh_known")
		seen := func(cookie string) bool {
			for range 12 { // a stranger has 10 tries, a known browser its own
				guess := e.Browser(t)
				guess.Get("/login?next=/account")
				guess.Submit("form[action^='/login']", values("username", u.Username, "password", "not it at all"))
			}
			b := e.Browser(t)
			origin, err := url.Parse(e.URL)
			must(t, err)
			b.Client.Jar.SetCookies(origin, []*http.Cookie{{Name: "gh_known", Value: cookie, Path: "/"}})
			b.Get("/login?next=/account")
			return b.Submit("form[action^='/login']", values("username", u.Username, "password", newPassword)).Path() == "/account"
		}
		if !seen(after) || seen(before) {
			t.Error("the browser is a stranger, or it is known by what it was known by before")
		}
	})
	t.Run("changed, and other devices stay", func(t *testing.T) {
		u, b := somebody(t, e)
		other := e.As(t, u.Username)
		b.Get("/account/password")
		if _, form := b.Form(passwordForm); form.Get("end_others") != "1" {
			t.Error("signing out is not what is proposed")
		}
		action, form := b.Form(passwordForm)
		form.Del("end_others")
		form.Set("current_password", webtest.Password)
		form.Set("new_password", newPassword)
		told(t, b.Post(action, form), "Your password is changed. Other devices stay signed in.")
		if !isSignedIn(other) || !isSignedIn(b) {
			t.Error("a device is signed out")
		}
	})
	t.Run("what is wrong is told at the field and changes nothing", func(t *testing.T) {
		u, b := somebody(t, e)
		for name, c := range map[string]struct{ current, chosen, field, fault string }{
			"wrong current": {"not it at all", newPassword, "current_password", "That isn't your password. Check it and try again."},
			"no current":    {"", newPassword, "current_password", "Fill this in."},
			"no new":        {webtest.Password, "", "new_password", "Fill this in."},
			"too short":     {webtest.Password, "short", "new_password", "Use at least 12 characters."},
			"the username":  {webtest.Password, u.Username + "123456", "new_password", "The password can't be the username or the email address."},
			"common":        {webtest.Password, "password1234", "new_password", "This is among the passwords that attackers try first. Choose another."},
			"the same":      {webtest.Password, webtest.Password, "new_password", "Choose one that differs from your current password."},
		} {
			t.Run(name, func(t *testing.T) {
				failed(t, change(b, c.current, c.chosen), "/account/password", c.field, c.fault)
			})
		}
		if !(&person{t, e, u}).canSignIn(webtest.Password) {
			t.Error("the password was changed")
		}
	})
	t.Run("both fields are told at once", func(t *testing.T) {
		_, b := somebody(t, e)
		failed(t, change(b, "", "short"), "/account/password", "current_password", "Fill this in.", "new_password", "Use at least 12 characters.")
	})
	t.Run("guessing the current one is throttled, and the session goes on", func(t *testing.T) {
		u, b := somebody(t, e)
		var p *webtest.Page
		for range 25 { // a known browser has tries of its own, then those of a stranger
			if p = change(b, "not it at all", newPassword); p.Doc.Find("#f-current_password-fault").Text() != "That isn't your password. Check it and try again." {
				break
			}
		}
		failed(t, p, "/account/password", "current_password", "It was wrong too often. Wait 15 minutes, then try again.")
		failed(t, change(b, webtest.Password, newPassword), "/account/password", "current_password", "It was wrong too often. Wait 15 minutes, then try again.")
		if !isSignedIn(b) {
			t.Error("the session ended")
		}
		// What is wrong with the new one costs no try, and is told all the same.
		failed(t, change(b, webtest.Password, "short"), "/account/password", "new_password", "Use at least 12 characters.")
		eventually(t, "the refusals are recorded", func() bool { return len(events(t, e, u.ID, idp.ActionSignIn)) > 10 })
	})
	t.Run("sent twice at once, the second is told of no wrong password", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/password")
		action, form := b.Form(passwordForm)
		form.Set("current_password", webtest.Password)
		form.Set("new_password", newPassword)
		twice(t, e, b, func(b *webtest.Browser) { at(t, b.Post(action, form), "/account", http.StatusOK) })
		if got := events(t, e, u.ID, idp.ActionUserPassword); len(got) != 1 {
			t.Errorf("%d changes", len(got))
		}
	})
	t.Run("for password managers", func(t *testing.T) {
		u, b := somebody(t, e)
		p := b.Get("/account/password")
		for selector, want := range map[string]string{
			"[name=current_password]": "current-password", "[name=new_password]": "new-password", "[name=username]": "username",
		} {
			if got := p.Doc.Find("main form "+selector).AttrOr("autocomplete", ""); got != want {
				t.Errorf("%s: %q", selector, got)
			}
		}
		if got := p.Doc.Find("main [name=username]").AttrOr("value", ""); got != u.Username {
			t.Errorf("the username is %q", got)
		}
	})
	if t.Failed() {
		return
	}
	if log := e.Log.String(); contains(log, newPassword) || contains(log, webtest.Password) {
		t.Error("a password is in the log")
	}
}
