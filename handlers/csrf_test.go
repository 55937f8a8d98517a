package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
)

func disable(t *testing.T, e *env, client string) error {
	t.Helper()
	return oauth.NewClients(e.stores.Clients, time.Now).SetDisabled(t.Context(), client, true)
}

// forms opens each page with a form, signed in where it needs that.
func forms(t *testing.T, e *env) map[string]struct {
	b    *browser
	page *answer
	send []string
} {
	t.Helper()
	type entry = struct {
		b    *browser
		page *answer
		send []string
	}
	signedIn := func() *browser {
		b := e.browser()
		b.signIn("ada", adaPassword)
		return b
	}
	login, local, consent, choose, logout := e.browser(), e.browser(), signedIn(), signedIn(), signedIn()
	return map[string]entry{
		"login with a flow": {login, login.open(authorizeAt()), []string{"username", "ada", "password", adaPassword}},
		"login without":     {local, local.open("/login?next=/account"), []string{"username", "ada", "password", adaPassword}},
		"consent":           {consent, consent.open(authorizeAt()), []string{"decision", "allow"}},
		"select":            {choose, choose.open(authorizeAt("prompt", "select_account")), []string{"account", "other"}},
		"logout":            {logout, logout.open("/logout"), nil},
	}
}

func TestFormsNeedTheirToken(t *testing.T) {
	e := newEnv(t)
	stranger := e.browser()
	_, foreign := stranger.open("/login").form()
	for name, token := range map[string]string{"missing": "", "foreign": foreign.Get("csrf"), "garbage": "%%%"} {
		for form, f := range forms(t, e) {
			t.Run(form+" "+name, func(t *testing.T) {
				session := f.b.cookie("gh_session")
				a := f.b.send(f.page, append(f.send, "csrf", token)...)
				// A redirect, so that Reload does not send the form again.
				if a.status != http.StatusSeeOther {
					t.Fatalf("want a redirect to the page for stale forms, got %d %q", a.status, a.title())
				}
				if a = f.b.follow(a); !strings.Contains(a.doc.Find("main").Text(), "open for a long time") {
					t.Fatalf("want the page for stale forms, got %d %q", a.status, a.title())
				}
				if f.b.cookie("gh_session") != session || (session != "" && f.b.open("/account").status != http.StatusOK) {
					t.Fatal("the session changed")
				}
				if strings.Contains(a.body, adaPassword) {
					t.Error("the page repeats the password")
				}
			})
		}
	}
}

func TestStaleSignInFormIsFilledInAgain(t *testing.T) {
	e := newEnv(t)
	for name, start := range map[string]string{"flow": authorizeAt(), "local": "/login?next=/account"} {
		t.Run(name, func(t *testing.T) {
			b := e.browser()
			a := b.submit(b.open(start), "username", "ada", "password", adaPassword, "remember", "1", "csrf", "old")
			_, fields := a.form()
			ticked := a.doc.Find("input[name=remember][checked]").Length() == 1
			if fields.Get("username") != "ada" || fields.Get("password") != "" || fields.Get("csrf") == "old" || !ticked {
				t.Fatalf("fields %v, remember %v", fields, ticked)
			}
			if a.status != http.StatusOK || !strings.HasPrefix(a.title(), "Error") {
				t.Fatalf("%d %q", a.status, a.title())
			}
			if b.submit(a, "password", adaPassword); b.cookie("gh_session") == "" {
				t.Fatal("the form that was shown again does not work")
			}
		})
	}
}

func TestTokenOfOneFormDoesNotFitAnother(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	_, one := b.open(authorizeAt("state", "one")).form()
	_, two := b.open(authorizeAt("state", "two")).form()
	_, local := b.open("/login").form()
	if one.Get("csrf") == two.Get("csrf") || one.Get("csrf") == local.Get("csrf") {
		t.Fatal("tokens are shared between flows")
	}
	a := b.post("/login", url.Values{"flow": one["flow"], "csrf": two["csrf"], "username": {"ada"}, "password": {adaPassword}})
	if a.status != http.StatusSeeOther || b.cookie("gh_session") != "" || !strings.Contains(b.follow(a).title(), "Error") {
		t.Fatalf("%d %q", a.status, a.location)
	}
}

func TestFormsOfAnotherSite(t *testing.T) {
	e := newEnv(t)
	for form, f := range forms(t, e) {
		for name, header := range map[string][2]string{
			"Sec-Fetch-Site": {"Sec-Fetch-Site", "cross-site"},
			"same-site":      {"Sec-Fetch-Site", "same-site"},
			"Origin":         {"Origin", "https://evil.example"},
		} {
			t.Run(form+" "+name, func(t *testing.T) {
				action, fields := f.page.form()
				for i := 0; i < len(f.send); i += 2 {
					fields.Set(f.send[i], f.send[i+1])
				}
				req := f.b.request(http.MethodPost, action, fields.Encode())
				req.Header.Set(header[0], header[1])
				// A valid cookie and a valid token do not help.
				if a := f.b.do(req); a.status != http.StatusForbidden || a.location != "" || a.doc == nil {
					t.Errorf("%d %s", a.status, a.location)
				}
			})
		}
	}
	t.Run("the token endpoint takes any origin", func(t *testing.T) {
		b := e.browser()
		req := b.request(http.MethodPost, "/oauth2/token", "grant_type=client_credentials&scope=email")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Origin", "https://app.example")
		req.SetBasicAuth("web", webSecret)
		if a := b.do(req); a.status != http.StatusOK {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestNoStoreFailureIsASignOut(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	form := b.open("/logout")
	e.fault.set(idp.ErrUnavailable)
	for _, at := range []string{"/account", "/login", "/logout", authorizeAt(), authorizeAt("prompt", "none"), "/oauth2/logout"} {
		a := b.get(at)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.location != "" {
			t.Errorf("GET %s: %d %s", at, a.status, a.location)
		}
	}
	if a := b.send(form); a.status != http.StatusServiceUnavailable {
		t.Errorf("POST /logout: %d", a.status)
	}
	e.fault.clear()
	if a := b.get("/account"); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
}

func TestSignInWhileAStoreIsDown(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	form := b.open("/login")
	e.fault.set(idp.ErrUnavailable)
	a := b.send(form, "username", "ada", "password", adaPassword)
	if a.status != http.StatusServiceUnavailable || b.cookie("gh_session") != "" {
		t.Fatalf("%d", a.status)
	}
	e.fault.clear()
	if b.submit(form, "username", "ada", "password", adaPassword); b.cookie("gh_session") == "" {
		t.Fatal("the form does not work afterwards")
	}
}

func TestCodeThatCouldNotBeMadeCanBeAskedForAgain(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	approved := b.send(b.open(authorizeAt()), "decision", "allow")
	for _, verb := range []string{"CreateGrant", "Interaction", "Session", "Client"} {
		e.fault.setFor(verb, idp.ErrUnavailable)
		if a := b.get(approved.location); a.status != http.StatusServiceUnavailable {
			t.Fatalf("%s: %d", verb, a.status)
		}
	}
	e.fault.clear()
	if a := b.get(approved.location); a.handedOver().Get("code") == "" {
		t.Fatalf("%d %s", a.status, a.title())
	}
}
