package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestProfile(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	u := h.Person("grace", idp.RoleUser)
	_, err := h.Admin.Users.Update(ctx, h.FindUser(webtest.Admin).ID, func(u *idp.User) error {
		u.Zoneinfo = "America/New_York"
		return nil
	})
	must(t, err)
	b := h.As(t, webtest.Admin)
	send := func(values url.Values) *webtest.Page {
		b.Get(user(u))
		return b.Submit(form(user(u)), values)
	}

	t.Run("every claim", func(t *testing.T) {
		all := url.Values{
			"username": {"Grace2"}, "email": {"grace2@example.com"}, "email_verified": {"1"}, "phone_number_verified": {"1"},
			"address.formatted": {"1 Yard\r\nArlington"}, "expires_at": {"2031-07-04T09:30"},
		}
		for _, text := range (&idp.User{}).Texts() {
			all.Set(text.Name, "x "+text.Name)
		}
		for name, v := range map[string]string{
			"profile": "https://a.example/p", "picture": "https://a.example/i.png", "website": "https://a.example", "birthdate": "1906-12-09",
			"zoneinfo": "Europe/Paris", "locale": "de",
		} {
			all.Set(name, v)
		}
		p := send(all)
		says(t, p, "was saved")
		if got := p.Doc.Find("[name='expires_at']").AttrOr("value", ""); got != "2031-07-04T09:30" {
			t.Errorf("the end is shown as %q", got)
		}
		got := h.FindUser("grace2")
		for _, text := range got.Texts() {
			if *text.Value != all.Get(text.Name) {
				t.Errorf("%s is %q", text.Name, *text.Value)
			}
		}
		if got.Address.Formatted != "1 Yard\nArlington" || !got.EmailVerified || !got.PhoneNumberVerified || got.ID != u.ID ||
			!slices.Equal(got.Roles, u.Roles) || got.Status != idp.UserActive {
			t.Errorf("%+v", got)
		}
		// Nine thirty in New York in July.
		if want := time.Date(2031, 7, 4, 13, 30, 0, 0, time.UTC); got.ExpiresAt == nil || !got.ExpiresAt.Equal(want) {
			t.Errorf("it ends %v, want %v", got.ExpiresAt, want)
		}
	})
	t.Run("what was not touched stays to the second", func(t *testing.T) {
		exact := time.Date(2032, 1, 1, 10, 20, 30, 0, time.UTC)
		_, err := h.Admin.Users.Update(ctx, u.ID, func(u *idp.User) error { u.ExpiresAt = &exact; return nil })
		must(t, err)
		send(url.Values{"nickname": {"Amazing"}})
		if got := h.FindUser("grace2"); got.Nickname != "Amazing" || !got.ExpiresAt.Equal(exact) {
			t.Errorf("%q, %v", got.Nickname, got.ExpiresAt)
		}
		send(url.Values{"expires_at": {""}})
		if got := h.FindUser("grace2"); got.ExpiresAt != nil {
			t.Errorf("it ends %v", got.ExpiresAt)
		}
	})
	for name, c := range map[string]struct {
		values url.Values
		says   []string
	}{
		"no name":         {url.Values{"username": {" "}}, []string{"Fill this in"}},
		"taken name":      {url.Values{"username": {"user"}}, []string{"taken"}},
		"taken email":     {url.Values{"email": {"user@example.com"}}, []string{"taken"}},
		"too long":        {url.Values{"name": {strings.Repeat("é", 501)}}, []string{"at most 500"}},
		"a script":        {url.Values{"picture": {"javascript:alert(1)"}}, []string{"https://"}},
		"no zone":         {url.Values{"zoneinfo": {"Mars/Olympus"}}, []string{"Europe/Paris"}},
		"no date":         {url.Values{"expires_at": {"tomorrow"}, "birthdate": {"long ago"}}, []string{"2030-12-31T17:00", "1815"}},
		"a date too far":  {url.Values{"expires_at": {"99999-01-01T00:00"}}, []string{"2030-12-31T17:00"}},
		"a date long ago": {url.Values{"expires_at": {"0001-01-01T00:00"}}, []string{"2030-12-31T17:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			was := h.FindUser("grace2")
			p := send(c.values)
			if at(p) != user(u) || p.Status != http.StatusOK || p.Doc.Find("[role='alert']").Length() == 0 {
				t.Fatalf("%d %s: %s", p.Status, p.URL, p.Text())
			}
			says(t, p, c.says...)
			h.kept(t, p, c.values)
			h.unchanged(t, was)
		})
	}
	for name, values := range map[string]url.Values{
		"no version": {"version": nil}, "an empty one": {"version": {""}}, "a broken one": {"version": {"yesterday"}},
		"the zero time": {"version": {"0001-01-01T00:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			was := h.FindUser("grace2")
			values.Set("nickname", "Gone")
			if p := send(values); p.Status != http.StatusBadRequest {
				t.Errorf("%d %s", p.Status, p.Text())
			}
			h.unchanged(t, was)
		})
	}
	t.Run("somebody was faster", func(t *testing.T) {
		b.Get(user(u))
		_, err := h.Admin.Users.Update(ctx, u.ID, func(u *idp.User) error { u.Name, u.Nickname = "Faster", ""; return nil })
		must(t, err)
		was := h.FindUser("grace2")
		p := b.Submit(form(user(u)), url.Values{"nickname": {"Typed"}, "name": {"Mine"}})
		says(t, p, "Somebody else changed this", "It is now: Faster", "It is empty now")
		h.kept(t, p, url.Values{"nickname": {"Typed"}, "name": {"Mine"}})
		h.unchanged(t, was)
		says(t, b.Submit(form(user(u)), nil), "was saved")
		if got := h.FindUser("grace2"); got.Name != "Mine" || got.Nickname != "Typed" {
			t.Errorf("%q %q", got.Name, got.Nickname)
		}
	})
}

