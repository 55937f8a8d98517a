package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// formState is what a page says about its form.
type formState struct {
	Title    string   `json:"title"`
	Username string   `json:"username"`
	Password string   `json:"password"`
	Remember bool     `json:"remember"`
	Focus    string   `json:"focus"`    // id of the element with the focus
	Invalid  []string `json:"invalid"`  // ids of the fields that are marked
	Problems []string `json:"problems"` // texts that describe them
	Alert    string   `json:"alert"`    // the summary
	Links    []string `json:"links"`    // where it leads
	First    bool     `json:"first"`    // it stands before the form
}

func (b *tab) form() formState {
	b.t.Helper()
	return ask[formState](b, `(() => {
		const field = id => document.getElementById(id), alert = document.querySelector("[role=alert]");
		const invalid = [...document.querySelectorAll("[aria-invalid=true]")];
		return {
			title: document.title, username: field("username").value, password: field("password").value,
			remember: document.querySelector("[name=remember]").checked, focus: document.activeElement.id,
			invalid: invalid.map(e => e.id),
			problems: invalid.map(e => e.getAttribute("aria-describedby").split(" ").map(id => field(id)?.innerText ?? "").join(" ")),
			alert: alert?.innerText ?? "", links: [...alert?.querySelectorAll("a") ?? []].map(a => a.getAttribute("href")),
			first: !!alert && !!(alert.compareDocumentPosition(document.querySelector("main form")) & Node.DOCUMENT_POSITION_FOLLOWING),
		};
	})()`)
}

// failure is a form that is sent with something wrong.
type failure struct {
	name, login, pass, alert string
	invalid                  []string // the first has the focus
}

// failForms: a failed form comes back by a redirect, with what was typed but
// the password, and says what is wrong and where.
func failForms(t *testing.T, s chromium) {
	user := s.newUser(t)
	for _, c := range []failure{
		{"wrong pair", user.Username, "not this one", "That username and password don't match. Check both and try again.", []string{"password"}},
		{"no password", user.Username, "", "Enter your password.", []string{"password"}},
		{"nothing", "", "", "Enter your username or email", []string{"username", "password"}},
		{"no username", "", "a quiet gate", "Enter your username or email", []string{"username", "password"}},
	} {
		t.Run(c.name+", for an application", func(t *testing.T) {
			b := s.newTab(t)
			b.authorize(s.newApp(t, nil), "/login")
			b.fail(c)
			b.signIn(user.Username, password, "/consent")
			b.clean(c.name)
		})
		t.Run(c.name+", for oneself", func(t *testing.T) {
			b := s.newTab(t)
			b.open("/login?next=/account", "/login")
			b.fail(c)
			b.signIn(user.Username, password, "/account")
			b.clean(c.name)
		})
	}
}

func (b *tab) fail(c failure) {
	b.t.Helper()
	before := b.form().Title
	b.point("[name=remember]")
	b.signIn(c.login, c.pass, "/login")
	post, ok := b.traffic.find(func(a answer) bool { return a.method == "POST" })
	if !ok || post.status != 303 || !strings.HasPrefix(post.header["location"], "/login?flow=") {
		b.t.Fatalf("the form was answered %v to %q", post, post.header["location"])
	}
	b.until("the focus", `document.activeElement !== document.body`) // it comes with the first frame
	got := b.form()
	if got.Title != "Error: "+before {
		b.t.Errorf("the title is %q after %q", got.Title, before)
	}
	if got.Username != c.login || got.Password != "" || !got.Remember {
		b.t.Errorf("kept: username %q, password %q, remember %v", got.Username, got.Password, got.Remember)
	}
	if !strings.Contains(got.Alert, c.alert) || !got.First {
		b.t.Errorf("the summary says %q, before the form: %v", got.Alert, got.First)
	}
	if !slices.Equal(got.Invalid, c.invalid) || got.Focus != c.invalid[0] {
		b.t.Errorf("marked %v with the focus on %q, want %v", got.Invalid, got.Focus, c.invalid)
	}
	for i, id := range got.Invalid {
		if got.Problems[i] == "" || !slices.Contains(got.Links, "#"+id) {
			b.t.Errorf("%s is described by %q and linked from %v", id, got.Problems[i], got.Links)
		}
	}
	// The way that the summary shows.
	b.point("[role=alert] a")
	if at := ask[string](b, `document.activeElement.id`); "#"+at != got.Links[0] {
		b.t.Errorf("the link to %s leads to %q", got.Links[0], at)
	}
}

