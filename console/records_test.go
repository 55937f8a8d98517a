package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestOverview(t *testing.T) {
	e := webtest.New(t)
	admin, manager := e.As(t, webtest.Admin), e.As(t, webtest.Manager)
	p := admin.Get("/admin")
	for _, text := range []string{"Overview", "First steps", "Active sessions", "Tokens by grant"} {
		if !p.Has(text) {
			t.Errorf("the overview lacks %q: %s", text, p.Text())
		}
	}
	p = manager.Get("/admin?range=7d")
	if p.Status != http.StatusOK || p.Has("Tokens by grant") || p.Has("First steps") {
		t.Errorf("a user manager sees too much: %d %s", p.Status, p.Text())
	}
}

func TestAuditLog(t *testing.T) {
	e := webtest.New(t)
	admin := e.As(t, webtest.Admin)
	e.Browser(t).Get("/login")
	e.Person("grace", idp.RoleUser)

	p := admin.Get("/admin/audit?action=user.create&q=grace")
	rows := p.Doc.Find("tbody tr")
	if rows.Length() != 1 || !strings.Contains(rows.Text(), "grace") {
		t.Fatalf("%d rows: %s", rows.Length(), p.Text())
	}
	link, _ := rows.Find("th a").Attr("href")
	p = admin.Get(link)
	if p.Status != http.StatusOK || !p.Has("Digest of this event") || p.Has("was changed after") {
		t.Errorf("%s: %d %s", link, p.Status, p.Text())
	}
	if p = admin.Get("/admin/audit/999999"); p.Status != http.StatusNotFound {
		t.Errorf("no such event: %d", p.Status)
	}
	if p = admin.Get("/admin/audit?after=nonsense"); p.Status >= 500 {
		t.Errorf("a broken cursor: %d", p.Status)
	}
	for _, path := range []string{"/admin/audit", "/admin/audit.csv", "/admin/audit.json", "/admin/audit/events"} {
		if p = admin.Get(path + "?actor=%00"); p.Status != http.StatusBadRequest {
			t.Errorf("%s with a parameter that is no text: %d", path, p.Status)
		}
	}
	p = admin.Get("/admin/audit.csv?action=user.create")
	if !strings.HasPrefix(p.Body, "seq,time,actor_kind") || !strings.Contains(p.Body, "grace") {
		t.Errorf("%s", p.Body)
	}
	p = admin.Get("/admin/audit.json?action=user.create")
	var events []idp.AuditEvent
	if err := json.Unmarshal([]byte(p.Body), &events); err != nil || len(events) == 0 || !events[0].Intact() {
		t.Errorf("%v: %s", err, p.Body)
	}
	p = admin.Get("/admin/audit.json?q=nobody-is-called-so")
	if err := json.Unmarshal([]byte(p.Body), &events); err != nil || len(events) != 0 {
		t.Errorf("nothing found is an empty array: %s", p.Body)
	}
	eventually(t, func() bool { return admin.Get("/admin/audit?action=audit.export").Doc.Find("tbody tr").Length() >= 3 })
}

// eventually waits for what is written in the background.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for range 50 {
		if is() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it did not come about")
}

func TestLiveEvents(t *testing.T) {
	e := webtest.New(t)
	admin := e.As(t, webtest.Admin)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL+"/admin/audit/events?action=user.create", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := admin.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	e.Person("grace", idp.RoleUser)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if lines.Text() == "data: 1" {
			return
		}
	}
	t.Fatalf("the event was not told: %v", lines.Err())
}

// The first save ever counts like any other: a page opened before it is old.
func TestFirstSaveMakesOlderPagesStale(t *testing.T) {
	e := webtest.New(t)
	b, other := e.As(t, webtest.Admin), e.As(t, webtest.Admin)
	other.Get("/admin/settings")
	b.Get("/admin/settings")
	if p := b.Submit("form[action='/admin/settings/passwords']", url.Values{"password_min_length": {"15"}}); !p.Has("Saved.") {
		t.Fatalf("%s", p.Text())
	}
	if p := other.Submit("form[action='/admin/settings/passwords']", url.Values{"password_min_length": {"8"}}); !p.Has("Somebody else changed this") {
		t.Errorf("a page from before the first save: %s", p.Text())
	}
	// Nor does a version of no time at all skip the check.
	b.Get("/admin/settings")
	b.Submit("form[action='/admin/settings/passwords']", url.Values{"password_min_length": {"8"}, "version": {"0001-01-01T00:00:00Z"}})
	if b.Get("/admin/settings").Doc.Find("[name=password_min_length]").AttrOr("value", "") != "15" {
		t.Error("saved over without a version")
	}
}

// A logo that is too large is a fault of the form, not of ours.
func TestSettingsLogoTooLarge(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	b.Get("/admin/settings")
	p := upload(t, b, form("/admin/settings/logo"), "logo", "logo.png", append(picture(t, 64, asPNG), make([]byte, idp.MaxImage)...), nil)
	if p.Status != http.StatusOK || at(p) != "/admin/settings" || !strings.Contains(p.Doc.Find("[role=alert]").Text(), "128 KB") {
		t.Errorf("%d %s: %s", p.Status, p.URL, p.Text())
	}
}