// TestNobody: addresses of people that there are not.
func TestNobody(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	b.Get("/admin/users/new")
	_, values := b.Form(form("/admin/users"))
	for _, id := range []string{
		"00000000-0000-4000-8000-000000000000", "user", "user@example.com", "..%2f..", "%00", strings.Repeat("a", 500),
		strings.ToUpper(h.FindUser(webtest.User).ID), "%7B" + h.FindUser(webtest.User).ID + "%7D",
	} {
		for _, below := range []string{"", "/roles", "/security", "/sessions", "/apps", "/activity", "/delete"} {
			if p := b.Get("/admin/users/" + id + below); p.Status != http.StatusNotFound && p.Status != http.StatusBadRequest {
				t.Errorf("GET %s%s: %d", id, below, p.Status)
			}
		}
		for _, below := range []string{"", "/roles", "/password", "/disable", "/unlock", "/sessions/end", "/sessions/x/end", "/apps/x/remove", "/delete"} {
			if p := b.Post("/admin/users/"+id+below, values); p.Status != http.StatusNotFound && p.Status != http.StatusBadRequest {
				t.Errorf("POST %s%s: %d", id, below, p.Status)
			}
		}
	}
}

// powerful are people whom only administrators change.
func powerful(h *house) map[string]*idp.User {
	return map[string]*idp.User{
		"an administrator": h.Person("boss", idp.RoleAdmin), "a reader": h.FindUser(webtest.Reader),
		"another manager": h.Person("desk", "Helpdesk", idp.RoleUser), "herself": h.FindUser(webtest.Manager),
	}
}

