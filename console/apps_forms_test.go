package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

// appForm is a form of the pages about applications: the page, the form's
// action, and values under which it would do something.
type appForm struct {
	name, page, action string
	values             url.Values
	secret             bool // what is typed is never kept
}

func appForms(kid, grant string) []appForm {
	return []appForm{
		{"add", "/admin/clients/new?kind=web", "/admin/clients", url.Values{"client_name": {"Typed"}, "redirect_uris": {"https://typed.example/"}}, false},
		{"settings", clientAt("wiki"), clientAt("wiki"), url.Values{"client_name": {"Typed"}, "redirect_uris": {"https://typed.example/"}}, false},
		{"disable", clientAt("wiki"), clientAt("wiki", "disable"), nil, false},
		{"enable", clientAt("off"), clientAt("off", "enable"), nil, false},
		{"duplicate", clientAt("wiki"), clientAt("wiki", "duplicate"), nil, false},
		{"remove logo", clientAt("wiki"), clientAt("wiki", "logo", "remove"), nil, false},
		{"rotate", clientAt("wiki", "rotate"), clientAt("wiki", "rotate"), nil, false},
		{"drop", clientAt("wiki", "drop-old-secret"), clientAt("wiki", "drop-old-secret"), nil, false},
		{"revoke all", clientAt("wiki", "revoke-tokens"), clientAt("wiki", "revoke-tokens"), nil, false},
		{"delete", clientAt("wiki", "delete"), clientAt("wiki", "delete"), url.Values{"match": {"wiki"}, "reason": {"Typed"}}, false},
		{"revoke", "/admin/tokens/revoke?id=" + grant, "/admin/tokens/revoke", nil, false},
		{"inspect", "/admin/tokens/inspect", "/admin/tokens/inspect", url.Values{"token": {"typed"}}, true},
		{"rotate keys", "/admin/keys/rotate", "/admin/keys/rotate", nil, false},
		{"revoke key", "/admin/keys/" + kid + "/revoke", "/admin/keys/" + kid + "/revoke", url.Values{"match": {kid}}, false},
	}
}

// appHouse has something for every form of appForms, and tells whether any of it changed.
func appHouse(t *testing.T) (h *house, forms []appForm, unchanged func(t *testing.T)) {
	t.Helper()
	h = newHouse(t)
	h.client("wiki", idp.ClientWeb)
	h.client("off", idp.ClientMachine)
	ctx := t.Context()
	_, err := h.Admin.Clients.RotateSecret(ctx, "wiki", "")
	must(t, err)
	_, err = h.Admin.Clients.Update(ctx, "wiki", func(c *idp.Client) error { c.Logo = strings.Repeat("0", 64); return nil })
	must(t, err)
	must(t, h.Admin.Clients.SetDisabled(ctx, "off", true))
	grant := h.grant(h.FindUser(webtest.User).ID, "wiki")
	was := map[string]*idp.Client{"wiki": h.stored("wiki"), "off": h.stored("off")}
	keys := h.published() // the next one may join them in the background
	clients := h.count()
	return h, appForms(h.published()[0], grant), func(t *testing.T) {
		t.Helper()
		for id, c := range was {
			if now := h.stored(id); now == nil || !equalClients(now, c) || now.Disabled != c.Disabled || now.Logo != c.Logo {
				t.Errorf("%s was changed: %+v", id, now)
			}
		}
		now := h.published()
		gone := slices.DeleteFunc(slices.Clone(keys), func(kid string) bool { return slices.Contains(now, kid) })
		if !h.lives(grant) || len(gone) > 0 || h.count() != clients {
			t.Error("tokens, keys or clients were changed")
		}
	}
}

func (h *house) count() int {
	h.t.Helper()
	all, err := h.Stores.Clients.ListClients(h.t.Context(), "", 100)
	must(h.t, err)
	return len(all)
}

// keepsTyped fails unless the page shows what was typed.
func (f appForm) keepsTyped(t *testing.T, p *webtest.Page) {
	t.Helper()
	for name, v := range f.values {
		in := p.Doc.Find("main [name='" + name + "']").First()
		got := in.AttrOr("value", in.Text())
		if want := v[0]; f.secret && strings.TrimSpace(got) != "" || !f.secret && got != want {
			t.Errorf("%s is %q, was %q", name, got, want)
		}
	}
}

