package selfservice_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestActivity(t *testing.T) {
	e := webtest.New(t)
	t.Run("own events and nobody else's", func(t *testing.T) {
		u, b := somebody(t, e)
		other, second := somebody(t, e)
		second.Get("/account/profile")
		second.Submit(profileForm, values("nickname", "not yours"))
		p := b.Get("/account/activity")
		at(t, p, "/account/activity", http.StatusOK, "Signed in", "Account created", "This service")
		if p.Has(other.Username) || p.Has("Account changed") || p.Has(u.ID) {
			t.Errorf("%s", p.Text())
		}
	})
	t.Run("who else acted, and from where, is not told", func(t *testing.T) {
		u, b := somebody(t, e)
		admin := e.FindUser(webtest.Admin)
		must(t, e.Stores.Audit.AppendAudit(t.Context(),
			&idp.AuditEvent{
				Time: time.Now(), ActorKind: idp.ActorUser, ActorID: admin.ID, ActorName: admin.Username, Action: idp.ActionUserUnlock, Count: 1,
				Target: idp.Target{Kind: "user", ID: u.ID, Name: u.Username}, Result: idp.AuditOK, IP: "198.51.100.77", Reason: "called us",
			},
			&idp.AuditEvent{
				Time: time.Now(), ActorKind: idp.ActorNobody, Action: idp.ActionSignIn, Count: 1,
				Target: idp.Target{Kind: "user", ID: u.ID, Name: u.Username}, Result: idp.AuditRefused, IP: "203.0.113.9",
			}))
		p := b.Get("/account/activity")
		at(t, p, "/account/activity", http.StatusOK, "Account unlocked", "An administrator", "203.0.113.9", "Sign-in failed")
		if p.Has("198.51.100.77") || p.Has("called us") {
			t.Errorf("%s", p.Text())
		}
		if p := b.Get("/account/data/export.json"); contains(p.Body, "198.51.100.77") || contains(p.Body, "called us") || contains(p.Body, admin.ID) || !contains(p.Body, "203.0.113.9") {
			t.Errorf("%s", p.Body)
		}
	})
	t.Run("many failed sign-ins are a warning", func(t *testing.T) {
		u, b := somebody(t, e)
		for i := range 5 {
			if b.Get("/account").Has("tried to sign in") {
				t.Fatalf("warned after %d", i)
			}
			must(t, e.Stores.Audit.AppendAudit(t.Context(), &idp.AuditEvent{
				Time: time.Now(), ActorKind: idp.ActorNobody, Action: idp.ActionSignIn, Target: idp.Target{Kind: "user", ID: u.ID}, Result: idp.AuditRefused, Count: 1,
			}))
		}
		at(t, b.Get("/account"), "/account", http.StatusOK, "Someone tried to sign in to your account 5 times")
	})
	t.Run("filter and pages", func(t *testing.T) {
		u, b := somebody(t, e)
		var all []*idp.AuditEvent
		for i := range 60 {
			all = append(all, &idp.AuditEvent{
				Time: time.Now().Add(-time.Duration(60-i) * time.Minute), ActorKind: idp.ActorUser, ActorID: u.ID, Action: idp.ActionUserUpdate,
				Target: idp.Target{Kind: "user", ID: u.ID}, Result: idp.AuditOK, IP: "192.0.2.1", Count: 1,
			})
		}
		all = append(all, &idp.AuditEvent{
			Time: time.Now().AddDate(0, 0, -91), ActorKind: idp.ActorUser, ActorID: u.ID, Action: idp.ActionUserEnable,
			Target: idp.Target{Kind: "user", ID: u.ID}, Result: idp.AuditOK, Count: 1,
		})
		must(t, e.Stores.Audit.AppendAudit(t.Context(), all...))
		rows := func(path string) int { return b.Get(path).Doc.Find("tbody tr").Length() }
		if n := rows("/account/activity?type=session."); n != 1 || b.Last.Doc.Find("option[selected][value='session.']").Length() != 1 {
			t.Errorf("%d sign-ins", n)
		}
		if n := rows("/account/activity?type=grant."); n != 0 || !b.Last.Has("Nothing of this kind happened") {
			t.Errorf("%d grants: %s", n, b.Last.Text())
		}
		seen := 0
		path := "/account/activity?n=25"
		for range 4 {
			seen += rows(path)
			if b.Last.Has("switched on") {
				t.Error("it goes back too far")
			}
			if path = b.Last.Doc.Find("a[rel=next]").AttrOr("href", ""); path == "" {
				break
			}
		}
		if seen != 62 { // and the creation, and the sign-in
			t.Errorf("%d rows on all pages", seen)
		}
		for _, bad := range []string{"?after=nonsense", "?after=AAAA&before=AAAA", "?type=role.", "?n=7"} {
			if p := b.Get("/account/activity" + bad); p.Status != http.StatusOK || p.Doc.Find("tbody tr").Length() == 0 {
				t.Errorf("%s: %d", bad, p.Status)
			}
		}
	})
}