// TestManagersReach: who manages people neither sees controls of those who may
// do something here, nor gets through by sending what the control would.
func TestManagersReach(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	plain := h.spare("victor")
	for name, u := range powerful(h) {
		t.Run(name, func(t *testing.T) {
			h.As(t, u.Username)
			was := h.FindUser(u.Username)
			sessions, err := h.Stores.Sessions.ListSessions(t.Context(), u.ID)
			must(t, err)
			for _, below := range []string{"", "roles", "security", "sessions", "apps", "activity"} {
				p := b.Get(strings.TrimSuffix(user(u, below), "/"))
				if p.Status != http.StatusOK {
					t.Errorf("%s: %d", below, p.Status)
				}
				if c := controls(p); len(c) > 0 {
					t.Errorf("%s offers %v", below, c)
				}
				says(t, p, "only an administrator can change the account")
			}
			if p := b.Get(user(u, "delete")); p.Status != http.StatusForbidden {
				t.Errorf("the question before deleting answers %d", p.Status)
			}
			for _, f := range forgeries(u, sessions) {
				// The form of somebody whom the manager may change, sent to the other's address.
				b.Get(f.page(plain))
				_, values := b.Form("main form[method='post']")
				for k, v := range f.values {
					values[k] = v
				}
				values.Set("version", was.UpdatedAt.Format(time.RFC3339Nano))
				if p := b.Post(f.action, values); p.Status != http.StatusForbidden {
					t.Errorf("%s answers %d %s", f.action, p.Status, p.Text())
				}
				h.unchanged(t, was)
			}
			after, err := h.Stores.Sessions.ListSessions(t.Context(), u.ID)
			must(t, err)
			if len(after) != len(sessions) {
				t.Errorf("%d of %d sessions are left", len(after), len(sessions))
			}
		})
	}
}

type forgery struct {
	below, action string
	values        url.Values
}

func (f forgery) page(u *idp.User) string { return strings.TrimSuffix(user(u, f.below), "/") }

func forgeries(u *idp.User, sessions []*idp.Session) []forgery {
	all := []forgery{
		{"", user(u), url.Values{"email": {"mine@example.com"}}},
		{"roles", user(u, "roles"), url.Values{"roles": {idp.RoleUser}}},
		{"security", user(u, "password"), url.Values{"how": {"type"}, "password": {"a long enough word"}}},
		{"", user(u, "disable"), nil},
		{"", user(u, "enable"), nil},
		{"", user(u, "unlock"), nil},
		{"sessions", user(u, "sessions", "end"), nil},
		{"", user(u, "apps", "grafana", "remove"), nil},
		{"delete", user(u, "delete"), url.Values{"match": {u.Username}}},
	}
	for _, s := range sessions {
		all = append(all, forgery{"sessions", user(u, "sessions", s.ID, "end"), nil})
	}
	return all
}

