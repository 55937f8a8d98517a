package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser walks the pages as a browser without JavaScript does. It stops
// before it leaves the server, and says where it would have gone.
type browser struct {
	t      *testing.T
	s      *system
	client *http.Client
}

func (s *system) newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, s: s, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is where the browser stands.
type page struct {
	url    *url.URL
	status int
	header http.Header
	body   string
	doc    *goquery.Document
	// left is where the browser would go on another origin, with what it
	// would bring there; nil while it stays.
	left     *url.URL
	leftForm url.Values // of a form_post answer
}

// answer is what the client gets: the parameters of the callback.
func (p *page) answer() url.Values {
	if p.leftForm != nil {
		return p.leftForm
	}
	if p.left == nil {
		return nil
	}
	return p.left.Query()
}

func (p *page) is(path string) bool { return p.left == nil && p.url.Path == path }

func (b *browser) get(target string) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.resolve(target), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func (b *browser) post(target string, form url.Values) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.resolve(target), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.s.issuer)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) resolve(target string) string {
	if strings.HasPrefix(target, "/") {
		return b.s.issuer + target
	}
	return target
}

// do sends a request and follows redirects inside the server.
func (b *browser) do(req *http.Request) *page {
	b.t.Helper()
	for range 10 {
		p := b.send(req)
		if p.left != nil || p.status < 300 || p.status > 399 {
			return p
		}
		next, err := p.url.Parse(p.header.Get("Location"))
		if err != nil {
			b.t.Fatal(err)
		}
		if !strings.HasPrefix(next.String(), b.s.issuer+"/") {
			p.left = next
			return p
		}
		if req, err = http.NewRequestWithContext(b.t.Context(), http.MethodGet, next.String(), nil); err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatal("too many redirects")
	return nil
}

func (b *browser) send(req *http.Request) *page {
	b.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &page{url: req.URL, status: res.StatusCode, header: res.Header, body: string(body)}
	if p.doc, err = goquery.NewDocumentFromReader(strings.NewReader(p.body)); err != nil {
		b.t.Fatal(err)
	}
	// The hand-over page refreshes itself to the client.
	if _, target, ok := strings.Cut(res.Header.Get("Refresh"), "url="); ok {
		if p.left, err = url.Parse(target); err != nil {
			b.t.Fatal(err)
		}
	}
	// A form_post answer is a form of hidden fields for the client.
	p.doc.Find("form[method=post]").Each(func(_ int, f *goquery.Selection) {
		action, _ := f.Attr("action")
		if strings.Contains(action, "://") && !strings.HasPrefix(action, b.s.issuer+"/") {
			p.left, _ = url.Parse(action)
			p.leftForm = fields(f)
		}
	})
	return p
}

// fields are the values a form would send untouched.
func fields(form *goquery.Selection) url.Values {
	out := url.Values{}
	form.Find("input[name]").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		if kind, _ := in.Attr("type"); kind != "checkbox" && kind != "submit" {
			out.Add(name, value)
		}
	})
	return out
}

// submit sends the page's form that has a control of the name, with values typed in.
func (b *browser) submit(p *page, control string, values url.Values) *page {
	b.t.Helper()
	form := p.doc.Find("form[method=post]").FilterFunction(func(_ int, f *goquery.Selection) bool {
		return f.Find("[name="+control+"]").Length() > 0
	}).First()
	if form.Length() == 0 {
		b.t.Fatalf("no form with %s on %s (status %d):\n%s", control, p.url.Path, p.status, p.body)
	}
	send := fields(form)
	if value, ok := form.Find("button[name=" + control + "]").First().Attr("value"); ok {
		send.Set(control, value) // pressed
	}
	for k, v := range values {
		send[k] = v
	}
	action, _ := form.Attr("action")
	target, err := p.url.Parse(action)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(target.String(), send)
}

func (b *browser) signIn(p *page, username, pass string) *page {
	b.t.Helper()
	return b.submit(p, "password", url.Values{"username": {username}, "password": {pass}})
}

func (b *browser) decide(p *page, decision string) *page {
	b.t.Helper()
	return b.submit(p, "decision", url.Values{"decision": {decision}})
}

// finish goes through sign-in, chooser and consent until the client has its answer.
func (b *browser) finish(p *page, username string) *page {
	b.t.Helper()
	for range 5 {
		switch {
		case p.left != nil:
			return p
		case p.is("/login"):
			p = b.signIn(p, username, password)
		case p.is("/login/select"):
			p = b.submit(p, "account", nil)
		case p.is("/consent"):
			p = b.decide(p, "allow")
		default:
			b.t.Fatalf("stopped at %s (status %d):\n%s", p.url.Path, p.status, p.body)
		}
	}
	b.t.Fatalf("did not get to the client; last page %s", p.url.Path)
	return nil
}
