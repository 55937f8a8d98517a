package selfservice_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const registerForm = "form[action^='/register']"

func TestRegistrationClosed(t *testing.T) {
	e := webtest.New(t)
	b := e.Browser(t)
	p := b.Get("/register")
	at(t, p, "/register", http.StatusForbidden, "New accounts are made by an administrator")
	if p.Doc.Find("main form").Length() != 0 {
		t.Error("there is a form")
	}
	at(t, b.Post("/register", values("username", "eve", "new_password", newPassword)), "/register", http.StatusForbidden)
	if b.Get("/login").Doc.Find("a[href*=register]").Length() != 0 {
		t.Error("the sign-in page leads to it")
	}
}

func TestRegistration(t *testing.T) {
	e := webtest.New(t, "GATEHOUSE_SIGNUP=open")
	register := func(b *webtest.Browser, path, username, email, password string) *webtest.Page {
		b.Get(path)
		return b.Submit(registerForm, values("name", "New Person", "username", username, "email", email, "new_password", password))
	}
	t.Run("found from the sign-in page, signed in, on the way to next", func(t *testing.T) {
		b := e.Browser(t)
		p := b.Get("/login?next=/account/apps")
		at(t, b.Get(p.Doc.Find("main a[href*=register]").AttrOr("href", "")), "/register", http.StatusOK, "Already have an account?", "At least 12 characters")
		if got := b.Last.Doc.Find("main a[href^='/login']").AttrOr("href", ""); got != "/login?next=%2Faccount%2Fapps" {
			t.Errorf("sign in leads to %q", got)
		}
		p = b.Submit(registerForm, values("name", "Ada", "username", " Ada1 ", "email", "Ada1@Example.com", "new_password", newPassword))
		at(t, p, "/account/apps", http.StatusOK)
		u := e.FindUser("ada1")
		if u.Email != "ada1@example.com" || u.EmailVerified || u.Name != "Ada" || len(u.Roles) != 1 || u.Roles[0] != idp.RoleUser || u.LastLoginAt == nil {
			t.Errorf("%+v", u)
		}
		if got := events(t, e, u.ID, idp.ActionUserCreate); len(got) != 1 || got[0].ActorKind != idp.ActorNobody || got[0].IP == "" {
			t.Errorf("recorded: %+v", got)
		}
		if row := b.Get("/account/activity?type=user.").Doc.Find("tbody tr"); row.Length() != 1 || !contains(row.Text(), "You") {
			t.Errorf("activity: %s", row.Text())
		}
		if !(&person{t, e, u}).canSignIn(newPassword) {
			t.Error("the password does not work")
		}
	})
	t.Run("without a next, to the account", func(t *testing.T) {
		p := register(e.Browser(t), "/register", "ada2", "", newPassword)
		at(t, p, "/account", http.StatusOK, "Your account has no email address")
		told(t, p, "Your account is ready.")
	})
	t.Run("never to another site", func(t *testing.T) {
		for i, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`} {
			p := register(e.Browser(t), "/register?next="+url.QueryEscape(next), fmt.Sprint("next", i), "", newPassword)
			at(t, p, "/account", http.StatusOK)
			b := e.Browser(t)
			b.Get("/register")
			_, form := b.Form(registerForm)
			form.Set("username", fmt.Sprint("posted", i))
			form.Set("new_password", newPassword)
			at(t, b.Post("/register?next="+url.QueryEscape(next), form), "/account", http.StatusOK)
		}
	})
	t.Run("on the way to an application", func(t *testing.T) {
		u, _ := somebody(t, e)
		giveAccess(t, e, u, "wiki")
		b := e.Browser(t)
		p := b.Get("/oauth2/authorize?" + values("client_id", "wiki", "redirect_uri", "https://app.example/cb", "response_type", "code", "scope", "openid email",
			"code_challenge", strings.Repeat("A", 43), "code_challenge_method", "S256").Encode())
		at(t, p, "/login", http.StatusOK)
		p = register(b, p.Doc.Find("main a[href*=register]").AttrOr("href", ""), "ada3", "", newPassword)
		at(t, p, "/consent", http.StatusOK, "Allow App wiki to use your account?", "New Person")
	})
	t.Run("a taken username is told, a taken address is not", func(t *testing.T) {
		owner, _ := somebody(t, e)
		p := register(e.Browser(t), "/register", owner.Username, "new@example.com", newPassword)
		failed(t, p, "/register", "username", "This is taken. Choose another.")
		var answers [2]string
		for i, email := range []string{"nobody-has-this@example.com", owner.Email} {
			b := e.Browser(t)
			b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			p := register(b, "/register", fmt.Sprint("probe", i), email, newPassword)
			answers[i] = fmt.Sprint(p.Status, p.Header.Get("Location"), p.Body, cookieNames(p))
		}
		if answers[0] != answers[1] || !strings.HasPrefix(answers[0], "303") {
			t.Errorf("%s\n%s", answers[0], answers[1])
		}
		if u := e.FindUser(owner.Email); u.ID != owner.ID {
			t.Error("the address was taken over")
		}
		if u := e.FindUser("probe1"); u.Email != "" {
			t.Errorf("%+v", u)
		}
	})
	t.Run("what is wrong is told at the field, and what was typed is kept", func(t *testing.T) {
		b := e.Browser(t)
		p := register(b, "/register?next=/account/apps", "with space", "no address", "short")
		failed(t, p, "/register",
			"username", "Leave out spaces and control characters.",
			"email", "Enter an email address such as ada@example.com.",
			"new_password", "Use at least 12 characters.")
		if _, form := b.Form(registerForm); form.Get("name") != "New Person" || form.Get("username") != "with space" {
			t.Errorf("kept: %v", form)
		}
		p = b.Submit(registerForm, values("username", "ada4", "email", "", "new_password", newPassword))
		at(t, p, "/account/apps", http.StatusOK)
		failed(t, register(e.Browser(t), "/register", "ada5@example.com", "ada5@example.com", newPassword), "/register", "username", "This can't be an email address.")
	})
	t.Run("nobody makes themselves more than they are", func(t *testing.T) {
		b := e.Browser(t)
		b.Get("/register")
		b.Submit(registerForm, values("username", "ada6", "new_password", newPassword, "roles", "Admin", "email_verified", "1", "status", "active", "zoneinfo", "UTC"))
		if u := e.FindUser("ada6"); u.HasRole(idp.RoleAdmin) || u.EmailVerified || u.Zoneinfo != "" {
			t.Errorf("%+v", u)
		}
	})
	t.Run("a stale form changes nothing and keeps what was typed", func(t *testing.T) {
		b := e.Browser(t)
		b.Get("/register")
		p := b.Submit(registerForm, values("csrf", "stale", "username", "ada7", "new_password", newPassword))
		failed(t, p, "/register")
		if _, err := e.Stores.Users.UserByLogin(t.Context(), "ada7"); err == nil {
			t.Fatal("an account was made")
		}
		p = b.Submit(registerForm, values("new_password", newPassword))
		at(t, p, "/account", http.StatusOK)
		e.FindUser("ada7")
	})
	t.Run("a form of another browser does not count", func(t *testing.T) {
		mine, other := e.Browser(t), e.Browser(t)
		mine.Get("/register")
		_, form := mine.Form(registerForm)
		other.Get("/register")
		form.Set("username", "ada8")
		form.Set("new_password", newPassword)
		other.Post("/register", form)
		if _, err := e.Stores.Users.UserByLogin(t.Context(), "ada8"); err == nil {
			t.Error("an account was made")
		}
	})
	t.Run("sent twice at once, one account, and nobody is told that the name is taken", func(t *testing.T) {
		b := e.Browser(t)
		b.Get("/register")
		action, form := b.Form(registerForm)
		form.Set("username", "ada9")
		form.Set("new_password", newPassword)
		twice(t, e, b, func(b *webtest.Browser) {
			if b.Post(action, form); b.Last.Has("taken") {
				t.Errorf("%s", b.Last.Text())
			}
		})
		if !isSignedIn(b) {
			t.Error("not signed in")
		}
	})
	t.Run("whoever is signed in has an account", func(t *testing.T) {
		_, b := somebody(t, e)
		at(t, b.Get("/register?next=/account/data"), "/account/data", http.StatusOK)
		at(t, b.Post("/register", values("username", "second", "new_password", newPassword)), "/account", http.StatusOK)
		if _, err := e.Stores.Users.UserByLogin(t.Context(), "second"); err == nil {
			t.Error("a second account was made")
		}
	})
	t.Run("for password managers", func(t *testing.T) {
		p := e.Browser(t).Get("/register")
		for name, want := range map[string]string{"name": "name", "email": "email", "username": "username", "new_password": "new-password"} {
			if got := p.Doc.Find("main [name="+name+"]").AttrOr("autocomplete", ""); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if got := p.Doc.Find("main [name=new_password]").AttrOr("passwordrules", ""); got != "minlength: 12;" {
			t.Errorf("the rules for making one up: %q", got)
		}
		if got := p.Doc.Find("main [name=username]").AttrOr("autocapitalize", ""); got != "none" {
			t.Errorf("the username is capitalised: %q", got)
		}
	})
	t.Run("one network makes only so many", func(t *testing.T) {
		b := e.Browser(t)
		var p *webtest.Page
		for i := range 25 {
			if p = register(e.Browser(t), "/register", fmt.Sprint("many", i), "", newPassword); p.Path() == "/register" {
				break
			}
		}
		failed(t, p, "/register")
		if !regexp.MustCompile(`Too many accounts were created from your network\. Wait (1 hour|\d+ minutes), then try again`).MatchString(p.Text()) {
			t.Errorf("%s", p.Text())
		}
		// What is mistyped is told all the same, and the sign-in page works.
		at(t, b.Get("/login"), "/login", http.StatusOK)
	})
	if log := e.Log.String(); contains(log, newPassword) {
		t.Error("a password is in the log")
	}
}

func cookieNames(p *webtest.Page) []string {
	var names []string
	for _, c := range p.Header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		names = append(names, name)
	}
	return names
}
