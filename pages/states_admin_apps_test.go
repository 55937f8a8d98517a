package pages_test

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
)

// adminAppsStates are clients, tokens and keys in the console.
func adminAppsStates() []state {
	out := append(clientsStates(), clientStates()...)
	out = append(out, clientMoreStates()...)
	out = append(out, tokensStates()...)
	return append(out, keysStates()...)
}

func wiki(change ...func(*idp.Client)) *idp.Client {
	c := &idp.Client{
		ID: "wiki", Name: "Team wiki", AuthMethod: idp.AuthMethodBasic, RedirectURIs: []string{"https://wiki.example.com/callback"},
		PostLogoutRedirectURIs: []string{"https://wiki.example.com/"}, GrantTypes: []string{idp.GrantAuthorizationCode, idp.GrantRefreshToken},
		Scopes: []string{"openid", "profile", "email", "offline_access"}, RequirePKCE: true, ClientURI: "https://wiki.example.com/",
		Secrets: []idp.ClientSecret{{CreatedAt: noon.AddDate(0, 0, -40)}}, CreatedAt: noon.AddDate(0, -5, 0), UpdatedAt: noon.AddDate(0, 0, -1),
		LastUsedAt: new(noon.Add(-3 * time.Minute)),
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func builtIn() *idp.Client {
	return &idp.Client{
		ID: idp.ClientGatehouse, Name: "Gatehouse API", AuthMethod: idp.AuthMethodNone, RequirePKCE: true,
		Scopes: append(idp.StandardScopes(), idp.APIScopes()...), CreatedAt: noon.AddDate(-1, 0, 0), UpdatedAt: noon.AddDate(-1, 0, 0),
	}
}

func clientList(query string, more bool, clients ...*idp.Client) pages.ClientsPage {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	p := idp.Page[*idp.Client]{Items: clients, Total: len(clients)}
	if len(clients) > 0 {
		p.First = 1
	}
	if more {
		p.Next, p.Total = "bmV4dA", 87
	}
	list := pages.NewListView("/admin/clients", q, p)
	if list.Sort == "" {
		list.Sort = "client_name"
	}
	return pages.ClientsPage{
		List: list, Clients: clients, Discovery: "https://id.example.com/.well-known/openid-configuration", Manage: true,
		CSV: "/admin/clients.csv", MaxCSV: 200_000,
	}
}

func clientsStates() []state {
	spa := wiki(func(c *idp.Client) {
		c.ID, c.Name, c.AuthMethod, c.Secrets, c.LastUsedAt = "board", "Planning board", idp.AuthMethodNone, nil, nil
	})
	phone := wiki(func(c *idp.Client) {
		c.ID, c.Name, c.AuthMethod, c.Secrets, c.RedirectURIs = "phone", "", idp.AuthMethodNone, nil, []string{"com.example.app:/cb"}
		c.Disabled = true
	})
	job := wiki(func(c *idp.Client) {
		c.ID, c.Name, c.GrantTypes = "nightly-report-of-the-finance-department", "Nightly report of the finance department", []string{idp.GrantClientCredentials}
	})
	api := wiki(func(c *idp.Client) {
		c.ID, c.Name, c.GrantTypes, c.ResourceServer = "invoices", "Invoices API", nil, true
	})
	all := []*idp.Client{builtIn(), api, job, phone, spa, wiki()}
	reader := clientList("", false, all...)
	reader.Manage = false
	at := func(path string) *pages.Shell { return shell(path) }
	deleted := told("/admin/clients", pages.Toast{Key: "clients.toast.deleted", Args: map[string]string{"Name": "Team wiki"}})
	newOf := func(kind idp.ClientKind, values url.Values, faults ...idp.Fault) pages.ClientNewPage {
		return pages.ClientNewPage{Kind: kind, Form: pages.Form{ID: "Zm9ybQ", Action: "/admin/clients", Values: values, Faults: faults}}
	}
	out := []state{
		{name: "clients", page: clientList("", true, all...), shell: deleted},
		{name: "clients-reader", page: reader, shell: seeing("/admin/clients", idp.Permissions{Read: true})},
		{name: "clients-none", page: clientList("", false), shell: at("/admin/clients")},
		{name: "clients-no-match", page: clientList("q=zz&kind=web&status=disabled", false), shell: at("/admin/clients")},
		{name: "client-kind", page: pages.ClientKindPage{}, shell: at("/admin/clients/new")},
	}
	for _, kind := range []idp.ClientKind{idp.ClientNative, idp.ClientMachine} {
		out = append(out, state{name: "client-new-" + string(kind), page: newOf(kind, url.Values{}), shell: at("/admin/clients/new")})
	}
	return append(out,
		state{name: "client-new-rows", page: newOf(idp.ClientWeb, url.Values{
			"client_name": {"Team wiki"}, "redirect_uris": {"https://wiki.example.com/callback", "http://localhost:3000/callback", ""},
		}), shell: at("/admin/clients/new")},
		state{name: "client-new-faults", page: newOf(idp.ClientNative, url.Values{
			"client_name": {"Team wiki"}, "redirect_uris": {"https://wiki.example.com/*", "wiki"}, "client_id": {"a b"},
		}, idp.NewFault("client_id", "must be 1 to %d letters, digits or . _ ~ - and start with a letter or digit", 128),
			idp.NewFault("redirect_uris", "%q must be exact: wildcards are not supported", "https://wiki.example.com/*"),
			idp.NewFault("redirect_uris", "%q is not an absolute address", "wiki"),
			idp.NewFault("post_logout_redirect_uris", "must hold at most %d addresses", 50)), shell: at("/admin/clients/new")},
	)
}

func clientForm(c *idp.Client) pages.Form {
	return pages.Form{Action: "/admin/clients/" + c.ID, Version: "2026-11-20T16:59:05Z", Values: url.Values{
		"client_name": {c.Name}, "client_uri": {c.ClientURI}, "redirect_uris": c.RedirectURIs, "post_logout_redirect_uris": c.PostLogoutRedirectURIs,
		"scope": c.Scopes, "api_scope": c.Scopes, "grant_types": c.GrantTypes, "token_endpoint_auth_method": {c.AuthMethod}, "require_pkce": {"1"},
	}}
}

func clientStates() []state {
	page := func(c *idp.Client) pages.ClientPage {
		return pages.ClientPage{
			ClientHead: pages.ClientHead{Client: c, Manage: true}, Form: clientForm(c), FormID: "Zm9ybQ",
			LogoForm: pages.Form{Action: "/admin/clients/" + c.ID + "/logo", Files: true},
		}
	}
	unsafe := page(wiki(func(c *idp.Client) {
		c.Disabled, c.Scopes = true, append(c.Scopes, "gatehouse:admin")
		c.RedirectURIs = append(c.RedirectURIs, "http://localhost:3000/callback")
	}))
	for _, w := range []struct {
		field, key string
		serious    bool
	}{
		{"redirect_uris", "redirect_http", false},
		{"redirect_uris", "redirect_scheme", false},
		{"api_scope", "scope_admin", true},
		{"api_scope", "scope_api_machine", true},
		{"grant_types", "password", true},
		{"require_pkce", "no_pkce", false},
		{"skip_consent", "skip_consent_public", true},
		{"token_endpoint_auth_method", "no_secret", false},
		{"resource_server", "resource", false},
	} {
		unsafe.Warnings = append(unsafe.Warnings, pages.ClientWarning{Field: w.field, Serious: w.serious, Text: pages.Text{
			Key: "clients.warn." + w.key, Args: map[string]string{"URI": "http://localhost:3000/callback", "Scope": "gatehouse:read"},
		}})
	}
	reader := pages.ClientPage{ClientHead: pages.ClientHead{Client: unsafe.Client}, Warnings: unsafe.Warnings[2:3]}
	changed := page(wiki())
	changed.Form.Notice = pages.NoticeChanged
	changed.Current = []pages.Field{{Name: "field.client_name", Value: "The wiki"}, {Name: "field.policy_uri"}}
	faulty := page(wiki())
	faulty.Form.Values.Set("client_uri", "wiki")
	faulty.LogoForm.Faults = []idp.Fault{idp.NewFault("logo", "must be at most %d KB", 128)}
	faulty.Form.Faults = []idp.Fault{idp.NewFault("client_uri", "must be an http or https address"), idp.NewFault("grant_types", "password needs a client that has a secret, or a first-party one")}
	saved := told("/admin/clients/wiki", pages.Toast{Key: "clients.toast.disabled", Args: map[string]string{"Name": "Team wiki"}, Undo: &pages.Undo{Action: "/admin/clients/wiki/enable"}})
	return []state{
		{name: "client", page: page(wiki()), shell: shell("/admin/clients/wiki")},
		{name: "client-unsafe", page: unsafe, shell: saved},
		{name: "client-reader", page: reader, shell: seeing("/admin/clients/wiki", idp.Permissions{Read: true})},
		{name: "client-built-in", page: pages.ClientPage{ClientHead: pages.ClientHead{Client: builtIn(), Manage: true}}, shell: shell("/admin/clients/gatehouse-api")},
		{name: "client-changed", page: changed, shell: shell("/admin/clients/wiki")},
		{name: "client-faults", page: faulty, shell: shell("/admin/clients/wiki")},
	}
}

func appReview(title, submit string, change func(*pages.Review), consequences ...pages.Text) pages.ReviewPage {
	p := pages.ReviewPage{
		Title: pages.Text{Key: title, Args: map[string]string{"Name": "Team wiki"}}, Up: "/admin/clients/wiki",
		UpName: pages.Text{Key: "clients.named", Args: map[string]string{"Name": "Team wiki"}},
		Review: pages.Review{Form: pages.Form{ID: "Zm9ybQ", Action: "/admin/clients/wiki/x"}, Consequences: consequences, Submit: submit, Cancel: "/admin/clients/wiki"},
	}
	if change != nil {
		change(&p.Review)
	}
	return p
}

func clientMoreStates() []state {
	head := pages.ClientHead{Client: wiki(), Manage: true}
	overlap := head
	overlap.Client = wiki(func(c *idp.Client) {
		c.Secrets = append([]idp.ClientSecret{{CreatedAt: noon.Add(-time.Minute)}}, c.Secrets...)
	})
	public := head
	public.Client = wiki(func(c *idp.Client) { c.AuthMethod, c.Secrets = idp.AuthMethodNone, nil })
	off := head
	off.Client = wiki(func(c *idp.Client) { c.Disabled = true })
	secrets, snippets := "/admin/clients/wiki/secrets", "/admin/clients/wiki/snippets"
	choices := []pages.SnippetChoice{{"curl", "curl"}, {"go", "Go"}, {"node", "Node"}, {"python", "Python"}, {"spring", "Spring Boot"}, {"oauth2-proxy", "oauth2-proxy"}}
	settings := []pages.Field{
		{Name: "clients.setting.issuer", Value: "https://id.example.com"},
		{Name: "clients.setting.discovery", Value: "https://id.example.com/.well-known/openid-configuration"},
		{Name: "clients.setting.client_id", Value: "wiki"},
		{Name: "clients.setting.redirect", Value: "https://wiki.example.com/callback"},
		{Name: "clients.setting.scope", Value: "openid profile email offline_access"},
		{Name: "clients.setting.pkce", Value: "S256"},
	}
	snippet := &pages.Snippet{ID: "spring", Title: "Spring Boot", NeedsRedirect: "https://wiki.example.com/login/oauth2/code/gatehouse", Files: []pages.SnippetFile{{"application.yaml", "spring:\n  security:\n    oauth2:\n      client:\n        registration:\n          gatehouse:\n            client-id: \"wiki\"\n            client-secret: ${CLIENT_SECRET}\n            redirect-uri: \"https://wiki.example.com/a/long/path/that/does/not/fit/on/a/narrow/screen/callback\"\n"}, {"SecurityConfig.java", "@Configuration\nclass SecurityConfig {\n}\n"}}}
	grants := grantPage("/admin/clients/wiki/tokens", "", grantRows()...)
	rotating := appReview("clients.rotate.title", "clients.rotate.submit", nil, pages.Text{Key: "clients.rotate.shown"}, pages.Text{Key: "clients.rotate.oldest"})
	deleting := appReview("clients.deleting.title", "clients.deleting.submit", func(r *pages.Review) { r.Final, r.Reason, r.Match = true, true, "wiki" },
		pages.Counted("clients.deleting.consents", 1204), pages.Counted("clients.revoking.families", 87), pages.Text{Key: "clients.deleting.sign_in"})
	nothing := appReview("clients.drop.title", "clients.drop.submit", nil)
	nothing.Nothing = "clients.drop.nothing"
	return []state{
		{name: "client-secrets", page: pages.ClientSecretsPage{ClientHead: head}, shell: shell(secrets)},
		{name: "client-secrets-new", page: pages.ClientSecretsPage{ClientHead: overlap, Secret: "3p9XwK7vQ2mB8nR4tY6uZ1aC5dE0fGhJ-kL2mN4oP6q"}, shell: told(secrets, pages.Toast{Key: "clients.toast.rotated"})},
		{name: "client-secrets-gone", page: pages.ClientSecretsPage{ClientHead: overlap, Gone: true}, shell: shell(secrets)},
		{name: "client-secrets-public", page: pages.ClientSecretsPage{ClientHead: public}, shell: shell(secrets)},
		{name: "client-snippets", page: pages.ClientSnippetsPage{ClientHead: head, Choices: choices, Settings: settings, Snippet: snippet}, shell: shell(snippets)},
		{name: "client-tokens", page: pages.ClientTokensPage{ClientHead: head, List: grants.List, Grants: grants.Grants}, shell: shell("/admin/clients/wiki/tokens")},
		{name: "client-tokens-none", page: pages.ClientTokensPage{ClientHead: head}, shell: shell("/admin/clients/wiki/tokens")},
		{name: "client-test", page: pages.ClientTestPage{ClientHead: head, Links: []pages.TestLink{{"https://wiki.example.com/callback", "/oauth2/authorize?x"}, {"http://localhost:3000/callback", "/oauth2/authorize?y"}}}, shell: shell("/admin/clients/wiki/test")},
		{name: "client-test-off", page: pages.ClientTestPage{ClientHead: off, Why: "clients.test.disabled"}, shell: shell("/admin/clients/wiki/test")},
		{name: "client-rotate", page: rotating, shell: shell("/admin/clients/wiki/rotate")},
		{name: "client-delete", page: deleting, shell: shell("/admin/clients/wiki/delete")},
		{name: "client-drop-nothing", page: nothing, shell: shell("/admin/clients/wiki/drop-old-secret")},
	}
}

func grantRows() []pages.GrantRow {
	g := func(i int, change func(*pages.GrantRow)) pages.GrantRow {
		row := pages.GrantRow{
			Grant: &idp.Grant{
				ID: fmt.Sprintf("grant%d", i), State: idp.GrantActive, ClientID: "wiki", UserID: graceID, Scope: "openid profile email offline_access", Generation: 3,
				RotatedAt: noon.Add(-time.Hour), CreatedAt: noon.AddDate(0, 0, -i), ExpiresAt: noon.AddDate(0, 3, -i), RefreshExpiresAt: noon.AddDate(0, 0, 14),
			},
			ClientName: "Team wiki", Username: "grace", Name: "Grace Hopper",
		}
		change(&row)
		return row
	}
	return []pages.GrantRow{
		g(1, func(*pages.GrantRow) {}),
		g(2, func(r *pages.GrantRow) {
			r.Name, r.Username, r.Generation, r.RotatedAt, r.RefreshExpiresAt = "", "ada", 0, time.Time{}, time.Time{}
		}),
		g(3, func(r *pages.GrantRow) { r.State, r.Scope, r.RotatedAt = idp.GrantCode, "openid", time.Time{} }),
		g(4, func(r *pages.GrantRow) { r.Username, r.Name, r.Dead, r.Scope = "", "", true, "" }),
	}
}

func grantPage(path, query string, rows ...pages.GrantRow) pages.TokensPage {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	p := idp.Page[pages.GrantRow]{Items: rows, Total: len(rows)}
	if len(rows) > 0 {
		p.First = 1
	}
	return pages.TokensPage{List: pages.NewListView(path, q, p), Grants: rows, Manage: true, User: q.Get("user"), Client: q.Get("client")}
}

func inspected(change func(*pages.InspectedToken)) pages.InspectPage {
	issued, ends := noon.Add(-time.Minute), noon.Add(9*time.Minute)
	in := &pages.InspectedToken{
		Kind: "access_token", Header: "{\n  \"alg\": \"ES256\",\n  \"kid\": \"k3Qf\",\n  \"typ\": \"at+jwt\"\n}", Claims: "{\n  \"iss\": \"https://id.example.com\",\n  \"sub\": \"" + graceID + "\"\n}",
		Signed: true, KID: "k3Qf0mXw1rT9", KeyState: idp.KeyActive, IssuerMatches: true, IssuedAt: &issued, ExpiresAt: &ends,
		ClientID: "wiki", UserID: graceID, Username: "grace", GrantID: "grant1", GrantLives: true,
	}
	change(in)
	return pages.InspectPage{Form: pages.Form{Action: "/admin/tokens/inspect"}, Result: in}
}

func tokensStates() []state {
	reader := grantPage("/admin/tokens", "user=grace", grantRows()...)
	reader.Manage = false
	nobody := grantPage("/admin/tokens", "user=zz")
	nobody.NoSuchUser = true
	many := appReview("tokens.revoking.title", "tokens.revoking.submit", func(r *pages.Review) {
		r.Items, r.More = []string{"Grace Hopper – Team wiki", "ada – Team wiki"}, 998
	}, pages.Counted("tokens.revoking.families", 1000), pages.Text{Key: "tokens.revoking.again"}, pages.Counted("tokens.revoking.many", 1000))
	paths := shell("/admin/tokens/inspect")
	plain := pages.InspectPage{Form: pages.Form{Action: "/admin/tokens/inspect"}}
	gone := plain
	gone.Gone = true
	empty := plain
	empty.Form.Faults = []idp.Fault{idp.NewFault("token", "is required")}
	out := []state{
		{name: "tokens", page: grantPage("/admin/tokens", "", grantRows()...), shell: told("/admin/tokens", pages.Toast{Key: "tokens.toast.revoked", Count: 3})},
		{name: "tokens-reader", page: reader, shell: seeing("/admin/tokens", idp.Permissions{Read: true})},
		{name: "tokens-none", page: grantPage("/admin/tokens", ""), shell: shell("/admin/tokens")},
		{name: "tokens-no-match", page: grantPage("/admin/tokens", "client=wiki"), shell: shell("/admin/tokens")},
		{name: "tokens-no-user", page: nobody, shell: shell("/admin/tokens")},
		{name: "tokens-revoke", page: many, shell: shell("/admin/tokens/revoke")},
		{name: "inspect", page: plain, shell: paths},
		{name: "inspect-gone", page: gone, shell: paths},
		{name: "inspect-empty", page: empty, shell: paths},
		{name: "inspect-works", page: inspected(func(*pages.InspectedToken) {}), shell: paths},
	}
	credential := inspected(func(in *pages.InspectedToken) { *in = pages.InspectedToken{Kind: "credential", Problem: "credential"} })
	forged := inspected(func(in *pages.InspectedToken) {
		*in = pages.InspectedToken{Kind: "other", Problem: "bad_signature", Header: in.Header, Claims: in.Claims}
	})
	ended := inspected(func(in *pages.InspectedToken) { in.Kind, in.Problem, in.GrantLives = "id_token", "expired", false })
	return append(out,
		state{name: "inspect-credential", page: credential, shell: paths}, state{name: "inspect-forged", page: forged, shell: paths},
		state{name: "inspect-ended", page: ended, shell: paths},
	)
}

func keysStates() []state {
	page := pages.KeysPage{JWKS: "https://id.example.com/.well-known/jwks.json", Manage: true, Keys: []pages.KeyRow{
		{KID: "n3xtKeyThatWaits0000000", Alg: "ES256", State: idp.KeyNext, CreatedAt: noon.AddDate(0, 0, -1)},
		{KID: "activeKeyThatSigns00000", Alg: "ES256", State: idp.KeyActive, CreatedAt: noon.AddDate(0, -1, 0), ActivateAt: noon.AddDate(0, 0, -20)},
		{KID: "retiringKey000000000000", Alg: "ES256", State: idp.KeyRetiring, CreatedAt: noon.AddDate(0, -4, 0), ActivateAt: noon.AddDate(0, -3, 0), RetiresAt: noon.Add(time.Hour)},
		{KID: "stolenKey00000000000000", Alg: "RS256", State: idp.KeyRetired, CreatedAt: noon.AddDate(0, -4, 0), ActivateAt: noon.AddDate(0, -3, 0), TakenBack: noon.AddDate(0, 0, -20)},
		{KID: "retiredKey0000000000000", Alg: "RS256", State: idp.KeyRetired, CreatedAt: noon.AddDate(-1, 0, 0), ActivateAt: noon.AddDate(-1, 0, 0), RetiresAt: noon.AddDate(0, -6, 0)},
	}}
	overdue, reader := page, page
	overdue.Overdue, reader.Manage = true, false
	rotate := appReview("keys.rotating.title", "keys.rotating.submit", nil, pages.Counted("keys.rotating.now", 2), pages.Counted("keys.rotating.later", 1),
		pages.Text{Key: "keys.rotating.cached"}, pages.Text{Key: "keys.rotating.present"})
	revoke := appReview("keys.revoking.title", "keys.revoking.submit", func(r *pages.Review) {
		r.Final, r.Reason, r.Match, r.Items = true, true, "activeKeyThatSigns00000", []string{"activeKeyThatSigns00000 (ES256)"}
	}, pages.Text{Key: "keys.revoking.when"}, pages.Text{Key: "keys.revoking.tokens"}, pages.Text{Key: "keys.revoking.next"}, pages.Text{Key: "keys.revoking.cached"})
	return []state{
		{name: "keys", page: page, shell: shell("/admin/keys")},
		{name: "keys-overdue", page: overdue, shell: told("/admin/keys", pages.Toast{Key: "keys.toast.rotated"})},
		{name: "keys-reader", page: reader, shell: seeing("/admin/keys", idp.Permissions{Read: true})},
		{name: "keys-rotate", page: rotate, shell: shell("/admin/keys/rotate")},
		{name: "keys-revoke", page: revoke, shell: shell("/admin/keys/activeKeyThatSigns00000/revoke")},
	}
}
