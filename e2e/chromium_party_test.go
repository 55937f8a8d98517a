package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/idp"
)

// party is an application's side in the browser: it takes answers.
type party struct {
	origin string // http://127.0.0.1:port, the same site as the issuer
	abroad string // http://localhost:port, another site
	server *httptest.Server

	mu    sync.Mutex
	calls []partyCall
}

type partyCall struct {
	method string
	form   url.Values
}

func newParty(t *testing.T) *party {
	t.Helper()
	p := &party{}
	mux := http.NewServeMux()
	mux.HandleFunc("/cb", func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		landing(w)
	})
	// A browser that is told nothing stays on the page that it came from.
	mux.HandleFunc("/stay", func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/onward", func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		http.Redirect(w, r, p.abroad+"/in", http.StatusSeeOther)
	})
	mux.HandleFunc("/in", func(w http.ResponseWriter, _ *http.Request) { landing(w) })
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	p.origin = p.server.URL
	p.abroad = strings.Replace(p.origin, "127.0.0.1", "localhost", 1)
	return p
}

func landing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>landed</title><h1>landed</h1>`))
}

func (p *party) note(r *http.Request) {
	_ = r.ParseForm()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, partyCall{r.Method, r.Form})
}

// take returns the one answer that came since it was last asked.
func (p *party) take(t *testing.T) partyCall {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	if len(calls) != 1 {
		t.Fatalf("%d answers came: %v", len(calls), calls)
	}
	return calls[0]
}

// waiting reports whether an answer has come.
func (p *party) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls) > 0
}

// newPartyApp registers an application of the party.
func (s *system) newPartyApp(t *testing.T, p *party) app {
	t.Helper()
	return s.newApp(t, func(c *idp.Client) {
		c.RedirectURIs = []string{p.origin + "/cb", p.abroad + "/cb", p.origin + "/stay", p.origin + "/onward"}
		c.PostLogoutRedirectURIs = []string{p.origin + "/in"}
		c.ClientURI = p.origin + "/in"
	})
}
