package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const confirm = "main form[action='/admin/users/bulk/confirm']"

// choose ticks people in the list, as the form of the list sends it.
func choose(b *webtest.Browser, act string, us ...*idp.User) *webtest.Page {
	q := url.Values{"act": {act}}
	for _, u := range us {
		q.Add("id", u.ID)
	}
	return b.Get("/admin/users/bulk?" + q.Encode())
}

func (h *house) status(username string) idp.UserStatus {
	h.t.Helper()
	return h.FindUser(username).Status
}

func (h *house) gone(username string) bool {
	h.t.Helper()
	_, err := h.Stores.Users.UserByLogin(context.Background(), username)
	if err != nil && !errors.Is(err, idp.ErrNotFound) {
		h.t.Fatal(err)
	}
	return err != nil
}

func TestBulkOfChosen(t *testing.T) {
	h := newHouse(t)
	one, two := h.Person("one", idp.RoleUser), h.Person("two", idp.RoleUser)
	h.Person("three", idp.RoleUser)
	b := h.As(t, webtest.Admin)
	hers := h.As(t, "one")

	p := choose(b, "disable", one, two, h.FindUser(webtest.Admin))
	says(t, p, "Disable these users?", "One (one)", "Two (two)", "2 people can no longer sign in", "Your own account is left out")
	if len(p.URL.RequestURI()) > 200 {
		t.Errorf("the address is too long to come back to: %s", p.URL)
	}
	if h.status("one") != idp.UserActive {
		t.Fatal("the review page did it")
	}
	p = b.Submit(confirm, nil)
	says(t, p, "2 users were disabled and signed out")
	if at(p) != "/admin/users" || h.status("one") != idp.UserDisabled || h.status("two") != idp.UserDisabled || h.status("three") != idp.UserActive {
		t.Errorf("%s: %s %s %s", p.URL, h.status("one"), h.status("two"), h.status("three"))
	}
	if at(hers.Get("/account")) != "/login" {
		t.Error("a session of the disabled goes on")
	}
	choose(b, "enable", one)
	says(t, b.Submit(confirm, nil), "1 user can sign in again")
	hers = h.As(t, "one")
	choose(b, "end_sessions", one, two)
	says(t, b.Submit(confirm, nil), "2 users were signed out")
	if at(hers.Get("/account")) != "/login" || h.status("one") != idp.UserActive {
		t.Error("the session goes on, or more was done")
	}
}

func TestBulkDelete(t *testing.T) {
	h := newHouse(t)
	one, two := h.Person("one", idp.RoleUser), h.Person("two", idp.RoleUser)
	b := h.As(t, webtest.Manager)
	p := choose(b, "delete", one, two, h.FindUser(webtest.Reader))
	says(t, p, "This can't be undone", "2 accounts are deleted", "Type delete 2 to confirm", "1 person is left out: only an administrator")
	for _, typed := range []string{"", "delete", "delete 3", "Delete 2"} {
		p := b.Submit(confirm, url.Values{"match": {typed}, "reason": {"both left"}})
		says(t, p, "doesn't match", "One (one)")
		h.kept(t, p, url.Values{"reason": {"both left"}})
	}
	if h.gone("one") || h.gone("two") {
		t.Fatal("deleted without the words")
	}
	h.stale(webtest.Manager)
	if p := b.Submit(confirm, url.Values{"match": {"delete 2"}}); at(p) != "/login" || h.gone("one") {
		t.Fatalf("long after signing in: %s", p.URL)
	}
	p = b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	says(t, p, "Type delete 2 to confirm")
	before := h.last()
	action, values := b.Form(confirm)
	values = merged(values, url.Values{"match": {"delete 2"}, "reason": {"both left"}})
	says(t, b.Post(action, values), "2 users were deleted")
	if !h.gone("one") || !h.gone("two") || h.gone(webtest.Reader) {
		t.Error("not these were deleted")
	}
	for _, u := range []*idp.User{one, two} {
		if !slices.ContainsFunc(h.events(before, u.ID), func(e *idp.AuditEvent) bool {
			return e.Action == idp.ActionUserDelete && e.Reason == "both left" && e.ActorName == webtest.Manager
		}) {
			t.Errorf("the deletion of %s is not recorded with its reason", u.Username)
		}
	}
	if p := b.Post(action, values); at(p) != "/admin/users" || p.Status != http.StatusOK {
		t.Errorf("sent twice: %d %s", p.Status, p.URL)
	}
}

