package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"gatehouse/idp"
)

const appScheme = "com.example.app"

// handOver: from the consent page a person reaches the application, whatever
// its callback is, and the page's policy is as strict as that allows.
func handOver(t *testing.T, s chromium) {
	p := newParty(t)
	web := s.newPartyApp(t, p)
	native := s.newPublicApp(t, "http://127.0.0.1/cb")
	user := s.newUser(t)
	b := s.newTab(t, p.origin, p.abroad)
	b.open("/login", "/login")
	b.signIn(user.Username, password, "/account")
	for _, c := range []struct {
		name     string
		app      app
		redirect string
		lands    string
		pairs    []string
		method   string
	}{
		{"same site, another origin", web, p.origin + "/cb", "/cb", nil, "GET"},
		{"another site", web, p.abroad + "/cb", "/cb", nil, "GET"},
		{"loopback, port chosen at run time", native, p.origin + "/cb", "/cb", nil, "GET"},
		{"callback that goes on to another site", web, p.origin + "/onward", "/in", nil, "GET"},
		{"form_post", web, p.origin + "/cb", "/cb", []string{"response_mode", "form_post"}, "POST"},
		{"form_post to another site", web, p.abroad + "/cb", "/cb", []string{"response_mode", "form_post"}, "POST"},
		{"form_post that goes on to another site", web, p.origin + "/onward", "/in", []string{"response_mode", "form_post"}, "POST"},
	} {
		for _, scripts := range []bool{true, false} {
			ok := t.Run(fmt.Sprintf("%s, scripts %v", c.name, scripts), func(t *testing.T) {
				w := walk{tab: b, hands: mouse{}, app: c.app, user: user, party: p}
				w.t = t
				b.setScripts(scripts)
				b.authorize(c.app, "/consent", append([]string{"prompt", "consent", "redirect_uri", c.redirect}, c.pairs...)...)
				b.wantFormAction("/consent", true)
				if c.method == "POST" && !scripts {
					b.click(allowButton, "/continue")
					b.click(submitButton, c.lands)
				} else {
					b.click(allowButton, c.lands)
				}
				b.wantFormAction("/continue", c.method == "GET")
				b.wantHeading("landed")
				if got := w.landed(c.app, c.redirect); got.method != c.method {
					t.Errorf("the answer came by %s", got.method)
				}
			})
			if !ok {
				b.t = t
				t.Fatal("the others would wait as long")
			}
		}
	}
	b.t = t
	t.Run("same origin", func(t *testing.T) {
		// The demo is on our own origin; its way is walked elsewhere.
		own := s.newApp(t, func(c *idp.Client) { c.RedirectURIs = []string{s.issuer + "/demo"} })
		b.t = t
		b.setScripts(true)
		b.authorize(own, "/consent")
		b.click(allowButton, "/demo")
		b.clean("same origin")
	})
	t.Run("an app on the device", func(t *testing.T) { handOverToDevice(t, s) })
}

// wantFormAction checks the policy of the page that was last shown at the path.
func (b *tab) wantFormAction(path string, want bool) {
	b.t.Helper()
	shown, ok := b.traffic.page(path)
	if !ok {
		b.t.Fatalf("%s was not shown; %s", path, b.where())
	}
	policy := shown.header["content-security-policy"]
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "form-action 'self'") != want || !want && strings.Contains(policy, "form-action") {
		b.t.Errorf("%s has the policy %q, want form-action: %v", path, policy, want)
	}
}

// handOverToDevice: a private-use scheme gets the redirect itself, and the
// pages whose forms lead to it left form-action off.
func handOverToDevice(t *testing.T, s chromium) {
	const redirect = appScheme + ":/cb"
	native := s.newPublicApp(t, redirect)
	user := s.newUser(t)
	b := s.newTab(t, appScheme+":")
	handed := func() (answer, bool) {
		return b.traffic.find(func(a answer) bool { return strings.HasPrefix(a.header["location"], redirect+"?") })
	}
	b.authorize(native, "/login")
	b.wantFormAction("/login", false)
	b.signIn(user.Username, password, "/consent")
	b.wantFormAction("/consent", false)
	b.point(allowButton)
	eventually(t, "the redirect", func() bool { _, ok := handed(); return ok })
	got, _ := handed()
	to, err := url.Parse(got.header["location"])
	if err != nil || got.status != 303 || !strings.HasPrefix(got.url, s.issuer+"/continue?") {
		t.Fatalf("%v to %q", got, got.header["location"])
	}
	form := exchange(native, to.Query().Get("code"))
	form.Set("redirect_uri", redirect)
	s.token(t, native, form).want(t, 200, "")
	for _, f := range b.traffic.takeFaults() {
		if strings.Contains(f, "form-action") || strings.Contains(f, "Content Security Policy") {
			t.Error(f)
		}
	}
}
