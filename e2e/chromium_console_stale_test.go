package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// edited is a record with a form that edits it.
type edited struct {
	name, page, to string
	mine           typed
	meanwhile      func(t *testing.T) error // somebody else's change
	theirs         func(t *testing.T) bool  // it is still there
	saved          func(t *testing.T) bool  // and mine is as well, once I have said so
}

// staleVersions: who saves what somebody else has changed meanwhile is told, and
// neither change is lost; not in one step, and not after a detour over a mistake
// or another sign-in either.
func staleVersions(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	for _, e := range editedRecords(t, s, d) {
		t.Run(e.name, func(t *testing.T) {
			b := *d.tab
			b.t = t
			form := "main form[action='" + e.to + "']"
			b.visit(e.page)
			if err := e.meanwhile(t); err != nil {
				t.Fatal(err)
			}
			b.put(form, e.mine)
			b.send(form)
			b.wantChanged(form, e)
			b.reload(e.page)
			b.wantChanged(form, e)
			b.send(form)
			if !e.saved(t) {
				t.Errorf("what was saved on purpose is not there; %s", b.where())
			}
			b.clean(e.name)
		})
	}
	t.Run("two tabs", func(t *testing.T) { twoTabs(t, s) })
	t.Run("after a mistake", func(t *testing.T) { staleAfterMistake(t, s) })
}

// wantChanged wants to be told, with what was typed, and the other change in place.
func (b *tab) wantChanged(form string, e edited) {
	b.t.Helper()
	got := b.failedForm(form)
	if !strings.HasPrefix(got.Title, "Error: ") || !strings.Contains(got.Alert, "changed") || b.path() != e.page {
		b.t.Errorf("not told: %q %q; %s", got.Title, got.Alert, b.where())
	}
	for name, value := range e.mine {
		if got.Held[name] != value {
			b.t.Errorf("%s is %q, typed was %q", name, got.Held[name], value)
		}
	}
	if !e.theirs(b.t) {
		b.t.Error("the other change is lost")
	}
}

