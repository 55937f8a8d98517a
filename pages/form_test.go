package pages_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"gatehouse/idp"
	"gatehouse/pages"
)

func formDoc(t *testing.T, p pages.Page) *goquery.Document {
	t.Helper()
	s := shell("/admin/users/1")
	s.Back = "/admin/users/1?tab=profile"
	doc, _ := show(t, newRenderer(t), pages.Context{Shell: s}, p)
	return doc
}

func TestFormKeepsWhatWasTyped(t *testing.T) {
	doc := formDoc(t, showcaseForm())
	form := doc.Find("main form")
	for selector, want := range map[string]string{
		"[name=csrf]": "Y3NyZg", "[name=back]": "/admin/users/1?tab=profile", "[name=form_id]": "Zm9ybQ", "[name=version]": "2026-11-21T16:59:05Z",
		"#f-name": "Ada Lovelace", "#f-email": "ada@example", "#f-limit": "10", "[name=roles][checked]": "Admin", "[name=kind][checked]": "User",
		"#f-locale option[selected]": "de", "#f-remember[checked]": "1",
	} {
		found := form.Find(selector)
		if found.Length() != 1 || found.AttrOr("value", "") != want {
			t.Errorf("%s: %d, %q", selector, found.Length(), found.AttrOr("value", ""))
		}
	}
	if _, novalidate := form.Attr("novalidate"); !novalidate || form.AttrOr("action", "") != "/admin/users/1" {
		t.Error("the form's attributes")
	}
	if got := form.Find("#f-uris").Text(); got != "https://app.example/callback\nhttp://127.0.0.1/callback" {
		t.Errorf("textarea %q", got)
	}
	if _, filled := form.Find("#f-password").Attr("value"); filled || strings.Contains(form.Text(), "never shown") {
		t.Error("a password was sent back")
	}
	if form.Find("#f-issuer").Length() != 0 || !strings.Contains(form.Text(), "https://id.example.com") {
		t.Error("what is fixed must be text")
	}
	if doc.Find("[aria-invalid], [role=alert], [autofocus]").Length() != 0 {
		t.Error("a form in order complains")
	}
}

func TestFormSaysWhatIsWrong(t *testing.T) {
	// Told in another order than the form's: the focus goes to the first field of the form.
	doc := formDoc(t, showcaseForm(
		idp.NewFault("uris", "must hold at most %d addresses", 20),
		idp.NewFault("email", "must be an email address such as ada@example.com"),
		idp.NewFault("roles", "is required"),
		idp.NewFault("", "this is the last active administrator; make somebody else one first"),
		idp.NewFault("elsewhere", "is required"),
	))
	alert := doc.Find("[role=alert]")
	if alert.Length() != 1 || !strings.Contains(alert.Text(), "There are 5 things to correct") {
		t.Fatalf("alert: %q", alert.Text())
	}
	var links []string
	alert.Find("a").Each(func(_ int, a *goquery.Selection) {
		to := a.AttrOr("href", "")
		links = append(links, to+" "+a.Text())
		if doc.Find("[id='"+strings.TrimPrefix(to, "#")+"']").Length() != 1 {
			t.Errorf("%s leads nowhere", to)
		}
	})
	want := []string{
		"#f-uris Apps: Use at most 20 addresses.", "#f-email Email: Enter an email address such as ada@example.com.", "#f-roles Roles: Fill this in.",
	}
	if !slices.Equal(links, want) {
		t.Errorf("links %q", links)
	}
	for _, id := range []string{"f-uris", "f-email"} {
		field := doc.Find("#" + id)
		if field.AttrOr("aria-invalid", "") != "true" || !strings.Contains(field.AttrOr("aria-describedby", ""), id+"-fault") || doc.Find("#"+id+"-fault").Text() == "" {
			t.Errorf("%s is not marked", id)
		}
	}
	if focus := doc.Find("[autofocus]"); focus.Length() != 1 || focus.AttrOr("id", "") != "f-email" {
		t.Errorf("focus on %d, %q", focus.Length(), focus.AttrOr("id", ""))
	}
	if title := doc.Find("head title").Text(); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("title %q", title)
	}
}

func TestFormNotices(t *testing.T) {
	said := map[string]bool{}
	for _, n := range []pages.FormNotice{pages.NoticeStaleForm, pages.NoticeSessionBack, pages.NoticeChanged} {
		p := showcaseForm()
		p.Form.Notice = n
		doc := formDoc(t, p)
		said[doc.Find("main [role=alert]").Text()] = true
		if !strings.HasPrefix(doc.Find("head title").Text(), "Error: ") {
			t.Errorf("%s: the title says nothing", n)
		}
	}
	if len(said) != 3 || said[""] {
		t.Errorf("notices say %v", said)
	}
}

func TestReview(t *testing.T) {
	for _, s := range reviewStates() {
		p, ok := s.page.(pages.ShowcaseReviewPage)
		if !ok {
			t.Fatal(s.name)
		}
		doc := formDoc(t, p)
		ways := doc.Find(".buttons > *")
		if ways.Length() != 2 || ways.First().AttrOr("href", "") != p.Review.Cancel {
			t.Errorf("%s: leaving must come first", s.name)
		}
		if (doc.Find(".button-danger").Length() == 1) != p.Review.Final || (doc.Find("[name=match]").Length() == 1) != (p.Review.Match != "") {
			t.Errorf("%s: what cannot be undone asks for a match, with a button that says so", s.name)
		}
		if doc.Find(".points li").Length() < len(p.Review.Consequences) {
			t.Errorf("%s: the consequences are not told", s.name)
		}
		if doc.Find("main").Text(); p.Review.More > 0 && !strings.Contains(doc.Find(".picked").Text(), "and 21 more") {
			t.Errorf("%s: how many more is not told", s.name)
		}
	}
}
