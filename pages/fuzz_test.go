package pages_test

import (
	"net/url"
	"testing"

	"gatehouse/idp"
	"gatehouse/pages"
)

// FuzzPagesEscape shows that no value of a stranger becomes markup.
func FuzzPagesEscape(f *testing.F) {
	for _, s := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='x`, "{{.P}}", "\x00\xff", "</title>", "\u202e", "javascript:x", "{{"} {
		f.Add(s)
	}
	r := newRenderer(f)
	f.Fuzz(func(t *testing.T, v string) {
		app := &pages.App{Name: v, Host: v, URI: v, PolicyURI: v, TosURI: v}
		for _, p := range []pages.Page{
			pages.LoginPage{Flow: v, CSRF: v, App: app, Login: v, Notice: pages.Notice(v), SubmitTo: v},
			pages.LoginPage{Reauth: true, KnownAs: v, SwitchTo: v},
			pages.ConsentPage{App: *app, SignedInAs: v, SwitchTo: v, Scopes: []pages.ScopeLine{{Name: v, Shared: v}}},
			pages.FormPostPage{App: *app, Action: v, Fields: []pages.Field{{Name: v, Value: v}}},
			pages.ErrorPage{Kind: pages.ErrorKind(v), App: app, BackTo: v, Code: v, Description: v},
			pages.RegisterPage{Form: pages.Form{ID: v, Action: v, Values: url.Values{"name": {v}, "username": {v}}, Faults: []idp.Fault{{Field: "name", Message: v}}}, CSRF: v, Back: v, LoginTo: v},
		} {
			doc, _ := show(t, r, pages.Context{Lang: v, Theme: v, RequestID: v, Path: "/" + v, RawQuery: v}, p)
			if n := doc.Find("script").Length(); n != 1 {
				t.Errorf("%T: %d scripts", p, n)
			}
			checkHandlers(t, "fuzz", doc)
			if doc.Find("h1").Length() != 1 || doc.Find("img, iframe, object, embed, base, [style]").Length() != 0 {
				t.Errorf("%T: markup got in", p)
			}
		}
	})
}
