package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

// descriptionForm is what error_description may hold (RFC 6749 §5.2).
var descriptionForm = regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]*$`)

func TestErrorMap(t *testing.T) {
	const internal = "dial tcp 10.0.0.9"
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		page   pages.ErrorKind
	}{
		"unavailable":          {fmt.Errorf("%s: %w", internal, idp.ErrUnavailable), 503, "temporarily_unavailable", pages.ErrorUnavailable},
		"stale":                {fmt.Errorf("%s: %w", internal, idp.ErrStale), 503, "temporarily_unavailable", pages.ErrorUnavailable},
		"timeout":              {fmt.Errorf("%s: %w", internal, context.DeadlineExceeded), 503, "temporarily_unavailable", pages.ErrorUnavailable},
		"hung up":              {fmt.Errorf("%w: %w", idp.ErrUnavailable, context.Canceled), 499, "temporarily_unavailable", pages.ErrorUnavailable},
		"unknown":              {errors.New(internal), 500, "server_error", pages.ErrorServer},
		"not found in a store": {fmt.Errorf("%s: %w", internal, idp.ErrNotFound), 500, "server_error", pages.ErrorServer},
		"panic":                {fmt.Errorf("%w: %s", errPanic, internal), 500, "server_error", pages.ErrorServer},
		"protocol":             {fmt.Errorf("%s: %w", internal, &oauth.Error{Code: "invalid_grant", Description: "no", Status: 400}), 400, "invalid_grant", pages.ErrorBadRequest},
		"too large":            {&http.MaxBytesError{Limit: 1}, 413, "invalid_request", pages.ErrorTooLarge},
		"input":                {BadInput("bad"), 400, "invalid_request", pages.ErrorBadRequest},
		"unknown client":       {&oauth.PageError{Reason: oauth.PageUnknownClient}, 400, "invalid_request", pages.ErrorBadClient},
		"disabled client":      {&oauth.PageError{Reason: oauth.PageDisabledClient}, 400, "invalid_request", pages.ErrorAppDisabled},
		"bad redirect":         {&oauth.PageError{Reason: oauth.PageBadRedirectURI}, 400, "invalid_request", pages.ErrorBadRedirect},
		"bad request":          {&oauth.PageError{Reason: oauth.PageBadRequest}, 400, "invalid_request", pages.ErrorBadRequest},
		"a page":               {RefusePage(400, pages.ErrorExpired), 400, "invalid_request", pages.ErrorExpired},
		"no route":             {ErrNoAddress, 404, "not_found", pages.ErrorNotFound},
		"method":               {ErrMethod, 405, "invalid_request", pages.ErrorMethod},
		"cross-site":           {ErrCrossSite, 403, "invalid_request", pages.ErrorCrossSite},
	} {
		t.Run(name, func(t *testing.T) {
			f := failureOf(c.err)
			if f.status != c.status || f.code != c.code || f.page.Kind != c.page || f.kind == "" {
				t.Fatalf("%+v", f)
			}
			if (f.status == 503) != (f.retryAfter != "") {
				t.Errorf("Retry-After %q", f.retryAfter)
			}
			if !descriptionForm.MatchString(f.description) {
				t.Errorf("description %q", f.description)
			}
			if text := fmt.Sprint(f.description, f.page, f.challenge); strings.Contains(text, internal) {
				t.Errorf("internal text: %s", text)
			}
			if !errors.Is(f.cause, c.err) && !errors.As(f.cause, new(*oauth.PageError)) {
				t.Error("the cause is lost for the log")
			}
		})
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	renderer, err := pages.New(pages.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s := &Site{Options: Options{
		Pages: renderer, Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: noMetrics{}, Now: time.Now,
	}}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(s.Observe)
	boom := func(*gin.Context) error { panic("secret detail") }
	e.GET("/page", s.Page(boom))
	e.GET("/api", s.OAuth(boom))
	e.GET("/half", s.Page(func(c *gin.Context) error {
		c.String(http.StatusOK, "half of")
		panic("secret detail")
	}))
	for path, contentType := range map[string]string{"/page": "text/html; charset=utf-8", "/api": "application/json"} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != contentType || strings.Contains(w.Body.String(), "secret detail") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if !strings.Contains(log.String(), "secret detail") || !strings.Contains(log.String(), "errors_test.go") {
		t.Error("the log does not say where it was")
	}
	func() {
		defer func() {
			if p, ok := recover().(error); !ok || !errors.Is(p, http.ErrAbortHandler) {
				t.Errorf("half an answer must not end like a whole one: %v", p)
			}
		}()
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/half", nil))
	}()
	if strings.Count(log.String(), "request_id=") != 3 {
		t.Errorf("not every request is logged:\n%s", log.String())
	}
}
