package pages_test

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/pages"
)

// state is one page in one state, as the gallery shows it.
type state struct {
	name string
	page pages.Page
	// bare leaves the path out of the context, as on addresses that answer POST only.
	bare bool
	// open opens what can be opened.
	open bool
	// shell surrounds the page, nil on public ones.
	shell *pages.Shell
}

// context is what the page of the state is written with.
func (s state) context(c pages.Context) pages.Context {
	c.Shell = s.shell
	return c
}

var noon = time.Date(2026, 11, 21, 16, 59, 5, 0, time.UTC)

func grafana() *pages.App {
	return &pages.App{
		Name: "Grafana", Host: "grafana.example.com", URI: "https://grafana.example.com/",
		PolicyURI: "https://grafana.example.com/privacy", TosURI: "https://grafana.example.com/terms",
	}
}

func scopes() []pages.ScopeLine {
	return []pages.ScopeLine{
		{Name: "profile", Shared: "Ada Lovelace"},
		{Name: "email", Shared: "ada@example.com"},
		{Name: "roles", Shared: "Admin, User"},
		{Name: "offline_access", New: true},
		{Name: "invoices:read", New: true},
	}
}

func allScopes() []pages.ScopeLine {
	var out []pages.ScopeLine
	for _, name := range []string{"openid", "profile", "email", "phone", "address", "roles", "offline_access", "gatehouse:account", "gatehouse:users", "gatehouse:read", "gatehouse:admin"} {
		out = append(out, pages.ScopeLine{Name: name})
	}
	return out
}

// states is every page in every state.
func states() []state {
	all := append(loginStates(), flowStates()...)
	all = append(all, otherStates()...)
	all = append(all, accountStates()...)
	all = append(all, adminPeopleStates()...)
	all = append(all, adminAppsStates()...)
	all = append(all, partsStates()...)
	all = append(all, recordsStates()...)
	all = append(all, errorStates()...)
	all = append(all, docsStates()...)
	wanted := regexp.MustCompile(*only)
	return slices.DeleteFunc(all, func(s state) bool { return !wanted.MatchString(s.name) })
}

func login(change func(*pages.LoginPage)) pages.LoginPage {
	p := pages.LoginPage{Flow: "Zmxvdw", CSRF: "Y3NyZg", App: grafana()}
	change(&p)
	return p
}

func loginStates() []state {
	out := []state{
		{name: "login", page: login(func(*pages.LoginPage) {})},
		{name: "login-plain", page: login(func(p *pages.LoginPage) { p.App = nil })},
		{name: "login-remembered", page: login(func(p *pages.LoginPage) { p.Login, p.Remember = "ada", true })},
		{name: "login-off-origin", page: login(func(p *pages.LoginPage) { p.App.Host, p.OffOrigin = "com.example.app", true })},
		{name: "login-reauth", page: login(func(p *pages.LoginPage) {
			p.Reauth, p.KnownAs, p.SwitchTo = true, "ada@example.com", "/login?flow=Zmxvdw&switch=1"
		})},
		{name: "login-reauth-wrong", page: login(func(p *pages.LoginPage) {
			p.Reauth, p.KnownAs, p.Notice = true, "ada@example.com", pages.NoticeWrongPair
		})},
		{name: "login-missing-both", page: login(func(p *pages.LoginPage) { p.Notice = pages.NoticeMissing })},
	}
	for _, n := range []pages.Notice{
		pages.NoticeWrongPair, pages.NoticeMissing, pages.NoticeStale, pages.NoticeExpired, pages.NoticeCookies,
		pages.NoticeSessionEnded, pages.Throttled(time.Second), pages.Throttled(2 * time.Minute), pages.Throttled(5 * time.Minute),
	} {
		name := "login-" + strings.NewReplacer(":", "-", "_", "-").Replace(string(n))
		out = append(out, state{name: name, page: login(func(p *pages.LoginPage) { p.Login, p.Notice = "ada", n })})
	}
	return out
}

