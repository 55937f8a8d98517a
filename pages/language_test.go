package pages_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"gatehouse/pages"
)

func TestLanguage(t *testing.T) {
	r, err := pages.New(pages.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, query, cookie, uiLocales, accept string
		want                                   string
	}{
		{"nothing", "", "", "", "", "en"},
		{"the footer first", "lang=de", "ar", "ar", "ar", "de"},
		{"then the cookie", "", "ar", "de", "de", "ar"},
		{"then ui_locales", "", "", "fr-CA de-CH", "ar", "de"},
		{"then the header", "", "", "", "fr;q=0.9, ar-EG;q=0.8", "ar"},
		{"regions", "", "", "", "de-AT", "de"},
		{"nothing that we have", "", "", "xx tlh", "ja", "en"},
		{"nonsense", "lang=../x", "<x>", "\x00 ----", ";;;q=9", "en"},
		{"pseudo is not offered", "lang=en-XA", "en-XA", "", "", "en"},
		{"long", "", "", strings.Repeat("x ", 5000), strings.Repeat("de,", 5000), "de"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, "/login?"+c.query, http.NoBody)
			req.Header.Set("Accept-Language", c.accept)
			if c.cookie != "" {
				req.Header.Set("Cookie", pages.LanguageCookie+"="+c.cookie)
			}
			if got := r.Language(req, c.uiLocales); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestContext(t *testing.T) {
	r := newRenderer(t)
	req := httptest.NewRequest(http.MethodGet, "/login?flow=1&lang=de", http.NoBody)
	req.Header.Set("Accept-Encoding", "gzip")
	want := pages.Context{Lang: "de", Path: "/login", RawQuery: "flow=1&lang=de", AcceptEncoding: "gzip"}
	if c := r.Context(req, ""); c != want {
		t.Errorf("%+v", c)
	}
	if got := r.ChosenLanguage(req); got != "de" {
		t.Errorf("chosen %q", got)
	}
	if c := r.Context(httptest.NewRequest(http.MethodPost, "/login", http.NoBody), ""); c.Path != "" {
		t.Errorf("a POST can be asked for again: %+v", c)
	}
}

func FuzzLanguage(f *testing.F) {
	for _, s := range []string{"de", "en-XA", "ar;q=0.1", "i-klingon", "x-private", "a-b-c-d-e", "\x00", "de-DE-u-co-phonebk", strings.Repeat("a-", 400)} {
		f.Add(s, s)
	}
	r := newRenderer(f)
	f.Fuzz(func(t *testing.T, accept, uiLocales string) {
		req := &http.Request{Method: http.MethodGet, URL: httptest.NewRequest(http.MethodGet, "/", http.NoBody).URL, Header: http.Header{"Accept-Language": {accept}}}
		if got := r.Language(req, uiLocales); !slices.Contains(r.Languages(), got) {
			t.Errorf("%q", got)
		}
	})
}
