package pages_test

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"gatehouse/pages"
	"gatehouse/testenv"
)

var (
	gallery = flag.String("gallery", "", "write every page in every state as HTML and PNG into this folder")
	only    = flag.String("only", "", "a regular expression: only these states, in every test of this package")
	views   = flag.String("views", "", "a regular expression: of the gallery, only these ways to look, such as d-light")
)

// newRenderer has everything switched on that a page can show.
func newRenderer(tb testing.TB) *pages.Renderer {
	tb.Helper()
	r, err := pages.NewWithShowcase(pages.Options{
		HelpURL: "https://example.com/help", PrivacyURL: "https://example.com/privacy", TermsURL: "https://example.com/terms",
		PseudoLocale: true, Now: func() time.Time { return noon.Add(time.Hour) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// serve answers /s/NAME with a state, written by the real Renderer, and the real static files.
func serve(tb testing.TB) string {
	tb.Helper()
	r := newRenderer(tb)
	mux := http.NewServeMux()
	mux.Handle("GET /static/", r.Static())
	for _, s := range states() {
		mux.HandleFunc("GET /s/"+s.name, func(w http.ResponseWriter, req *http.Request) {
			c := r.Context(req, "")
			c.Theme, c.RequestID = req.URL.Query().Get("theme"), "01JD3Q9V8W5T6R7Y8N9B0M1K2J"
			if s.bare {
				c.Path = ""
			}
			if _, ok := s.page.(pages.FormPostPage); ok {
				c.AcceptEncoding = "" // still reads it
			}
			if err := r.Write(still{w}, http.StatusOK, s.context(c), s.page); err != nil {
				tb.Errorf("%s: %v", s.name, err)
			}
		})
	}
	mux.HandleFunc("GET /admin/{area}/events", stream)
	server := httptest.NewServer(mux)
	tb.Cleanup(func() {
		server.CloseClientConnections() // streams last
		server.Close()
	})
	return server.URL
}

// stream sends one event, and stays.
func stream(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "id: 7\ndata: 12\n\n")
	w.(http.Flusher).Flush()
	<-req.Context().Done()
}

// still keeps a page that hands over by itself where it is, so that it can be looked at.
type still struct{ http.ResponseWriter }

func (w still) WriteHeader(status int) {
	w.Header().Del("Refresh")
	if w.Header().Get("Content-Encoding") == "" {
		w.Header().Del("Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w still) Write(page []byte) (int, error) {
	if w.Header().Get("Content-Encoding") != "" {
		return w.ResponseWriter.Write(page)
	}
	_, err := w.ResponseWriter.Write(bytes.Replace(page, []byte(" data-onward"), nil, 1))
	return len(page), err
}

// shot is one way to look at a state.
type shot struct {
	suffix, query string
	width, height int64
	media         []*emulation.MediaFeature
	mediaType     string
	textPercent   int // 0 is 100
}

func shots() []shot {
	wanted := regexp.MustCompile(*views)
	return slices.DeleteFunc(allShots(), func(s shot) bool { return !wanted.MatchString(s.suffix) })
}

func allShots() []shot {
	forced := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}
	return []shot{
		{suffix: "d-light", query: "theme=light", width: 1280, height: 800},
		{suffix: "d-dark", query: "theme=dark", width: 1280, height: 800},
		{suffix: "m-light", query: "theme=light", width: 390, height: 844},
		{suffix: "m-dark", query: "theme=dark", width: 390, height: 844},
		{suffix: "xs", query: "theme=light", width: 320, height: 640},
		{suffix: "m-200", query: "theme=light", width: 390, height: 844, textPercent: 200},
		{suffix: "d-de", query: "theme=light&lang=de", width: 1280, height: 800},
		{suffix: "m-ar", query: "theme=dark&lang=ar", width: 390, height: 844},
		{suffix: "d-ar", query: "theme=light&lang=ar", width: 1280, height: 800},
		{suffix: "m-xa", query: "theme=light&lang=en-XA", width: 390, height: 844},
		{suffix: "d-forced", query: "", width: 1280, height: 800, media: forced},
		{suffix: "print", query: "", width: 1280, height: 800, mediaType: "print"},
	}
}

// open shows a state the way of the shot; what can be opened is opened.
func (s shot) open(ctx context.Context, base string, one state) error {
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: 1,
	})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: s.mediaType, Features: s.media})
	if err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/s/"+one.name+"?"+s.query)); err != nil {
		return err
	}
	script := ""
	if s.textPercent != 0 {
		script = fmt.Sprintf(`document.documentElement.style.setProperty("font-size", "%d%%");`, s.textPercent)
	}
	if one.open {
		script += `document.querySelectorAll("details").forEach(d => { d.open = true });`
	}
	if script == "" {
		return nil
	}
	return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](script))
}

func TestGallery(t *testing.T) {
	every, dir := states(), *gallery
	if dir == "" { // only that pictures can be written; -gallery DIR writes them all
		every, dir = every[:1], t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	base, browser := serve(t), testenv.Browser(t)
	for _, one := range every {
		for _, s := range shots() {
			if err := s.save(browser, base, dir, one); err != nil {
				t.Fatalf("%s %s: %v", one.name, s.suffix, err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(contents()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// save writes the state's HTML and picture into dir.
func (s shot) save(ctx context.Context, base, dir string, one state) error {
	if err := s.open(ctx, base, one); err != nil {
		return err
	}
	html, err := chromedp.Run(ctx, chromedp.OuterHTML(chromedp.CSS("html")))
	if err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](settle, chromedp.EvalAwaitPromise)); err != nil {
		return err
	}
	// A window as high as the page: capturing beyond the window puts right-to-left pages in the wrong place.
	height, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollHeight`))
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: max(height, s.height), DeviceScaleFactor: 1,
	})
	if err != nil {
		return err
	}
	picture, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		return err
	}
	name := filepath.Join(dir, one.name+"."+s.suffix)
	return cmp.Or(os.WriteFile(name+".png", picture.Data, 0o644), os.WriteFile(name+".html", []byte(html), 0o644))
}

// contents is a page that shows all pictures, one row for each state.
func contents() string {
	var b strings.Builder
	b.WriteString("<!doctype html><title>Gallery</title><style>img{max-height:20rem;border:1px solid #888}</style>")
	for _, one := range states() {
		fmt.Fprintf(&b, "<h2>%s</h2>\n", one.name)
		for _, s := range shots() {
			fmt.Fprintf(&b, "<a href=%q><img loading=lazy src=%q alt=%q></a>\n", one.name+"."+s.suffix+".html", one.name+"."+s.suffix+".png", s.suffix)
		}
	}
	return b.String()
}