// staleForms: a form whose token does not fit any more changes nothing, says
// so, and works when it is sent again from the page that says so.
func staleForms(t *testing.T, s chromium) {
	p := newParty(t)
	a, user := s.newPartyApp(t, p), s.newUser(t)
	b := s.newTab(t, p.origin)

	b.authorize(a, "/login")
	b.typeIn("#username", user.Username)
	b.typeIn("#password", password)
	b.point("[name=remember]")
	b.stale("stale", submitButton, "/login")
	if got := b.form(); got.Username != user.Username || got.Password != "" || !got.Remember {
		t.Errorf("the form is filled with %+v", got)
	}
	b.reloadStale("/login")
	b.typeIn("#password", password)
	b.click(submitButton, "/consent")

	// The page's one button leads back to where the form is.
	const wayOn = "main .button"
	b.stale("", allowButton, "/error")
	b.reloadStale("/error")
	if p.waiting() {
		t.Fatal("a stale consent went to the application")
	}
	b.click(wayOn, "/consent")
	b.click(allowButton, "/cb")
	p.take(t)

	b.authorize(a, "/login/select", "prompt", "select_account")
	b.stale("x", accountButton, "/error")
	b.click(wayOn, "/login/select")
	b.click(accountButton, "/cb")
	p.take(t)

	b.open("/logout", "/logout")
	b.stale("x", submitButton, "/error")
	b.click(wayOn, "/logout")
	b.wantHeading("Sign out?") // still signed in
	b.click(submitButton, "/logout")
	b.wantHeading("You are signed out")
}

// stale sends a form with another token, and wants the page that says so.
func (b *tab) stale(token, button, path string) {
	b.t.Helper()
	b.spoil(token)
	b.click(button, path)
	text := ask[string](b, `document.querySelector("main").innerText`)
	if !strings.Contains(text, "This page was open for a long time") || !strings.Contains(text, "Nothing was changed") {
		b.t.Errorf("%s: the page says %q", button, text)
	}
	b.clean(button)
}

func (b *tab) spoil(token string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`for (const e of document.querySelectorAll("[name=csrf]")) e.value = %q; undefined`, token)))
}

func (b *tab) reloadStale(path string) {
	b.t.Helper()
	posts := b.traffic.posts()
	b.reload(path)
	b.onPage("reload after a stale form", posts)
}

// fillIn: what password managers and hasty people do with the form.
func fillIn(t *testing.T, s chromium) {
	user := s.newUser(t)
	b := s.newTab(t)
	b.open("/login", "/login")
	attributes := func() map[string]string {
		return ask[map[string]string](b, `Object.fromEntries(["username", "password"].map(n => {
			const e = document.querySelector("input[name=" + n + "]");
			return [n, [e.type, e.autocomplete, e.getAttribute("autocapitalize"), e.getAttribute("spellcheck"), e.maxLength, e.placeholder].join(" ")];
		}))`)
	}
	for name, want := range map[string]string{
		"username": "text username webauthn none false -1 ", "password": "password current-password   -1 ",
	} {
		if got := attributes()[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	// Paste, also of a long password, into a field that lets it in.
	b.typeIn("#username", password)
	b.edit("selectAll")
	b.edit("copy")
	b.point("#password")
	b.edit("paste")
	if got := ask[string](b, `document.querySelector("#password").value`); got != password {
		t.Fatalf("pasting gives %q", got)
	}
	b.typeIn("#username", user.Username)
	b.click(submitButton, "/account")

	// A script that fills the fields without a key, as extensions do.
	b = s.newTab(t)
	b.open("/login", "/login")
	b.leave()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		const [u, p] = [document.querySelector("[autocomplete~=username]"), document.querySelector("[autocomplete=current-password]")];
		u.value = %q; p.value = %q;
		p.form.querySelector("button:not([type=button])").click();
	})()`, user.Email, password)))
	b.at("/account")
	b.authorize(s.newApp(t, nil), "/login", "prompt", "login")
	if got := attributes(); !strings.HasPrefix(got["username"], "text username ") || !strings.HasPrefix(got["password"], "password current-password ") {
		t.Errorf("when confirming: %v", got)
	}
	b.clean("filling in")
}
