package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/webtest"
)

func TestClientSettings(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	b.Get(clientAt("wiki"))
	before := h.last()
	p := b.Submit(form(clientAt("wiki")), url.Values{
		"client_name": {"Team <wiki>"}, "client_uri": {"https://wiki.example/"},
		"redirect_uris": {"https://wiki.example/cb", "", "https://wiki.example/two", "https://wiki.example/two"},
		"scope":         {"openid", "roles"}, "more_scopes": {"wiki:read  wiki:write"}, "api_scope": {"gatehouse:read"},
		"grant_types": {"authorization_code"}, "token_endpoint_auth_method": {"client_secret_post"}, "require_pkce": nil,
		"skip_consent": {"1"}, "resource_server": {"1"}, "id_token_signed_response_alg": {"ES256"},
	})
	says(t, p, "Team <wiki> was saved.", "With gatehouse:read this client reaches", "Without this, a code that leaks", "People are not asked. Use this")
	c := h.stored("wiki")
	if c.Name != "Team <wiki>" || c.ClientURI != "https://wiki.example/" || !slices.Equal(c.RedirectURIs, []string{"https://wiki.example/cb", "https://wiki.example/two"}) ||
		!slices.Equal(c.Scopes, []string{"openid", "roles", "wiki:read", "wiki:write", "gatehouse:read"}) || !slices.Equal(c.GrantTypes, []string{"authorization_code"}) ||
		c.AuthMethod != idp.AuthMethodPost || c.RequirePKCE || !c.SkipConsent || !c.ResourceServer || c.IDTokenAlg != "ES256" || len(c.Secrets) != 1 {
		t.Errorf("%+v", c)
	}
	h.recorded(before, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionClientUpdate && e.ActorName == webtest.Admin && e.Target.ID == "wiki" && len(e.Changes) > 5
	})
	// What the page shows is what is stored: sent again as it is, nothing changes but the time.
	b.Get(clientAt("wiki"))
	b.Submit(form(clientAt("wiki")), nil)
	again := h.stored("wiki")
	if again.UpdatedAt.Equal(c.UpdatedAt) {
		t.Error("it was not saved")
	}
	again.UpdatedAt = c.UpdatedAt
	if !equalClients(again, c) {
		t.Errorf("%+v, was %+v", again, c)
	}
}

func equalClients(a, b *idp.Client) bool {
	return a.Name == b.Name && slices.Equal(a.RedirectURIs, b.RedirectURIs) && slices.Equal(a.Scopes, b.Scopes) && slices.Equal(a.GrantTypes, b.GrantTypes) &&
		a.AuthMethod == b.AuthMethod && a.RequirePKCE == b.RequirePKCE && a.SkipConsent == b.SkipConsent && a.ResourceServer == b.ResourceServer &&
		a.IDTokenAlg == b.IDTokenAlg && a.ClientURI == b.ClientURI && len(a.Secrets) == len(b.Secrets) && a.UpdatedAt.Equal(b.UpdatedAt)
}

