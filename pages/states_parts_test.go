package pages_test

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
)

// shell is an administrator's at a path of the console.
func shell(path string) *pages.Shell {
	return &pages.Shell{
		Area: pages.AreaAdmin, Path: path, Name: "Ada Lovelace", Username: "ada", May: idp.Permissions{Admin: true},
		CSRF: "Y3NyZg", SignOutCSRF: "b3V0", Zone: "Europe/Paris",
	}
}

// accountShell is a person's at a path of their account.
func accountShell(path string) *pages.Shell {
	s := shell(path)
	s.Area, s.May = pages.AreaAccount, idp.Permissions{}
	return s
}

func showcaseRows(n int) []pages.ShowcaseRow {
	names := []string{"Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Edsger Dijkstra", "Katherine Johnson", "Margaret Hamilton", "Radia Perlman"}
	tones := []string{"ok", "ok", "warn", ""}
	words := []string{"Active", "Active", "Locked", "Disabled"}
	var out []pages.ShowcaseRow
	for i := range n {
		out = append(out, pages.ShowcaseRow{
			ID: fmt.Sprint(i + 1), Name: names[i%len(names)], Email: fmt.Sprintf("person%d@example.com", i+1), Role: "Admin, User",
			Tone: tones[i%4], Status: words[i%4], Sessions: i * 3, Last: noon.Add(-time.Duration(i) * 7 * time.Hour),
		})
	}
	out[n-1].Last = time.Time{}
	return out
}

func showcaseList(query string, n, total int) pages.ShowcaseListPage {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	p := idp.Page[pages.ShowcaseRow]{Total: total}
	if n > 0 {
		p.Items, p.First = showcaseRows(n), 1
	}
	if total > n {
		p.Next, p.Prev = "bmV4dA", "cHJldg"
	}
	list := pages.NewListView("/admin/users", q, p)
	if list.Sort == "" {
		list.Sort = "name"
	}
	return pages.ShowcaseListPage{List: list, Rows: p.Items}
}