// TestReadersSeeNoControls: who only reads sees everybody and no control at all, and nothing sent works.
func TestReadersSeeNoControls(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Reader)
	u := h.spare("victor")
	h.role("Spare", idp.PermissionNone)
	for _, path := range []string{
		"/admin/users", user(u), user(u, "roles"), user(u, "security"), user(u, "sessions"), user(u, "apps"), user(u, "activity"),
		"/admin/roles", "/admin/roles/Spare", "/admin/sessions",
	} {
		p := b.Get(path)
		if p.Status != http.StatusOK {
			t.Errorf("%s: %d", path, p.Status)
		}
		if c := controls(p); len(c) > 0 || p.Doc.Find("main input[type='checkbox'], main form.bulk").Length() > 0 {
			t.Errorf("%s offers %v: %s", path, c, p.Text())
		}
	}
	values := h.token(b)
	for _, f := range peopleForms(u) {
		before := h.last()
		values := merged(values, f.values)
		if p := b.Post(f.action, values); p.Status != http.StatusForbidden {
			t.Errorf("%s answers %d", f.action, p.Status)
		}
		h.unchanged(t, u)
		if got := h.events(before, u.ID); len(got) > 0 {
			t.Errorf("%s recorded %v", f.action, got[0].Action)
		}
	}
	for _, path := range []string{"/admin/users/new", user(u, "delete"), "/admin/users/bulk?act=disable&id=" + u.ID, "/admin/roles/new", "/admin/roles/Spare/delete", "/admin/sessions/end"} {
		if p := b.Get(path); p.Status != http.StatusForbidden {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
}

// token is what every form of a browser carries, taken from the form that signs out.
func (h *house) token(b *webtest.Browser) url.Values {
	h.t.Helper()
	b.Get("/account/profile")
	_, values := b.Form("main form[method='post']")
	return url.Values{"csrf": values["csrf"], "back": {"/admin/users"}, "form_id": {"Zm9yZ2Vk"}}
}

func merged(all ...url.Values) url.Values {
	out := url.Values{}
	for _, v := range all {
		for name, values := range v {
			out[name] = values
		}
	}
	return out
}

func TestRolesOfAUser(t *testing.T) {
	h := newHouse(t)
	h.role("Writer", idp.PermissionNone)
	u := h.Person("grace", idp.RoleUser)
	b := h.As(t, webtest.Admin)
	send := func(b *webtest.Browser, roles ...string) *webtest.Page {
		b.Get(user(u, "roles"))
		return b.Submit(form(user(u, "roles")), url.Values{"roles": roles})
	}
	holds := func(want ...string) {
		t.Helper()
		if got := h.FindUser("grace").Roles; !slices.Equal(got, want) {
			t.Errorf("holds %v, want %v", got, want)
		}
	}
	says(t, send(b, "Writer", "User", "Writer"), "roles of Grace were saved")
	holds("User", "Writer")
	says(t, send(b, "User", "Ghost"), "no role “Ghost”")
	says(t, send(b, "User", "a b"), "can't be a role's name")
	holds("User", "Writer")

	m := h.As(t, webtest.Manager)
	for _, role := range []string{"Admin", "Auditor", "Helpdesk"} {
		if p := send(m, "User", role); p.Status != http.StatusForbidden {
			t.Errorf("a manager gives %s: %d", role, p.Status)
		}
	}
	holds("User", "Writer")
	says(t, send(m, "User"), "were saved")
	says(t, send(m), "were saved")
	holds()

	b.Get(user(u, "roles"))
	_, err := h.Admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Roles = []string{"Writer"}; return nil })
	must(t, err)
	p := b.Submit(form(user(u, "roles")), url.Values{"roles": {"Auditor"}})
	says(t, p, "Somebody else changed this")
	if p.Doc.Find("input[value='Auditor'][checked]").Length() == 0 {
		t.Error("the choice is lost")
	}
	holds("Writer")
}

// TestNobodyDemotesThemselves: not by the form, not by sending another, not by changing the role.
func TestNobodyDemotesThemselves(t *testing.T) {
	h := newHouse(t)
	h.Person("second", idp.RoleAdmin)
	h.role("Root", idp.PermissionAdmin)
	own := h.Person("chief", "Root", idp.RoleUser)
	b := h.As(t, "chief")
	p := b.Get(user(own, "roles"))
	says(t, p, "can't take from yourself")
	if _, off := p.Doc.Find("input[value='Root'][type='checkbox']").Attr("disabled"); !off {
		t.Error("the role can be unchosen")
	}
	says(t, b.Submit(form(user(own, "roles")), url.Values{"roles": {"Root"}}), "were saved")
	b.Get(user(own, "roles"))
	p = b.Submit(form(user(own, "roles")), url.Values{"roles": {"User"}})
	says(t, p, "can't take this from yourself")
	b.Get("/admin/roles/Root")
	p = b.Submit(form("/admin/roles/Root"), url.Values{"permission": {"read"}})
	says(t, p, "can't take this from yourself")
	if got := h.FindUser("chief"); !slices.Equal(got.Roles, []string{"Root"}) || !got.Permissions.Admin {
		t.Errorf("%v %v", got.Roles, got.Permissions)
	}
	for _, below := range []string{"", "roles", "security", "sessions"} {
		p := b.Get(strings.TrimSuffix(user(own, below), "/"))
		says(t, p, "your own account")
		for _, c := range controls(p) {
			if strings.HasSuffix(c, "/disable") || strings.HasSuffix(c, "/delete") || strings.HasSuffix(c, "/password") {
				t.Errorf("%s offers %s", below, c)
			}
		}
	}
	was := h.FindUser("chief")
	for below, values := range map[string]url.Values{
		"disable": nil, "delete": {"match": {"chief"}}, "password": {"how": {"generate"}},
	} {
		p := b.Post(user(own, below), merged(h.token(b), values))
		says(t, p, "Nothing was changed")
		h.unchanged(t, was)
	}
	p = b.Get(user(own))
	if p.Doc.Find("[name='expires_at']").Length() > 0 {
		t.Error("an end can be set for the own account")
	}
	b.Submit(form(user(own)), url.Values{"expires_at": {"2001-01-01T00:00"}})
	if got := h.FindUser("chief"); got.ExpiresAt != nil {
		t.Errorf("it ends %v", got.ExpiresAt)
	}
}

