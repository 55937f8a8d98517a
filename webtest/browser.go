package webtest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Browser is a browser without JavaScript.
type Browser struct {
	t      testing.TB
	origin string
	Client *http.Client
	// Last is the page where the browser stands.
	Last *Page
}

// Page is an answer.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Doc    *goquery.Document
}

// Path is the path of the page's address.
func (p *Page) Path() string { return p.URL.Path }

// Text is the page's visible text with single spaces.
func (p *Page) Text() string { return strings.Join(strings.Fields(p.Doc.Find("body").Text()), " ") }

// Has reports whether the page says something.
func (p *Page) Has(text string) bool { return strings.Contains(p.Text(), text) }

// Browser returns a browser in which nobody is signed in. It follows redirects
// on our own origin.
func (e *Env) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	b := &Browser{t: t, origin: e.URL, Client: &http.Client{Jar: jar}}
	b.Client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), e.URL+"/") || len(via) > 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// As returns a browser in which that person is signed in.
func (e *Env) As(t testing.TB, username string) *Browser {
	t.Helper()
	b := e.Browser(t)
	b.SignIn(username)
	return b
}

// SignIn signs somebody in, by the form.
func (b *Browser) SignIn(username string) *Page {
	b.t.Helper()
	b.Get("/login?next=/account")
	p := b.Submit("form[action^='/login']", url.Values{"username": {username}, "password": {Password}})
	if p.Path() != "/account" {
		b.t.Fatalf("%s is not signed in: %d %s %s", username, p.Status, p.URL, p.Text())
	}
	return p
}

// Get opens an address of ours.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.resolve(path), nil)
	must(b.t, err)
	return b.Do(r)
}

// Post sends a form as it is, without reading the page first.
func (b *Browser) Post(path string, values url.Values) *Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.resolve(path), strings.NewReader(values.Encode()))
	must(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.origin)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// Submit fills in the form of the present page that the selector finds, over
// what it holds already, and sends it. A value given as nil removes the field.
func (b *Browser) Submit(selector string, values url.Values) *Page {
	b.t.Helper()
	action, all := b.Form(selector)
	for name, v := range values {
		if v == nil {
			all.Del(name)
			continue
		}
		all[name] = v
	}
	return b.Post(action, all)
}

// Form returns where a form of the present page posts, and what it holds.
func (b *Browser) Form(selector string) (action string, values url.Values) {
	b.t.Helper()
	form := b.Last.Doc.Find(selector).First()
	if form.Length() == 0 {
		b.t.Fatalf("%s has no form %s: %s", b.Last.URL, selector, b.Last.Text())
	}
	action, _ = form.Attr("action")
	if action == "" {
		action = b.Last.URL.RequestURI()
	}
	values = url.Values{}
	form.Find("input[name], select[name], textarea[name]").Each(func(_ int, in *goquery.Selection) {
		addValue(values, in)
	})
	return action, values
}

func addValue(values url.Values, in *goquery.Selection) {
	name, _ := in.Attr("name")
	if _, off := in.Attr("disabled"); off {
		return
	}
	switch kind, _ := in.Attr("type"); {
	case goquery.NodeName(in) == "textarea":
		values.Add(name, in.Text())
	case goquery.NodeName(in) == "select":
		chosen := in.Find("option[selected]")
		if chosen.Length() == 0 {
			chosen = in.Find("option").First()
		}
		chosen.Each(func(_ int, o *goquery.Selection) {
			v, has := o.Attr("value")
			if !has {
				v = o.Text()
			}
			values.Add(name, v)
		})
	case kind == "submit" || kind == "button" || kind == "file":
	case kind == "checkbox" || kind == "radio":
		if _, on := in.Attr("checked"); on {
			values.Add(name, in.AttrOr("value", "on"))
		}
	default:
		values.Add(name, in.AttrOr("value", ""))
	}
}

// Do sends a request and stands on its answer.
func (b *Browser) Do(r *http.Request) *Page {
	b.t.Helper()
	res, err := b.Client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	must(b.t, err)
	b.Last = &Page{URL: res.Request.URL, Status: res.StatusCode, Header: res.Header, Body: string(body), Doc: doc}
	return b.Last
}

func (b *Browser) resolve(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.origin + path
	}
	return path
}
