package selfservice_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const deleteForm = "form[action='/account/data/delete']"

func TestExport(t *testing.T) {
	e := webtest.New(t)
	u, b := somebody(t, e)
	grant := giveAccess(t, e, u, "grafana")
	var all []*idp.AuditEvent
	for range 700 { // more than one page of the store
		all = append(all, &idp.AuditEvent{
			Time: time.Now().AddDate(-1, 0, 0), ActorKind: idp.ActorUser, ActorID: u.ID, Action: idp.ActionUserUpdate, IP: "192.0.2.1", Count: 1,
			Target: idp.Target{Kind: "user", ID: u.ID}, Result: idp.AuditOK, Changes: []idp.Change{{Field: "name", Before: "a", After: "b"}},
		})
	}
	must(t, e.Stores.Audit.AppendAudit(t.Context(), all...))
	p := b.Get("/account/data/export.json")
	if p.Status != http.StatusOK || p.Header.Get("Content-Type") != "application/json" || p.Header.Get("Cache-Control") != "no-store" ||
		p.Header.Get("Content-Disposition") != `attachment; filename="account-`+u.Username+`.json"` {
		t.Fatalf("%d %v", p.Status, p.Header)
	}
	var got struct {
		Account  idp.User         `json:"account"`
		Consents []idp.Consent    `json:"consents"`
		Sessions []map[string]any `json:"sessions"`
		Grants   []map[string]any `json:"grants"`
		Activity []map[string]any `json:"activity"`
	}
	must(t, json.Unmarshal([]byte(p.Body), &got))
	if got.Account.ID != u.ID || got.Account.Email != u.Email || len(got.Account.Roles) != 1 {
		t.Errorf("account: %+v", got.Account)
	}
	if len(got.Consents) != 1 || len(got.Sessions) != 1 || len(got.Grants) != 1 || len(got.Activity) < 702 {
		t.Errorf("%d consents, %d sessions, %d grants, %d events", len(got.Consents), len(got.Sessions), len(got.Grants), len(got.Activity))
	}
	for name, secret := range map[string]string{
		"the password's hash": "$argon2", "the session's handle": digestOf(t, e, b), "the grant": grant.ID, "another person": e.FindUser(webtest.Admin).ID,
	} {
		if strings.Contains(p.Body, secret) {
			t.Errorf("%s is in it", name)
		}
	}
}

func TestDeletion(t *testing.T) { onEach(t, testDeletion) }

func testDeletion(t *testing.T, e *webtest.Env) {
	t.Run("asked for, shown, and taken back", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/data")
		at(t, b.Get(b.Last.Doc.Find("main a[href*=delete]").AttrOr("href", "")), "/account/data/delete", http.StatusOK, "You have 14 days to change your mind")
		p := b.Submit(deleteForm, values("match", u.Username))
		at(t, p, "/account", http.StatusOK, "Your account will be deleted on", "Keep my account")
		told(t, p, "Your account will be deleted. You can still change your mind.")
		due := e.FindUser(u.Username).DeleteAt
		if due == nil || time.Until(*due) < 14*24*time.Hour-time.Minute || time.Until(*due) > 14*24*time.Hour {
			t.Fatalf("due at %v", due)
		}
		if !isSignedIn(e.As(t, u.Username)) {
			t.Error("the account does not work meanwhile")
		}
		at(t, b.Get("/account/data/delete"), "/account/data", http.StatusOK, "Keep my account") // nothing to ask for a second time
		b.Get("/account")
		told(t, b.Submit("main form[action='/account/data/keep']", nil), "Your account stays. Nothing will be deleted.")
		if e.FindUser(u.Username).DeleteAt != nil || b.Last.Has("will be deleted on") {
			t.Errorf("still due: %s", b.Last.Text())
		}
		if got := events(t, e, u.ID, idp.ActionUserUpdate); len(got) != 2 || got[0].ActorID != u.ID {
			t.Errorf("recorded: %+v", got)
		}
	})
	t.Run("asked for twice at once: the date stands", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/data/delete")
		action, form := b.Form(deleteForm)
		form.Set("match", u.Username)
		twice(t, e, b, func(b *webtest.Browser) { at(t, b.Post(action, form), "/account", http.StatusOK) })
		if got := events(t, e, u.ID, idp.ActionUserUpdate); len(got) != 1 {
			t.Errorf("%d changes", len(got))
		}
	})
	t.Run("deleted when due, and not after it was taken back", func(t *testing.T) {
		u, b := somebody(t, e)
		kept, _ := somebody(t, e)
		past := time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)
		for _, one := range []*idp.User{u, kept} {
			fresh := e.FindUser(one.Username)
			fresh.DeleteAt = &past
			must(t, e.Stores.Users.UpdateUser(t.Context(), fresh, time.Time{}))
		}
		_, err := e.Admin.Users.CancelDeletion(t.Context(), kept.ID)
		must(t, err)
		_, err = e.Admin.Users.DeleteDue(t.Context())
		must(t, err)
		if _, err := e.Stores.Users.UserByLogin(t.Context(), u.Username); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("still there: %v", err)
		}
		e.FindUser(kept.Username)
		eventually(t, "the session of the deleted account ends", func() bool { return !isSignedIn(b) })
	})
	t.Run("the wrong name changes nothing", func(t *testing.T) {
		u, b := somebody(t, e)
		for _, match := range []string{"", "x", strings.ToUpper(u.Username), u.Email, u.Name} {
			b.Get("/account/data/delete")
			failed(t, b.Submit(deleteForm, values("match", match)), "/account/data/delete", "match", "That doesn't match. Type it exactly as shown.")
		}
		if e.FindUser(u.Username).DeleteAt != nil {
			t.Error("deletion was asked for")
		}
	})
	t.Run("an old sign-in must be made again", func(t *testing.T) {
		u, b := somebody(t, e)
		b.Get("/account/data/delete")
		action, form := b.Form(deleteForm)
		form.Set("match", u.Username)
		signedInAgo(t, e, b, 11*time.Minute)
		at(t, b.Post(action, form), "/login", http.StatusOK, "Confirm it's you")
		if e.FindUser(u.Username).DeleteAt != nil {
			t.Fatal("deletion was asked for")
		}
		at(t, b.Get("/account/data/delete"), "/login", http.StatusOK, "Confirm it's you")
		p := b.Submit("form[action^='/login']", values("password", webtest.Password))
		at(t, p, "/account/data/delete", http.StatusOK)
		b.Submit(deleteForm, values("match", u.Username))
		if e.FindUser(u.Username).DeleteAt == nil {
			t.Error("it did not go on")
		}
	})
	t.Run("the last administrator stays", func(t *testing.T) {
		b := e.As(t, webtest.Admin)
		at(t, b.Get("/account/data"), "/account/data", http.StatusOK, "You are the only administrator")
		if b.Last.Doc.Find("main a[href*=delete]").Length() != 0 {
			t.Error("there is a way")
		}
		at(t, b.Get("/account/data/delete"), "/account/data", http.StatusOK)
		b.Get("/account/profile")
		_, form := b.Form(profileForm)
		form.Set("match", webtest.Admin)
		form.Set("back", "/account/data/delete")
		b.Post("/account/data/delete", form)
		if e.FindUser(webtest.Admin).DeleteAt != nil {
			t.Error("deletion was asked for")
		}
	})
}
