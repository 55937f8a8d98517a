package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestSignInWithConsent(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	a := b.open(authorizeAt())
	if !strings.HasPrefix(b.last, "/login?flow=") || !strings.Contains(a.doc.Text(), "Grafana") {
		t.Fatalf("want the sign-in page of Grafana, got %s %q", b.last, a.title())
	}
	a = b.submit(a, "username", "ada@example.com", "password", adaPassword)
	if !strings.HasPrefix(b.last, "/consent?flow=") || !strings.Contains(a.doc.Text(), "ada@example.com") {
		t.Fatalf("want the consent page, got %s %q", b.last, a.title())
	}
	a = b.submit(a, "decision", "allow")
	if !strings.HasPrefix(b.last, "/continue?flow=") || a.status != http.StatusOK {
		t.Fatalf("want the continue page, got %s %d", b.last, a.status)
	}
	got := a.handedOver()
	if got.Get("state") != "st-1" || got.Get("iss") != e.url || got.Get("code") == "" {
		t.Fatalf("handed over %v", got)
	}
	if href, _ := a.doc.Find("a.button-main").Attr("href"); !strings.HasPrefix(href, webCallback) {
		t.Errorf("no visible link to the callback: %q", href)
	}
	if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("policy of the continue page: %s", csp)
	}
	if _, code := e.redeem(got.Get("code")); code != "" {
		t.Fatalf("the code is refused: %s", code)
	}

	t.Run("back from the client explains itself", func(t *testing.T) {
		for _, page := range []string{b.last, strings.Replace(b.last, "/continue", "/consent", 1), strings.Replace(b.last, "/continue", "/login", 1)} {
			again := b.open(page)
			if again.status != http.StatusOK || again.header.Get("Refresh") != "" || !strings.Contains(again.heading(), "already continued") {
				t.Errorf("%s: %d %q", page, again.status, again.heading())
			}
		}
	})
	t.Run("the next time is silent", func(t *testing.T) {
		a := b.get(authorizeAt("state", "st-2"))
		if a.status != http.StatusSeeOther || a.handedOver().Get("state") != "st-2" || a.handedOver().Get("code") == "" {
			t.Errorf("%d %s", a.status, a.location)
		}
	})
	t.Run("prompt=none is silent", func(t *testing.T) {
		if a := b.get(authorizeAt("prompt", "none")); a.handedOver().Get("code") == "" {
			t.Errorf("%d %s", a.status, a.location)
		}
	})
	t.Run("new scopes ask again, for them only", func(t *testing.T) {
		a := b.open(authorizeAt("scope", "openid email phone"))
		if !strings.HasPrefix(b.last, "/consent") || !strings.Contains(a.title(), "more") {
			t.Errorf("%s %q", b.last, a.heading())
		}
	})
}

func TestDenyHandsOverARefusal(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	a := b.submit(b.open(authorizeAt()), "decision", "deny")
	got := a.handedOver()
	if got.Get("error") != "access_denied" || got.Get("state") != "st-1" || got.Has("code") {
		t.Fatalf("handed over %v", got)
	}
	if again := b.open(b.last); again.header.Get("Refresh") != "" {
		t.Error("the refusal was handed over twice")
	}
	if again := b.open(authorizeAt()); !strings.HasPrefix(b.last, "/consent") {
		t.Errorf("a refusal must not be remembered as consent: %s %s", b.last, again.location)
	}
}

func TestConsentWithoutADecisionAsksAgain(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	a := b.submit(b.open(authorizeAt()), "decision", "perhaps")
	if !strings.HasPrefix(b.last, "/consent") || a.status != http.StatusOK {
		t.Fatalf("%s %d", b.last, a.status)
	}
}

