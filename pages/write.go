package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/static"
)

// The policy of every page: nothing inline, nothing foreign, no frames.
const (
	policyStart      = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
	policyFormAction = "form-action 'self'; "
	policyEnd        = "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)

// Write renders the page and answers with it: all headers, gzip where
// c.AcceptEncoding takes it. When rendering fails it returns the error with
// nothing sent and no header set, so the caller may write another page. An
// error after that is the connection's.
func (r *Renderer) Write(w http.ResponseWriter, status int, c Context, p Page) error {
	b := r.buffer()
	defer r.buffers.Put(b)
	d, err := r.render(&b.page, c, p)
	if err != nil {
		return err
	}
	refresh, err := refreshHeader(d.refresh)
	if err != nil {
		return err
	}
	body, encoding := b.page.Bytes(), ""
	if static.AcceptsGzip(c.AcceptEncoding) {
		if body, err = b.zip(); err != nil {
			return err
		}
		encoding = "gzip"
	}
	h := w.Header()
	setHeaders(h, d, r.tongue(c.Lang).tag)
	setIf(h, "Refresh", refresh)
	setIf(h, "Content-Encoding", encoding)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

func setIf(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

func setHeaders(h http.Header, d description, lang string) {
	policy := policyStart + policyFormAction + policyEnd
	if d.offOrigin {
		// Browsers apply form-action to redirects as well, so it would stop the way to the application.
		policy = policyStart + policyEnd
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
}

var errRefresh = errors.New("pages: only an absolute http(s) address can be continued to")

// refreshHeader returns the value of the Refresh header for an address, "" for none.
func refreshHeader(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.ContainsAny(address, "\"'\r\n ") {
		return "", errRefresh
	}
	return "0;url=" + address, nil
}

// buffer holds a page while it is made.
type buffer struct {
	page, zipped bytes.Buffer
	zipper       *gzip.Writer
}

func (r *Renderer) buffer() *buffer {
	b, ok := r.buffers.Get().(*buffer)
	if !ok {
		b = &buffer{}
		b.zipper = gzip.NewWriter(&b.zipped)
	}
	b.page.Reset()
	return b
}

// padding is what the gzip header's comment is cut from.
const padding = "................................"

// zip compresses the page. The length of the comment is random, so the size of
// the answer tells little about how well a guess compressed against the form's token.
func (b *buffer) zip() ([]byte, error) {
	b.zipped.Reset()
	b.zipper.Reset(&b.zipped)
	var noise [1]byte
	if _, err := rand.Read(noise[:]); err != nil {
		return nil, err
	}
	b.zipper.Comment = padding[:int(noise[0])%len(padding)]
	if _, err := b.zipper.Write(b.page.Bytes()); err != nil {
		return nil, err
	}
	if err := b.zipper.Close(); err != nil {
		return nil, err
	}
	return b.zipped.Bytes(), nil
}
