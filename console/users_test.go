package console_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/idp"
	"gatehouse/webtest"
)

// rows are the names in the first cell of a list, in order.
func rows(p *webtest.Page) []string {
	return p.Doc.Find("main tbody th").Map(func(_ int, th *goquery.Selection) string {
		return strings.TrimSpace(th.Text())
	})
}

func TestUsersList(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for i := range 60 {
		name := "list-" + strconv.Itoa(100+i)
		must(t, h.Stores.Users.CreateUser(ctx, &idp.User{
			ID: "0b8c4d5e-6f70-4a81-9b92-a3b4c5d6e" + strconv.Itoa(100+i), Username: name, Email: name + "@example.com", Name: "Zed " + strconv.Itoa(i),
			Roles: []string{idp.RoleUser}, Status: idp.UserActive, CreatedAt: time.Now().UTC(), UpdatedAt: time.Now().UTC(),
		}))
	}
	off, locked := h.Person("offline", idp.RoleUser), h.Person("locked-out", idp.RoleUser)
	must(t, h.Admin.Users.SetDisabled(ctx, off.ID, true))
	for range idp.LockedFailures {
		must(t, h.Stores.Users.RecordSignIn(ctx, locked.ID, time.Now(), false))
	}
	b := h.As(t, webtest.Admin)
	for name, c := range map[string]struct {
		query string
		first string // of the first cells, "" for nobody
		n     int
		says  []string
	}{
		"all":             {"", "admin", 50, []string{"Showing 1–50 of 66", "Export CSV", "Add user"}},
		"25 on a page":    {"n=25", "admin", 25, []string{"Showing 1–25 of 66", "All 66 that match"}},
		"an odd size":     {"n=7", "admin", 50, nil},
		"descending":      {"sort=-username", "User", 50, nil},
		"by part of name": {"q=ZED+1", "Zed 1", 11, []string{"Showing 1–11 of 11", "Clear"}},
		"by email":        {"q=list-105%40example", "Zed 5", 1, nil},
		"disabled":        {"status=disabled", "Offline", 1, []string{"Disabled"}},
		"locked":          {"status=locked", "Locked-out", 1, []string{"Locked"}},
		"by role":         {"role=Helpdesk", "Manager", 1, nil},
		"unknown role":    {"role=Nobody", "", 0, []string{"Nobody matches"}},
		"unknown status":  {"status=odd&q=offline", "Offline", 1, nil},
		"no match":        {"q=nothing-of-the-kind", "", 0, []string{"Nobody matches", "Show everybody"}},
		"a long search":   {"q=" + strings.Repeat("e", 600), "", 0, []string{"Nobody matches"}},
		"markup":          {"q=%3Cscript%3Ealert(1)%3C/script%3E", "", 0, []string{"Nobody matches"}},
		"wildcards":       {"q=%25", "", 0, []string{"Nobody matches"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.Get("/admin/users?" + c.query)
			got := rows(p)
			if p.Status != http.StatusOK || len(got) != c.n || c.n > 0 && got[0] != c.first {
				t.Errorf("%d, %d rows: %v", p.Status, len(got), got)
			}
			says(t, p, c.says...)
			if strings.Contains(p.Body, "<script>alert") {
				t.Error("markup came back as it was")
			}
		})
	}
}

func TestUsersPaging(t *testing.T) {
	h := newHouse(t)
	h.People(70)
	b := h.As(t, webtest.Admin)
	want := rows(b.Get("/admin/users?n=100&sort=-name"))
	var got []string
	p := b.Get("/admin/users?n=25&sort=-name")
	pagesSeen := 1
	for ; ; pagesSeen++ {
		got = append(got, rows(p)...)
		next, more := p.Doc.Find("main a[rel='next']").Attr("href")
		if !more {
			break
		}
		p = b.Get(next)
	}
	if pagesSeen != 3 || !slices.Equal(got, want) {
		t.Errorf("%d pages: %v, want %v", pagesSeen, got, want)
	}
	back := b.Get(p.Doc.Find("main a[rel='prev']").AttrOr("href", ""))
	if !slices.Equal(rows(back), want[25:50]) {
		t.Errorf("the page before holds %v", rows(back))
	}
	for _, broken := range []string{"after=rubbish", "before=%00", "sort=password_hash", "sort=-", "after=a&before=b"} {
		p := b.Get("/admin/users?role=User&" + broken)
		switch {
		case strings.Contains(broken, "%00"):
			if p.Status != http.StatusBadRequest {
				t.Errorf("%s: %d", broken, p.Status)
			}
		case p.Status != http.StatusOK || p.URL.RawQuery != "role=User":
			t.Errorf("%s leads to %d %s", broken, p.Status, p.URL)
		}
	}
}