func TestSettingsAreSavedAndRefused(t *testing.T) {
	e := webtest.New(t, "GATEHOUSE_SESSION_TTL=11h")
	admin := e.As(t, webtest.Admin)
	p := admin.Get("/admin/settings")
	if !p.Has("GATEHOUSE_SESSION_TTL") || p.Doc.Find("[name=session_ttl]").Length() != 0 {
		t.Errorf("what the environment sets is not told: %s", p.Text())
	}
	p = admin.Submit("form[action='/admin/settings/passwords']", url.Values{"password_min_length": {"15"}})
	if p.Status != http.StatusOK || !p.Has("Saved.") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if p.URL.Fragment != "" {
		t.Errorf("%s scrolls past what is told at the top", p.URL)
	}
	if v, _ := p.Doc.Find("[name=password_min_length]").Attr("value"); v != "15" {
		t.Errorf("saved %q", v)
	}
	for name, c := range map[string]struct {
		section string
		values  url.Values
	}{
		"no number":     {"passwords", url.Values{"password_min_length": {"many"}}},
		"too small":     {"passwords", url.Values{"password_min_length": {"3"}}},
		"no duration":   {"lifetimes", url.Values{"access_token_ttl": {"soon"}}},
		"too long":      {"lifetimes", url.Values{"access_token_ttl": {"9000h"}}},
		"no choice":     {"signup", url.Values{"signup": {"maybe"}}},
		"poor contrast": {"branding", url.Values{"accent": {"#ffff00"}}},
		"no colour":     {"branding", url.Values{"accent": {"javascript:alert(1)"}}},
		"no days":       {"audit", url.Values{"audit_retention_days": {"-1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			admin.Get("/admin/settings")
			p := admin.Submit("form[action='/admin/settings/"+c.section+"']", c.values)
			if p.Status != http.StatusOK || p.Doc.Find("[role=alert]").Length() != 1 || !strings.HasPrefix(p.Doc.Find("title").Text(), "Error: ") {
				t.Fatalf("%d %s", p.Status, p.Text())
			}
			for field, typed := range c.values {
				in := p.Doc.Find("[name=" + field + "]").First()
				if kept, _ := in.Attr("value"); in.AttrOr("type", "") != "radio" && kept != typed[0] {
					t.Errorf("%s was not kept: %q", field, kept)
				}
			}
		})
	}
	stale := e.As(t, webtest.Admin)
	stale.Get("/admin/settings")
	admin.Get("/admin/settings")
	admin.Submit("form[action='/admin/settings/audit']", url.Values{"audit_retention_days": {"30"}})
	if p = stale.Submit("form[action='/admin/settings/audit']", url.Values{"audit_retention_days": {"60"}}); !p.Has("Somebody else changed this") {
		t.Errorf("a stale form: %s", p.Text())
	}
	reader := e.As(t, webtest.Reader)
	if p = reader.Get("/admin/settings"); p.Status != http.StatusOK || p.Doc.Find("main form .buttons button").Length() != 0 {
		t.Errorf("a reader has buttons: %s", p.Text())
	}
	if p = reader.Post("/admin/settings/audit", url.Values{"back": {"/admin/settings"}}); p.Status != http.StatusForbidden {
		t.Errorf("a reader's post: %d", p.Status)
	}
}

// Trying a colour saves nothing and loses nothing; Enter saves.
func TestAccentIsTried(t *testing.T) {
	e := webtest.New(t)
	admin := e.As(t, webtest.Admin)
	const branding = "form[action='/admin/settings/branding']"
	admin.Get("/admin/settings")
	p := admin.Submit(branding, url.Values{"product_name": {"Mill ID"}, "accent": {"#0a7d5a"}, "check": {"1"}})
	name, accent := p.Doc.Find("[name=product_name]").AttrOr("value", ""), p.Doc.Find("[name=accent][autofocus]").AttrOr("value", "")
	if name != "Mill ID" || accent != "#0a7d5a" || !p.Has("Easy to read") {
		t.Errorf("the name is %q, the colour with the focus %q: %s", name, accent, p.Text())
	}
	if got := e.Browser(t).Get("/login"); strings.Contains(got.Text(), "Mill ID") {
		t.Error("it was saved")
	}
	if first := p.Doc.Find(branding + " button").First(); first.AttrOr("name", "") != "" {
		t.Error("Enter does not save")
	}
	if p = admin.Submit(branding, nil); !p.Has("Saved.") || p.Doc.Find("[name=product_name]").AttrOr("value", "") != "Mill ID" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}

// What is corrected after a refusal was begun before what others saved meanwhile.
func TestCorrectedSettingsOverwriteNothing(t *testing.T) {
	e := webtest.New(t)
	slow, quick := e.As(t, webtest.Admin), e.As(t, webtest.Admin)
	const passwords = "form[action='/admin/settings/passwords']"
	slow.Get("/admin/settings")
	p := slow.Submit(passwords, url.Values{"password_min_length": {"3"}})
	quick.Get("/admin/settings")
	quick.Submit(passwords, url.Values{"password_min_length": {"20"}})
	slow.Get(p.URL.RequestURI()) // once more
	if p = slow.Submit(passwords, url.Values{"password_min_length": {"9"}}); !p.Has("Somebody else changed this") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}