func TestBulkOfAllThatMatch(t *testing.T) {
	h := newHouse(t)
	h.People(30)
	b := h.As(t, webtest.Manager)
	p := b.Get("/admin/users?n=25")
	says(t, p, "All 34 that match")
	p = b.Get("/admin/users?q=user-&n=25&sort=-email")
	action, values := p.Doc.Find("form.bulk").AttrOr("action", ""), url.Values{}
	for _, in := range p.Doc.Find("form.bulk input[type='hidden']").EachIter() {
		values.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	values.Set("all", "1")
	values.Set("act", "disable")
	values.Add("id", h.FindUser(webtest.User).ID) // "all" is a choice of its own: what is ticked does not count beside it
	p = b.Get(action + "?" + values.Encode())
	says(t, p, "30 people can no longer sign in", "and 10 more")
	h.Person("user-late", idp.RoleUser)
	p = b.Submit(confirm, nil)
	says(t, p, "Somebody else changed this", "31 people can no longer sign in")
	if h.status("user-000001") != idp.UserActive {
		t.Fatal("others than those who were shown would be reached, and it was done")
	}
	p = b.Submit(confirm, nil)
	says(t, p, "31 users were disabled")
	if h.status("user-000030") != idp.UserDisabled || h.status("user-late") != idp.UserDisabled || h.status(webtest.User) != idp.UserActive {
		t.Error("not these were disabled")
	}
	if p.URL.Query().Get("q") != "user-" {
		t.Errorf("leads to %s", p.URL)
	}
}

func TestBulkHasABound(t *testing.T) {
	h := newHouse(t)
	h.People(1001)
	b := h.As(t, webtest.Admin)
	p := b.Get("/admin/users/bulk?act=delete&all=1&q=user-")
	says(t, p, "More people match than go at once: 1,000", "Nothing was changed")
	if len(controls(p)) > 0 {
		t.Errorf("it offers %v", controls(p))
	}
	says(t, b.Get("/admin/users/bulk?act=disable&all=1&q=user-0000"), "99 people")
	many := "act=disable"
	for i := range 501 {
		many += "&id=" + strconv.Itoa(i)
	}
	if p := b.Get("/admin/users/bulk?" + many); p.Status != http.StatusBadRequest {
		t.Errorf("501 at once: %d", p.Status)
	}
}

func TestBulkOfNobody(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	for name, c := range map[string]struct{ query, says string }{
		"nobody ticked":   {"act=disable", "select users in the list"},
		"no act":          {"id=" + h.FindUser(webtest.User).ID, "choose what to do"},
		"unknown act":     {"act=promote&id=" + h.FindUser(webtest.User).ID, "choose what to do"},
		"only herself":    {"act=disable&id=" + h.FindUser(webtest.Manager).ID, "None of the people you chose"},
		"beyond":          {"act=disable&id=" + h.FindUser(webtest.Admin).ID, "None of the people you chose"},
		"no such people":  {"act=disable&id=x&id=" + strings.Repeat("y", 300), "2 accounts are left out: they no longer exist"},
		"a login":         {"act=disable&id=" + webtest.User, "it no longer exists"},
		"a lost choice":   {"act=disable&pick=AAAA", "select users in the list"},
		"all of no match": {"act=disable&all=1&q=nothing-of-the-kind", "None of the people you chose"},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.Get("/admin/users/bulk?" + c.query)
			if p.Status != http.StatusOK || p.Doc.Find(confirm).Length() > 0 {
				t.Errorf("%d, and it can be confirmed", p.Status)
			}
			says(t, p, c.says)
		})
	}
}

// TestBulkForged: what the review page would not offer is not done when it is sent.
func TestBulkForged(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	victim := h.Person("victor", idp.RoleUser)
	for _, target := range []string{webtest.Admin, webtest.Reader, webtest.Manager} {
		u := h.FindUser(target)
		choose(b, "disable", victim)
		was := h.FindUser(target)
		p := b.Submit(confirm, url.Values{"id": {u.ID}})
		says(t, p, "Somebody else changed this")
		h.unchanged(t, was)
		choose(b, "disable", victim)
		b.Submit(confirm, url.Values{"id": {u.ID, victim.ID}})
		h.unchanged(t, was)
		choose(b, "disable", victim)
		b.Submit(confirm, url.Values{"all": {"1"}, "q": {target}})
		h.unchanged(t, was)
		must(t, h.Admin.Users.SetDisabled(t.Context(), victim.ID, false))
	}
	choose(b, "disable", victim)
	if p := b.Submit(confirm, url.Values{"act": {"promote"}}); p.Status != http.StatusBadRequest {
		t.Errorf("an unknown act answers %d", p.Status)
	}
	choose(b, "disable", victim)
	says(t, b.Submit(confirm, url.Values{"act": {"delete"}}), "doesn't match")
	if h.gone("victor") {
		t.Error("deleted without a question")
	}
	// Another person's choice is not read.
	p := choose(b, "disable", victim)
	other := h.As(t, webtest.Admin)
	if got := other.Get(p.URL.RequestURI()); got.Doc.Find(confirm).Length() > 0 {
		t.Error("another sees the choice")
	}
}

// TestBulkProtectsTheLast: of all administrators one stays, whatever was chosen.
func TestBulkProtectsTheLast(t *testing.T) {
	h := newHouse(t)
	h.role("Root", idp.PermissionAdmin)
	h.Person("chief", "Root")
	second := h.Person("second", idp.RoleAdmin)
	b := h.As(t, "chief")
	choose(b, "disable", h.FindUser(webtest.Admin), second)
	p := b.Submit(confirm, nil)
	says(t, p, "Done for 1 of 2")
	if (h.status(webtest.Admin) == idp.UserActive) == (h.status("second") == idp.UserActive) {
		t.Errorf("%s and %s", h.status(webtest.Admin), h.status("second"))
	}
}
