package console_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
	"gatehouse/webtest"
)

// grant makes live tokens of a person for a client behind the console's back, and returns their family.
func (h *house) grant(userID, clientID string, change ...func(*idp.Grant)) string {
	h.t.Helper()
	id := make([]byte, 24)
	_, _ = rand.Read(id)
	g := &idp.Grant{
		ID: base64.RawURLEncoding.EncodeToString(id), State: idp.GrantActive, ClientID: clientID, UserID: userID,
		Scope: "openid offline_access", Generation: 1, Facts: idp.Facts{Offline: true},
	}
	for _, f := range change {
		f(g)
	}
	must(h.t, h.Stores.Grants.CreateGrant(h.t.Context(), g, time.Hour, time.Hour))
	return g.ID
}

func (h *house) lives(id string) bool {
	h.t.Helper()
	_, err := h.Stores.Grants.Grant(h.t.Context(), id)
	return err == nil
}

// families are the families that the list shows.
func families(p *webtest.Page) []string {
	var out []string
	for _, in := range p.Doc.Find("tbody input[name=id]").EachIter() {
		out = append(out, in.AttrOr("value", ""))
	}
	slices.Sort(out)
	return out
}

func sorted(s ...string) []string { slices.Sort(s); return s }

func TestTokensList(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	h.client("board", idp.ClientSPA)
	user, manager := h.FindUser(webtest.User), h.FindUser(webtest.Manager)
	one, two, three := h.grant(user.ID, "wiki"), h.grant(user.ID, "board"), h.grant(manager.ID, "wiki")
	b := h.As(t, webtest.Admin)
	for query, want := range map[string][]string{
		"":                                     sorted(one, two, three),
		"?user=user":                           sorted(one, two),
		"?user=USER@example.com":               sorted(one, two),
		"?user=" + user.ID:                     sorted(one, two),
		"?client=wiki":                         sorted(one, three),
		"?client=wiki&user=manager":            {three},
		"?client=board&user=manager":           nil,
		"?user=nobody":                         nil,
		"?client=nobody":                       nil,
		"?client=" + strings.Repeat("x", 3000): nil,
		"?after=rubbish":                       sorted(one, two, three),
	} {
		p := b.Get("/admin/tokens" + query)
		if got := families(p); p.Status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%.40s: %d %v, want %v", query, p.Status, got, want)
		}
	}
	says(t, b.Get("/admin/tokens?user=nobody"), "No such user")
	says(t, b.Get("/admin/tokens?client=nobody"), "No such client")
	says(t, b.Get("/admin/tokens?client=board&user=manager"), "Nothing matches")
	says(t, b.Get(clientAt("board", "tokens")), "User")
	reader := h.As(t, webtest.Reader)
	p := reader.Get("/admin/tokens")
	says(t, p, "Wiki", "Manager")
	if got := controls(p); len(got) > 0 || p.Doc.Find("main a[href*='revoke']").Length() > 0 {
		t.Errorf("a reader is offered %v", got)
	}
	must(t, h.Stores.Users.DeleteUser(t.Context(), user.ID, time.Time{}))
	time.Sleep(2100 * time.Millisecond) // what another instance did is seen by then
	says(t, b.Get("/admin/tokens"), "Ended", user.ID)
}

