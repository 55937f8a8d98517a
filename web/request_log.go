package web

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const headerRequestID = "X-Request-Id"

// Record is what one request leaves in the log: a single line. It never holds
// a query, a token, a secret or what was typed.
type Record struct {
	ID      string // of the request, also in the answer's X-Request-Id
	IP      string // of the caller, "" when not known
	Client  string // client_id as sent, when it has the form of one
	User    string // ID of the user
	Outcome string // what came of it, in a word; "" is told by the status
	start   time.Time
	failure *failure
	browser BrowserID // of the cookie that this answer sets
}

// Fail notes an error for the log whose answer the handler writes itself.
func (r *Record) Fail(err error, status int, kind string) {
	r.failure = failureOf(err)
	r.failure.status, r.failure.kind = status, kind
}

const recordKey = "record"

// RecordOf returns the record of the request.
func RecordOf(c *gin.Context) *Record { return c.MustGet(recordKey).(*Record) }

// Observe is the outermost middleware: request id, security headers, the
// canonical log line and the metrics.
func (s *Site) Observe(c *gin.Context) {
	from := s.proxies.origin(c.Request)
	rec := &Record{ID: requestID(c.Request, from.relayed), IP: from.ip, start: s.Now()}
	c.Set(recordKey, rec)
	h := c.Writer.Header()
	h.Set(headerRequestID, rec.ID)
	s.secure(h, from)
	defer s.observed(c, rec) // also when an answer was cut short by a panic
	c.Next()
}

func (s *Site) observed(c *gin.Context, rec *Record) {
	route := c.FullPath()
	if route == "" {
		route = "unmatched"
	}
	took := s.Now().Sub(rec.start)
	s.Metrics.Request(route, knownMethod(c.Request.Method), c.Writer.Status(), took)
	s.logLine(c, rec, route, took)
}

func (s *Site) logLine(c *gin.Context, rec *Record, route string, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case rec.failure != nil && rec.failure.status >= 500:
		level = slog.LevelError
	case slices.Contains(s.Quiet, route):
		level = slog.LevelDebug
	}
	ctx := c.Request.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("request_id", rec.ID),
		slog.String("method", knownMethod(c.Request.Method)),
		slog.String("route", route),
		slog.Int("status", c.Writer.Status()),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("ip", rec.IP),
	)
	for _, a := range []struct{ key, value string }{
		{"client_id", rec.Client}, {"user", rec.User}, {"outcome", rec.Outcome},
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

// IsClientID reports whether s may stand in the log as a client's id.
func IsClientID(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