func TestFailedSignInRedirects(t *testing.T) {
	e := newEnv(t)
	pages := map[string]string{}
	for name, typed := range map[string][2]string{
		"wrong password": {"ada", "not the password"},
		"unknown":        {"nobody", "not the password"},
		"disabled":       {"off", adaPassword},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []string{authorizeAt(), "/login", "/login?next=/account"} {
				b := e.browser()
				a := b.send(b.open(start), "username", typed[0], "password", typed[1], "remember", "1")
				if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login?flow=") {
					t.Fatalf("%s: want a redirect to the form, got %d %s", start, a.status, a.location)
				}
				if b.cookie("gh_session") != "" {
					t.Fatal("a session was given")
				}
				shown := b.follow(a)
				action, fields := shown.form()
				if shown.status != http.StatusOK || fields.Get("username") != typed[0] || fields.Get("password") != "" || action != "/login" {
					t.Errorf("%s: %d, username %q, password %q", start, shown.status, fields.Get("username"), fields.Get("password"))
				}
				if !strings.HasPrefix(shown.title(), "Error") || shown.doc.Find("[role=alert]").Length() != 1 {
					t.Errorf("%s: no error is shown: %q", start, shown.title())
				}
				if strings.Contains(shown.body, typed[1]) {
					t.Error("the page repeats the password")
				}
				words := strings.ReplaceAll(shown.doc.Find("main").Text(), typed[0], "")
				pages[start+name] = words
				if words != pages[start+"unknown"] && pages[start+"unknown"] != "" {
					t.Errorf("%s: the page differs from that of an unknown user", start)
				}
				if again := b.open(b.last); again.doc.Find("[role=alert]").Length() != 0 {
					t.Error("the notice is shown twice")
				}
			}
		})
	}
}

func TestEmptyFieldsSpendNoTry(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	for range 8 {
		a := b.submit(b.open("/login"), "username", "ada", "password", "")
		if !strings.HasPrefix(a.title(), "Error") {
			t.Fatalf("%q", a.title())
		}
	}
	b.signIn("ada", adaPassword)
}

func TestThrottledSignInSaysHowLong(t *testing.T) {
	e := newEnv(t)
	known := e.browser()
	known.signIn("ada", adaPassword)
	stranger := e.browser()
	var a *answer
	for range 7 {
		a = stranger.submit(stranger.open("/login"), "username", "ada", "password", "guess")
	}
	if text := a.doc.Find("[role=alert]").Text(); !strings.Contains(text, "60 minutes") {
		t.Fatalf("notice %q", text)
	}
	if !e.metrics.has("sign-in throttled") || !e.metrics.has("sign-in refused") {
		t.Error("outcomes are not counted")
	}
	// The owner's browser is known, so the stranger cannot lock it out.
	known.submit(known.open("/logout"))
	known.signIn("ada", adaPassword)
}

func TestTwoTabsDoNotDisturbEachOther(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	one, two := b.open(authorizeAt("state", "one")), b.open(authorizeAt("state", "two"))
	one = b.submit(one, "username", "ada", "password", adaPassword)
	two = b.submit(two, "username", "ada", "password", adaPassword)
	one = b.submit(one, "decision", "allow")
	if got := one.handedOver(); got.Get("state") != "one" || got.Get("code") == "" {
		t.Fatalf("first tab: %v", got)
	}
	// The second tab still shows the consent form; its answer counts for its own request.
	two = b.submit(two, "decision", "allow")
	if got := two.handedOver(); got.Get("state") != "two" || got.Get("code") == "" {
		t.Fatalf("second tab: %v", got)
	}
}

