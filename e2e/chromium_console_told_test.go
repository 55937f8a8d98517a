package e2e

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/idp"
)

// toldOnce: what was done is told once, and what can be taken back is taken back
// by one button, with scripts and without.
func toldOnce(t *testing.T, s chromium) {
	for _, scripts := range []bool{true, false} {
		d := s.newDesk(t, "/admin", idp.RoleAdmin)
		d.setScripts(scripts)
		u, a := s.newUser(t), s.newApp(t, nil)
		for _, c := range []struct {
			name, page, off, on string
			isOff               func() bool
		}{
			{"user", "/admin/users/" + u.ID, "was disabled", "can sign in again", func() bool {
				found, err := s.stores.Users.UserByLogin(t.Context(), u.Username)
				return err == nil && found.Status == idp.UserDisabled
			}},
			{"client", "/admin/clients/" + a.ID, "is off", "is on", func() bool {
				off := true
				page, err := s.stores.Clients.QueryClients(t.Context(), idp.ClientQuery{ListQuery: idp.ListQuery{Text: a.ID, Limit: 25}, Disabled: &off})
				return err == nil && len(page.Items) == 1
			}},
		} {
			t.Run(fmt.Sprintf("%s, scripts %v", c.name, scripts), func(t *testing.T) {
				b := *d.tab
				b.t = t
				b.visit(c.page)
				for _, step := range []struct {
					press, tells string
					off, undo    bool
				}{
					{"form[action='" + c.page + "/disable'] button", c.off, true, true},
					{".toast form button", c.on, false, false}, // what took back is not taken back
					{"form[action='" + c.page + "/disable'] button", c.off, true, true},
					{"form[action='" + c.page + "/enable'] button", c.on, false, true},
					{".toast form button", c.off, true, false},
				} {
					if step.press[0] != '.' {
						b.reload(c.page) // without the toast of before
						step.press = "main " + step.press
					}
					b.click(step.press, c.page)
					b.wantToast(step.tells)
					if c.isOff() != step.off || ask[bool](&b, `!!document.querySelector(".toast form")`) != step.undo {
						t.Errorf("%s: off %v, wants %v; %s", step.tells, c.isOff(), step.off, b.where())
					}
				}
				b.reload(c.page)
				if got := b.toast(); got != "" {
					t.Errorf("told twice: %s", got)
				}
				b.clean(c.name)
			})
		}
	}
}

// newEvents: a page that is live says how many events came, moves nothing of
// what is being read, and shows them when it is asked to.
func newEvents(t *testing.T, s chromium) {
	d := s.newDesk(t, "/admin", idp.RoleAdmin)
	u := s.newUser(t)
	for _, page := range []string{"/admin/audit?action=user.&target=" + u.ID, "/admin"} {
		t.Run(page, func(t *testing.T) {
			b := *d.tab
			b.t = t
			b.visit(page)
			const place = `(e => [document.querySelectorAll("tbody tr").length, scrollY, Math.round(e.getBoundingClientRect().top)].join(" "))
				(document.querySelector("tbody tr, main section, main .panel"))`
			before := ask[string](&b, place)
			eventually(t, "the notice", func() bool { // what comes before the stream is open is on the page
				_, err := s.admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Nickname = fmt.Sprint(time.Now().UnixNano()); return nil })
				if err != nil {
					t.Fatal(err)
				}
				return ask[bool](&b, `/^New events: [0-9]+\. Show$/.test(`+liveLine+`)`)
			})
			if !ask[bool](&b, `document.querySelector("[aria-live=polite]").textContent === document.querySelector("a[data-live]").textContent`) {
				t.Error("it is not read out")
			}
			if after := ask[string](&b, place); after != before {
				t.Errorf("what is read moved: %s, was %s", after, before)
			}
			if page != "/admin" {
				b.leave()
				b.point("a[data-live]")
				b.at("/admin/audit")
				if got := ask[string](&b, `location.pathname + location.search`); got != page || ask[int](&b, `document.querySelectorAll("tbody tr").length`) < 2 {
					t.Errorf("shows %s; %s", got, b.where())
				}
			}
			b.clean(page)
		})
	}
}