// TestFormsOfApps: without the token of this browser and session nothing is
// done, what was typed is kept, and the page says so.
func TestFormsOfApps(t *testing.T) {
	h, forms, unchanged := appHouse(t)
	other := h.As(t, webtest.Admin)
	other.Get("/admin/keys/rotate")
	_, theirs := other.Form(form("/admin/keys/rotate"))
	b := h.As(t, webtest.Admin)
	for _, f := range forms {
		for name, token := range map[string][]string{"missing": nil, "foreign": {theirs.Get("csrf")}, "rubbish": {"AAAA"}} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				b.Get(f.page)
				values := url.Values{"csrf": token}
				for k, v := range f.values {
					values[k] = v
				}
				p := b.Submit(form(f.action), values)
				if p.Status != http.StatusOK || !p.Has("This page was open for a long time") {
					t.Errorf("%d %s: %s", p.Status, p.URL, p.Text())
				}
				f.keepsTyped(t, p)
				unchanged(t)
			})
		}
	}
	t.Run("another site", func(t *testing.T) {
		for _, f := range forms {
			b.Get(f.page)
			action, values := b.Form(form(f.action))
			for k, v := range f.values {
				values[k] = v
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+action, strings.NewReader(values.Encode()))
			must(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if p := b.Do(r); p.Status != http.StatusForbidden {
				t.Errorf("%s: %d", f.name, p.Status)
			}
		}
		unchanged(t)
	})
}

// TestAppSessionEndsBetween: a form that is sent after the session ended does
// nothing, and waits with what was typed behind the sign-in.
func TestAppSessionEndsBetween(t *testing.T) {
	h, forms, unchanged := appHouse(t)
	b := h.As(t, webtest.Admin)
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			b.Get(f.page)
			h.signOut(webtest.Admin)
			p := b.Submit(form(f.action), f.values)
			if at(p) != "/login" {
				t.Fatalf("leads to %s: %s", p.URL, p.Text())
			}
			p = b.Submit("form[action^='/login']", url.Values{"username": {webtest.Admin}, "password": {webtest.Password}})
			says(t, p, "You are signed in again")
			if page, _, _ := strings.Cut(f.page, "?"); at(p) != page {
				t.Errorf("leads to %s", p.URL)
			}
			f.keepsTyped(t, p)
			unchanged(t)
		})
	}
}

// TestReaderSeesAndChangesNothing: whoever may only see is shown every page
// without a way to change anything, and is refused when they try.
func TestReaderSeesAndChangesNothing(t *testing.T) {
	h, forms, unchanged := appHouse(t)
	b, admin := h.As(t, webtest.Reader), h.As(t, webtest.Admin)
	for _, path := range []string{
		"/admin/clients", clientAt("wiki"), clientAt("off"), clientAt("wiki", "secrets"), clientAt("wiki", "snippets"), clientAt("wiki", "tokens"),
		clientAt("wiki", "test"), "/admin/tokens", "/admin/keys", "/admin/clients?kind=web",
	} {
		p := b.Get(path)
		if p.Status != http.StatusOK {
			t.Errorf("%s: %d", path, p.Status)
		}
		if got := controls(p); len(got) > 0 {
			t.Errorf("%s offers %v", path, got)
		}
		for _, a := range p.Doc.Find("main a").EachIter() {
			for _, end := range []string{"/rotate", "/drop-old-secret", "/revoke-tokens", "/delete", "/new", "/revoke"} {
				if href := a.AttrOr("href", ""); strings.HasSuffix(href, end) {
					t.Errorf("%s leads to %s", path, href)
				}
			}
		}
	}
	says(t, b.Get(clientAt("wiki")), "https://wiki.example/cb", "openid")
	b.Get("/admin/tokens/inspect")
	_, own := b.Form(form("/admin/tokens/inspect"))
	for _, f := range forms {
		if f.name == "inspect" {
			continue // it changes nothing
		}
		admin.Get(f.page)
		action, values := admin.Form(form(f.action))
		values.Set("csrf", own.Get("csrf"))
		for k, v := range f.values {
			values[k] = v
		}
		if p := b.Post(action, values); p.Status != http.StatusForbidden {
			t.Errorf("%s: %d", f.name, p.Status)
		}
	}
	unchanged(t)
	// A secret that an administrator is about to see is not for others.
	admin.Get(clientAt("wiki", "rotate"))
	p := admin.Submit(form(clientAt("wiki", "rotate")), nil)
	if secret := p.Doc.Find("[data-select]").Text(); secret == "" || strings.Contains(b.Get(p.URL.RequestURI()).Body, secret) {
		t.Error("a reader sees the secret")
	}
}
