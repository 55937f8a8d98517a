package e2e

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// crowd adds people whose names begin alike, and one whose name is a formula.
func (s *system) crowd(t *testing.T, n int) (prefix string) {
	t.Helper()
	prefix = unique("crowd")
	now := time.Now().UTC().Truncate(time.Microsecond)
	var us []*idp.User
	for i := range n {
		name := fmt.Sprintf("%s-%03d", prefix, i+1)
		us = append(us, &idp.User{
			ID: uuid.NewString(), Username: name, Name: "Person " + name, Email: name + "@example.com", Roles: []string{idp.RoleUser},
			Status: idp.UserActive, CreatedAt: now, UpdatedAt: now,
		})
	}
	us[0].Name = `=HYPERLINK("https://evil.example","x")`
	us[1].Name, us[2].Name = "+1", "@SUM(1)"
	us[3].Status = idp.UserDisabled
	errs, err := s.stores.Users.AddUsers(t.Context(), us)
	if err != nil || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		t.Fatal(err, errs)
	}
	return prefix
}

// listed is what a list shows.
type listed struct {
	Address string   `json:"address"`
	Rows    []string `json:"rows"`
	Range   string   `json:"range"`
	Sorted  string   `json:"sorted"` // aria-sort of the columns
	Values  string   `json:"values"` // of the filters
	CSV     string   `json:"csv"`
}

func (b *tab) listed() listed {
	b.t.Helper()
	return ask[listed](b, `(() => {
		const all = selector => [...document.querySelectorAll(selector)];
		return {
			address: location.pathname + location.search, rows: all("tbody tr td:nth-of-type(2)").map(e => e.innerText.trim()), range: document.querySelector(".range")?.innerText ?? "",
			sorted: all("th[aria-sort]").map(e => e.innerText.trim() + " " + e.getAttribute("aria-sort")).join(", "),
			values: all("form.search [name]:not([type=hidden])").map(e => e.name + "=" + e.value).join("&"), csv: document.querySelector("a[download]")?.getAttribute("href") ?? "",
		};
	})()`)
}

func sameList(a, b listed) bool {
	return a.Address == b.Address && slices.Equal(a.Rows, b.Rows) && a.Range == b.Range && a.Sorted == b.Sorted && a.Values == b.Values && a.CSV == b.CSV
}

// listsAreLinks: whatever a list shows is in its address: Back, Reload and
// another tab show the same.
func listsAreLinks(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	other := desk{s.newTab(t), d.user}
	other.open("/login?next=/admin", "/login")
	other.signIn(d.user.Username, password, "/admin")
	prefix := s.crowd(t, 60)
	d.visit("/admin/users")
	var views []listed
	step := func(what string, do func()) {
		t.Helper()
		d.leave()
		do()
		d.until(what, d.next())
		views = append(views, d.listed())
	}
	step("search", func() {
		d.typeIn("#q", prefix)
		d.point(".search-go button")
	})
	step("filter", func() {
		d.put("form.search", typed{"status": "active"})
		d.point(".search-go button")
	})
	step("sort", func() { d.point("th a[href*='sort=username'], th a[href*='sort=-username']") })
	step("size", func() { d.point(".pager-sizes a") })
	step("next", func() { d.point(".pager a[rel=next]") })
	step("next", func() { d.point(".pager a[rel=next]") })
	step("previous", func() { d.point(".pager a[rel=prev]") })
	for i, want := range []struct {
		rows  int
		parts string
	}{{50, "q="}, {50, "status=active"}, {50, "sort="}, {25, "n=25"}, {25, "after="}, {9, "after="}, {25, "before="}} {
		if len(views[i].Rows) != want.rows || !strings.Contains(views[i].Address, want.parts) || !strings.Contains(views[i].Address, "q="+prefix) {
			t.Errorf("%d: %d rows at %s", i, len(views[i].Rows), views[i].Address)
		}
	}
	if !slices.Equal(views[4].Rows, views[6].Rows) || slices.Equal(views[3].Rows, views[4].Rows) {
		t.Error("the pages do not follow each other")
	}
	for i, v := range views {
		other.visit(v.Address)
		if got := other.listed(); !sameList(got, v) {
			t.Errorf("%d: another tab shows %+v, not %+v", i, got, v)
		}
	}
	for i, v := range slices.Backward(views) {
		d.reload("/admin/users")
		if got := d.listed(); !sameList(got, v) {
			t.Errorf("%d: it shows %+v, not %+v", i, got, v)
		}
		if i > 0 {
			d.back()
		}
	}
	other.clean("another tab")
	d.clean("lists")
}

