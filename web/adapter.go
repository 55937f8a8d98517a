package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// Handler answers a request, or returns why it did not. It must not have
// written anything when it returns an error.
type Handler func(c *gin.Context) error

// OAuth adapts a handler whose errors are JSON (RFC 6749 §5.2).
func (s *Site) OAuth(h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := guarded(h, c); err != nil {
			s.Fail(c, err, s.FailOAuth)
		}
	}
}

// Page adapts a handler whose errors are pages.
func (s *Site) Page(h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := guarded(h, c)
		switch {
		case err == nil || errors.Is(err, ErrAnswered):
		case errors.Is(err, idp.ErrNotFound) && Person(c).Is():
			s.Fail(c, fmt.Errorf("%w: %w", ErrNoAddress, err), s.FailPage) // a record that the address names
		default:
			s.Fail(c, err, s.FailPage)
		}
	}
}

// guarded turns a panic into an error, so that it is answered and logged like any other.
func guarded(h Handler, c *gin.Context) (err error) {
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

// Fail notes the error for the log and writes its answer.
func (s *Site) Fail(c *gin.Context, err error, write func(*gin.Context, *failure)) {
	c.Abort()
	f := failureOf(err)
	rec := RecordOf(c)
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

// FailOAuth writes the error as RFC 6749 §5.2 has it; a bare challenge has no body (RFC 6750 §3.1).
func (s *Site) FailOAuth(c *gin.Context, f *failure) {
	c.Header("Cache-Control", "no-store")
	if f.code == "" {
		c.Status(f.status)
		return
	}
	description := f.description
	if f.status >= http.StatusInternalServerError {
		description += " (request " + RecordOf(c).ID + ")"
	}
	body, _ := json.Marshal(struct { // two strings always encode
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{f.code, description})
	WriteJSON(c, f.status, body)
}

// FailPage writes the error page.
func (s *Site) FailPage(c *gin.Context, f *failure) {
	if err := s.Show(c, f.status, f.stamped(s.Now())); err != nil {
		// The page itself failed: plain words are left.
		f.cause = errors.Join(f.cause, err)
		c.String(http.StatusInternalServerError, "Something went wrong. Request %s\n", RecordOf(c).ID)
	}
}

// Show writes a page in the reader's language.
func (s *Site) Show(c *gin.Context, status int, p pages.Page) error {
	return s.ShowFor(c, status, "", p)
}

// ShowFor is Show with the ui_locales of an authorization request.
func (s *Site) ShowFor(c *gin.Context, status int, uiLocales string, p pages.Page) error {
	if lang := s.Pages.ChosenLanguage(c.Request); lang != "" {
		s.Cookies.SetPlain(c.Writer, pages.LanguageCookie, lang, languageFor)
	}
	ctx := s.Pages.Context(c.Request, uiLocales)
	ctx.RequestID = RecordOf(c).ID
	var err error
	if ctx.Shell, err = s.shell(c); err != nil {
		return err
	}
	return s.Pages.Write(c.Writer, status, ctx, p)
}

// KeepWriting gives an answer that is written piece by piece (an export, a
// stream of events) so much time for its next piece.
func KeepWriting(c *gin.Context, d time.Duration) error {
	return http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(d))
}

// WriteJSON writes a ready body.
func WriteJSON(c *gin.Context, status int, body []byte) {
	c.Header("Content-Type", "application/json")
	c.Status(status)
	_, _ = c.Writer.Write(body) // a caller that went away is no error of ours
}

// SeeOther redirects with 303, so that the next request is a GET whatever this one was.
func SeeOther(c *gin.Context, location string) {
	c.Header("Cache-Control", "no-store")
	c.Header("Location", location)
	c.Status(http.StatusSeeOther)
	c.Writer.WriteHeaderNow()
}

// isProtocolPath tells for addresses that no route knows who asks: a program or a person.
func isProtocolPath(path string) bool {
	return strings.HasPrefix(path, "/oauth2/") || strings.HasPrefix(path, "/.well-known/")
}

// NoRoute answers an address that there is not.
func (s *Site) NoRoute(c *gin.Context) { s.refuseRoute(c, ErrNoAddress) }

// NoMethod answers a method that an address does not take.
func (s *Site) NoMethod(c *gin.Context) { s.refuseRoute(c, ErrMethod) }

func (s *Site) refuseRoute(c *gin.Context, err error) {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		s.FailProblem(c, err)
		return
	}
	if isProtocolPath(c.Request.URL.Path) {
		s.Fail(c, err, s.FailOAuth)
		return
	}
	s.Fail(c, err, s.FailPage)
}
