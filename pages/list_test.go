package pages_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/idp"
	"gatehouse/pages"
)

func listDoc(t *testing.T, p pages.ShowcaseListPage) *goquery.Document {
	t.Helper()
	doc, _ := show(t, newRenderer(t), pages.Context{Shell: shell("/admin/users")}, p)
	return doc
}

func TestListSortsByLinks(t *testing.T) {
	for _, c := range []struct {
		query                string
		caption              string
		name, email, last    string // sort= of the columns' links
		nameOrder, lastOrder string
	}{
		{"", "Users, sorted by Name, ascending", "-name", "email", "-last_login_at", "ascending", ""},
		{"sort=-name&after=x", "Users, sorted by Name, descending", "name", "email", "-last_login_at", "descending", ""},
		{"sort=-last_login_at", "Users, sorted by Last sign-in, descending", "name", "email", "last_login_at", "", "descending"},
		{"sort=invented", "Users", "name", "email", "-last_login_at", "", ""},
	} {
		doc := listDoc(t, showcaseList(c.query+"&q=a%26b&n=25", 4, 4))
		if got := doc.Find("caption").Text(); got != c.caption {
			t.Errorf("%s: caption %q", c.query, got)
		}
		heads := doc.Find("thead th")
		for i, want := range map[int]string{1: c.name, 2: c.email, 6: c.last} {
			to, err := url.Parse(heads.Eq(i).Find("a").AttrOr("href", ""))
			q := to.Query()
			if err != nil || q.Get("sort") != want || q.Get("q") != "a&b" || q.Get("n") != "25" || q.Has("after") {
				t.Errorf("%s: column %d leads to %s", c.query, i, to)
			}
		}
		if got := heads.Eq(1).AttrOr("aria-sort", ""); got != c.nameOrder {
			t.Errorf("%s: name is %q", c.query, got)
		}
		if got := heads.Eq(6).AttrOr("aria-sort", ""); got != c.lastOrder {
			t.Errorf("%s: last is %q", c.query, got)
		}
	}
}

func TestListSaysHowMany(t *testing.T) {
	for _, c := range []struct {
		page idp.Page[pages.ShowcaseRow]
		want string
	}{
		{idp.Page[pages.ShowcaseRow]{Items: showcaseRows(25), First: 1, Total: 1248}, "Showing 1–25 of 1,248"},
		{idp.Page[pages.ShowcaseRow]{Items: showcaseRows(25), First: 26, Total: 10_000, More: true}, "Showing 26–50 of more than 10,000"},
		{idp.Page[pages.ShowcaseRow]{Items: showcaseRows(3), Total: -1}, "3 shown"},
		{idp.Page[pages.ShowcaseRow]{Items: showcaseRows(3), Total: 900}, "3 shown"},
	} {
		doc := listDoc(t, pages.ShowcaseListPage{List: pages.NewListView("/admin/users", nil, c.page), Rows: c.page.Items})
		if got := doc.Find(".range").Text(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestListPages(t *testing.T) {
	p := showcaseList("q=a&sort=-name&before=old&n=25&lang=de&status=", 25, 248)
	doc := listDoc(t, p)
	for rel, cursor := range map[string]string{"next": "after=bmV4dA", "prev": "before=cHJldg"} {
		got := doc.Find("a[rel="+rel+"]").AttrOr("href", "")
		if got != "/admin/users?"+strings.Join(sorted(cursor, "n=25", "q=a", "sort=-name"), "&") {
			t.Errorf("%s leads to %s", rel, got)
		}
	}
	if got := doc.Find(".pager [aria-current]").Text(); got != "25" {
		t.Errorf("%s per page", got)
	}
	// The bulk form takes the filter along, not the view.
	var kept []string
	doc.Find("#bulk input[type=hidden]").Each(func(_ int, i *goquery.Selection) { kept = append(kept, i.AttrOr("name", "")+"="+i.AttrOr("value", "")) })
	if !slices.Equal(kept, []string{"q=a"}) {
		t.Errorf("the bulk form keeps %v", kept)
	}
	if all := doc.Find("#bulk label").First().Text(); !strings.Contains(all, "All 248 that match") {
		t.Errorf("all: %q", all)
	}
	if doc.Find(`input[name=id][form=bulk]`).Length() != 25 {
		t.Error("rows cannot be chosen")
	}
	if short := listDoc(t, showcaseList("", 4, 4)); short.Find("#bulk [name=all], a[rel]").Length() != 0 {
		t.Error("a list on one page offers more than there is")
	}
}

func sorted(parts ...string) []string {
	slices.Sort(parts)
	return parts
}

func TestNothingYetIsNotNoMatch(t *testing.T) {
	none, noMatch := listDoc(t, showcaseList("sort=name&n=50", 0, 0)), listDoc(t, showcaseList("q=zz", 0, 0))
	if got := none.Find(".empty h2").Text(); got != "No users yet" {
		t.Errorf("none: %q", got)
	}
	if got := noMatch.Find(".empty h2").Text(); got != "No user matches" {
		t.Errorf("no match: %q", got)
	}
	if noMatch.Find(`.search a[href="/admin/users"]`).Length() != 1 || noMatch.Find("#q").AttrOr("value", "") != "zz" {
		t.Error("the search is not kept, or cannot be cleared")
	}
}

// FuzzListView shows that an address of a stranger makes links that lead to the list and nowhere else.
func FuzzListView(f *testing.F) {
	for _, s := range []string{"q=a&sort=-x&n=25&after=b", "n=-1&sort=%00", "=&&=;", "q=%ff\"><script>", "before=a&after=b&before=c"} {
		f.Add(s)
	}
	r := newRenderer(f)
	f.Fuzz(func(t *testing.T, query string) {
		q, _ := url.ParseQuery(query) // what could be read
		items := showcaseRows(2)
		list := pages.NewListView("/admin/users", q, idp.Page[pages.ShowcaseRow]{Items: items, Next: query, Prev: "p", First: 1, Total: 9})
		doc, _ := show(t, r, pages.Context{Shell: shell("/admin/users")}, pages.ShowcaseListPage{List: list, Rows: items})
		doc.Find("thead a, .pager a").Each(func(_ int, a *goquery.Selection) {
			to, err := url.Parse(a.AttrOr("href", ""))
			if err != nil || to.Path != "/admin/users" || to.Host != "" {
				t.Errorf("%q makes a link to %q", query, a.AttrOr("href", ""))
			}
		})
		checkHandlers(t, "fuzz", doc)
		if doc.Find("script").Length() != 2 || doc.Find("h1").Length() != 1 {
			t.Errorf("%q: markup got in", query)
		}
	})
}