// TestLastAdministrator: who administers by another role cannot take away the last one who holds Admin.
func TestLastAdministrator(t *testing.T) {
	h := newHouse(t)
	h.role("Root", idp.PermissionAdmin)
	h.Person("chief", "Root")
	last := h.FindUser(webtest.Admin)
	b := h.As(t, "chief")
	for _, below := range []string{"", "roles", "delete"} {
		says(t, b.Get(strings.TrimSuffix(user(last, below), "/")), "last administrator")
	}
	was := h.FindUser(webtest.Admin)
	for below, values := range map[string]url.Values{
		"disable": nil, "delete": {"match": {webtest.Admin}}, "roles": {"version": {was.UpdatedAt.Format(time.RFC3339Nano)}, "roles": {"User"}},
	} {
		p := b.Post(user(last, below), merged(h.token(b), url.Values{"back": {user(last, "roles")}}, values))
		if !p.Has("last administrator") && !p.Has("last active administrator") {
			t.Errorf("%s: %d %s", below, p.Status, p.Text())
		}
		h.unchanged(t, was)
	}
	b.Get(user(last))
	p := b.Submit(form(user(last)), url.Values{"expires_at": {"2001-01-01T00:00"}})
	says(t, p, "last")
	h.unchanged(t, was)
}

func TestSecurityOfAUser(t *testing.T) {
	h := newHouse(t)
	u := h.Person("grace", idp.RoleUser)
	b := h.As(t, webtest.Manager)
	send := func(values url.Values) *webtest.Page {
		b.Get(user(u, "security"))
		return b.Submit(form(user(u, "password")), values)
	}
	for name, c := range map[string]struct {
		values url.Values
		says   string
	}{
		"nothing typed": {url.Values{"how": {"type"}}, "Fill this in"},
		"the name":      {url.Values{"how": {"type"}, "password": {"grace123"}}, "can't be the username"},
		"too short":     {url.Values{"how": {"type"}, "password": {"q7!"}}, "at least 8"},
		"an odd way":    {url.Values{"how": nil}, "Fill this in"},
	} {
		t.Run(name, func(t *testing.T) {
			was := h.FindUser("grace")
			says(t, send(c.values), c.says)
			h.unchanged(t, was)
		})
	}
	t.Run("typed", func(t *testing.T) {
		hers := h.As(t, "grace")
		says(t, send(url.Values{"how": {"type"}, "password": {"wide open moor"}}), "has a new password")
		if p := hers.Get("/account"); at(p) != "/login" {
			t.Error("her session goes on")
		}
		h.signsIn(t, "grace", "wide open moor")
	})
	t.Run("generated", func(t *testing.T) {
		p := send(url.Values{"how": {"generate"}, "password": {"ignored here"}})
		password := p.Doc.Find("main [data-select]").Text()
		if b.Get(p.URL.RequestURI()).Doc.Find("main [data-select]").Length() > 0 {
			t.Error("it is shown a second time")
		}
		h.signsIn(t, "grace", password)
	})
	t.Run("another reads the address", func(t *testing.T) {
		b.Get(user(u, "security"))
		action, values := b.Form(form(user(u, "password")))
		b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		p := b.Post(action, values)
		b.Client.CheckRedirect = nil
		other := h.As(t, webtest.Admin)
		if got := other.Get(p.Header.Get("Location")); got.Doc.Find("main [data-select]").Length() > 0 {
			t.Error("another session sees the password")
		}
	})
	t.Run("long after signing in", func(t *testing.T) {
		was := h.FindUser("grace")
		h.stale(webtest.Manager)
		p := send(url.Values{"how": {"generate"}})
		if at(p) != "/login" {
			t.Fatalf("leads to %s", p.URL)
		}
		h.unchanged(t, was)
		p = b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
		if at(p) != user(u, "security") {
			t.Errorf("then leads to %s", p.URL)
		}
		says(t, send(url.Values{"how": {"generate"}}), "has a new password")
	})
	t.Run("unlock", func(t *testing.T) {
		for range idp.LockedFailures {
			must(t, h.Stores.Users.RecordSignIn(t.Context(), u.ID, time.Now(), false))
		}
		says(t, b.Get(user(u, "security")), "10 sign-ins in a row failed")
		p := b.Submit(form(user(u, "unlock")), nil)
		says(t, p, "was unlocked")
		silent(t, p, "sign-ins in a row failed")
		if got := h.FindUser("grace"); got.FailedAuthCount != 0 || at(p) != user(u, "security") {
			t.Errorf("%d failures, %s", got.FailedAuthCount, p.URL)
		}
	})
}