func TestRevokeSomeTokens(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	user := h.FindUser(webtest.User)
	one, two, three := h.grant(user.ID, "wiki"), h.grant(user.ID, "wiki"), h.grant(user.ID, "wiki")
	b := h.As(t, webtest.Admin)
	before := h.last()
	p := b.Get("/admin/tokens/revoke?id=" + one)
	says(t, p, "The tokens of 1 sign-in stop working", "User – Wiki")
	if !h.lives(one) {
		t.Fatal("the question alone ended it")
	}
	says(t, b.Submit(form("/admin/tokens/revoke"), nil), "The tokens of 1 sign-in were revoked.")
	if h.lives(one) || !h.lives(two) {
		t.Error("not that one alone ended")
	}
	h.recorded(before, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionGrantRevoke && e.Target.ID == user.ID && e.ClientID == "wiki" && e.ActorName == webtest.Admin
	})
	says(t, b.Get("/admin/tokens/revoke?id="+one), "None of the tokens that you chose lives any more.")
	says(t, b.Get("/admin/tokens/revoke?act=revoke"), "You chose no tokens.")
	says(t, b.Get("/admin/tokens/revoke?id=%20&id=../x&id="+strings.Repeat("x", 500)), "None of the tokens")

	p = b.Get("/admin/tokens/revoke?act=revoke&user=user&id=" + two + "&id=" + three + "&id=" + two + "&id=foreign")
	says(t, p, "The tokens of 2 sign-ins stop working")
	action, values := b.Form(form("/admin/tokens/revoke"))
	first := b.Post(action, values)
	says(t, first, "The tokens of 2 sign-ins were revoked.")
	if first.URL.RequestURI() != "/admin/tokens?user=user" || h.lives(two) || h.lives(three) {
		t.Errorf("%s", first.URL)
	}
	again := b.Post(action, values)
	if again.URL.RequestURI() != "/admin/tokens?user=user" {
		t.Errorf("sent twice it leads to %s", again.URL)
	}
}

// TestRevokeAllThatMatch: the question is about what matched then, and nothing else ends.
func TestRevokeAllThatMatch(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	h.client("board", idp.ClientSPA)
	user := h.FindUser(webtest.User)
	var mine []string
	for range 60 {
		mine = append(mine, h.grant(user.ID, "wiki"))
	}
	other := h.grant(user.ID, "board")
	b := h.As(t, webtest.Admin)
	p := b.Get("/admin/tokens?client=wiki&n=25")
	if p.Doc.Find("#bulk input[name=all]").Length() != 1 || len(families(p)) != 25 {
		t.Fatalf("%d shown: %s", len(families(p)), p.Text())
	}
	p = b.Get("/admin/tokens/revoke?act=revoke&client=wiki&all=1")
	says(t, p, "The tokens of 60 sign-ins stop working", "and 50 more")
	late := h.grant(user.ID, "wiki")
	says(t, b.Submit(form("/admin/tokens/revoke"), nil), "The tokens of 60 sign-ins were revoked.")
	for _, id := range mine {
		if h.lives(id) {
			t.Fatal("one lives")
		}
	}
	if !h.lives(other) || !h.lives(late) {
		t.Error("one ended that was not in question")
	}
	// A question about many, with an old token: nothing ends, and the choice is kept.
	var many []string
	for range 100 {
		many = append(many, "id="+h.grant(user.ID, "wiki"))
	}
	p = b.Get("/admin/tokens/revoke?" + strings.Join(many, "&"))
	says(t, p, "The tokens of 100 sign-ins")
	p = b.Submit(form("/admin/tokens/revoke"), url.Values{"csrf": {"AAAA"}})
	says(t, p, "This page was open for a long time", "The tokens of 100 sign-ins")
	says(t, b.Submit(form("/admin/tokens/revoke"), nil), "The tokens of 100 sign-ins were revoked.")
}

