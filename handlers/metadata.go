package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

// metadataAge is how long the metadata may be cached. It changes with a new version or configuration only.
const metadataAge = 5 * time.Minute

// metadata serves the ready document under both of its names (OIDC Discovery §4, RFC 8414 §3).
func (s *site) metadata() web.Handler {
	body := s.Provider.Metadata()
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(c *gin.Context) error {
		writeCached(c, body, etag, metadataAge)
		return nil
	}
}

// jwks serves the published keys, as bytes that the keyring keeps ready.
func (s *site) jwks(c *gin.Context) error {
	body, etag, maxAge := s.Provider.JWKS()
	writeCached(c, body, etag, maxAge)
	return nil
}

func writeCached(c *gin.Context, body []byte, etag string, maxAge time.Duration) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(maxAge/time.Second)))
	h.Set("ETag", etag)
	if matches(c.GetHeader("If-None-Match"), etag) {
		c.Status(http.StatusNotModified)
		return
	}
	if c.Request.Method == http.MethodHead {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		c.Status(http.StatusOK)
		return
	}
	web.WriteJSON(c, http.StatusOK, body)
}

// matches compares weakly, as If-None-Match does (RFC 9110 §13.1.2).
func matches(ifNoneMatch, etag string) bool {
	if ifNoneMatch == "" {
		return false
	}
	for e := range strings.SplitSeq(ifNoneMatch, ",") {
		e = strings.TrimSpace(e)
		if e == "*" || strings.TrimPrefix(e, "W/") == etag {
			return true
		}
	}
	return false
}