func (h *house) signsIn(t *testing.T, username, password string) {
	t.Helper()
	b := h.Browser(t)
	b.Get("/login?next=/account")
	if p := b.Submit("form[action^='/login']", url.Values{"username": {username}, "password": {password}}); at(p) != "/account" {
		t.Errorf("%s does not sign in with %q: %s", username, password, p.Text())
	}
}

func TestDisableAndUndo(t *testing.T) {
	h := newHouse(t)
	u := h.Person("grace", idp.RoleUser)
	hers := h.As(t, "grace")
	b := h.As(t, webtest.Manager)
	b.Get(user(u, "roles"))
	p := b.Submit(form(user(u, "disable")), nil)
	says(t, p, "was disabled and signed out everywhere", "Undo", "Disabled")
	if at(p) != user(u, "roles") {
		t.Errorf("leads to %s", p.URL)
	}
	if at(hers.Get("/account")) != "/login" {
		t.Error("her session goes on")
	}
	p = b.Submit(".toast form", nil)
	says(t, p, "can sign in again")
	silent(t, p, "Undo")
	if got := h.FindUser("grace"); got.Status != idp.UserActive {
		t.Errorf("is %s", got.Status)
	}
	h.signsIn(t, "grace", webtest.Password)
	if p := b.Get(user(u)); p.Doc.Find(".toast").Length() > 0 {
		t.Error("the toast is shown twice")
	}
	// An address that is not the console's is not gone back to.
	for _, back := range []string{"https://evil.example/", "//evil.example", "/account", "/admin/../account"} {
		if p := b.Post(user(u, "disable"), merged(h.token(b), url.Values{"back": {back}})); at(p) != user(u) {
			t.Errorf("%s leads to %s", back, p.URL)
		}
	}
}

