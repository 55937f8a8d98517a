package pages

import (
	"strings"
	"time"

	"gatehouse/idp"
)

// Area is a part of the product with a navigation of its own.
type Area string

// The areas.
const (
	AreaAdmin   Area = "admin"   // the console, /admin
	AreaAccount Area = "account" // the own account, /account
)

// Shell is what surrounds a page of somebody who is signed in: navigation, who
// they are, the way out, and what the last action did. A Context without one
// makes a public page.
type Shell struct {
	Area           Area
	Path           string // of this page; marks where the person is in the navigation and in tabs
	Name, Username string // Name may be empty
	May            idp.Permissions
	CSRF           string // of every form on the page but the one that signs out
	SignOutCSRF    string
	Toast          *Toast // what the last action did, nil for nothing
	Zone           string // zoneinfo of the person, "" is UTC
	// Back is this page's own address with its query: a field of every form, so
	// that a refused one comes back to it. "" is Path.
	Back string
	// SessionEnds is when the session ends without another request; zero when not
	// known. admin.js warns before it where a form would lose what was typed.
	SessionEnds time.Time
}

// Text is a message of the catalogue that is put into words when the page is written.
type Text struct {
	Key  string
	Args map[string]string
	// Count chooses the plural form and is the argument Count, where Counted.
	Count   int
	Counted bool
}

// Counted returns a message with a plural form.
func Counted(key string, n int) Text { return Text{Key: key, Count: n, Counted: true} }

func (t Text) text() text {
	out := text{key: t.Key, args: args{}, count: t.Count, counted: t.Counted}
	for name, value := range t.Args {
		out.args[name] = value
	}
	return out
}

// Toast says what the last action did. It stays until the next page.
type Toast struct {
	Key   string
	Args  map[string]string
	Count int    // chooses the plural form, where it is not 0
	Tone  string // "" for done, "warn" for done with something to know
	Undo  *Undo  // nil where there is no way back
}

// Undo is a form that takes the last action back. Its CSRF token is the shell's.
type Undo struct {
	Action string
	Fields []Field
}

// NavGroup is a titled part of the navigation.
type NavGroup struct {
	Key   string // of the title, "" for none
	Items []NavItem
}

// NavItem is one way of the navigation.
type NavItem struct {
	To, Key, Icon string
	Current       string // value of aria-current: "page" here, "true" below it, "" elsewhere
}

func adminNav(may idp.Permissions) []NavGroup {
	people, records := []NavItem(nil), []NavItem(nil)
	if may.MaySeeUsers() {
		people = []NavItem{
			{To: "/admin/users", Key: "nav.users", Icon: "users"},
			{To: "/admin/roles", Key: "nav.roles", Icon: "shield"},
			{To: "/admin/sessions", Key: "nav.sessions", Icon: "screen"},
		}
	}
	apps := []NavItem(nil)
	if may.MaySeeAll() {
		apps = []NavItem{
			{To: "/admin/clients", Key: "nav.clients", Icon: "app"},
			{To: "/admin/tokens", Key: "nav.tokens", Icon: "ticket"},
			{To: "/admin/keys", Key: "nav.keys", Icon: "key"},
		}
		records = []NavItem{
			{To: "/admin/audit", Key: "nav.audit", Icon: "list"},
			{To: "/admin/settings", Key: "nav.settings", Icon: "sliders"},
		}
	}
	return []NavGroup{
		{Items: []NavItem{{To: "/admin", Key: "nav.overview", Icon: "chart"}}},
		{Key: "nav.people", Items: people},
		{Key: "nav.apps", Items: apps},
		{Key: "nav.records", Items: records},
	}
}

func accountNav() []NavGroup {
	return []NavGroup{{Items: []NavItem{
		{To: "/account", Key: "nav.account", Icon: "home"},
		{To: "/account/profile", Key: "nav.profile", Icon: "person"},
		{To: "/account/password", Key: "nav.password", Icon: "lock"},
		{To: "/account/sessions", Key: "nav.sessions", Icon: "screen"},
		{To: "/account/apps", Key: "nav.connected", Icon: "app"},
		{To: "/account/activity", Key: "nav.activity", Icon: "list"},
		{To: "/account/data", Key: "nav.data", Icon: "box"},
	}}}
}

// Nav is the navigation of the area, with what the person may see and where they are.
func (s *Shell) Nav() []NavGroup {
	groups := accountNav()
	if s.Area == AreaAdmin {
		groups = adminNav(s.May)
	}
	var out []NavGroup
	for _, g := range groups {
		for i := range g.Items {
			g.Items[i].Current = s.current(g.Items[i].To)
		}
		if len(g.Items) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (s *Shell) current(to string) string {
	path := strings.TrimSuffix(s.Path, "/")
	switch {
	case path == to:
		return "page"
	case to != "/admin" && to != "/account" && strings.HasPrefix(path, to+"/"):
		return "true"
	}
	return ""
}

// Admin reports whether the shell is the console's.
func (s *Shell) Admin() bool { return s.Area == AreaAdmin }

// Called is how the person is addressed.
func (s *Shell) Called() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Username
}

// Ends is SessionEnds in Unix seconds, 0 when not known.
func (s *Shell) Ends() int64 {
	if s.SessionEnds.IsZero() {
		return 0
	}
	return s.SessionEnds.Unix()
}

func (s *Shell) back() string {
	if s.Back != "" {
		return s.Back
	}
	return s.Path
}
