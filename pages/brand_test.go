package pages_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/pages"
)

func TestBrand(t *testing.T) {
	now := idp.DefaultSettings()
	r, err := pages.New(pages.Options{Settings: func() idp.Settings { return now }})
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := show(t, r, pages.Context{}, pages.SignedOutPage{})
	if plain.Find("link[rel=stylesheet]").Length() != 1 || plain.Find("svg.mark").Length() != 1 {
		t.Error("ours is not plain")
	}
	now.ProductName, now.Accent, now.Logo = "Acme ID", "#0a7d5a", "abc123"
	doc, _ := show(t, r, pages.Context{}, pages.SignedOutPage{})
	if got := doc.Find("head title").Text(); !strings.HasSuffix(got, "Acme ID") {
		t.Errorf("title %q", got)
	}
	if got := doc.Find("img.mark").AttrOr("src", ""); got != "/images/abc123" {
		t.Errorf("logo %q", got)
	}
	sheets := doc.Find("link[rel=stylesheet]")
	address := sheets.Last().AttrOr("href", "")
	if sheets.Length() != 2 || !strings.HasPrefix(address, "/static/brand.css?v=") {
		t.Fatalf("%d stylesheets, %q", sheets.Length(), address)
	}
	for target, cache := range map[string]string{address: "public, max-age=31536000, immutable", "/static/brand.css?v=old": "no-cache"} {
		w := httptest.NewRecorder()
		r.Static().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), "--accent:light-dark(#0a7d5a,") || w.Header().Get("Cache-Control") != cache {
			t.Errorf("%s: %d %q %s", target, w.Code, w.Header().Get("Cache-Control"), w.Body)
		}
	}
	now.Accent = "#ffcc00" // cannot be read: ours stays
	if doc, _ := show(t, r, pages.Context{}, pages.SignedOutPage{}); doc.Find("link[rel=stylesheet]").Length() != 1 {
		t.Error("an accent that cannot be read is used")
	}
}