func TestClientSettingsRefused(t *testing.T) {
	h := newHouse(t)
	c := h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	for name, bad := range map[string]struct {
		form        url.Values
		field, text string
	}{
		"no address left":   {url.Values{"redirect_uris": {""}}, "redirect_uris", "at least one address"},
		"second is bad":     {url.Values{"redirect_uris": {"https://wiki.example/cb", "ftp://x.example/"}}, "redirect_uris", "“ftp://x.example/” must begin"},
		"home page":         {url.Values{"client_uri": {"wiki"}}, "client_uri", "web address"},
		"privacy":           {url.Values{"policy_uri": {"javascript:alert(1)"}}, "policy_uri", "web address"},
		"grant of nothing":  {url.Values{"grant_types": {"implicit"}}, "grant_types", "isn't known"},
		"way of nothing":    {url.Values{"token_endpoint_auth_method": {"private_key_jwt"}}, "token_endpoint_auth_method", "Choose"},
		"public and own":    {url.Values{"token_endpoint_auth_method": {"none"}, "grant_types": {"client_credentials"}}, "grant_types", "needs a client that has a secret"},
		"public, no PKCE":   {url.Values{"token_endpoint_auth_method": {"none"}, "require_pkce": nil}, "require_pkce", "can't be switched off"},
		"public API":        {url.Values{"token_endpoint_auth_method": {"none"}, "resource_server": {"1"}}, "resource_server", "needs a client that has a secret"},
		"alg of nothing":    {url.Values{"id_token_signed_response_alg": {"none"}}, "id_token_signed_response_alg", "RS256 or ES256"},
		"scope of nothing":  {url.Values{"more_scopes": {`"`}}, "more_scopes", "can't be a scope"},
		"too many":          {url.Values{"redirect_uris": slices.Repeat([]string{"https://wiki.example/cb"}, 3)[:1], "more_scopes": {many(101)}}, "more_scopes", "at most 100 scopes"},
		"many addresses":    {url.Values{"redirect_uris": addressesUpTo(51)}, "redirect_uris", "at most 50 addresses"},
		"a very long value": {url.Values{"client_name": {strings.Repeat("x", 3000)}}, "client_name", "at most 500 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			b.Get(clientAt("wiki"))
			before := h.changed()
			p := b.Submit(form(clientAt("wiki")), bad.form)
			hasFault(t, p, bad.field, bad.text)
			if now := h.stored("wiki"); !equalClients(now, c) || h.changed() != before {
				t.Errorf("something was changed: %+v", now)
			}
		})
	}
	b.Get(clientAt("wiki"))
	for _, version := range []string{"", "yesterday", "0001-01-01T00:00:00Z"} {
		if p := b.Submit(form(clientAt("wiki")), url.Values{"version": {version}}); p.Status != http.StatusBadRequest {
			t.Errorf("version %q: %d", version, p.Status)
		}
		b.Get(clientAt("wiki"))
	}
	for _, path := range []string{"/admin/clients/nobody", "/admin/clients/nobody/secrets", "/admin/clients/nobody/delete", "/admin/clients/%00", "/admin/clients/" + strings.Repeat("x", 3000)} {
		if p := b.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%.40s: %d", path, p.Status)
		}
	}
}

