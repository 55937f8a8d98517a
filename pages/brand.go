package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync/atomic"

	"gatehouse/static"
)

// brandPath is where the stylesheet with the operator's colours is.
const brandPath = static.Prefix + "brand.css"

// brand is the stylesheet of the operator's accent: made once for each accent.
type brand struct{ last atomic.Pointer[brandSheet] }

type brandSheet struct {
	accent, url, version string
	css                  []byte
}

func (b *brand) sheet(accent string) *brandSheet {
	if s := b.last.Load(); s != nil && s.accent == accent {
		return s
	}
	s := &brandSheet{accent: accent}
	// An accent that cannot be read is not shown: settings refuse it, an old record may hold it.
	if report, err := static.CheckAccent(accent); accent != "" && err == nil {
		s.css = report.CSS()
		sum := sha256.Sum256(s.css)
		s.version = hex.EncodeToString(sum[:6])
		s.url = brandPath + "?v=" + s.version
	}
	b.last.Store(s)
	return s
}

// address is where the stylesheet of an accent is, "" for none.
func (b *brand) address(accent string) string { return b.sheet(accent).url }

// Static serves /static/…: styles, scripts, icons, and brand.css with the operator's colours.
func (r *Renderer) Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != brandPath || req.Method != http.MethodGet && req.Method != http.MethodHead {
			r.files.ServeHTTP(w, req)
			return
		}
		sheet := r.brand.sheet(r.options.Settings().Accent)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Type", "text/css; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		if sheet.version != "" && req.URL.Query().Get("v") == sheet.version {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		_, _ = w.Write(sheet.css) // the reader went away: nobody is left to be told
	})
}
