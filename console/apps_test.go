package console_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/webtest"
)

// client registers a client behind the console's back.
func (h *house) client(id string, kind idp.ClientKind, change ...func(*oauth.NewClient)) *idp.Client {
	h.t.Helper()
	n := h.Admin.Clients.NewOfKind(kind)
	n.ID, n.Name = id, strings.ToUpper(id[:1])+id[1:]
	if kind != idp.ClientMachine && kind != idp.ClientResource {
		n.RedirectURIs = []string{"https://" + id + ".example/cb"}
	}
	if n.AuthMethod != idp.AuthMethodNone {
		n.Secret = secretOf(id)
	}
	for _, f := range change {
		f(&n)
	}
	c, _, err := h.Admin.Clients.Create(context.Background(), n)
	must(h.t, err)
	return c
}

func secretOf(id string) string { return "the-secret-of-" + id }

// stored is the client as the store has it now, nil when there is none.
func (h *house) stored(id string) *idp.Client {
	h.t.Helper()
	page, err := h.Stores.Clients.QueryClients(context.Background(), idp.ClientQuery{ListQuery: idp.ListQuery{Text: id, Limit: 100}})
	must(h.t, err)
	for _, c := range page.Items {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// answer is what the protocol says.
type answer struct {
	status int
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

// protocol posts to an endpoint of the protocol, as a client with that secret, "" for none.
func (h *house) protocol(path, id, secret string, form url.Values) answer {
	h.t.Helper()
	if secret == "" {
		form.Set("client_id", id)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+path, strings.NewReader(form.Encode()))
	must(h.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if secret != "" {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	res, err := http.DefaultClient.Do(r)
	must(h.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(h.t, err)
	a := answer{status: res.StatusCode}
	if len(body) > 0 {
		must(h.t, json.Unmarshal(body, &a.body))
	}
	return a
}

// machineToken is the answer to a client that asks for a token of its own.
func (h *house) machineToken(id, secret string) answer {
	h.t.Helper()
	return h.protocol("/oauth2/token", id, secret, url.Values{"grant_type": {"client_credentials"}})
}

// works reports whether the secret does: as far as a client of any kind can show it.
func (h *house) works(id, secret string) bool {
	h.t.Helper()
	a := h.protocol("/oauth2/revoke", id, secret, url.Values{"token": {"x"}})
	return a.status == http.StatusOK
}

const pkceVerifier = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"

// signInTo walks through an authorization with a browser and returns the answer
// to the code, as the application would get it.
func (h *house) signInTo(b *webtest.Browser, id, secret, redirect, scope string) answer {
	h.t.Helper()
	sum := sha256.Sum256([]byte(pkceVerifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {id}, "redirect_uri": {redirect}, "scope": {scope}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	code := h.codeFrom(b, "/oauth2/authorize?"+q.Encode())
	return h.protocol("/oauth2/token", id, secret, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {pkceVerifier},
	})
}

// codeFrom is the code that an authorization request ends with.
func (h *house) codeFrom(b *webtest.Browser, address string) string {
	h.t.Helper()
	return h.leaves(b, address).Query().Get("code")
}

// leaves follows an authorization request, allowing what is asked, until the
// browser leaves for the application, and returns where it goes.
func (h *house) leaves(b *webtest.Browser, address string) *url.URL {
	h.t.Helper()
	p := b.Get(strings.TrimPrefix(address, h.URL))
	for range 8 {
		to := p.Header.Get("Location")
		if to == "" {
			if _, after, found := strings.Cut(p.Header.Get("Refresh"), "url="); found {
				to = after
			}
		}
		if u, err := url.Parse(to); err == nil && to != "" {
			if u.Query().Has("code") {
				return u
			}
			p = b.Get(to)
			continue
		}
		switch {
		case p.Doc.Find("form[action='/consent']").Length() > 0:
			p = b.Submit("form[action='/consent']", url.Values{"decision": {"allow"}})
		case p.Doc.Find("form[action^='/login']").Length() > 0:
			p = b.Submit("form[action^='/login']", url.Values{"username": {webtest.User}, "password": {webtest.Password}})
		default:
			h.t.Fatalf("the sign-in stops at %d %s: %s", p.Status, p.URL, p.Text())
		}
	}
	h.t.Fatalf("the sign-in does not end: %s", p.URL)
	return nil
}

// upload sends a form of the present page with a file.
func upload(t *testing.T, b *webtest.Browser, selector, field, name string, file []byte, change url.Values) *webtest.Page {
	t.Helper()
	action, values := b.Form(selector)
	for k, v := range change {
		values[k] = v
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, all := range values {
		for _, v := range all {
			must(t, w.WriteField(k, v))
		}
	}
	if file != nil {
		part, err := w.CreateFormFile(field, name)
		must(t, err)
		_, err = part.Write(file)
		must(t, err)
	}
	must(t, w.Close())
	origin := b.Last.URL.Scheme + "://" + b.Last.URL.Host
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+action, &body)
	must(t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", origin)
	return b.Do(r)
}

func clientAt(id string, below ...string) string {
	return strings.Join(append([]string{"/admin/clients/" + id}, below...), "/")
}

// hasFault fails unless the page tells a fault at the field, and is titled so.
func hasFault(t *testing.T, p *webtest.Page, field, text string) {
	t.Helper()
	if title := p.Doc.Find("title").Text(); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("the title is %q", title)
	}
	if p.Status != http.StatusOK || !strings.Contains(p.Doc.Find("[role=alert]").Text(), text) {
		t.Errorf("%d %s does not say %q: %s", p.Status, p.URL, text, p.Doc.Find("[role=alert]").Text())
	}
	in := p.Doc.Find("main [name='" + field + "'][aria-invalid=true]")
	if in.Length() == 0 {
		t.Errorf("%s is not marked", field)
		return
	}
	if in.AttrOr("type", "") == "checkbox" || in.AttrOr("type", "") == "radio" {
		return // their group is described
	}
	for id := range strings.FieldsSeq(in.First().AttrOr("aria-describedby", "")) {
		if p.Doc.Find("#"+id).Length() != 1 {
			t.Errorf("%s is described by %s, which is not there", field, id)
		}
	}
}

// recorded waits until the audit log has an event since then that fits, and returns it.
func (h *house) recorded(since int64, fits func(*idp.AuditEvent) bool) *idp.AuditEvent {
	h.t.Helper()
	var all []*idp.AuditEvent
	for range 60 { // what no store records by itself comes a moment later
		var err error
		all, err = h.Stores.Audit.AuditAfter(context.Background(), since, 1000)
		must(h.t, err)
		for _, e := range all {
			if fits(e) {
				return e
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatalf("nothing of the kind is recorded among %d events", len(all))
	return nil
}
