package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed files
var embedded embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// Files are the static files, ready to be sent. Use New.
type Files struct {
	byName map[string]*file
}

type file struct {
	raw, zipped []byte // zipped is nil where it would not be smaller
	mime        string
	version     string
	url         string
}

// New reads and compresses the embedded files.
func New() (*Files, error) {
	dir, err := fs.Sub(embedded, "files")
	if err != nil {
		return nil, err
	}
	f := &Files{byName: map[string]*file{}}
	names, err := fs.Glob(dir, "*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if f.byName[name], err = load(dir, name); err != nil {
			return nil, fmt.Errorf("static %s: %w", name, err)
		}
	}
	return f, nil
}

func load(dir fs.FS, name string) (*file, error) {
	raw, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	mime, err := mimeOf(name)
	if err != nil {
		return nil, err
	}
	zipped, err := compress(raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	version := hex.EncodeToString(sum[:6])
	return &file{raw: raw, zipped: zipped, mime: mime, version: version, url: Prefix + name + "?v=" + version}, nil
}

// mimeOf is a closed list: the machine's own tables must not change what we send.
func mimeOf(name string) (string, error) {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	}
	return "", fmt.Errorf("no media type for %q", path.Ext(name))
}

func compress(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(raw) {
		return nil, nil
	}
	return b.Bytes(), nil
}

// URL returns the address of a file, with its version; "" for a name that does not exist.
func (f *Files) URL(name string) string {
	if one := f.byName[name]; one != nil {
		return one.url
	}
	return ""
}

// Content returns a file as it is, nil for a name that does not exist. Do not change it.
func (f *Files) Content(name string) []byte {
	if one := f.byName[name]; one != nil {
		return one.raw
	}
	return nil
}

// ServeHTTP answers GET and HEAD below Prefix.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	name, ok := strings.CutPrefix(r.URL.Path, Prefix)
	one := f.byName[name]
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	case !ok || one == nil:
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	one.send(w, r)
}

func (f *file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.version+`"`)
	// An SVG opened by itself is a document: it may do nothing.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), `"`+f.version+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.raw
	if f.zipped != nil && AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", f.mime)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader went away: nobody is left to be told
	}
}

// AcceptsGzip reports whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3).
func AcceptsGzip(header string) bool {
	star := false
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(part, ";")
		ok := !refused(params)
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return ok
		case "*":
			star = ok
		}
	}
	return star
}

// refused reports whether the parameters hold a weight of zero.
func refused(params string) bool {
	name, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err != nil || q <= 0
}