func many(n int) string {
	var out []string
	for i := range n {
		out = append(out, "scope:"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	return strings.Join(out, " ")
}

func addressesUpTo(n int) []string {
	var out []string
	for i := range n {
		out = append(out, "https://wiki.example/"+strings.Repeat("x", i))
	}
	return out
}

// TestClientChangedMeanwhile: who saves second sees what was saved first, and loses nothing.
func TestClientChangedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	first, second := h.As(t, webtest.Admin), h.As(t, webtest.Admin)
	first.Get(clientAt("wiki"))
	second.Get(clientAt("wiki"))
	second.Submit(form(clientAt("wiki")), url.Values{"client_name": {"Second"}, "policy_uri": {"https://wiki.example/privacy"}})
	p := first.Submit(form(clientAt("wiki")), url.Values{"client_name": {"First"}})
	says(t, p, "Somebody else changed this", "What is saved now where it differs", "Name: Second", "https://wiki.example/privacy")
	if got := p.Doc.Find("input[name=client_name]").AttrOr("value", ""); got != "First" || h.stored("wiki").Name != "Second" {
		t.Errorf("typed %q, stored %q", got, h.stored("wiki").Name)
	}
	// A fault in between does not make the form forget what it was begun on.
	third := h.As(t, webtest.Admin)
	third.Get(clientAt("wiki"))
	third.Submit(form(clientAt("wiki")), url.Values{"client_uri": {"bad"}, "client_name": {"Third"}})
	second.Get(clientAt("wiki"))
	second.Submit(form(clientAt("wiki")), url.Values{"client_name": {"Fourth"}})
	p = third.Submit(form(clientAt("wiki")), url.Values{"client_uri": {""}})
	says(t, p, "Somebody else changed this")
	p = third.Submit(form(clientAt("wiki")), nil)
	says(t, p, "Third was saved.")
	if got := h.stored("wiki"); got.Name != "Third" {
		t.Errorf("%+v", got)
	}
}

func TestSecretsOverlap(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	rotate := func() string {
		t.Helper()
		b.Get(clientAt("wiki", "secrets"))
		b.Get(clientAt("wiki", "rotate"))
		p := b.Submit(form(clientAt("wiki", "rotate")), nil)
		secret := p.Doc.Find("[data-select]").Text()
		if p.Path() != clientAt("wiki", "secrets") || secret == "" {
			t.Fatalf("%s: %s", p.URL, p.Text())
		}
		return secret
	}
	first := secretOf("wiki")
	second := rotate()
	if !h.works("wiki", first) || !h.works("wiki", second) {
		t.Error("the two do not work side by side")
	}
	says(t, b.Get(clientAt("wiki", "rotate")), "The older one stops at once")
	third := rotate()
	if h.works("wiki", first) || !h.works("wiki", second) || !h.works("wiki", third) {
		t.Error("the newest two do not work, or the oldest does")
	}
	before := h.last()
	b.Get(clientAt("wiki", "drop-old-secret"))
	stale, review := b.Form(form(clientAt("wiki", "drop-old-secret")))
	says(t, b.Submit(form(clientAt("wiki", "drop-old-secret")), nil), "The older secret doesn't work any more.")
	if h.works("wiki", second) || !h.works("wiki", third) {
		t.Error("the older works, or the newest does not")
	}
	e := h.recorded(before, func(e *idp.AuditEvent) bool { return e.Action == idp.ActionClientSecret && e.Target.ID == "wiki" })
	for _, c := range e.Changes {
		if strings.Contains(c.Before+c.After, third) {
			t.Errorf("a secret is in the log: %+v", e)
		}
	}
	if log := h.Log.String(); strings.Contains(log, third) || strings.Contains(log, second) {
		t.Error("a secret is in the server's log")
	}
	// A question that was open since then stops nothing else.
	fourth := rotate()
	review.Set("form_id", "another")
	if p := b.Post(stale, review); !p.Has("Somebody else changed this") || !h.works("wiki", third) || !h.works("wiki", fourth) {
		t.Errorf("an old question was answered: %s", p.Text())
	}
	b.Get(clientAt("wiki", "drop-old-secret"))
	b.Submit(form(clientAt("wiki", "drop-old-secret")), nil)
	says(t, b.Get(clientAt("wiki", "drop-old-secret")), "Only one secret works")
	h.client("board", idp.ClientSPA)
	says(t, b.Get(clientAt("board", "secrets")), "This client has no secret")
	says(t, b.Get(clientAt("board", "rotate")), "This client has no secret to replace.")
}

// Two who make a new secret at the same time do not end the one that is in use.
func TestRotateTwiceAtOnce(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	first, second := h.As(t, webtest.Admin), h.As(t, webtest.Admin)
	first.Get(clientAt("wiki", "rotate"))
	second.Get(clientAt("wiki", "rotate"))
	first.Submit(form(clientAt("wiki", "rotate")), nil)
	says(t, second.Submit(form(clientAt("wiki", "rotate")), nil), "Somebody else changed this")
	if !h.works("wiki", secretOf("wiki")) || len(h.stored("wiki").Secrets) != 2 {
		t.Error("the secret in use stopped")
	}
}

func TestTurnOffAndUndo(t *testing.T) {
	h := newHouse(t)
	h.client("job", idp.ClientMachine)
	h.client("checker", idp.ClientResource)
	b := h.As(t, webtest.Admin)
	token := h.machineToken("job", secretOf("job")).text("access_token")
	active := func() any {
		return h.protocol("/oauth2/introspect", "checker", secretOf("checker"), url.Values{"token": {token}}).body["active"]
	}
	if active() != true {
		t.Fatal("the token does not work")
	}
	before := h.last()
	b.Get(clientAt("job", "secrets"))
	p := b.Submit(form(clientAt("job", "disable")), nil)
	says(t, p, "Job is off.", "This client is off.")
	if p.Path() != clientAt("job", "secrets") {
		t.Errorf("leads to %s", p.URL)
	}
	if a := h.machineToken("job", secretOf("job")); a.status == http.StatusOK || active() != false {
		t.Errorf("it works: %+v", a)
	}
	h.recorded(before, func(e *idp.AuditEvent) bool { return e.Action == idp.ActionClientDisable && e.Target.ID == "job" })
	p = b.Submit("[role=status] form", nil) // Undo
	says(t, p, "Job is on.")
	if a := h.machineToken("job", secretOf("job")); a.status != http.StatusOK || active() != false {
		t.Errorf("it does not work, or an old token does: %+v", a)
	}
}

func TestDuplicate(t *testing.T) {
	h := newHouse(t)
	c := h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	b.Get(clientAt("wiki"))
	action, values := b.Form(form(clientAt("wiki", "duplicate")))
	p := b.Post(action, values)
	secret := p.Doc.Find("[data-select]").Text()
	id := strings.Split(strings.TrimPrefix(p.Path(), "/admin/clients/"), "/")[0]
	d := h.stored(id)
	if d == nil || id == "wiki" || d.Name != "Wiki (2)" || !slices.Equal(d.RedirectURIs, c.RedirectURIs) || !slices.Equal(d.Scopes, c.Scopes) || !h.works(id, secret) || h.works(id, secretOf("wiki")) {
		t.Fatalf("%s: %+v", p.URL, d)
	}
	if again := b.Post(action, values); again.Path() != p.Path() {
		t.Errorf("sent twice it leads to %s", again.URL)
	}
	page, err := h.Stores.Clients.QueryClients(t.Context(), idp.ClientQuery{ListQuery: idp.ListQuery{Text: "Wiki (2)", Limit: 10}})
	must(t, err)
	if len(page.Items) != 1 {
		t.Errorf("%d copies", len(page.Items))
	}
}

func TestRevokeAllTokens(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb, func(n *oauth.NewClient) { n.GrantTypes = append(n.GrantTypes, idp.GrantClientCredentials) })
	h.client("checker", idp.ClientResource)
	given := h.signInTo(h.As(t, webtest.User), "wiki", secretOf("wiki"), "https://wiki.example/cb", "openid offline_access")
	own := h.machineToken("wiki", secretOf("wiki"))
	b := h.As(t, webtest.Admin)
	says(t, b.Get(clientAt("wiki", "tokens")), "User", "With refresh")
	says(t, b.Get(clientAt("wiki", "revoke-tokens")), "The tokens of 1 sign-in stop working", "Tokens that the client got for itself end too")
	b.Submit(form(clientAt("wiki", "revoke-tokens")), nil)
	for name, token := range map[string]string{"a person's": given.text("access_token"), "its own": own.text("access_token"), "refresh": given.text("refresh_token")} {
		if a := h.protocol("/oauth2/introspect", "checker", secretOf("checker"), url.Values{"token": {token}}); a.body["active"] != false {
			t.Errorf("%s token works: %+v", name, a)
		}
	}
	if a := h.machineToken("wiki", secretOf("wiki")); a.status != http.StatusOK {
		t.Errorf("it gets no new tokens: %+v", a)
	}
	says(t, b.Get(clientAt("wiki", "tokens")), "Ended")
	says(t, b.Get(clientAt("wiki", "revoke-tokens")), "The tokens of 0 sign-ins stop working")
}