func TestContinueHasOneWinner(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	a := b.send(b.open(authorizeAt()), "decision", "allow")
	if !strings.HasPrefix(a.location, "/continue") {
		t.Fatalf("%d %s", a.status, a.location)
	}
	const visits = 12
	e.fault.meet(visits) // all have read the flow before the first changes it
	var wg sync.WaitGroup
	got := make([]string, visits)
	for i := range visits {
		wg.Go(func() {
			req := b.request(http.MethodGet, a.location, "")
			resp, err := b.client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			got[i] = resp.Header.Get("Refresh")
			if resp.StatusCode != http.StatusOK {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	codes := 0
	for _, refresh := range got {
		if strings.Contains(refresh, "code=") {
			codes++
		}
	}
	if codes != 1 {
		t.Fatalf("%d of %d visits got a code", codes, visits)
	}
}

func TestDecisionBelongsToItsSession(t *testing.T) {
	t.Run("consent form of another session", func(t *testing.T) {
		e := newEnv(t)
		b := e.browser()
		b.signIn("ada", adaPassword)
		form := b.open(authorizeAt())
		b.submit(b.open("/logout"))
		b.signIn("bob", bobPassword)
		a := b.submit(form, "decision", "allow")
		if a.status != http.StatusForbidden || !strings.Contains(a.heading(), "open for a long time") {
			t.Fatalf("%d %q", a.status, a.heading())
		}
		if again := b.open(authorizeAt()); !strings.HasPrefix(b.last, "/consent") {
			t.Fatalf("bob's consent was taken for granted: %s", again.location)
		}
	})
	t.Run("approved, then somebody else signs in", func(t *testing.T) {
		e := newEnv(t)
		b := e.browser()
		b.signIn("ada", adaPassword)
		approved := b.send(b.open(authorizeAt()), "decision", "allow")
		b.submit(b.open("/logout"))
		b.signIn("bob", bobPassword)
		a := b.follow(approved)
		if !strings.HasPrefix(b.last, "/consent") || !strings.Contains(a.doc.Text(), "Bob Babbage") {
			t.Fatalf("%s %q", b.last, a.title())
		}
		tokens, _ := e.redeem(b.submit(a, "decision", "allow").handedOver().Get("code"))
		if tokens["id_token"] == nil {
			t.Fatalf("%v", tokens)
		}
	})
	t.Run("a fresh sign-in was asked for, of whoever goes on", func(t *testing.T) {
		e := newEnv(t)
		b := e.browser()
		b.signIn("ada", adaPassword)
		b.tokensFor()
		approved := b.send(b.open(authorizeAt("prompt", "login")), "password", adaPassword)
		if !strings.HasPrefix(approved.location, "/continue") {
			t.Fatalf("%d %s", approved.status, approved.location)
		}
		b.submit(b.open("/logout"))
		b.signIn("bob", bobPassword)
		if b.follow(approved); !strings.HasPrefix(b.last, "/login?flow=") {
			t.Fatalf("ada's sign-in counts for bob: %s", b.last)
		}
	})
	t.Run("approved, then signed out", func(t *testing.T) {
		e := newEnv(t)
		b := e.browser()
		b.signIn("ada", adaPassword)
		approved := b.send(b.open(authorizeAt()), "decision", "allow")
		b.submit(b.open("/logout"))
		if b.follow(approved); !strings.HasPrefix(b.last, "/login?flow=") {
			t.Fatalf("%s", b.last)
		}
	})
}

func TestFlowBelongsToItsBrowser(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	form := b.open(authorizeAt())
	thief := e.browser()
	thief.open("/login") // so that it has a browser cookie of its own
	for name, who := range map[string]*browser{"no cookie": e.browser(), "another browser": thief} {
		t.Run(name, func(t *testing.T) {
			for _, page := range []string{"/login", "/login/select", "/consent", "/continue"} {
				at := strings.Replace(b.last, "/login", page, 1)
				if a := who.get(at); a.status != http.StatusBadRequest || a.location != "" {
					t.Errorf("%s: %d %s", page, a.status, a.location)
				}
			}
			a := who.send(form, "username", "ada", "password", adaPassword)
			if a.status != http.StatusBadRequest || who.cookie("gh_session") != "" {
				t.Errorf("POST: %d, session %q", a.status, who.cookie("gh_session"))
			}
		})
	}
}

func TestUnknownFlowIsExpired(t *testing.T) {
	e := newEnv(t)
	for _, flow := range []string{"x", strings.Repeat("A", 32), strings.Repeat("A", 3000), "%00", "../../x", ""} {
		for _, page := range []string{"/login", "/login/select", "/consent", "/continue"} {
			if page == "/login" && flow == "" {
				continue
			}
			a := e.browser().get(page + "?flow=" + flow)
			if a.status != http.StatusBadRequest || a.doc == nil {
				t.Errorf("%s %q: %d", page, flow, a.status)
			}
		}
	}
}

func TestSelectAccount(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	at := authorizeAt("prompt", "select_account", "client_id", "first", "redirect_uri", "https://first.example/cb")
	t.Run("the account of the session", func(t *testing.T) {
		a := b.open(at)
		id, _ := a.doc.Find("button[name=account]").First().Attr("value")
		if !strings.HasPrefix(b.last, "/login/select") || id == "" {
			t.Fatalf("%s %q", b.last, a.title())
		}
		if a = b.submit(a, "account", id); a.handedOver().Get("code") == "" {
			t.Fatalf("%v", a.handedOver())
		}
	})
	t.Run("another account", func(t *testing.T) {
		a := b.submit(b.open(at), "account", "other")
		if !strings.HasPrefix(b.last, "/login?flow=") {
			t.Fatalf("%s", b.last)
		}
		a = b.submit(a, "username", "bob", "password", "wrong")
		if !strings.HasPrefix(a.title(), "Error") {
			t.Fatalf("a wrong password while switching: %q at %s", a.title(), b.last)
		}
		if a = b.submit(a, "username", "bob", "password", bobPassword); a.handedOver().Get("code") == "" {
			t.Fatalf("%v", a.handedOver())
		}
		if text := b.open("/account").doc.Text(); !strings.Contains(text, "Bob Babbage") {
			t.Error("bob is not signed in")
		}
	})
	t.Run("an account of nobody here", func(t *testing.T) {
		if b.submit(b.open(at), "account", "someone-else"); !strings.HasPrefix(b.last, "/login/select") {
			t.Fatalf("%s", b.last)
		}
	})
}

func TestReauthentication(t *testing.T) {
	e := newEnv(t)
	b := e.browser()
	b.signIn("ada", adaPassword)
	b.tokensFor()
	before := b.cookie("gh_session")
	for _, pair := range [][2]string{{"prompt", "login"}, {"max_age", "0"}} {
		t.Run(pair[0], func(t *testing.T) {
			a := b.open(authorizeAt(pair[0], pair[1]))
			_, fields := a.form()
			if !strings.HasPrefix(b.last, "/login?flow=") || fields.Get("username") != "ada" || a.doc.Find("#username[readonly]").Length() != 1 {
				t.Fatalf("%s %v", b.last, fields)
			}
			a = b.submit(a, "password", adaPassword)
			if a.handedOver().Get("code") == "" || b.cookie("gh_session") == before {
				t.Fatalf("handed over %v", a.handedOver())
			}
		})
	}
	t.Run("as somebody else", func(t *testing.T) {
		a := b.open(authorizeAt("prompt", "login"))
		other, _ := a.doc.Find("main p a").Last().Attr("href")
		a = b.submit(b.open(other), "username", "bob", "password", bobPassword)
		if !strings.HasPrefix(b.last, "/consent") || !strings.Contains(a.doc.Text(), "Bob Babbage") {
			t.Fatalf("%s %q", b.last, a.title())
		}
	})
}

func TestHintOfAnotherUser(t *testing.T) {
	e := newEnv(t)
	ada := e.browser()
	ada.signIn("ada", adaPassword)
	hint, _ := ada.tokensFor()["id_token"].(string)
	bob := e.browser()
	bob.signIn("bob", bobPassword)
	if a := bob.get(authorizeAt("prompt", "none", "id_token_hint", hint)); a.handedOver().Get("error") != "login_required" {
		t.Fatalf("%s", a.location)
	}
	// With pages, signing in as somebody else than was asked for is refused at the client.
	a := bob.open(authorizeAt("id_token_hint", hint))
	if a.doc.Find("#username[readonly]").Length() != 0 {
		t.Error("the page is fixed to a person who was not asked for")
	}
	if a = bob.submit(a, "username", "bob", "password", bobPassword); a.handedOver().Get("error") != "login_required" {
		t.Fatalf("%v", a.handedOver())
	}
}

// A network fills our store with begun sign-ins to a bound, and no other's.
func TestBegunSignInsOfANetworkAreBounded(t *testing.T) {
	e := newEnv(t)
	claims := `{"userinfo":{"` + strings.Repeat("x", 8000) + `":null}}`
	long := authorizeAt("state", strings.Repeat("x", 4<<10), "nonce", strings.Repeat("x", 1<<10), "claims", claims)
	begin := func(at, from string) (begun bool, code int) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, e.url+at, nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		e.server.Config.Handler.ServeHTTP(w, r)
		return strings.HasPrefix(w.Header().Get("Location"), "/login?flow="), w.Code
	}
	kept := 0
	for begun := true; begun && kept < 10_000; kept++ {
		begun, _ = begin(long, "192.0.2.1:1")
	}
	if kept < 1000 || kept == 10_000 {
		t.Errorf("%d long ones are kept", kept)
	}
	if begun, code := begin(long, "192.0.2.1:1"); begun || code != http.StatusTooManyRequests {
		t.Errorf("one more: %d", code)
	}
	if begun, code := begin(authorizeAt(), "192.0.2.2:1"); !begun {
		t.Errorf("of another network: %d", code)
	}
}
