package web

import (
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"
)

// secureHeaders are what every answer carries; pages add their own policy on
// top. The policy for all else lets a browser do nothing with it. They are
// made once and shared: a Set replaces the slice, an Add copies it.
func secureHeaders() http.Header {
	return http.Header{
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"X-Frame-Options":         {"DENY"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"},
	}
}

func (s *Site) secure(h http.Header, o origin) {
	maps.Copy(h, s.headers)
	if s.https && o.https {
		// RFC 6797 §7.2: never over plain http.
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// NoStore keeps tokens and personal data out of caches (RFC 6749 §5.1).
func NoStore(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Next()
}

// CORS lets browser-based public clients of any origin read the answers. No
// cookie counts on these routes, so there is nothing to borrow.
func CORS() gin.HandlerFunc {
	shared := http.Header{
		"Access-Control-Allow-Origin":   {"*"},
		"Access-Control-Expose-Headers": {"WWW-Authenticate, Retry-After, X-Request-Id"},
	}
	return func(c *gin.Context) {
		maps.Copy(c.Writer.Header(), shared)
		c.Next()
	}
}

// Preflight answers what browsers ask before a cross-origin request with headers.
func Preflight(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "7200")
	c.Status(http.StatusNoContent)
}
