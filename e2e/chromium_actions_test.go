package e2e

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/handlers"
)

// everyAction does everything that a person can do on our pages, without
// scripts and with nothing but keys, and looks whether it was done. What can be
// done is every route that takes a form: one without a walk fails.
func everyAction(t *testing.T, s chromium) {
	w := newActions(t, s)
	walks := map[string]func(*actions){}
	for _, part := range []map[string]func(*actions){accountActions(), peopleActions(), roleActions(), clientActions(), tokenActions(), settingActions(), publicActions()} {
		maps.Copy(walks, part)
	}
	left := maps.Clone(walks)
	for _, route := range w.forms() {
		walk := walks[route]
		delete(left, route)
		if walk == nil {
			t.Errorf("nobody walks to POST %s: add how it is done by keyboard", route)
			continue
		}
		w.run(t, route, walk)
	}
	for route := range left {
		t.Errorf("there is no POST %s any more", route)
	}
	t.Run("downloads", func(t *testing.T) { w.as(t).downloads() })
	t.Run("other pages", func(t *testing.T) { w.as(t).otherPages() })
}

// actions are two people at work, and what they work on.
type actions struct {
	chromium
	t      *testing.T
	routes []handlers.Route
	party  *party
	app    app // of the party, which nobody changes
	looked map[string]bool
	people []*person // who has a browser: admin, ada, and who is here for one walk
	boss   *person   // administers
	ada    *person
}

func newActions(t *testing.T, s chromium) *actions {
	t.Helper()
	p := newParty(t)
	w := &actions{chromium: s, t: t, routes: s.main.Routes(), party: p, app: s.newPartyApp(t, p), looked: map[string]bool{}}
	admin, err := s.admin.Users.Find(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	w.boss, w.ada = w.person(admin), w.person(s.newUser(t))
	w.boss.enter("/admin")
	w.ada.enter("/account")
	return w
}

// as makes the people answer to a test.
func (w *actions) as(t *testing.T) *actions {
	w.t = t
	w.people = w.people[:2]
	for _, p := range w.people {
		p.t = t
	}
	return w
}

// isPage reports whether a route is of the pages that people use: not of the
// protocol or of programs, nor of the demonstration, which is another application.
func isPage(path string) bool {
	return !slices.ContainsFunc([]string{
		"/api/", "/oauth2/", "/.well-known/", "/demo", "/static/", "/images/", "/healthz", "/readyz", "/openapi.json",
	}, func(other string) bool { return strings.HasPrefix(path, other) })
}

// forms are the routes that take a form from a page.
func (w *actions) forms() []string {
	var out []string
	for _, r := range w.routes {
		if r.Method == http.MethodPost && isPage(r.Path) {
			out = append(out, r.Path)
		}
	}
	slices.Sort(out)
	return out
}

// run walks to a form, which must really be sent.
func (w *actions) run(t *testing.T, route string, walk func(*actions)) {
	t.Helper()
	t.Run(strings.ReplaceAll(route[1:], "/", "."), func(t *testing.T) {
		w.as(t)
		before := map[*person]int{w.boss: len(w.boss.traffic.sent()), w.ada: len(w.ada.traffic.sent())}
		walk(w)
		sent := false
		for _, p := range w.people {
			for _, a := range p.traffic.sent()[before[p]:] {
				at, err := url.Parse(a.url)
				if err != nil {
					t.Fatal(err)
				}
				sent = sent || fits(route, at.Path)
				if a.status != http.StatusSeeOther {
					t.Errorf("a form was answered %v", a)
				}
			}
			p.clean(route)
		}
		if !sent {
			t.Errorf("the walk sent no form to %s", route)
		}
	})
}

// sent are the answers to forms.
func (w *traffic) sent() []answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.answers), func(a answer) bool { return a.method != http.MethodPost })
}

// fits reports whether a path is one of the route's.
func fits(route, path string) bool {
	a, b := strings.Split(route, "/"), strings.Split(path, "/")
	return slices.EqualFunc(a, b, func(part, is string) bool { return part == is || strings.HasPrefix(part, ":") })
}
