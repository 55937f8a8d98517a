package handlers

import (
	"net/http"
	"time"
)

// Names of the cookies, before the prefix.
const (
	cookieSession = "gh_session" // handle of the browser session
	cookieBrowser = "gh_browser" // names the browser while pages are shown: binds flows and CSRF tokens
	cookieKnown   = "gh_known"   // accounts that signed in here before, signed
)

const hostPrefix = "__Host-"

// languageFor is how long the choice of a language is remembered.
const languageFor = 365 * 24 * time.Hour

// cookies writes every cookie of ours the same way.
type cookies struct{ secure bool }

// name puts the __Host- prefix before a name under https, so that no other
// host of the domain can plant a cookie (RFC 6265bis §4.1.3.2).
func (k cookies) name(base string) string {
	if k.secure {
		return hostPrefix + base
	}
	return base
}

// get returns the cookie's value, or "".
func (k cookies) get(r *http.Request, base string) string {
	c, err := r.Cookie(k.name(base))
	if err != nil || len(c.Value) > 2048 {
		return ""
	}
	return c.Value
}

// set writes a cookie that lives for the given time, or until the browser closes when that is 0.
func (k cookies) set(w http.ResponseWriter, base, value string, life time.Duration) {
	c := k.cookie(base)
	c.Value = value
	c.MaxAge = int(life / time.Second)
	http.SetCookie(w, c)
}

// setPlain writes a cookie that package pages reads, under the name that it knows.
func (k cookies) setPlain(w http.ResponseWriter, name, value string, life time.Duration) {
	c := k.cookie("")
	c.Name, c.Value, c.MaxAge = name, value, int(life/time.Second)
	http.SetCookie(w, c)
}

// clear removes a cookie.
func (k cookies) clear(w http.ResponseWriter, base string) {
	c := k.cookie(base)
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (k cookies) cookie(base string) *http.Cookie {
	return &http.Cookie{
		Name: k.name(base), Path: "/", HttpOnly: true, Secure: k.secure, SameSite: http.SameSiteLaxMode,
	}
}