func showcaseChart(hours int) pages.Chart {
	c := pages.Chart{ID: "sign-ins", Title: "nav.sessions", First: "nav.users", Second: "nav.roles", Step: time.Hour, Zone: "Europe/Paris"}
	shape := []int64{8, 5, 4, 3, 5, 12, 38, 91, 148, 170, 152, 121, 95, 118, 131, 124, 108, 90, 61, 45, 38, 30, 22, 17}
	for i := range hours {
		b := pages.Bar{At: noon.Truncate(time.Hour).Add(time.Duration(i-hours) * time.Hour), First: shape[i%24], Second: shape[i%24] / 11}
		switch i {
		case 11:
			b.Second = 34
		case 3:
			b = pages.Bar{At: b.At, Missing: true}
		case 4:
			b.First, b.Second = 0, 0
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

func tokensChart() pages.Chart {
	c := pages.Chart{ID: "tokens", Title: "nav.tokens", First: "nav.tokens", Step: 24 * time.Hour}
	for i := range int64(30) {
		c.Bars = append(c.Bars, pages.Bar{At: noon.AddDate(0, 0, int(i)-30), First: 12_000 + i*i*131%9000})
	}
	return c
}

func showcaseForm(faults ...idp.Fault) pages.ShowcaseFormPage {
	return pages.ShowcaseFormPage{
		Form: pages.Form{
			ID: "Zm9ybQ", Action: "/admin/users/1", Files: true, Version: "2026-11-21T16:59:05Z", Faults: faults,
			Values: url.Values{
				"name": {"Ada Lovelace"}, "email": {"ada@example"}, "username": {"ada"}, "password": {"never shown"}, "remember": {"1"},
				"roles": {"Admin"}, "kind": {"User"}, "locale": {"de"}, "uris": {"https://app.example/callback\nhttp://127.0.0.1/callback"},
				"limit": {"10"}, "accent": {"#0a7d5a"}, "issuer": {"https://id.example.com"},
			},
		},
		Roles: []pages.Option{
			{Value: "Admin", Label: "Admin", Help: "Administers everything"},
			{Value: "User", Label: "User"},
			{Value: "Auditor", Label: "Auditor", Help: "Sees everything, changes nothing", Disabled: true},
		},
	}
}

func partsStates() []state {
	faults := []idp.Fault{
		idp.NewFault("email", "must be an email address such as ada@example.com"),
		idp.NewFault("username", "must be at most %d characters", 64),
		idp.NewFault("roles", "%q is not a role name", "a b"),
		idp.NewFault("kind", "is required"), idp.NewFault("uris", "must hold at most %d addresses", 20),
		idp.NewFault("remember", "is required"), idp.NewFault("password", "is required"), idp.NewFault("", "is required"),
	}
	board := pages.ShowcaseBoardPage{Charts: []pages.Chart{showcaseChart(24), tokensChart()}}
	toast := shell("/admin/users")
	toast.Toast = &pages.Toast{Key: "secret.copied", Undo: &pages.Undo{Action: "/admin/users/1/enable", Fields: []pages.Field{{Name: "id", Value: "1"}}}}
	warned := accountShell("/account")
	warned.Toast = &pages.Toast{Key: "secret.once", Tone: "warn"}
	manager := shell("/admin/users/1/sessions")
	manager.May, manager.Name = idp.Permissions{Users: true}, ""
	stale, changed := showcaseForm(), showcaseForm()
	stale.Form.Values.Set("accent", "#ffcc00")
	stale.Form.Notice, changed.Form.Notice = pages.NoticeStaleForm, pages.NoticeChanged
	return append([]state{
		{name: "parts-list", page: showcaseList("sort=-name&q=a&status=active", 25, 248), shell: toast},
		{name: "parts-list-short", page: showcaseList("", 4, 4), shell: shell("/admin/users")},
		{name: "parts-list-none", page: showcaseList("", 0, 0), shell: shell("/admin/users")},
		{name: "parts-list-no-match", page: showcaseList("q=zz", 0, 0), shell: shell("/admin/users")},
		{name: "parts-form", page: showcaseForm(), shell: shell("/admin/users/new")},
		{name: "parts-form-faults", page: showcaseForm(faults...), shell: shell("/admin/users/new")},
		{name: "parts-form-stale", page: stale, shell: shell("/admin/settings")},
		{name: "parts-form-changed", page: changed, shell: accountShell("/account/profile")},
		{name: "parts-board", page: board, shell: shell("/admin")},
		{name: "parts-board-empty", page: pages.ShowcaseBoardPage{Charts: []pages.Chart{{ID: "none", Title: "nav.tokens", First: "nav.tokens"}}}, shell: shell("/admin")},
		{name: "parts-menu", page: pages.ShowcaseItemPage{Last: noon}, shell: shell("/admin/clients"), open: true},
		{name: "parts-item", page: pages.ShowcaseItemPage{Last: noon}, shell: manager},
		{name: "parts-secret", page: pages.ShowcaseItemPage{Secret: "gh_cs_3p9XwK7vQ2mB8nR4tY6uZ1aC5dE0fGhJ", Last: noon}, shell: warned},
		{name: "parts-forbidden", page: pages.ErrorPage{Kind: pages.ErrorForbidden, Time: noon}, shell: manager},
	}, reviewStates()...)
}

func reviewStates() []state {
	bulk := pages.Review{
		Form: pages.Form{Action: "/admin/users/bulk", ID: "Zm9ybQ"}, Items: []string{"Ada Lovelace", "Grace Hopper", "Alan Turing"}, More: 21,
		Consequences: []pages.Text{pages.Counted("time.days", 24), pages.Counted("time.hours", 11)}, Submit: "nav.users", Cancel: "/admin/users",
	}
	final := pages.Review{
		Form: pages.Form{Action: "/admin/users/1/delete"}, Final: true, Match: "ada@example.com", Reason: true,
		Consequences: []pages.Text{pages.Counted("time.days", 6), pages.Counted("time.hours", 4)}, Submit: "list.review", Cancel: "/admin/users/1",
	}
	wrong := final
	wrong.Form.Values, wrong.Form.Faults = url.Values{"match": {"ada"}}, []idp.Fault{idp.NewFault("match", "is required")}
	return []state{
		{name: "parts-review", page: pages.ShowcaseReviewPage{Review: bulk}, shell: shell("/admin/users")},
		{name: "parts-review-final", page: pages.ShowcaseReviewPage{Review: final}, shell: shell("/admin/users/1/delete")},
		{name: "parts-review-wrong", page: pages.ShowcaseReviewPage{Review: wrong}, shell: shell("/admin/users/1/delete")},
	}
}