func TestDeleteClient(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	h.signInTo(h.As(t, webtest.User), "wiki", secretOf("wiki"), "https://wiki.example/cb", "openid")
	b := h.As(t, webtest.Admin)
	p := b.Get(clientAt("wiki", "delete"))
	says(t, p, "This can't be undone.", "1 person loses access to it", "The tokens of 1 sign-in stop working")
	before := h.last()
	for name, values := range map[string]url.Values{
		"wrong name": {"match": {"wik"}}, "nothing typed": {"match": {""}}, "a long reason": {"match": {"wiki"}, "reason": {strings.Repeat("x", 501)}},
	} {
		b.Get(clientAt("wiki", "delete"))
		p := b.Submit(form(clientAt("wiki", "delete")), values)
		if h.stored("wiki") == nil || p.Path() != clientAt("wiki", "delete") || p.Doc.Find("[role=alert]").Length() == 0 {
			t.Fatalf("%s: %s %s", name, p.URL, p.Text())
		}
	}
	h.stale(webtest.Admin)
	p = b.Submit(form(clientAt("wiki", "delete")), url.Values{"match": {"wiki"}, "reason": nil})
	if p.Path() != "/login" || h.stored("wiki") == nil {
		t.Fatalf("an old sign-in is enough: %s", p.URL)
	}
	p = b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	if p.Path() != clientAt("wiki", "delete") {
		t.Fatalf("leads to %s", p.URL)
	}
	p = b.Submit(form(clientAt("wiki", "delete")), url.Values{"match": {"wiki"}, "reason": {"no longer used"}})
	says(t, p, "Wiki was deleted.")
	if p.Path() != "/admin/clients" || h.stored("wiki") != nil {
		t.Errorf("%s, %+v", p.URL, h.stored("wiki"))
	}
	h.recorded(before, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionClientDelete && e.Target.ID == "wiki" && e.Reason == "no longer used" && e.ActorName == webtest.Admin
	})
	if p := b.Get(clientAt("wiki")); p.Status != http.StatusNotFound {
		t.Errorf("%d", p.Status)
	}
}

