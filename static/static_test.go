package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"gatehouse/static"
)

func files(t *testing.T) *static.Files {
	t.Helper()
	f, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func get(f http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	f := files(t)
	url := f.URL("app.css")
	etag := get(f, "GET", url).Header.Get("ETag")
	for _, c := range []struct {
		name, method, target string
		header               []string
		status               int
		cache, encoding      string
	}{
		{"with its version", "GET", url, nil, 200, "public, max-age=31536000, immutable", ""},
		{"compressed", "GET", url, []string{"Accept-Encoding", "br, gzip"}, 200, "public, max-age=31536000, immutable", "gzip"},
		{"gzip refused", "GET", url, []string{"Accept-Encoding", "gzip;q=0"}, 200, "public, max-age=31536000, immutable", ""},
		{"an old version", "GET", "/static/app.css?v=0", nil, 200, "no-cache", ""},
		{"without version", "GET", "/static/app.css", nil, 200, "no-cache", ""},
		{"unchanged", "GET", "/static/app.css", []string{"If-None-Match", etag}, 304, "no-cache", ""},
		{"head", "HEAD", url, nil, 200, "public, max-age=31536000, immutable", ""},
		{"absent", "GET", "/static/none.css", nil, 404, "", ""},
		{"out of the folder", "GET", "/static/../static.go", nil, 404, "", ""},
		{"the folder", "GET", "/static/", nil, 404, "", ""},
		{"post", "POST", url, nil, 405, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := get(f, c.method, c.target, c.header...)
			if res.StatusCode != c.status {
				t.Fatalf("status %d", res.StatusCode)
			}
			if got := res.Header.Get("Cache-Control"); got != c.cache {
				t.Errorf("Cache-Control %q", got)
			}
			if got := res.Header.Get("Content-Encoding"); got != c.encoding {
				t.Errorf("Content-Encoding %q", got)
			}
			if res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("may be sniffed")
			}
		})
	}
}

func TestCompressedIsTheSameFile(t *testing.T) {
	f := files(t)
	for _, name := range []string{"app.css", "auth.js", "favicon.svg"} {
		res := get(f, "GET", f.URL(name), "Accept-Encoding", "gzip")
		var body io.Reader = res.Body
		if res.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != string(f.Content(name)) || len(got) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestSizes(t *testing.T) {
	f := files(t)
	if n := len(styles(t)); n > 20_000 {
		t.Errorf("the styles have %d bytes, at most 20,000", n)
	}
	for name, limit := range map[string]int{"app.css": 14_000, "console.css": 14_000, "auth.js": 8_000, "admin.js": 8_000} {
		if n := len(f.Content(name)); n == 0 || n > limit {
			t.Errorf("%s has %d bytes, at most %d", name, n, limit)
		}
	}
}

// styles are both stylesheets.
func styles(t *testing.T) string {
	t.Helper()
	f := files(t)
	return string(f.Content("app.css")) + string(f.Content("console.css"))
}

// physical finds what does not turn round in a right-to-left script.
var physical = regexp.MustCompile(`(?i)(?:^|[^-\w])(?:(?:margin|padding|border|inset)-(?:left|right|top|bottom)|left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:` +
	`|(?:text-align|float|clear)\s*:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius`)

// media conditions are about the window, which has no direction.
var media = regexp.MustCompile(`@media[^{]*`)

func TestNoPhysicalDirections(t *testing.T) {
	css := media.ReplaceAllString(styles(t), "")
	if found := physical.FindAllString(css, -1); found != nil {
		t.Errorf("physical directions: %q", found)
	}
	// Shorthands of four values cannot be turned round either.
	four := regexp.MustCompile(`(?:margin|padding|inset):\s*(?:[^\s;]+\s+){3}[^\s;]+;`)
	if found := four.FindAllString(css, -1); found != nil {
		t.Errorf("four sides at once: %q", found)
	}
	for _, bad := range []string{"a{margin-left:1px}", "a{ left: 0 }", "a{text-align:right}", "a{width:1px}"} {
		if !physical.MatchString(bad) {
			t.Errorf("the check misses %q", bad)
		}
	}
}

func TestScriptNeedsNoExceptionFromThePolicy(t *testing.T) {
	for _, name := range []string{"auth.js", "admin.js"} {
		checkScript(t, name, string(files(t).Content(name)))
	}
}

func checkScript(t *testing.T, name, script string) {
	t.Helper()
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".style", "http:", "https:"} {
		if strings.Contains(script, bad) {
			t.Errorf("%s uses %s", name, bad)
		}
	}
}

func FuzzAcceptsGzip(f *testing.F) {
	for _, s := range []string{"gzip", "gzip;q=0", "*", "identity, *;q=0", "br;q=1.0, gzip; q=0.5", ";;,,=", "gzip;q=NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if static.AcceptsGzip(header) && !strings.Contains(strings.ToLower(header), "gzip") && !strings.Contains(header, "*") {
			t.Errorf("%q does not ask for gzip", header)
		}
	})
}