func flowStates() []state {
	ada := pages.AccountChoice{ID: "1", Name: "Ada Lovelace", Login: "ada@example.com"}
	grace := pages.AccountChoice{ID: "2", Login: "grace"}
	consent := pages.ConsentPage{
		Flow: "Zmxvdw", CSRF: "Y3NyZg", App: *grafana(), SignedInAs: "ada@example.com",
		SwitchTo: "/login/select?flow=Zmxvdw", Scopes: scopes(),
	}
	more := consent
	more.OnlyNew = true
	every := consent
	every.Scopes, every.App.PolicyURI, every.App.TosURI = allScopes(), "", ""
	onward := "https://grafana.example.com/callback?code=c&state=s"
	fields := []pages.Field{{Name: "code", Value: "c"}, {Name: "state", Value: `"><script>alert(1)</script>`}}
	return []state{
		{name: "select", page: pages.SelectPage{App: grafana(), Accounts: []pages.AccountChoice{ada, grace}}},
		{name: "select-one", page: pages.SelectPage{App: grafana(), Accounts: []pages.AccountChoice{ada}}},
		{name: "select-none", page: pages.SelectPage{App: grafana()}},
		{name: "consent", page: consent},
		{name: "consent-more", page: more},
		{name: "consent-every", page: every},
		{name: "continue", page: pages.ContinuePage{App: *grafana(), Location: onward}},
		{name: "continued", page: pages.ContinuedPage{App: *grafana()}},
		{name: "continued-unknown", page: pages.ContinuedPage{App: pages.App{Name: "Notes", Host: "com.example.notes"}}},
		{name: "form-post", page: pages.FormPostPage{App: *grafana(), Action: "https://grafana.example.com/callback", Fields: fields}},
	}
}

func otherStates() []state {
	sections := []pages.DemoSection{
		{Title: "Claims", Text: "{\n  \"sub\": \"0b8c4d5e-6f70-4a81-9b92-a3b4c5d6e7f8\",\n  \"name\": \"Ada Lovelace\"\n}"},
		{Title: "Access token", Text: strings.Repeat("eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.", 12)},
	}
	return []state{
		{name: "logout", page: pages.LogoutPage{CSRF: "Y3NyZg", SignedInAs: "ada@example.com"}},
		{name: "logout-apps", page: pages.LogoutPage{CSRF: "Y3NyZg", SignedInAs: "ada@example.com", Apps: []string{"Grafana", "Nextcloud"}}},
		{name: "signed-out", page: pages.SignedOutPage{}},
		{name: "demo", page: pages.DemoPage{}},
		{name: "demo-signed-in", page: pages.DemoPage{
			SignedIn: true, Name: "Ada Lovelace", Sections: sections, Message: "The tokens were refreshed.", CSRF: "Y3NyZg",
		}},
	}
}

func errorKinds() []pages.ErrorKind {
	return []pages.ErrorKind{
		pages.ErrorBadClient, pages.ErrorBadRedirect, pages.ErrorBadRequest, pages.ErrorExpired, pages.ErrorStale,
		pages.ErrorAppDisabled, pages.ErrorCrossSite, pages.ErrorNotFound, pages.ErrorMethod, pages.ErrorTooLarge,
		pages.ErrorUnavailable, pages.ErrorServer, pages.ErrorCookies, pages.ErrorForbidden, pages.ErrorSignup,
		pages.ErrorGone,
	}
}

func errorStates() []state {
	var out []state
	for _, kind := range errorKinds() {
		p := pages.ErrorPage{Kind: kind, Code: "invalid_request", Description: "redirect_uri is not registered for this client", Time: noon}
		p.BackTo = map[pages.ErrorKind]string{pages.ErrorStale: "/consent?flow=Zmxvdw", pages.ErrorGone: "/account/sessions"}[kind]
		name := "error-" + strings.ReplaceAll(string(kind), "_", "-")
		posted := kind == pages.ErrorTooLarge || kind == pages.ErrorCrossSite // only ever the answer to a POST
		out = append(out, state{name: name, page: p, bare: posted})
	}
	withApp := pages.ErrorPage{Kind: pages.ErrorExpired, App: grafana(), Time: noon}
	opened := pages.ErrorPage{Kind: pages.ErrorBadRedirect, Code: "invalid_request", Description: "redirect_uri is not registered for this client", Time: noon}
	return append(
		out,
		state{name: "error-expired-app", page: withApp},
		state{name: "error-open", page: opened, open: true},
	)
}