func editedRecords(t *testing.T, s chromium, d desk) []edited {
	t.Helper()
	ctx := t.Context()
	u, held, a := s.newUser(t), s.newUser(t), s.newApp(t, nil)
	role, err := s.admin.Roles.Create(ctx, &idp.Role{Name: unique("Writers")})
	if err != nil {
		t.Fatal(err)
	}
	s.save(t, "product_name", "Doorway") // settings have a version once they were saved
	eventually(t, "the name", func() bool { return s.sees(t, "Doorway") })
	find := func(u *idp.User) *idp.User {
		found, err := s.stores.Users.UserByLogin(ctx, u.Username)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	change := func(u *idp.User, with func(*idp.User)) func(*testing.T) error {
		return func(t *testing.T) error {
			_, err := s.admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { with(u); return nil })
			return err
		}
	}
	roleNow := func() *idp.Role {
		r, err := s.admin.Roles.Find(ctx, role.Name)
		if err != nil {
			t.Fatal(err)
		}
		return r.Role
	}
	clientNow := func() *idp.Client {
		all, err := s.stores.Clients.ListClients(ctx, "", 1000) // never from a cache
		if err != nil {
			t.Fatal(err)
		}
		return all[slices.IndexFunc(all, func(c *idp.Client) bool { return c.ID == a.ID })]
	}
	setting := func(name string) string {
		stored, err := s.stores.Settings.Settings(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var text string
		_ = json.Unmarshal(stored.Values[name], &text)
		return text
	}
	client := func(with func(*idp.Client)) func(*testing.T) error {
		return func(t *testing.T) error {
			_, err := s.admin.Clients.Update(t.Context(), a.ID, func(c *idp.Client) error { with(c); return nil })
			return err
		}
	}
	return []edited{
		{
			"user", "/admin/users/" + u.ID, "/admin/users/" + u.ID,
			typed{"nickname": "Mine", "gender": "other"},
			change(u, func(u *idp.User) { u.GivenName = "Theirs" }),
			func(*testing.T) bool { return find(u).GivenName == "Theirs" && find(u).Nickname != "Mine" },
			func(*testing.T) bool { return find(u).Nickname == "Mine" },
		},
		{
			"roles of a user", "/admin/users/" + held.ID + "/roles", "/admin/users/" + held.ID + "/roles",
			typed{"roles": ""},
			change(held, func(u *idp.User) { u.Roles = []string{idp.RoleUser, role.Name} }),
			func(*testing.T) bool { return find(held).HasRole(role.Name) },
			func(*testing.T) bool { return len(find(held).Roles) == 0 },
		},
		{
			"role", "/admin/roles/" + role.Name, "/admin/roles/" + role.Name,
			typed{"description": "Mine"},
			func(t *testing.T) error {
				_, err := s.admin.Roles.Update(t.Context(), role.Name, time.Time{}, func(r *idp.Role) error { r.Description = "Theirs"; return nil })
				return err
			},
			func(*testing.T) bool { return roleNow().Description == "Theirs" },
			func(*testing.T) bool { return roleNow().Description == "Mine" },
		},
		{
			"client", "/admin/clients/" + a.ID, "/admin/clients/" + a.ID,
			typed{"client_name": "Mine", "tos_uri": "https://mine.example/terms"},
			client(func(c *idp.Client) { c.PolicyURI = "https://theirs.example/privacy" }),
			func(*testing.T) bool { c := clientNow(); return c.PolicyURI != "" && c.Name != "Mine" },
			func(*testing.T) bool { return clientNow().Name == "Mine" },
		},
		{
			"rotation of a secret", "/admin/clients/" + a.ID + "/rotate", "/admin/clients/" + a.ID + "/rotate", nil,
			client(func(c *idp.Client) { c.PolicyURI = "https://theirs.example/more" }),
			func(*testing.T) bool { return len(clientNow().Secrets) == 1 },
			func(*testing.T) bool { return len(clientNow().Secrets) == 2 },
		},
		{
			"settings", "/admin/settings", "/admin/settings/branding",
			typed{"product_name": "Mine"},
			func(t *testing.T) error {
				s.save(t, "product_name", "Theirs")
				eventually(t, "the change", func() bool { return s.sees(t, "Theirs") })
				return nil
			},
			func(*testing.T) bool { return setting("product_name") == "Theirs" },
			func(*testing.T) bool { return setting("product_name") == "Mine" },
		},
		{
			"own profile", "/account/profile", "/account/profile",
			typed{"nickname": "Mine"},
			change(d.user, func(u *idp.User) { u.GivenName = "Theirs" }),
			func(*testing.T) bool { return find(d.user).GivenName == "Theirs" && find(d.user).Nickname != "Mine" },
			func(*testing.T) bool { return find(d.user).Nickname == "Mine" },
		},
	}
}

// sees reports whether the program calls itself so.
func (s *system) sees(t *testing.T, name string) bool {
	t.Helper()
	return strings.Contains(s.newBrowser(t).get("/login").body, name)
}

// twoTabs: two people have the same user open; the second to save is told, sees
// what the first wrote, and both changes are there in the end.
func twoTabs(t *testing.T, s chromium) {
	first, second := s.newDesk(t, "/admin", idp.RoleAdmin), s.newDesk(t, "/admin", idp.RoleAdmin)
	u := s.newUser(t)
	page := "/admin/users/" + u.ID
	form := "main form[action='" + page + "']"
	first.visit(page)
	second.visit(page)
	first.put(form, typed{"given_name": "Augusta"})
	first.send(form)
	first.wantToast("was saved")
	second.put(form, typed{"nickname": "Countess"})
	second.send(form)
	text := ask[string](second.tab, `document.querySelector("main").innerText`)
	if !strings.Contains(text, "Augusta") {
		t.Errorf("the other's change is not shown; %s", second.where())
	}
	second.put(form, typed{"given_name": "Augusta"})
	second.send(form)
	second.wantToast("was saved")
	if now, err := s.stores.Users.UserByLogin(t.Context(), u.Username); err != nil || now.GivenName != "Augusta" || now.Nickname != "Countess" {
		t.Errorf("the user is %+v, %v", now, err)
	}
}

// staleAfterMistake: a form is being mended when somebody else changes the
// record. The mended form still knows on which state it was begun.
func staleAfterMistake(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	u := s.newUser(t)
	page := "/admin/users/" + u.ID
	form := "main form[action='" + page + "']"
	d.visit(page)
	d.put(form, typed{"nickname": "Mine", "birthdate": "yesterday"})
	d.send(form)
	if _, err := s.admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.GivenName = "Theirs"; return nil }); err != nil {
		t.Fatal(err)
	}
	d.reload(page)
	d.put(form, typed{"birthdate": "1815-12-10"})
	d.send(form)
	if got := d.failedForm(form); !strings.Contains(got.Alert, "changed") || got.Held["nickname"] != "Mine" {
		t.Errorf("not told: %q with %v", got.Alert, got.Held)
	}
	if now, err := s.stores.Users.UserByLogin(t.Context(), u.Username); err != nil || now.GivenName != "Theirs" || now.Nickname == "Mine" {
		t.Errorf("the user is %+v, %v", now, err)
	}
	d.clean("after a mistake")
}

