package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"gatehouse/testenv"
)

// noPages are the addresses that answer GET with something else than a page:
// protocol, data, files, streams and mere redirects. Every other route must be
// visited by the crawl.
var noPages = regexp.MustCompile(`^/(api|oauth2|static|images|\.well-known)/|\.(csv|json)$|/events$|^/(healthz|readyz)?$|^/demo/.`)

// limits of a page that is loaded with an empty cache.
const (
	pageRequests, pageBytes   = 8, 60_000
	loginRequests, loginBytes = 6, 10_000
	scriptBytes               = 8_000
)

// crawl visits every page of the program, and what is linked from there, in a
// system that has something to show.
func crawl(t *testing.T, s chromium) {
	system := startSystem(t, onSQLite, "GATEHOUSE_DEMO=true", "GATEHOUSE_SIGNUP=open")
	c := &crawler{
		t: t, data: newCrawlData(t, system), axe: testenv.Axe(t),
		visited: map[string]bool{}, met: map[string]bool{}, titles: map[string]string{}, scripts: map[string]bool{},
	}
	for _, r := range system.main.Routes() {
		if r.Method == http.MethodGet && !noPages.MatchString(r.Path) {
			c.routes = append(c.routes, r.Path)
		}
	}
	if len(c.routes) < 50 {
		t.Fatalf("only %d pages: %v", len(c.routes), c.routes)
	}
	c.tabs = map[visitor]*tab{}
	for _, who := range []visitor{nobody, somebody, administrator} {
		c.tabs[who] = chromium{system, s.ctx}.newTab(t, c.data.party.origin)
		command(c.tabs[who], network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	}
	c.flows()
	c.signIn(somebody, c.data.person.Username, "/account")
	c.signIn(administrator, "admin", "/admin")
	c.forms()
	for _, address := range c.data.starts() {
		c.follow(address)
	}
	c.queue = append(c.queue, c.data.variants()...)
	for len(c.queue) > 0 {
		address := c.queue[0]
		c.queue = c.queue[1:]
		c.visit(address)
	}
	c.pinned()
	c.bites()
	for _, route := range c.routes {
		if !c.visited[route] {
			t.Errorf("the page %s was not visited", route)
		}
	}
	t.Logf("%d pages of %d routes", c.count, len(c.routes))
}

// visitor is who looks at a page.
type visitor int

const (
	nobody visitor = iota
	somebody
	administrator
)

// whose says who visits an address.
func whose(path string) visitor {
	switch {
	case path == "/admin" || strings.HasPrefix(path, "/admin/"):
		return administrator
	case path == "/account" || strings.HasPrefix(path, "/account/"):
		return somebody
	}
	return nobody
}

type crawler struct {
	t       *testing.T
	data    *crawlData
	axe     string
	tabs    map[visitor]*tab
	routes  []string          // of the pages
	queue   []string          // addresses to visit
	met     map[string]bool   // routes, and their names in queries, of what was put into the queue
	visited map[string]bool   // routes
	titles  map[string]string // the route that has the title
	scripts map[string]bool   // that were weighed
	count   int
}

func (c *crawler) signIn(who visitor, login, path string) {
	c.t.Helper()
	c.tabs[who].open(path, "/login")
	c.tabs[who].signIn(login, password, path)
	c.tabs[who].clean("signing in")
}

// route is the pattern of an address, "" where there is no page.
func (c *crawler) route(path string) string {
	best := ""
	for _, pattern := range c.routes {
		if matches(pattern, path) && (best == "" || strings.Count(pattern, ":") < strings.Count(best, ":")) {
			best = pattern
		}
	}
	return best
}

func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, ":") && h != "" })
}

// follow puts a link into the queue, if it is the first to its route or with a name in its query.
func (c *crawler) follow(link string) {
	u, err := url.Parse(link)
	if err != nil || noPages.MatchString(u.Path) {
		return
	}
	route := c.route(u.Path)
	if route == "" {
		c.t.Errorf("a link leads to %s, where there is nothing", u.Path)
		return
	}
	first := !c.met[route]
	c.met[route] = true
	for name := range u.Query() {
		first = first || !c.met[route+"?"+name]
		c.met[route+"?"+name] = true
	}
	if first {
		c.queue = append(c.queue, u.RequestURI())
	}
}

