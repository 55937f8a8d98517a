package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// sessionEnds: whoever is signed out while they work loses nothing, and nothing
// is done twice or behind their back.
func sessionEnds(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	in := func(name string, test func(*testing.T, desk)) {
		t.Run(name, func(t *testing.T) {
			b := *d.tab
			b.t = t
			test(t, desk{&b, d.user})
			b.clean(name)
		})
	}
	in("reading", func(_ *testing.T, d desk) {
		for _, address := range []string{"/admin/users?n=25&q=ada&sort=-username", "/admin/audit?action=user.&result=ok", "/account/activity?type=session."} {
			d.endSession()
			d.open(address, "/login")
			d.signIn(d.user.Username, password, strings.Split(address, "?")[0])
			if got := ask[string](d.tab, `location.pathname + location.search`); got != address {
				d.t.Errorf("leads back to %s, not to %s", got, address)
			}
		}
	})
	for _, a := range keptActs(t, s) {
		in("sending: "+a.name, func(_ *testing.T, d desk) { d.sendAfterEnd(a) })
	}
	for _, page := range []string{"/admin", "/admin/audit?action=user."} {
		in("live: "+page, func(_ *testing.T, d desk) { d.liveAfterEnd(page) })
	}
	in("warning", func(_ *testing.T, d desk) { d.warnedBeforeEnd() })
}

// keptActs are forms in which somebody has typed for a while.
func keptActs(t *testing.T, s chromium) []act {
	t.Helper()
	u, a := s.newUser(t), s.newApp(t, nil)
	page := "/admin/users/" + u.ID
	return []act{
		{name: "a user", page: page, typed: typed{
			"name": "Augusta Ada King", "nickname": "Countess", "website": "https://ada.example/", "address.formatted": "Ockham Park\nSurrey",
		}, lands: page, count: 1},
		{name: "a new user", page: "/admin/users/new", to: "/admin/users", typed: typed{
			"username": unique("grace"), "email": unique("grace") + "@example.com", "name": "Grace Hopper", "how": "type", "password": "the gate by the old mill",
		}, lands: "/admin/users/", count: 1},
		{name: "a client", page: "/admin/clients/" + a.ID, typed: typed{"client_name": "Wiki", "client_uri": "https://wiki.example/"}, lands: "/admin/clients/", count: 1},
		{name: "own profile", page: "/account/profile", typed: typed{"nickname": "Nick", "website": "https://nick.example/"}, lands: "/account/profile", count: 1},
	}
}

// sendAfterEnd sends a form after the session has ended: the sign-in leads back
// to it with what was typed but secrets, and it is sent by nobody but the person.
func (d desk) sendAfterEnd(a act) {
	d.t.Helper()
	d.visit(a.page)
	form, changes := a.form(), d.s.changes(d.t)
	d.put(form, a.typed)
	d.endSession()
	d.send(form)
	if text := ask[string](d.tab, `document.querySelector("main").innerText`); d.path() != "/login" || !strings.Contains(text, "what you typed is kept") {
		d.t.Fatalf("not told; %s", d.where())
	}
	d.signIn(d.user.Username, password, a.page)
	got := d.failedForm(form)
	if !strings.Contains(strings.ToLower(got.Alert), "signed in again") || len(got.Secrets) > 0 {
		d.t.Errorf("the form says %q and holds the secrets %v", got.Alert, got.Secrets)
	}
	for name, value := range a.typed {
		if name != "password" && got.Held[name] != value {
			d.t.Errorf("%s is %q, typed was %q", name, got.Held[name], value)
		}
	}
	posts := d.traffic.posts()
	d.reload(a.page)
	d.onPage("reload", posts)
	if d.s.changes(d.t) != changes {
		d.t.Error("it was done by itself")
	}
	if pass, has := a.typed["password"]; has {
		d.put(form, typed{"password": pass})
	}
	d.send(form)
	if n := d.s.changes(d.t) - changes; n != a.count || !strings.HasPrefix(d.path(), a.lands) {
		d.t.Errorf("%d changes; %s", n, d.where())
	}
}

// liveLine is what the page says of live updates, "" for nothing.
const liveLine = `(document.querySelector("a[data-live]")?.textContent ?? "")`

// comeBackTo hides the page and shows it again, as another window before it does.
func (b *tab) comeBackTo() {
	b.t.Helper()
	for _, hidden := range []bool{true, false} {
		b.run(fmt.Sprintf(`Object.defineProperty(document, "hidden", {configurable: true, value: %v}); document.dispatchEvent(new Event("visibilitychange"))`, hidden))
	}
}

// liveAfterEnd: the page stays, and says that it is not live any more.
func (d desk) liveAfterEnd(page string) {
	d.t.Helper()
	if len(d.sessions()) == 0 {
		d.open("/admin", "/login")
		d.signIn(d.user.Username, password, "/admin")
	}
	d.visit(page)
	d.endSession()
	d.comeBackTo()
	d.until("the notice", liveLine+` === "Live updates paused. Reload"`)
	if got := ask[string](d.tab, `location.pathname + location.search`); got != page || !ask[bool](d.tab, `document.querySelector("[aria-live=polite]").textContent !== ""`) {
		d.t.Errorf("it is at %s, or not read out", got)
	}
	d.leave()
	d.point("a[data-live]")
	d.at("/login")
	d.signIn(d.user.Username, password, strings.Split(page, "?")[0])
}

// warnedBeforeEnd: two minutes before the session ends, whoever has typed
// something is told, and nobody else.
func (d desk) warnedBeforeEnd() {
	d.t.Helper()
	const warning, form = `!!document.querySelector(".page > [role=alert]")`, "main form[action='/account/profile']"
	d.changeSession(func(s *idp.Session) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		s.LastSeenAt, s.IdleExpiresAt = now, now.Add(2*time.Minute+3*time.Second)
	})
	d.visit("/account/profile")
	d.put(form, typed{"nickname": "Nick"})
	if ask[bool](d.tab, warning) {
		d.t.Errorf("warned too early; %s", d.where())
	}
	d.until("the warning", warning)
	d.visit("/account/profile")
	if ask[bool](d.tab, warning) {
		d.t.Error("warned although nothing is typed")
	}
}
