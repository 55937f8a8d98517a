package demo

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/pages"
)

// Options are what the demo knows, as any application would.
type Options struct {
	Issuer                 string // base URL, without a trailing slash
	ClientID, ClientSecret string
	Pages                  *pages.Renderer
	HTTPClient             *http.Client     // nil is one with a timeout of 10 s
	Now                    func() time.Time // nil is time.Now
}

// RedirectURI is what the demo's client must register as redirect_uris.
func RedirectURI(issuer string) string { return strings.TrimRight(issuer, "/") + "/demo/callback" }

// PostLogoutRedirectURI is what the demo's client must register as post_logout_redirect_uris.
func PostLogoutRedirectURI(issuer string) string { return strings.TrimRight(issuer, "/") + "/demo" }

// Scopes is what the demo asks for, and what its client must be registered for.
func Scopes() []string {
	return []string{"openid", "profile", "email", "roles", "offline_access"}
}

const (
	home       = "/demo"
	cookieName = "gh_demo"
	maxForm    = 8 << 10
)

type app struct {
	Options
	party    *party
	visitors *visitors
}

// New returns the handler for /demo and /demo/…. It does not speak to the
// issuer before the first sign-in.
func New(o Options) http.Handler {
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Issuer = strings.TrimRight(o.Issuer, "/")
	a := &app{Options: o, party: newParty(o), visitors: newVisitors(o.Now)}
	m := http.NewServeMux()
	m.HandleFunc("GET /demo", a.page)
	m.HandleFunc("GET /demo/login", a.login)
	m.HandleFunc("GET /demo/callback", a.callback)
	m.HandleFunc("POST /demo/refresh", a.button(a.party.refresh))
	m.HandleFunc("POST /demo/introspect", a.button(a.party.introspect))
	m.HandleFunc("POST /demo/userinfo", a.button(a.party.userinfo))
	m.HandleFunc("POST /demo/logout", a.logout)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.write(w, r, http.StatusNotFound, pages.ErrorPage{Kind: pages.ErrorNotFound, BackTo: home})
	})
	return m
}

// page shows where the visitor stands.
func (a *app) page(w http.ResponseWriter, r *http.Request) {
	v := a.visitor(r)
	if v == nil {
		a.write(w, r, http.StatusOK, pages.DemoPage{})
		return
	}
	v.mu.Lock()
	p := v.page()
	v.message = "" // shown once
	v.mu.Unlock()
	a.write(w, r, http.StatusOK, p)
}

// login sends the visitor to the authorization endpoint.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	v := a.visitor(r)
	if v == nil {
		v = a.visitors.add()
		a.setCookie(w, v.id, 0)
	}
	to, err := a.party.begin(r.Context(), v)
	if err != nil {
		v.say(plain(err))
		to = home
	}
	seeOther(w, to)
}

// callback takes the answer of the authorization endpoint.
func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	v := a.visitor(r)
	if v == nil {
		v = a.visitors.add()
		a.setCookie(w, v.id, 0)
		v.say("This answer belongs to no sign-in that this browser began. Sign in again.")
		seeOther(w, home)
		return
	}
	if err := a.party.finish(r.Context(), v, r.URL.Query()); err != nil {
		v.say(plain(err))
		seeOther(w, home)
		return
	}
	// A new handle for a visitor who is somebody now.
	a.setCookie(w, a.visitors.rename(v), 0)
	seeOther(w, home)
}

// button adapts what a button does: check the form, do it, say what came of it.
func (a *app) button(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := a.checked(w, r)
		if v == nil {
			return
		}
		v.mu.Lock()
		message, err := do(r.Context(), v)
		if err != nil {
			message = plain(err)
		}
		v.message = message
		v.mu.Unlock()
		seeOther(w, home)
	}
}

// logout forgets the visitor and signs out at the issuer.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	v := a.checked(w, r)
	if v == nil {
		return
	}
	to, err := a.party.endSession(r.Context(), v)
	if err != nil {
		v.say(plain(err))
		seeOther(w, home)
		return
	}
	a.visitors.remove(v)
	a.setCookie(w, "", -1)
	seeOther(w, to)
}

// checked returns the visitor whose own form this is, or answers and returns nil.
func (a *app) checked(w http.ResponseWriter, r *http.Request) *visitor {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		status, kind := http.StatusBadRequest, pages.ErrorBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status, kind = http.StatusRequestEntityTooLarge, pages.ErrorTooLarge
		}
		a.write(w, r, status, pages.ErrorPage{Kind: kind, BackTo: home})
		return nil
	}
	v := a.visitor(r)
	if v == nil || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(v.csrf)) != 1 {
		a.write(w, r, http.StatusForbidden, pages.ErrorPage{Kind: pages.ErrorStale, BackTo: home})
		return nil
	}
	return v
}

func (a *app) visitor(r *http.Request) *visitor {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	return a.visitors.get(c.Value)
}

func (a *app) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure is as the issuer's scheme: browsers drop it over plain http
		Name: cookieName, Value: value, Path: home, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.Issuer, "https:"),
	})
}

func (a *app) write(w http.ResponseWriter, r *http.Request, status int, p pages.Page) {
	c := a.Pages.Context(r, "")
	c.RequestID = w.Header().Get("X-Request-Id")
	if err := a.Pages.Write(w, status, c, p); err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
	}
}

func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
