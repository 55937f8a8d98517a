package web

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
	"strings"

	"github.com/gin-gonic/gin"
)

// BrowserID is the value of the browser cookie: 256 random bits, or "".
type BrowserID string

func newBrowserID() BrowserID {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return BrowserID(base64.RawURLEncoding.EncodeToString(b))
}

// Digest is what is stored of it.
func (b BrowserID) Digest() string {
	sum := sha256.Sum256([]byte("browser|" + b))
	return hex.EncodeToString(sum[:])
}

// Browser returns the request's browser, "" when the cookie is absent or not of our making.
func (s *Site) Browser(c *gin.Context) BrowserID {
	v := s.Cookies.Get(c.Request, cookieBrowser)
	if b, err := base64.RawURLEncoding.DecodeString(v); err != nil || len(b) != 32 {
		return ""
	}
	return BrowserID(v)
}

// EnsureBrowser returns the request's browser, and gives it the cookie when it has none.
func (s *Site) EnsureBrowser(c *gin.Context) BrowserID {
	if b := s.Browser(c); b != "" {
		return b
	}
	rec := RecordOf(c)
	if rec.browser == "" {
		rec.browser = newBrowserID()
		s.Cookies.Set(c.Writer, cookieBrowser, string(rec.browser), 0)
	}
	return rec.browser
}

// CSRFToken is the token of a form: it fits one browser, one purpose, one flow
// and, where the form acts for a person, one session. Each rendering masks it
// anew, so that the length of compressed pages tells nothing of it (BREACH).
func (s *Site) CSRFToken(b BrowserID, purpose string, scope ...string) string {
	mask := make([]byte, sha256.Size)
	_, _ = rand.Read(mask) // never fails
	return base64.RawURLEncoding.EncodeToString(append(mask, xor(s.csrfSum(b, purpose, scope), mask)...))
}

// FormToken is the one token that all forms of a guarded page carry. Behind a
// dot it names whose page that is, so that what was typed stays theirs when
// their session ends before it is sent.
func (s *Site) FormToken(c *gin.Context) string {
	who := Person(c)
	return s.CSRFToken(s.EnsureBrowser(c), purposeShell, who.SessionID()) + "." + s.ownerMark(who.User.ID)
}

// ownerMark names a person to nobody but us.
func (s *Site) ownerMark(userID string) string {
	return base64.RawURLEncoding.EncodeToString(s.csrfSum("", "owner of a form", []string{userID})[:16])
}

// CSRFOK reports whether the form's token fits. Without a browser cookie none does.
func (s *Site) CSRFOK(c *gin.Context, token, purpose string, scope ...string) bool {
	b := s.Browser(c)
	token, _, _ = strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 2*sha256.Size || b == "" {
		return false
	}
	return hmac.Equal(xor(raw[sha256.Size:], raw[:sha256.Size]), s.csrfSum(b, purpose, scope))
}

func (s *Site) csrfSum(b BrowserID, purpose string, scope []string) []byte {
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

// OutcomeStale is the log's word for a form whose token does not fit.
const OutcomeStale = "stale_form"

// StaleForm answers a form whose token does not fit, and that holds nothing
// typed, with a page that leads back to it. It is not sent again unseen, since
// it acts for whom it showed.
func (s *Site) StaleForm(c *gin.Context, backTo string) error {
	RecordOf(c).Outcome = OutcomeStale
	SeeOther(c, RouteError+"?"+url.Values{"stale": {backTo}}.Encode())
	return nil
}