// listsElsewhere: the lists that are no more than read keep their filters too.
func listsElsewhere(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	a := s.newApp(t, nil)
	for _, address := range []string{
		"/admin/clients?n=25&q=" + a.ID + "&sort=-client_name", "/admin/audit?action=user.&n=25&result=ok", "/admin/sessions?n=25",
		"/admin/tokens?client=" + a.ID + "&n=25", "/account/activity?n=25&type=session.", "/admin/users/" + d.user.ID + "/activity?n=25",
	} {
		d.visit(address)
		before := d.listed()
		d.reload(strings.Split(address, "?")[0])
		d.visit("/admin")
		d.back()
		if got := d.listed(); !sameList(got, before) || before.Address != address {
			t.Errorf("%s: %+v, not %+v", address, got, before)
		}
	}
	d.clean("other lists")
}

// bulkChoice: those who are ticked and all that match are two choices, each with
// a page that says who and how many before anything is done.
func bulkChoice(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	prefix := s.crowd(t, 30)
	disabled := func() int {
		page, err := s.stores.Users.QueryUsers(t.Context(), idp.UserQuery{ListQuery: idp.ListQuery{Text: prefix, Limit: 100}, Status: idp.UserDisabled})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	list := "/admin/users?n=25&q=" + prefix + "&status=active"
	review := func() (items int, text string) {
		t.Helper()
		d.leave()
		d.point("form.bulk button")
		d.at("/admin/users/bulk")
		if disabled() != 1 {
			t.Error("something was done already")
		}
		return ask[int](d.tab, `document.querySelectorAll(".picked li").length`), ask[string](d.tab, `document.querySelector("main").innerText`)
	}
	d.visit(list)
	if !strings.Contains(ask[string](d.tab, `document.querySelector("form.bulk").innerText`), "29") || ask[bool](d.tab, `document.querySelector("[name=all]").checked`) {
		t.Errorf("all that match are no choice of their own; %s", d.where())
	}
	d.point("thead [data-pick-all]")
	d.put("form.bulk", typed{"act": "disable"})
	if items, text := review(); items != 21 || !strings.Contains(text, "25") { // twenty by name, and how many more
		t.Errorf("%d named; %s", items, text)
	}
	d.back()
	d.visit(list)
	d.point("tbody tr:nth-child(2) [data-pick]")
	d.put("form.bulk", typed{"act": "disable"})
	if items, text := review(); items != 1 || !strings.Contains(text, prefix) {
		t.Errorf("%d named; %s", items, text)
	}
	d.visit(list)
	d.point("[name=all]")
	d.put("form.bulk", typed{"act": "disable"})
	if _, text := review(); !strings.Contains(text, "29") {
		t.Errorf("it does not say how many; %s", text)
	}
	d.send("main form.form")
	d.wantToast("29")
	if n := disabled(); n != 30 {
		t.Errorf("%d are disabled", n)
	}
	if got := ask[string](d.tab, `location.search`); !strings.Contains(got, "q="+prefix) {
		t.Errorf("leads to %s", got)
	}
	d.clean("many at once")
}

// exported: the file holds what the list was asked for, and nothing that a
// table calculates.
func exported(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	prefix := s.crowd(t, 30)
	d.visit("/admin/users?n=25&q=" + prefix + "&status=active&sort=-username")
	link := d.listed().CSV
	at, err := url.Parse(link)
	if err != nil || at.Path != "/admin/users.csv" || at.Query().Get("q") != prefix || at.Query().Get("status") != "active" || at.Query().Get("sort") != "-username" {
		t.Fatalf("the link is %q", link)
	}
	text := ask[string](d.tab, fmt.Sprintf(`fetch(%q).then(r => r.text())`, link))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 30 {
		t.Fatalf("%d rows, %v: %.300s", len(rows), err, text)
	}
	name := slices.Index(rows[0], "name")
	for i, want := range map[int]string{29: `'=HYPERLINK("https://evil.example","x")`, 28: "'+1", 27: "'@SUM(1)"} {
		if rows[i][name] != want {
			t.Errorf("row %d is called %q, want %q", i, rows[i][name], want)
		}
	}
	d.clean("export")
}
