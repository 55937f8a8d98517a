package pages_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/pages"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"

func TestHeaders(t *testing.T) {
	r := newRenderer(t)
	for _, s := range states() {
		_, h := show(t, r, s.context(pages.Context{}), s.page)
		off := s.name == "login-off-origin" || s.name == "form-post"
		want := policy
		if off {
			want = strings.Replace(policy, "form-action 'self'; ", "", 1)
		}
		if got := h.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: policy %q", s.name, got)
		}
		for name, value := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Content-Language": "en",
		} {
			if h.Get(name) != value {
				t.Errorf("%s: %s is %q", s.name, name, h.Get(name))
			}
		}
		if (h.Get("Refresh") != "") != (s.name == "continue") {
			t.Errorf("%s: Refresh %q", s.name, h.Get("Refresh"))
		}
	}
}

func TestRefreshGoesToTheWebOnly(t *testing.T) {
	r := newRenderer(t)
	for address, ok := range map[string]bool{
		"https://app.example/cb?code=1&state=a;b": true, "http://127.0.0.1:5000/cb": true,
		"javascript:alert(1)": false, "//evil.example": false, "https://app.example/\r\nX: y": false, "com.example:/cb": false, "https://a.example/\"": false,
	} {
		w := httptest.NewRecorder()
		err := r.Write(w, 200, pages.Context{}, pages.ContinuePage{App: *grafana(), Location: address})
		if ok != (err == nil) {
			t.Errorf("%q: %v", address, err)
		}
		if ok && w.Header().Get("Refresh") != "0;url="+address {
			t.Errorf("Refresh %q", w.Header().Get("Refresh"))
		}
		if !ok && (len(w.Header()) != 0 || w.Body.Len() != 0) {
			t.Errorf("%q: something was sent", address)
		}
	}
}

func TestGzip(t *testing.T) {
	r := newRenderer(t)
	page := login(func(*pages.LoginPage) {})
	plain := httptest.NewRecorder()
	if err := r.Write(plain, 200, pages.Context{}, page); err != nil {
		t.Fatal(err)
	}
	sizes := map[int]bool{}
	for range 40 {
		w := httptest.NewRecorder()
		if err := r.Write(w, 200, pages.Context{AcceptEncoding: "gzip"}, page); err != nil {
			t.Fatal(err)
		}
		if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Fatalf("headers %v", w.Header())
		}
		sizes[w.Body.Len()] = true
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil || !bytes.Equal(got, plain.Body.Bytes()) {
			t.Fatalf("another page, %v", err)
		}
	}
	if len(sizes) < 2 {
		t.Error("the length is always the same")
	}
	if plain.Header().Get("Content-Encoding") != "" {
		t.Error("compressed without being asked")
	}
}

// broken is a connection that is gone.
type broken struct{ httptest.ResponseRecorder }

func (*broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrors(t *testing.T) {
	r := newRenderer(t)
	w := httptest.NewRecorder()
	if err := r.Write(w, 200, pages.Context{}, nil); err == nil || len(w.Header()) != 0 {
		t.Errorf("no page: %v, %v", err, w.Header())
	}
	if err := r.Write(&broken{}, 200, pages.Context{}, pages.SignedOutPage{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a broken connection: %v", err)
	}
}

func TestLoginWeighsLittle(t *testing.T) {
	r := newRenderer(t)
	total := 0
	w := httptest.NewRecorder()
	if err := r.Write(w, 200, pages.Context{AcceptEncoding: "gzip", Path: "/login", RawQuery: "flow=" + strings.Repeat("x", 32)}, login(func(*pages.LoginPage) {})); err != nil {
		t.Fatal(err)
	}
	total += w.Body.Len()
	doc, _ := show(t, r, pages.Context{}, login(func(*pages.LoginPage) {}))
	requests := 1
	for _, address := range []string{
		doc.Find("link[rel=stylesheet]").AttrOr("href", ""), doc.Find("script").AttrOr("src", ""), doc.Find("link[rel=icon]").AttrOr("href", ""),
	} {
		req := httptest.NewRequest(http.MethodGet, address, http.NoBody)
		req.Header.Set("Accept-Encoding", "gzip")
		file := httptest.NewRecorder()
		r.Static().ServeHTTP(file, req)
		if file.Code != 200 || file.Body.Len() == 0 {
			t.Errorf("%s: %d", address, file.Code)
		}
		total += file.Body.Len()
		requests++
	}
	t.Logf("%d bytes in %d requests", total, requests)
	if total > 9_000 || requests > 6 { // headers come on top, to 10 KB
		t.Errorf("%d bytes in %d requests", total, requests)
	}
}

func BenchmarkLogin(b *testing.B) {
	r := newRenderer(b)
	for _, encoding := range []string{"", "gzip"} {
		b.Run("encoding="+encoding, func(b *testing.B) {
			c := pages.Context{Lang: "de", Path: "/login", RawQuery: "flow=1", AcceptEncoding: encoding}
			page := login(func(p *pages.LoginPage) { p.Notice = pages.Throttled(1) })
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Write(httptest.NewRecorder(), 200, c, page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := pages.New(pages.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A list of a hundred in the console: the page, styles, scripts and icon.
func TestConsoleWeighsLittle(t *testing.T) {
	r := newRenderer(t)
	c := pages.Context{AcceptEncoding: "gzip", Path: "/admin/users", Shell: shell("/admin/users")}
	w := httptest.NewRecorder()
	if err := r.Write(w, 200, c, showcaseList("n=100", 100, 248)); err != nil {
		t.Fatal(err)
	}
	total := w.Body.Len()
	c.AcceptEncoding = ""
	doc, _ := show(t, r, c, showcaseList("n=100", 100, 248))
	files := doc.Find("link[href], script[src], img[src]")
	files.Each(func(_ int, s *goquery.Selection) {
		req := httptest.NewRequest(http.MethodGet, s.AttrOr("href", s.AttrOr("src", "")), http.NoBody)
		req.Header.Set("Accept-Encoding", "gzip")
		file := httptest.NewRecorder()
		r.Static().ServeHTTP(file, req)
		if file.Code != 200 {
			t.Errorf("%s: %d", req.URL, file.Code)
		}
		total += file.Body.Len()
	})
	t.Logf("%d bytes in %d requests", total, files.Length()+1)
	if total > 60_000 || files.Length() > 7 {
		t.Errorf("%d bytes in %d requests", total, files.Length()+1)
	}
}

func BenchmarkList(b *testing.B) {
	r := newRenderer(b)
	c := pages.Context{Lang: "de", Path: "/admin/users", AcceptEncoding: "gzip", Shell: shell("/admin/users")}
	page := showcaseList("n=100", 100, 248)
	for b.Loop() {
		if err := r.Write(httptest.NewRecorder(), 200, c, page); err != nil {
			b.Fatal(err)
		}
	}
}
