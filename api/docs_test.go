package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/api"
	"gatehouse/webtest"
)

func TestDescriptionIsServed(t *testing.T) {
	e := webtest.New(t)
	b := e.Browser(t)
	p := b.Get("/openapi.json")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	must(t, json.Unmarshal([]byte(p.Body), &doc))
	if p.Status != http.StatusOK || p.Header.Get("Content-Type") != "application/json" || doc.OpenAPI != "3.1.0" || len(doc.Paths) < 30 || p.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v %.200s", p.Status, p.Header, p.Body)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.URL+"/openapi.json", nil)
	must(t, err)
	r.Header.Set("If-None-Match", p.Header.Get("ETag"))
	if again := b.Do(r); again.Status != http.StatusNotModified || again.Body != "" {
		t.Errorf("%d %.100s", again.Status, again.Body)
	}

	p = b.Get("/docs")
	if p.Status != http.StatusOK || !strings.Contains(p.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d %v", p.Status, p.Header)
	}
	for _, call := range api.Calls() {
		d := p.Doc.Find("[id='" + call.ID + "']").Closest("details") // a link into it opens it
		if d.Length() != 1 || !strings.Contains(d.Find("summary").Text(), call.Method) || !strings.Contains(d.Find("summary").Text(), "/api/v1"+call.Path) {
			t.Errorf("%s is not on the page", call.ID)
		}
		if example := d.Find("pre").First().Text(); !strings.HasPrefix(example, "curl ") || !strings.Contains(example, e.URL+"/api/v1"+call.Path) {
			t.Errorf("%s: %s", call.ID, example)
		} else if named := strings.Contains(example, "-X "+call.Method); !named && call.Method != http.MethodGet && (call.Method != http.MethodPost || !strings.Contains(example, " -d ")) {
			t.Errorf("%s is another method: %s", call.ID, example) // curl sends GET, and POST with a body
		}
	}
	p.Doc.Find("#updateUser").Closest("details").Find("dt:has(.badge)").Each(func(_ int, m *goquery.Selection) {
		if m.Find(".mono").Text() == "password" {
			t.Error("a change of a person seems to need a password")
		}
	})
	if n := p.Doc.Find("script:not([src]), style, [style], img[src^='http'], link[href^='http']").Length(); n > 0 {
		t.Errorf("%d inline or foreign parts", n)
	}
	p.Doc.Find("a[href^='#']").Each(func(_ int, a *goquery.Selection) {
		if to := a.AttrOr("href", ""); p.Doc.Find("[id='"+to[1:]+"']").Length() != 1 {
			t.Errorf("%s leads nowhere", to)
		}
	})
}