// foreignRecords: a form about what is gone meanwhile, or is somebody else's,
// does nothing and leads on.
func foreignRecords(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	stranger := s.newDesk(t, "/account")
	remove := s.remover(t, d.user)
	for name, page := range map[string]string{
		"user":               "/admin/users/" + s.newUser(t).ID,
		"roles of a user":    "/admin/users/" + s.newUser(t).ID + "/roles",
		"deletion of a user": "/admin/users/" + s.newUser(t).ID + "/delete",
		"client":             "/admin/clients/" + s.newApp(t, nil).ID,
		"secret":             "/admin/clients/" + s.newApp(t, nil).ID + "/rotate",
	} {
		t.Run(name, func(t *testing.T) {
			b := *d.tab
			b.t = t
			b.visit(page)
			remove(t, strings.Join(strings.Split(page, "/")[2:4], "/"))
			changes := s.changes(t)
			b.send("main form.form")
			b.wantWayOn()
			if s.changes(t) != changes {
				t.Error("something was changed")
			}
			b.clean(name)
		})
	}
	t.Run("session of somebody else", func(t *testing.T) {
		other := desk{s.newTab(t), d.user}
		other.open("/login?next=/account/sessions", "/login")
		other.signIn(d.user.Username, password, "/account/sessions")
		other.run(`document.querySelector("main form.act [name=sid]").value = "` + stranger.sessions()[0].ID + `"`)
		other.leave()
		other.point("main form.act:has([name=sid]) button")
		other.until("the answer", other.next())
		other.wantWayOn()
		if len(stranger.sessions()) != 1 {
			t.Error("a stranger was signed out")
		}
	})
}

// wantWayOn wants a page that says that something is not there and leads on.
func (b *tab) wantWayOn() {
	b.t.Helper()
	if b.heading() == "" || !ask[bool](b, `!!document.querySelector("main a.button")`) {
		b.t.Errorf("there is no way on; %s", b.where())
	}
	if page, ok := b.traffic.find(func(answer) bool { return true }); !ok || page.status >= 500 || page.status < 400 {
		b.t.Errorf("answered %v", page)
	}
}

// remover removes what a path of the API names, as another administrator does meanwhile.
func (s *system) remover(t *testing.T, as *idp.User) func(t *testing.T, path string) {
	t.Helper()
	ask := func(t *testing.T, method, path, token, body string) *reply {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.issuer+"/api/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return call(t, r)
	}
	token := ask(t, http.MethodPost, "accounts/login", "", fmt.Sprintf(`{"username":%q,"password":%q}`, as.Username, password)).str("access_token")
	return func(t *testing.T, path string) {
		t.Helper()
		if r := ask(t, http.MethodDelete, path, token, ""); r.status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
	}
}
