package handlers

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
)

// browserID is the value of the browser cookie: 256 random bits, or "".
type browserID string

func newBrowserID() browserID {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return browserID(base64.RawURLEncoding.EncodeToString(b))
}

// digest is what is stored of it.
func (b browserID) digest() string {
	sum := sha256.Sum256([]byte("browser|" + b))
	return hex.EncodeToString(sum[:])
}

// browser returns the request's browser, "" when the cookie is absent or not of our making.
func (s *site) browser(c *gin.Context) browserID {
	v := s.cookies.get(c.Request, cookieBrowser)
	if b, err := base64.RawURLEncoding.DecodeString(v); err != nil || len(b) != 32 {
		return ""
	}
	return browserID(v)
}

// ensureBrowser returns the request's browser, and gives it the cookie when it has none.
func (s *site) ensureBrowser(c *gin.Context) browserID {
	if b := s.browser(c); b != "" {
		return b
	}
	rec := recordOf(c)
	if rec.browser == "" {
		rec.browser = newBrowserID()
		s.cookies.set(c.Writer, cookieBrowser, string(rec.browser), 0)
	}
	return rec.browser
}

// csrfToken is the token of a form: it fits one browser, one purpose, one flow
// and, where the form acts for a person, one session. Each rendering masks it
// anew, so that the length of compressed pages tells nothing of it (BREACH).
func (s *site) csrfToken(b browserID, purpose string, scope ...string) string {
	mask := make([]byte, sha256.Size)
	_, _ = rand.Read(mask) // never fails
	return base64.RawURLEncoding.EncodeToString(append(mask, xor(s.csrfSum(b, purpose, scope), mask)...))
}

// csrfOK reports whether the form's token fits. Without a browser cookie none does.
func (s *site) csrfOK(c *gin.Context, token, purpose string, scope ...string) bool {
	b := s.browser(c)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 2*sha256.Size || b == "" {
		return false
	}
	return hmac.Equal(xor(raw[sha256.Size:], raw[:sha256.Size]), s.csrfSum(b, purpose, scope))
}

func (s *site) csrfSum(b browserID, purpose string, scope []string) []byte {
	m := hmac.New(sha256.New, s.CSRFKey)
	for _, part := range append([]string{string(b), purpose}, scope...) {
		// The length in front keeps "a"+"bc" apart from "ab"+"c".
		_, _ = io.WriteString(m, strconv.Itoa(len(part))+":"+part)
	}
	return m.Sum(nil)
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	subtle.XORBytes(out, a, b)
	return out
}

// outcomeStale is the log's word for a form whose token does not fit.
const outcomeStale = "stale_form"

// staleForm answers a form whose token does not fit, and that holds nothing
// typed, with a page that leads back to it. It is not sent again unseen, since
// it acts for whom it showed.
func (s *site) staleForm(c *gin.Context, backTo string) error {
	recordOf(c).outcome = outcomeStale
	seeOther(c, routeError+"?"+url.Values{"stale": {backTo}}.Encode())
	return nil
}