func TestUsersCSV(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	formulas := map[string]string{
		"eq": "=1+1", "plus": "+1", "minus": "-1", "at": "@SUM(A1)", "quote": `a "quoted", cell`, "plain": "Plain = Name",
	}
	for login, name := range formulas {
		u := h.Person("f-"+login, idp.RoleUser)
		_, err := h.Admin.Users.Update(ctx, u.ID, func(u *idp.User) error {
			u.Name, u.Address.Formatted = name, "=one\ntwo"
			return nil
		})
		must(t, err)
	}
	b := h.As(t, webtest.Reader)
	before := h.last()
	p := b.Get("/admin/users.csv?q=f-&sort=-username&after=ignored&n=1")
	if p.Status != http.StatusOK || p.Header.Get("Content-Type") != "text/csv; charset=utf-8" || p.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(p.Header.Get("Content-Disposition"), `attachment; filename="users-`) {
		t.Fatalf("%d %v", p.Status, p.Header)
	}
	if strings.HasPrefix(p.Body, "\ufeff") {
		t.Error("it begins with a byte order mark")
	}
	lines, err := csv.NewReader(strings.NewReader(p.Body)).ReadAll()
	must(t, err)
	if len(lines) != 1+len(formulas) {
		t.Fatalf("%d lines: %s", len(lines), p.Body)
	}
	column := func(name string) int { return slices.Index(lines[0], name) }
	names := map[string]string{}
	for _, line := range lines[1:] {
		names[strings.TrimPrefix(line[column("username")], "f-")] = line[column("name")]
		if line[column("address.formatted")] != "'=one\ntwo" || line[column("roles")] != "User" || line[column("email_verified")] != "false" {
			t.Errorf("%q", line)
		}
		if at, err := time.Parse(time.RFC3339, line[column("created_at")]); err != nil || at.Location() != time.UTC {
			t.Errorf("created_at is %q", line[column("created_at")])
		}
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	for login, name := range formulas {
		want := name
		if login != "quote" && login != "plain" {
			want = "'" + name
		}
		if names[login] != want {
			t.Errorf("%s is %q, want %q", login, names[login], want)
		}
	}
	if strings.Contains(p.Body, "argon2") || column("password_hash") >= 0 {
		t.Error("it holds password hashes")
	}
	h.exported(t, before)
}

// exported waits for the event that says who took the list.
func (h *house) exported(t *testing.T, since int64) {
	t.Helper()
	for range 100 {
		for _, e := range h.events(since, "users") {
			if e.Action == idp.ActionUsersExport && e.ActorName == webtest.Reader && strings.Contains(e.Target.Name, "q=f-") {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("nobody recorded the export")
}

func TestAddUser(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	send := func(values url.Values) *webtest.Page {
		b.Get("/admin/users/new")
		return b.Submit(form("/admin/users"), values)
	}
	for name, c := range map[string]struct {
		values url.Values
		says   []string
	}{
		"nothing":          {url.Values{}, []string{"Username", "Fill this in"}},
		"taken name":       {url.Values{"username": {"USER"}}, []string{"taken"}},
		"taken email":      {url.Values{"username": {"other"}, "email": {"User@Example.com"}}, []string{"taken"}},
		"long name":        {url.Values{"username": {strings.Repeat("a", 129)}}, []string{"at most 128"}},
		"bad email":        {url.Values{"username": {"other"}, "email": {"other@"}}, []string{"ada@example.com"}},
		"no such role":     {url.Values{"username": {"other"}, "roles": {"Ghost"}}, []string{"no role “Ghost”"}},
		"weak password":    {url.Values{"username": {"other"}, "how": {"type"}, "password": {"password1"}}, []string{"tried first", "attackers"}},
		"short password":   {url.Values{"username": {"other"}, "how": {"type"}, "password": {"kY7"}}, []string{"at least 8"}},
		"no password":      {url.Values{"username": {"other"}, "how": {"type"}}, []string{"Fill this in"}},
		"an odd way":       {url.Values{"username": {"other"}, "how": {"guess"}}, []string{"Fill this in"}},
		"everything wrong": {url.Values{"username": {"a b"}, "email": {"@"}, "name": {"a\tb"}}, []string{"3 things"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.changed()
			p := send(c.values)
			if at(p) != "/admin/users/new" || p.Status != http.StatusOK {
				t.Fatalf("leads to %d %s", p.Status, p.URL)
			}
			if !slices.ContainsFunc(c.says, p.Has) {
				t.Errorf("says none of %q: %s", c.says, p.Text())
			}
			if p.Doc.Find("[role='alert']").Length() == 0 || !strings.HasPrefix(p.Doc.Find("title").Text(), "Error: ") {
				t.Error("nothing says that it failed")
			}
			if strings.Contains(p.Body, "password1") || strings.Contains(p.Body, "kY7") {
				t.Error("the password came back")
			}
			if h.changed() != before {
				t.Error("something was changed")
			}
		})
	}

	t.Run("with a generated password", func(t *testing.T) {
		p := send(url.Values{"username": {"Grace"}, "email": {"grace@example.com"}, "name": {"Grace Hopper"}})
		says(t, p, "Grace Hopper was added", "You can see this only now")
		password := p.Doc.Find("main [data-select]").Text()
		u := h.FindUser("grace")
		if at(p) != user(u, "security") || len(password) < 12 || !slices.Equal(u.Roles, []string{idp.RoleUser}) {
			t.Fatalf("%s, %q, %v", p.URL, password, u.Roles)
		}
		if again := b.Get(p.URL.RequestURI()); again.Doc.Find("main [data-select]").Length() != 0 {
			t.Error("it is shown a second time")
		}
		g := h.Browser(t)
		g.Get("/login?next=/account")
		if p := g.Submit("form[action^='/login']", url.Values{"username": {"grace"}, "password": {password}}); at(p) != "/account" {
			t.Errorf("the password does not work: %s", p.Text())
		}
	})
	t.Run("without a password", func(t *testing.T) {
		p := send(url.Values{"username": {"nopass"}, "how": {"none"}, "roles": nil})
		if u := h.FindUser("nopass"); u.PasswordHash != "" || at(p) != user(u) {
			t.Errorf("%s, %q", p.URL, u.PasswordHash)
		}
	})
	t.Run("sent twice", func(t *testing.T) {
		b.Get("/admin/users/new")
		action, values := b.Form(form("/admin/users"))
		values.Set("username", "twice")
		values.Set("how", "none")
		first := b.Post(action, values)
		if second := b.Post(action, values); second.URL.Path != first.URL.Path || second.Status != http.StatusOK {
			t.Errorf("the second leads to %d %s, the first to %s", second.Status, second.URL, first.URL)
		}
	})
}

// TestManagerAddsUsers: a user manager adds people, but gives no role that allows something here.
func TestManagerAddsUsers(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	p := b.Get("/admin/users/new")
	before := h.last()
	for _, role := range []string{"Admin", "Auditor", "Helpdesk"} {
		if _, off := p.Doc.Find("input[name='roles'][value='" + role + "']").Attr("disabled"); !off {
			t.Errorf("%s can be chosen", role)
		}
		b.Get("/admin/users/new")
		p := b.Submit(form("/admin/users"), url.Values{"username": {"climber"}, "roles": {idp.RoleUser, role}})
		if p.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", role, p.Status, p.URL)
		}
		if _, err := h.Stores.Users.UserByLogin(context.Background(), "climber"); err == nil {
			t.Fatalf("%s: the user was added", role)
		}
	}
	h.refused(t, before) // one event at once; those alike follow as one within the minute
	b.Get("/admin/users/new")
	if p := b.Submit(form("/admin/users"), url.Values{"username": {"climber"}, "how": {"none"}}); at(p) != user(h.FindUser("climber")) {
		t.Errorf("%d %s", p.Status, p.URL)
	}
}

// refused waits for the event that tells of a refusal.
func (h *house) refused(t *testing.T, since int64) {
	t.Helper()
	for range 100 {
		all, err := h.Stores.Audit.AuditAfter(context.Background(), since, 1000)
		must(t, err)
		if slices.ContainsFunc(all, func(e *idp.AuditEvent) bool { return e.Action == idp.ActionPermissionRefuse }) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the refusal was not recorded")
}
