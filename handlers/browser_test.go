package handlers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser is a person's browser: cookies, no automatic redirects.
type browser struct {
	e      *env
	client *http.Client
	// last is the address of the page that is shown.
	last string
}

func (e *env) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(e.t, err)
	return &browser{e: e, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response with its page.
type answer struct {
	t        *testing.T
	status   int
	header   http.Header
	location string
	body     string
	doc      *goquery.Document
	cookies  []*http.Cookie
}

func (b *browser) do(req *http.Request) *answer {
	b.e.t.Helper()
	resp, err := b.client.Do(req)
	must(b.e.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	must(b.e.t, err)
	a := &answer{
		t: b.e.t, status: resp.StatusCode, header: resp.Header, location: resp.Header.Get("Location"),
		body: string(raw), cookies: resp.Cookies(),
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		a.doc, err = goquery.NewDocumentFromReader(bytes.NewReader(raw))
		must(b.e.t, err)
	}
	return a
}

// at makes an address of ours absolute.
func (b *browser) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.e.url + path
	}
	return path
}

func (b *browser) request(method, path, body string) *http.Request {
	req, err := http.NewRequestWithContext(b.e.t.Context(), method, b.at(path), strings.NewReader(body))
	must(b.e.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

func (b *browser) get(path string) *answer {
	b.e.t.Helper()
	return b.do(b.request(http.MethodGet, path, ""))
}

// post sends a form as a page of ours would.
func (b *browser) post(path string, form url.Values) *answer {
	b.e.t.Helper()
	req := b.request(http.MethodPost, path, form.Encode())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// follow goes along redirects on our origin, until a page is shown or the way leads elsewhere.
func (b *browser) follow(a *answer) *answer {
	b.e.t.Helper()
	for range 10 {
		if a.location == "" {
			return a
		}
		if !strings.HasPrefix(a.location, "/") && !strings.HasPrefix(a.location, b.e.url+"/") {
			return a
		}
		b.last = a.location
		a = b.get(a.location)
	}
	b.e.t.Fatal("too many redirects")
	return nil
}

func (b *browser) open(path string) *answer {
	b.e.t.Helper()
	b.last = path
	return b.follow(b.get(path))
}

// form reads the page's POST form: where it leads and what it holds.
func (a *answer) form() (action string, fields url.Values) {
	a.t.Helper()
	f := a.doc.Find("form[method=post]").First()
	if f.Length() == 0 {
		a.t.Fatalf("the page has no form: %d %s", a.status, a.title())
	}
	action, _ = f.Attr("action")
	fields = url.Values{}
	f.Find("input").Each(func(_ int, i *goquery.Selection) {
		kind, _ := i.Attr("type")
		if _, checked := i.Attr("checked"); kind == "checkbox" && !checked {
			return
		}
		if name, ok := i.Attr("name"); ok {
			fields.Set(name, i.AttrOr("value", ""))
		}
	})
	return action, fields
}

func (a *answer) title() string {
	if a.doc == nil {
		return ""
	}
	return a.doc.Find("title").Text()
}

func (a *answer) heading() string { return strings.TrimSpace(a.doc.Find("h1").Text()) }

// submit fills in the page's form and follows what comes.
func (b *browser) submit(a *answer, pairs ...string) *answer {
	b.e.t.Helper()
	return b.follow(b.send(a, pairs...))
}

// send fills in the page's form and returns the answer itself.
func (b *browser) send(a *answer, pairs ...string) *answer {
	b.e.t.Helper()
	action, fields := a.form()
	for i := 0; i < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	return b.post(action, fields)
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.e.url)
	must(b.e.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	u, err := url.Parse(b.e.url)
	must(b.e.t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// signIn signs in without a client.
func (b *browser) signIn(username, password string) {
	b.e.t.Helper()
	a := b.submit(b.open("/login"), "username", username, "password", password)
	if a.status != http.StatusOK || b.last != "/account" {
		b.e.t.Fatalf("sign-in ended at %s: %d %s", b.last, a.status, a.title())
	}
}

// authorizeQuery is a good request of the client web, changed by the pairs ("" removes).
func authorizeQuery(pairs ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"web"}, "redirect_uri": {webCallback}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {"st-1"}, "nonce": {"n-1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

func authorizeAt(pairs ...string) string {
	return "/oauth2/authorize?" + authorizeQuery(pairs...).Encode()
}

// handedOver reads the parameters that the page at /continue carries to the client.
func (a *answer) handedOver() url.Values {
	a.t.Helper()
	to := a.location
	if to == "" {
		refresh := a.header.Get("Refresh")
		var ok bool
		if to, ok = strings.CutPrefix(refresh, "0;url="); !ok {
			a.t.Fatalf("nothing is handed over: %d %q %s", a.status, refresh, a.title())
		}
	}
	u, err := url.Parse(to)
	must(a.t, err)
	return u.Query()
}

// redeem exchanges a code and returns the token response, or the error code.
func (e *env) redeem(code string) (tokens map[string]any, errorCode string) {
	e.t.Helper()
	b := e.browser()
	req := b.request(http.MethodPost, "/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {webCallback}, "code_verifier": {verifier},
	}.Encode())
	req.SetBasicAuth("web", webSecret)
	a := b.do(req)
	must(e.t, json.Unmarshal([]byte(a.body), &tokens))
	errorCode, _ = tokens["error"].(string)
	return tokens, errorCode
}

// tokensFor runs the whole flow for a browser that is signed in.
func (b *browser) tokensFor(pairs ...string) map[string]any {
	b.e.t.Helper()
	a := b.open(authorizeAt(pairs...))
	if a.location == "" {
		a = b.submit(a, "decision", "allow")
	}
	tokens, code := b.e.redeem(a.handedOver().Get("code"))
	if code != "" {
		b.e.t.Fatalf("redeem: %s", code)
	}
	return tokens
}
