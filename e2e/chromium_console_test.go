package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// desk is a window in which somebody is signed in.
type desk struct {
	*tab
	user *idp.User
}

// newDesk opens a window for a new person with these roles and goes to a page.
func (s chromium) newDesk(t *testing.T, at string, roles ...string) desk {
	t.Helper()
	u := s.newUser(t)
	if len(roles) > 0 {
		var err error
		if u, err = s.admin.Users.Update(t.Context(), u.ID, func(u *idp.User) error { u.Roles = roles; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	d := desk{s.newTab(t), u}
	d.open("/login?next="+at, "/login")
	d.signIn(u.Username, password, at)
	return d
}

// sessions are those of the person, as the store has them.
func (d desk) sessions() []*idp.Session {
	d.t.Helper()
	all, err := d.s.stores.Sessions.ListSessions(context.Background(), d.user.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

// endSession ends the person's session behind their back.
func (d desk) endSession() {
	d.t.Helper()
	if _, err := d.s.stores.Sessions.DeleteUserSessions(context.Background(), d.user.ID, ""); err != nil {
		d.t.Fatal(err)
	}
}

// changeSession writes the person's session anew.
func (d desk) changeSession(change func(*idp.Session)) {
	d.t.Helper()
	for _, s := range d.sessions() {
		change(s)
		if err := d.s.stores.Sessions.DeleteSession(context.Background(), s.Digest); err != nil {
			d.t.Fatal(err)
		}
		if err := d.s.stores.Sessions.CreateSession(context.Background(), s, ""); err != nil {
			d.t.Fatal(err)
		}
	}
}

// tire makes the sign-in too long ago for what cannot be undone.
func (d desk) tire() {
	d.t.Helper()
	d.changeSession(func(s *idp.Session) { s.AuthTime = s.AuthTime.Add(-11 * time.Minute) })
}

// changes counts what was changed in any record so far. Sign-ins and refusals,
// which are recorded when there is time, are no changes.
func (s *system) changes(t *testing.T) int {
	t.Helper()
	return len(s.recorded(t, func(e *idp.AuditEvent) bool {
		kind, _, _ := strings.Cut(e.Action, ".")
		switch kind {
		case "user", "role", "client", "key", "settings", "consent":
			return e.Result == idp.AuditOK && e.Action != idp.ActionClientAuth && !strings.HasSuffix(e.Action, ".export")
		}
		return false
	}))
}

// recorded are the events of the audit log that fit, oldest first.
func (s *system) recorded(t *testing.T, fits func(*idp.AuditEvent) bool) []*idp.AuditEvent {
	t.Helper()
	var out []*idp.AuditEvent
	for seq := int64(0); ; {
		page, err := s.stores.Audit.AuditAfter(t.Context(), seq, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return out
		}
		for _, e := range page {
			if seq = e.Seq; fits(e) {
				out = append(out, e)
			}
		}
	}
}

// save puts settings in force.
func (s *system) save(t *testing.T, name, value string) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.admin.Settings.Save(t.Context(), map[string]json.RawMessage{name: text}, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// typed is what goes into the fields of a form, by name. Of checkboxes and radio
// buttons it names those that are chosen, with spaces between; of a file field
// it is what the file holds.
type typed map[string]string

// put fills in a form at once, as a script does: without a key.
func (b *tab) put(form string, values typed) {
	b.t.Helper()
	text, _ := json.Marshal(values)
	if lack := ask[[]string](b, fmt.Sprintf(`(() => {
		const form = document.querySelector(%s), values = %s, lack = [];
		if (!form) return ["the form"];
		for (const name in values) {
			const fields = [...form.elements].filter(e => e.name === name && e.type !== "hidden"), value = values[name];
			if (!fields.length) { lack.push(name); continue }
			if (["radio", "checkbox"].includes(fields[0].type)) {
				for (const e of fields) e.checked = value.split(" ").includes(e.value);
			} else if (fields[0].type === "file") {
				const files = new DataTransfer();
				files.items.add(new File([value], "logo.png", {type: "image/png"}));
				fields[0].files = files.files;
			} else fields[0].value = value;
			fields[0].dispatchEvent(new Event("input", {bubbles: true}));
		}
		return lack;
	})()`, strconv.Quote(form), text)); len(lack) > 0 {
		b.t.Fatalf("%s lacks %v; %s", form, lack, b.where())
	}
}

// saveButton is the button of a form that does what the form is for.
func saveButton(form string) string {
	return form + " .button-main, " + form + " .button-danger, " + form + " .buttons .button[data-busy], " + form + ".act button"
}

// send presses the button of a form and waits for the next page, wherever that is.
func (b *tab) send(form string) {
	b.t.Helper()
	b.leave()
	b.point(saveButton(form))
	b.until("sending "+form, b.next())
}

// path is where the tab stands.
func (b *tab) path() string {
	b.t.Helper()
	return ask[string](b, `location.pathname`)
}

// toast is what the last act is told to have done, "" for nothing.
func (b *tab) toast() string {
	b.t.Helper()
	return ask[string](b, `document.querySelector(".toast[role=status] p")?.innerText ?? ""`)
}

func (b *tab) wantToast(part string) {
	b.t.Helper()
	if got := b.toast(); !strings.Contains(got, part) {
		b.t.Errorf("the toast says %q, want %q; %s", got, part, b.where())
	}
}

// visit goes to an address and wants no complaint of it.
func (b *tab) visit(address string) {
	b.t.Helper()
	path, _, _ := strings.Cut(address, "?")
	b.open(address, path)
}
