package web

import (
	"net/http"
	"time"
)

// Names of the Cookies, before the prefix.
const (
	cookieSession = "gh_session" // handle of the browser session
	cookieBrowser = "gh_browser" // names the browser while pages are shown: binds flows and CSRF tokens
	cookieFlash   = "gh_flash"   // names the note that tells what was done, on the next page
	CookieKnown   = "gh_known"   // accounts that signed in here before, signed
)

const hostPrefix = "__Host-"

// languageFor is how long the choice of a language is remembered.
const languageFor = 365 * 24 * time.Hour

// Cookies writes every cookie of ours the same way.
type Cookies struct{ secure bool }

// name puts the __Host- prefix before a name under https, so that no other
// host of the domain can plant a cookie (RFC 6265bis §4.1.3.2).
func (k Cookies) name(base string) string {
	if k.secure {
		return hostPrefix + base
	}
	return base
}

// Get returns the cookie's value, or "".
func (k Cookies) Get(r *http.Request, base string) string {
	c, err := r.Cookie(k.name(base))
	if err != nil || len(c.Value) > 2048 {
		return ""
	}
	return c.Value
}

// Set writes a cookie that lives for the given time, or until the browser closes when that is 0.
func (k Cookies) Set(w http.ResponseWriter, base, value string, life time.Duration) {
	k.write(w, k.name(base), value, int(life/time.Second))
}

// SetPlain writes a cookie that package pages reads, under the name that it
// knows; with a negative life it removes it.
func (k Cookies) SetPlain(w http.ResponseWriter, name, value string, life time.Duration) {
	k.write(w, name, value, int(life/time.Second))
}

// clear removes a cookie.
func (k Cookies) clear(w http.ResponseWriter, base string) { k.write(w, k.name(base), "", -1) }

func (k Cookies) write(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure is as the issuer's scheme: browsers drop it over plain http
		Name: name, Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true, Secure: k.secure, SameSite: http.SameSiteLaxMode,
	})
}