func TestDeleteUser(t *testing.T) {
	h := newHouse(t)
	u := h.Person("grace", idp.RoleUser)
	h.As(t, "grace")
	b := h.As(t, webtest.Manager)
	p := b.Get(user(u, "delete"))
	says(t, p, "This can't be undone", "1 session ends", "0 apps lose access", "Type grace to confirm")
	for _, typed := range []string{"", "Grace", "grac", "grace@example.com"} {
		b.Get(user(u, "delete"))
		was := h.FindUser("grace")
		p := b.Submit(form(user(u, "delete")), url.Values{"match": {typed}, "reason": {"left"}})
		says(t, p, "doesn't match")
		h.kept(t, p, url.Values{"reason": {"left"}})
		h.unchanged(t, was)
	}
	b.Get(user(u, "delete"))
	says(t, b.Submit(form(user(u, "delete")), url.Values{"match": {"grace"}, "reason": {strings.Repeat("r", 501)}}), "at most 500")

	h.stale(webtest.Manager)
	if p := b.Get(user(u, "delete")); at(p) != "/login" {
		t.Fatalf("long after signing in: %s", p.URL)
	}
	if p := b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}}); at(p) != user(u, "delete") {
		t.Fatalf("then leads to %s", p.URL)
	}
	h.stale(webtest.Manager)
	was := h.FindUser("grace")
	action, values := b.Form(form(user(u, "delete")))
	values = merged(values, url.Values{"match": {" grace "}, "reason": {"left the company"}})
	if p := b.Post(action, values); at(p) != "/login" {
		t.Errorf("sent long after signing in: %s", p.URL)
	}
	h.unchanged(t, was)
	b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})

	before := h.last()
	first := b.Post(action, merged(h.token(b), url.Values{"match": {" grace "}, "reason": {"left the company"}}))
	says(t, first, "was deleted")
	if _, err := h.Stores.Users.UserByLogin(t.Context(), "grace"); !errors.Is(err, idp.ErrNotFound) || at(first) != "/admin/users" {
		t.Fatalf("%v, %s", err, first.URL)
	}
	events := h.events(before, u.ID)
	if i := slices.IndexFunc(events, func(e *idp.AuditEvent) bool { return e.Action == idp.ActionUserDelete }); i < 0 ||
		events[i].ActorName != webtest.Manager || events[i].Reason != "left the company" || events[i].IP == "" || events[i].RequestID == "" {
		t.Errorf("recorded: %+v", events)
	}
	if second := b.Post(action, merged(h.token(b), url.Values{"match": {" grace "}, "reason": {"left the company"}})); at(second) != "/admin/users" || second.Status != http.StatusOK {
		t.Errorf("the second leads to %d %s", second.Status, second.URL)
	}
}

// TestReachIsAskedInTheChange: a manager changes somebody who is made an
// administrator at the same moment. The log says in which order it was: nothing
// of the manager's comes after.
func TestReachIsAskedInTheChange(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	for round := range 8 {
		u := h.Person("target"+string(rune('a'+round)), idp.RoleUser)
		b.Get(user(u))
		_, values := b.Form(form(user(u)))
		before := h.last()
		var group sync.WaitGroup
		group.Go(func() {
			_, err := h.Admin.Users.Update(context.Background(), u.ID, func(u *idp.User) error {
				u.Roles = []string{idp.RoleAdmin}
				return nil
			})
			if err != nil {
				t.Errorf("promote: %v", err)
			}
		})
		b.Post(user(u, "disable"), values)
		b.Post(user(u), merged(values, url.Values{"nickname": {"Mine"}}))
		group.Wait()
		promoted := false
		for _, e := range h.events(before, u.ID) {
			if promoted && e.ActorName == webtest.Manager {
				t.Errorf("the manager's %s came after the promotion", e.Action)
			}
			promoted = promoted || slices.ContainsFunc(e.Changes, func(c idp.Change) bool {
				return c.Field == "roles" && strings.Contains(c.After, idp.RoleAdmin)
			})
		}
		if !promoted {
			t.Error("the promotion is not in the log")
		}
	}
}

// A role that the manager may not give is not given under another spelling either.
func TestNoRoleByAnotherSpelling(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Manager)
	u := h.FindUser(webtest.User)
	b.Get("/admin/users/" + u.ID + "/roles")
	p := b.Submit("main form[action$='/roles']", url.Values{"roles": {" Admin"}})
	says(t, p, "There is no role")
	b.Get("/admin/users/new")
	b.Submit("main form[action='/admin/users']", url.Values{"username": {"spelled"}, "roles": {"Admin "}})
	if is := h.FindUser(webtest.User); is.Permissions.Any() {
		t.Errorf("a manager made an administrator: %+v", is)
	}
	if !h.gone("spelled") {
		t.Errorf("a manager added %+v", h.FindUser("spelled"))
	}
}