// TestBuiltInClient: it can be turned off and on, and nothing else.
func TestBuiltInClient(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb)
	b := h.As(t, webtest.Admin)
	p := b.Get(clientAt(idp.ClientGatehouse))
	says(t, p, "This client is part of the service")
	if got := controls(p); !slices.Equal(got, []string{clientAt(idp.ClientGatehouse, "disable")}) {
		t.Errorf("offered: %v", got)
	}
	was := h.stored(idp.ClientGatehouse)
	b.Get(clientAt("wiki"))
	_, values := b.Form(form(clientAt("wiki")))
	values.Set("match", idp.ClientGatehouse)
	values.Set("form_id", "x")
	for _, act := range []string{"", "logo", "logo/remove", "duplicate", "rotate", "drop-old-secret", "revoke-tokens", "delete"} {
		path := strings.TrimSuffix(clientAt(idp.ClientGatehouse, act), "/")
		says(t, b.Post(path, values), "It can only be turned off and on, so nothing was changed.")
		if strings.HasPrefix(act, "logo") || act == "" || act == "duplicate" {
			continue
		}
		says(t, b.Get(path), "It can only be turned off and on, so nothing was changed.")
	}
	if now := h.stored(idp.ClientGatehouse); now == nil || !equalClients(now, was) {
		t.Errorf("it was changed: %+v", now)
	}
	b.Get(clientAt(idp.ClientGatehouse))
	b.Submit(form(clientAt(idp.ClientGatehouse, "disable")), nil)
	if !h.stored(idp.ClientGatehouse).Disabled {
		t.Error("it cannot be turned off")
	}
	b.Submit(form(clientAt(idp.ClientGatehouse, "enable")), nil)
	if h.stored(idp.ClientGatehouse).Disabled {
		t.Error("it cannot be turned on")
	}
}

// TestTestSignIn: the link begins a sign-in that really ends at the application, with a code that nobody can use.
func TestTestSignIn(t *testing.T) {
	h := newHouse(t)
	h.client("wiki", idp.ClientWeb, func(n *oauth.NewClient) { n.RedirectURIs = append(n.RedirectURIs, "https://wiki.example/two?x=1") })
	b := h.As(t, webtest.Admin)
	p := b.Get(clientAt("wiki", "test"))
	var links []string
	for _, a := range p.Doc.Find("main a[href*='/oauth2/authorize']").EachIter() {
		links = append(links, strings.TrimPrefix(a.AttrOr("href", ""), h.URL))
	}
	if len(links) != 2 {
		t.Fatalf("%d links: %s", len(links), p.Text())
	}
	for _, link := range links {
		code := h.codeFrom(h.As(t, webtest.User), link)
		if a := h.protocol("/oauth2/token", "wiki", secretOf("wiki"), url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"https://wiki.example/cb"}, "code_verifier": {pkceVerifier},
		}); a.status == http.StatusOK {
			t.Error("somebody can use the code")
		}
	}
	h.client("job", idp.ClientMachine)
	says(t, b.Get(clientAt("job", "test")), "Nobody signs in to this client")
	b.Get(clientAt("wiki"))
	b.Submit(form(clientAt("wiki", "disable")), nil)
	says(t, b.Get(clientAt("wiki", "test")), "The client is off.")
}