// visit opens an address, light and wide, then dark and narrow.
func (c *crawler) visit(address string) {
	c.t.Helper()
	path, _, _ := strings.Cut(address, "?")
	b := c.tabs[whose(path)]
	b.scheme("light")
	b.resize(1280)
	b.traffic.weigh()
	b.open(address, path)
	b.clean(address + ", light")
	c.weigh(b, address)
	for _, link := range c.inspect(b, address, http.StatusOK) {
		c.follow(link)
	}
	b.scheme("dark")
	b.resize(320)
	b.reload(path)
	b.clean(address + ", dark")
	c.narrow(b, address)
}

// weigh holds the page that was loaded just now to its limits.
func (c *crawler) weigh(b *tab, address string) {
	c.t.Helper()
	requests, bytes := b.traffic.weigh()
	maxRequests, maxBytes := pageRequests, pageBytes
	if strings.HasPrefix(address, "/login") {
		maxRequests, maxBytes = loginRequests, loginBytes
	}
	if requests < 3 || bytes < 1000 || requests > maxRequests || bytes > float64(maxBytes) {
		c.t.Errorf("%s: %d requests and %.0f bytes, want at most %d and %d", address, requests, bytes, maxRequests, maxBytes)
	}
}

// inspect holds the page where the tab stands to what is true of every page,
// and returns the addresses that it leads to.
func (c *crawler) inspect(b *tab, address string, status int) []string {
	c.t.Helper()
	c.count++
	at := ask[string](b, `location.pathname`)
	route := c.route(at)
	if a, ok := b.traffic.page(at); !ok || a.status != int64(status) {
		c.t.Errorf("%s: answered %v, want %d", address, a, status)
	}
	seen := ask[pageState](b, lookOver)
	for _, fault := range seen.Faults {
		c.t.Errorf("%s: %s", address, fault)
	}
	if status == http.StatusOK {
		c.title(address, route, seen.Title)
	}
	for _, script := range seen.Scripts {
		if !c.scripts[script] {
			c.scripts[script] = true
			if p := b.s.newBrowser(c.t).get(script); p.status != http.StatusOK || len(p.body) > scriptBytes {
				c.t.Errorf("%s: %d, %d bytes", script, p.status, len(p.body))
			}
		}
	}
	if !c.visited[route] || status != http.StatusOK {
		c.visited[route] = true
		c.axeOn(b, address)
	}
	return seen.Links
}

// title fails where two kinds of pages are called the same.
func (c *crawler) title(address, route, title string) {
	c.t.Helper()
	name, product, ok := strings.Cut(title, " · ")
	if !ok || name == "" || !strings.HasSuffix(product, "Gatehouse") {
		c.t.Errorf("%s: the title is %q", address, title)
	}
	other, taken := c.titles[title]
	if taken && other != route {
		c.t.Errorf("%s and %s are both called %q", route, other, title)
	}
	c.titles[title] = route
}

// axeOn looks at a route once: at one as in bright light and wide, at the next as dark and narrow.
func (c *crawler) axeOn(b *tab, address string) {
	c.t.Helper()
	look := "light and wide"
	if len(c.visited)%2 == 0 {
		look = "dark and narrow"
		b.scheme("dark")
		b.resize(390)
	}
	b.run(c.axe)
	for _, fault := range ask[[]string](b, runAxe) {
		c.t.Errorf("%s, %s: %s", address, look, fault)
	}
}

// sideways is by how many pixels the page is wider than its window.
const sideways = `document.documentElement.scrollWidth - document.documentElement.clientWidth`

func (c *crawler) narrow(b *tab, address string) {
	c.t.Helper()
	if wide := ask[int](b, sideways); wide > 0 {
		c.t.Errorf("%s: at 320 px the page scrolls sideways by %d px", address, wide)
	}
	if dark := ask[bool](b, `matchMedia("(prefers-color-scheme: dark)").matches`); !dark {
		c.t.Fatal(fmt.Sprint(address, ": the window is not dark"))
	}
}