func TestInspectToken(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	given := h.signInTo(h.As(t, webtest.User), "wiki", secretOf("wiki"), "https://wiki.example/cb", "openid offline_access")
	b := h.As(t, webtest.Reader)
	inspect := func(token string) *webtest.Page {
		t.Helper()
		b.Get("/admin/tokens/inspect")
		p := b.Submit(form("/admin/tokens/inspect"), url.Values{"token": {token}})
		if p.Status != http.StatusOK {
			t.Fatalf("%.30s: %d %s", token, p.Status, p.Text())
		}
		return p
	}
	access := given.text("access_token")
	p := inspect("  Bearer " + access + "\r\n")
	says(t, p, "This token works now.", "Access token", "wiki", "user", `"iss": "`+h.URL+`"`)
	if strings.Contains(p.Body, access) {
		t.Error("the token is on the page")
	}
	again := b.Get(p.URL.RequestURI())
	says(t, again, "The result was shown before")
	if strings.Contains(again.Text(), `"iss"`) {
		t.Error("it is shown a second time")
	}
	says(t, inspect(given.text("id_token")), "This token works now.", "ID token")
	says(t, inspect(given.text("refresh_token")), "This is a refresh token or a code", "works like a password")
	signature := access[strings.LastIndexByte(access, '.')+1:]
	for name, c := range map[string]struct{ token, text string }{
		"rubbish":      {"rubbish", "no token that can be read"},
		"html":         {"<script>alert(1)</script>", "no token that can be read"},
		"two parts":    {"a.b", "no token that can be read"},
		"other's":      {"eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJ4In0." + signature, "names no key of this service"},
		"changed":      {access[:len(access)-4] + "AAAA", "its signature is wrong"},
		"a long one":   {strings.Repeat("x", 40_000), "no token that can be read"},
		"script in it": {"eyJhbGciOiI8c2NyaXB0PiJ9.eyJpc3MiOiI8c2NyaXB0PiJ9.AAAA", "names no key of this service"},
	} {
		p := inspect(c.token)
		says(t, p, c.text)
		if strings.Contains(p.Body, "<script>") {
			t.Errorf("%s: the token's words are not escaped", name)
		}
	}
	b.Get("/admin/tokens/inspect")
	hasFault(t, b.Submit(form("/admin/tokens/inspect"), url.Values{"token": {""}}), "token", "Fill this in.")
	if a := h.protocol("/oauth2/revoke", "wiki", secretOf("wiki"), url.Values{"token": {given.text("refresh_token")}}); a.status != http.StatusOK {
		t.Fatal(a)
	}
	says(t, inspect(access), "its tokens were revoked")
	if log := h.Log.String(); strings.Contains(log, access) || strings.Contains(log, given.text("id_token")) {
		t.Error("a token is in the log")
	}
}

// TestInspectedTokensLieSealed: neither a token nor what it says lies in the store in a form that can be read.
func TestInspectedTokensLieSealed(t *testing.T) {
	dir := t.TempDir()
	h := &house{webtest.New(t, "GATEHOUSE_DATA_DIR="+dir), t}
	h.client("wiki", idp.ClientWeb)
	given := h.signInTo(h.As(t, webtest.User), "wiki", secretOf("wiki"), "https://wiki.example/cb", "openid")
	b := h.As(t, webtest.Admin)
	stay := *b.Client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.Get("/admin/tokens/inspect")
	action, values := b.Form(form("/admin/tokens/inspect"))
	values.Set("token", given.text("access_token"))
	follows := b.Client
	b.Client = &stay
	if p := b.Post(action, values); p.Status != http.StatusSeeOther { // the result waits now
		t.Fatal(p.Status)
	}
	b.Client = follows
	for _, secret := range []string{given.text("access_token"), `\"client_id\": \"wiki\"`, `"Claims"`, "at+jwt"} {
		for _, file := range lyingAround(t, dir) {
			if strings.Contains(file, secret) {
				t.Errorf("%.20q lies in the store", secret)
			}
		}
	}
}

func lyingAround(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	var out []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(t, err)
		out = append(out, string(text))
	}
	if len(out) == 0 {
		t.Fatal("no store is found")
	}
	return out
}

// The page has words for every problem that is found.
func TestEveryProblemHasWords(t *testing.T) {
	var found []string
	for _, p := range oauth.InspectionProblems() {
		found = append(found, string(p))
	}
	if !slices.Equal(found, pages.InspectProblems()) {
		t.Errorf("found are %v, in words %v", found, pages.InspectProblems())
	}
}
