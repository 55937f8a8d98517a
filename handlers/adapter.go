package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/pages"
)

// handler answers a request, or returns why it did not. It must not have
// written anything when it returns an error.
type handler func(c *gin.Context) error

// api adapts a handler whose errors are JSON (RFC 6749 §5.2).
func (s *site) api(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := guarded(h, c); err != nil {
			s.fail(c, err, s.failJSON)
		}
	}
}

// page adapts a handler whose errors are pages.
func (s *site) page(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := guarded(h, c); err != nil {
			s.fail(c, err, s.failPage)
		}
	}
}

// guarded turns a panic into an error, so that it is answered and logged like any other.
func guarded(h handler, c *gin.Context) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p) // net/http's own way to cut an answer short
		default:
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return h(c)
}

// fail notes the error for the log and writes its answer.
func (s *site) fail(c *gin.Context, err error, write func(*gin.Context, *failure)) {
	c.Abort()
	f := failureOf(err)
	rec := recordOf(c)
	rec.failure = f
	if c.Writer.Written() {
		// Too late for another answer: the caller must not take half of one for whole.
		if errors.Is(err, errPanic) {
			panic(http.ErrAbortHandler)
		}
		return
	}
	if f.retryAfter != "" {
		c.Header("Retry-After", f.retryAfter)
	}
	if f.challenge != "" {
		c.Header("WWW-Authenticate", f.challenge)
	}
	write(c, f)
}

// failJSON writes the error as RFC 6749 §5.2 has it; a bare challenge has no body (RFC 6750 §3.1).
func (s *site) failJSON(c *gin.Context, f *failure) {
	c.Header("Cache-Control", "no-store")
	if f.code == "" {
		c.Status(f.status)
		return
	}
	description := f.description
	if f.status >= http.StatusInternalServerError {
		description += " (request " + recordOf(c).id + ")"
	}
	body, _ := json.Marshal(struct { // two strings always encode
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{f.code, description})
	writeJSON(c, f.status, body)
}

// failPage writes the error page.
func (s *site) failPage(c *gin.Context, f *failure) {
	if err := s.show(c, f.status, f.stamped(s.Now())); err != nil {
		// The page itself failed: plain words are left.
		f.cause = errors.Join(f.cause, err)
		c.String(http.StatusInternalServerError, "Something went wrong. Request %s\n", recordOf(c).id)
	}
}

// show writes a page in the reader's language.
func (s *site) show(c *gin.Context, status int, p pages.Page) error {
	return s.showFor(c, status, "", p)
}

// showFor is show with the ui_locales of an authorization request.
func (s *site) showFor(c *gin.Context, status int, uiLocales string, p pages.Page) error {
	if lang := s.Pages.ChosenLanguage(c.Request); lang != "" {
		s.cookies.setPlain(c.Writer, pages.LanguageCookie, lang, languageFor)
	}
	ctx := s.Pages.Context(c.Request, uiLocales)
	ctx.RequestID = recordOf(c).id
	return s.Pages.Write(c.Writer, status, ctx, p)
}

// writeJSON writes a ready body.
func writeJSON(c *gin.Context, status int, body []byte) {
	c.Header("Content-Type", "application/json")
	c.Status(status)
	_, _ = c.Writer.Write(body) // a caller that went away is no error of ours
}

// seeOther redirects with 303, so that the next request is a GET whatever this one was.
func seeOther(c *gin.Context, location string) {
	c.Header("Cache-Control", "no-store")
	c.Header("Location", location)
	c.Status(http.StatusSeeOther)
	c.Writer.WriteHeaderNow()
}

// isProtocolPath tells for addresses that no route knows who asks: a program or a person.
func isProtocolPath(path string) bool {
	return strings.HasPrefix(path, "/oauth2/") || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/api/")
}

func (s *site) noRoute(c *gin.Context)  { s.refuseRoute(c, errNotFound) }
func (s *site) noMethod(c *gin.Context) { s.refuseRoute(c, errMethod) }

func (s *site) refuseRoute(c *gin.Context, err error) {
	if isProtocolPath(c.Request.URL.Path) {
		s.fail(c, err, s.failJSON)
		return
	}
	s.fail(c, err, s.failPage)
}
