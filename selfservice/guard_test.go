package selfservice_test

import (
	"net/http"
	"net/url"
	"testing"

	"gatehouse/webtest"
)

// pagesOfOne are the account pages that anybody with an account can open.
func pagesOfOne() []string {
	return []string{
		"/account", "/account/profile", "/account/password", "/account/sessions", "/account/apps", "/account/activity", "/account/data",
		"/account/data/delete", "/account/data/export.json",
	}
}

// actsOfOne are the forms of the account pages.
func actsOfOne() []string {
	return []string{
		"/account/profile", "/account/theme", "/account/password", "/account/sessions/end", "/account/sessions/end-others",
		"/account/apps/nothing/remove", "/account/data/delete", "/account/data/keep",
	}
}

func TestGuard(t *testing.T) {
	e := webtest.New(t)
	t.Run("nobody is asked to sign in and comes back", func(t *testing.T) {
		for _, path := range pagesOfOne() {
			p := e.Browser(t).Get(path)
			at(t, p, "/login", http.StatusOK)
			if got := p.URL.Query().Get("next"); got != path {
				t.Errorf("%s: next is %q", path, got)
			}
		}
	})
	t.Run("a form of nobody changes nothing and keeps what was typed", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/profile")
		action, form := b.Form("form[action='/account/profile']")
		must(t, e.Stores.Sessions.DeleteSession(t.Context(), digestOf(t, e, b)))
		form.Set("nickname", "Countess")
		at(t, b.Post(action, form), "/login", http.StatusOK, "Your session has ended")
		if e.FindUser(u.Username).Nickname != "" {
			t.Error("it was saved")
		}
		p := b.Submit("form[action^='/login']", values("username", u.Username, "password", webtest.Password))
		at(t, p, "/account/profile", http.StatusOK, "You are signed in again")
		b.Submit("form[action='/account/profile']", nil)
		if got := e.FindUser(u.Username).Nickname; got != "Countess" {
			t.Errorf("after signing in again: %q", got)
		}
	})
	t.Run("without its token, or with that of another session, a form changes nothing", func(t *testing.T) {
		u, b := somebody(t, e)
		_, other := somebody(t, e)
		other.Get("/account")
		_, foreign := other.Form("form.act, form[action='/logout']")
		before := e.FindUser(u.Username).UpdatedAt
		for _, path := range actsOfOne() {
			for name, token := range map[string]string{"none": "", "foreign": foreign.Get("csrf")} {
				p := b.Post(path, url.Values{"csrf": {token}, "back": {"/account/profile"}, "name": {"Mallory"}, "version": {"1"}})
				if p.Path() != "/account/profile" || p.Doc.Find("main [role=alert], .toast").Length() == 0 {
					t.Errorf("%s with %s: %d %s %s", path, name, p.Status, p.URL, p.Text())
				}
			}
		}
		if u := e.FindUser(u.Username); !u.UpdatedAt.Equal(before) || u.DeleteAt != nil {
			t.Error("something was changed")
		}
		if !isSignedIn(b) {
			t.Error("a session ended")
		}
	})
	t.Run("a form of another site is refused", func(t *testing.T) {
		_, b := somebody(t, e)
		b.Get("/account/profile")
		action, form := b.Form("form[action='/account/profile']")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+action, nil)
		must(t, err)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.URL.RawQuery = form.Encode()
		if p := b.Do(r); p.Status != http.StatusForbidden {
			t.Errorf("%d", p.Status)
		}
	})
	t.Run("the address of password managers", func(t *testing.T) {
		_, b := somebody(t, e)
		at(t, b.Get("/.well-known/change-password"), "/account/password", http.StatusOK)
		at(t, e.Browser(t).Get("/.well-known/change-password"), "/login", http.StatusOK)
	})
}
