package handlers

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const headerRequestID = "X-Request-Id"

// record is what one request leaves in the log: a single line. It never holds
// a query, a token, a secret or what was typed.
type record struct {
	id      string
	origin  origin
	start   time.Time
	client  string // client_id as sent, when it has the form of one
	user    string // ID of the user
	outcome string // what came of it, in a word; "" is told by the status
	failure *failure
	browser browserID // of the cookie that this answer sets
}

const recordKey = "record"

func recordOf(c *gin.Context) *record { return c.MustGet(recordKey).(*record) }

// observe is the outermost middleware: request id, security headers, the
// canonical log line and the metrics.
func (s *site) observe(c *gin.Context) {
	rec := &record{origin: s.proxies.origin(c.Request), start: s.Now()}
	rec.id = requestID(c.Request, rec.origin.relayed)
	c.Set(recordKey, rec)
	h := c.Writer.Header()
	h.Set(headerRequestID, rec.id)
	s.secure(h, rec.origin)
	defer s.observed(c, rec) // also when an answer was cut short by a panic
	c.Next()
}

func (s *site) observed(c *gin.Context, rec *record) {
	route := c.FullPath()
	if route == "" {
		route = "unmatched"
	}
	took := s.Now().Sub(rec.start)
	s.Metrics.Request(route, knownMethod(c.Request.Method), c.Writer.Status(), took)
	s.logLine(c, rec, route, took)
}

// isRoutine says which requests are told only at Debug: probes, and public
// documents that everybody fetches again and again.
func isRoutine(route string) bool {
	switch route {
	case routeHealth, routeReady, routeStatic, routeKeys, routeOIDC, routeOAuth:
		return true
	}
	return false
}

func (s *site) logLine(c *gin.Context, rec *record, route string, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case rec.failure != nil && rec.failure.status >= 500:
		level = slog.LevelError
	case isRoutine(route):
		level = slog.LevelDebug
	}
	ctx := c.Request.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("request_id", rec.id),
		slog.String("method", knownMethod(c.Request.Method)),
		slog.String("route", route),
		slog.Int("status", c.Writer.Status()),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("ip", rec.origin.ip),
	)
	for _, a := range []struct{ key, value string }{
		{"client_id", rec.client}, {"user", rec.user}, {"outcome", rec.outcome},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if f := rec.failure; f != nil {
		attrs = append(attrs, slog.String("error_kind", f.kind))
		if f.status >= 500 {
			attrs = append(attrs, slog.Any("error", f.cause))
		}
	}
	s.Log.LogAttrs(ctx, level, "request", attrs...)
}

// requestID takes over the id that a trusted proxy gave, or makes one.
func requestID(r *http.Request, relayed bool) string {
	if id := r.Header.Get(headerRequestID); relayed && isRequestID(id) {
		return id
	}
	return rand.Text()
}

func isRequestID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' && r != '.'
	})
}

// knownMethod keeps methods that strangers make up out of labels and log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return m
	}
	return "OTHER"
}

// isClientID reports whether s may stand in the log as a client's id.
func isClientID(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
