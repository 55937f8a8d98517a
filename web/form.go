package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// maxForm is the largest form body, in bytes. The largest honest one is an
// authorization request with a long state and claims.
const maxForm = 64 << 10

// maxQuery is the longest query that is parsed, in bytes.
const maxQuery = 32 << 10

const formType = "application/x-www-form-urlencoded"

// InputError is a request refused before any rule looked at it. Its text is for strangers.
type InputError struct {
	Status int
	Text   string // only characters that error_description may hold (RFC 6749 §5.2)
}

func (e *InputError) Error() string { return e.Text }

// BadInput is an InputError with status 400.
func BadInput(format string, args ...any) error {
	return &InputError{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, args...)}
}

// bodies keeps read buffers for the next request; a form is copied out as one string.
type bodies struct{ pool sync.Pool }

func (p *bodies) read(r io.Reader) (string, error) {
	buf, ok := p.pool.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	defer p.pool.Put(buf)
	buf.Reset()
	_, err := buf.ReadFrom(r)
	text := buf.String()
	clear(buf.Bytes()) // passwords and secrets do not stay behind
	return text, err
}

// IsForm reports whether the request says that its body is a form.
func IsForm(r *http.Request) bool {
	t := r.Header.Get("Content-Type")
	if t == formType {
		return true
	}
	media, _, err := mime.ParseMediaType(t)
	return err == nil && media == formType
}

// readForm reads the parameters of a POST body; those of the URL do not count
// (RFC 6749 §2.3.1: credentials must not be there). Repeated ones are kept:
// see onlyOnce.
func (s *Site) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if !IsForm(r) {
		return nil, &InputError{http.StatusUnsupportedMediaType, "the body must be sent as " + formType}
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, &InputError{http.StatusUnsupportedMediaType, "the body must not be compressed"}
	}
	if r.ContentLength > maxForm {
		return nil, &http.MaxBytesError{Limit: maxForm}
	}
	body, err := s.bodies.read(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, BadInput("the body could not be read")
	}
	return parseParams(body)
}

// ReadOnce is readForm for endpoints where no parameter may be repeated.
func (s *Site) ReadOnce(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	form, err := s.readForm(w, r)
	if err != nil {
		return nil, err
	}
	return form, onlyOnce(form)
}

// Params reads what a browser brings to an endpoint of the protocol: the
// parameters of the body for POST, of the URL otherwise.
func (s *Site) Params(c *gin.Context) (url.Values, error) {
	if c.Request.Method == http.MethodPost {
		return s.readForm(c.Writer, c.Request)
	}
	return ReadQuery(c.Request)
}

// ReadQuery reads the parameters of the URL.
func ReadQuery(r *http.Request) (url.Values, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return nil, &InputError{http.StatusRequestURITooLong, "the address is too long"}
	}
	return parseParams(r.URL.RawQuery)
}

// parseParams reads form-encoded text strictly: what net/url would drop
// silently is an error, and so are NULs and invalid UTF-8 (databases refuse both).
func parseParams(text string) (url.Values, error) {
	v, err := url.ParseQuery(text)
	if err != nil {
		return nil, BadInput("a parameter is not form-encoded")
	}
	for name, values := range v {
		if !isText(name) || slices.ContainsFunc(values, func(x string) bool { return !isText(x) }) {
			return nil, BadInput("a parameter holds a NUL or is not UTF-8")
		}
	}
	return v, nil
}

func isText(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// onlyOnce refuses repeated parameters (RFC 6749 §3.1 and §3.2).
func onlyOnce(v url.Values) error {
	for _, values := range v {
		if len(values) > 1 {
			return BadInput("a parameter is repeated")
		}
	}
	return nil
}
