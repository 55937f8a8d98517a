package pages_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/idp"
	"gatehouse/pages"
)

// inShell renders the page of an error in a shell: any page does.
func inShell(t *testing.T, s *pages.Shell) *goquery.Document {
	t.Helper()
	doc, _ := show(t, newRenderer(t), pages.Context{Shell: s, Path: s.Path}, pages.ErrorPage{Kind: pages.ErrorNotFound, Time: noon})
	return doc
}

// ways are the addresses of the navigation at the side.
func ways(doc *goquery.Document) []string {
	var out []string
	doc.Find(".side nav a").Each(func(_ int, a *goquery.Selection) { out = append(out, a.AttrOr("href", "")) })
	return out
}

func TestNavigationShowsWhatMayBeSeen(t *testing.T) {
	people := []string{"/admin/users", "/admin/roles", "/admin/sessions"}
	everything := slices.Concat([]string{"/admin"}, people, []string{
		"/admin/clients", "/admin/tokens", "/admin/keys", "/admin/audit", "/admin/settings",
	})
	for _, c := range []struct {
		name string
		may  idp.Permissions
		want []string
	}{
		{"administrator", idp.Permissions{Admin: true}, everything},
		{"reader", idp.Permissions{Read: true}, everything},
		{"manager of users", idp.Permissions{Users: true}, append([]string{"/admin"}, people...)},
	} {
		s := shell("/admin")
		s.May = c.may
		doc := inShell(t, s)
		if got := ways(doc); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		if doc.Find(`.who a[href="/account"]`).Length() == 0 {
			t.Errorf("%s: no way to the own account", c.name)
		}
	}
	own := inShell(t, accountShell("/account"))
	if got := ways(own); len(got) != 7 || got[0] != "/account" {
		t.Errorf("account: %v", got)
	}
	if own.Find(`a[href^="/admin"]`).Length() != 0 {
		t.Error("somebody without permissions is shown the console")
	}
	reader := accountShell("/account")
	reader.May = idp.Permissions{Read: true}
	if inShell(t, reader).Find(`.who a[href="/admin"]`).Length() == 0 {
		t.Error("no way from the account to the console")
	}
}

func TestNavigationMarksWhereOneIs(t *testing.T) {
	for path, want := range map[string]string{
		"/admin": "/admin page", "/admin/": "/admin page", "/admin/users": "/admin/users page", "/admin/users/1/sessions": "/admin/users true",
		"/admin/usersx": "", "/admin/sessions": "/admin/sessions page",
	} {
		doc := inShell(t, shell(path))
		var got []string
		doc.Find(".side [aria-current]").Each(func(_ int, a *goquery.Selection) {
			got = append(got, a.AttrOr("href", "")+" "+a.AttrOr("aria-current", ""))
		})
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestShellOffersTheWayOut(t *testing.T) {
	s := shell("/admin/users")
	s.SessionEnds = time.Unix(1_800_000_000, 0)
	doc := inShell(t, s)
	out := doc.Find(`.side form[action="/logout"][method="post"]`)
	if out.Find("[name=csrf]").AttrOr("value", "") != s.SignOutCSRF || out.Find("button").Length() != 1 {
		t.Error("signing out needs its own token and a button")
	}
	if said := doc.Find(".who").First().Text(); !strings.Contains(said, "Ada Lovelace") || !strings.Contains(said, "ada") {
		t.Errorf("who: %q", said)
	}
	first := doc.Find("a, button, input, select, summary").First()
	if first.AttrOr("href", "") != "#main" || doc.Find("main#main").Length() != 1 {
		t.Error("the skip link is not first, or leads nowhere")
	}
	if doc.Find("body").AttrOr("data-session-ends", "") != "1800000000" {
		t.Error("the script is not told when the session ends")
	}
}

func TestToast(t *testing.T) {
	s := shell("/admin/users")
	s.Back = "/admin/users?q=a"
	s.Toast = &pages.Toast{Key: "secret.copied", Undo: &pages.Undo{Action: "/admin/users/1/enable", Fields: []pages.Field{{Name: "id", Value: "1"}}}}
	doc := inShell(t, s)
	toast := doc.Find("[role=status]")
	if strings.TrimSpace(toast.Find("p").Text()) != "Copied" {
		t.Errorf("says %q", toast.Text())
	}
	form := toast.Find(`form[method="post"][action="/admin/users/1/enable"]`)
	for name, want := range map[string]string{"csrf": s.CSRF, "back": s.Back, "id": "1"} {
		if got := form.Find("[name="+name+"]").AttrOr("value", ""); got != want {
			t.Errorf("%s = %q", name, got)
		}
	}
	s.Toast.Undo = nil
	if inShell(t, s).Find("[role=status] form").Length() != 0 {
		t.Error("a way back where there is none")
	}
}
