package console_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/webtest"
)

// TestWizardOfEachKind walks the wizard without JavaScript; what it makes works.
func TestWizardOfEachKind(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	check := h.client("checker", idp.ClientResource)
	for kind, c := range map[idp.ClientKind]struct {
		form   url.Values
		secret bool
		try    func(t *testing.T, id, secret string)
	}{
		idp.ClientWeb: {url.Values{"redirect_uris": {"https://wiki.example/cb"}}, true, func(t *testing.T, id, secret string) {
			a := h.signInTo(h.As(t, webtest.User), id, secret, "https://wiki.example/cb", "openid email offline_access")
			if a.status != http.StatusOK || a.text("id_token") == "" || a.text("refresh_token") == "" {
				t.Errorf("%+v", a)
			}
		}},
		idp.ClientSPA: {url.Values{"redirect_uris": {"", " http://localhost:5173/ ", "https://board.example/"}}, false, func(t *testing.T, id, _ string) {
			a := h.signInTo(h.As(t, webtest.User), id, "", "http://localhost:5173/", "openid profile")
			if a.status != http.StatusOK || a.text("id_token") == "" {
				t.Errorf("%+v", a)
			}
		}},
		idp.ClientNative: {url.Values{"redirect_uris": {"com.example.app:/cb", "http://127.0.0.1/cb"}}, false, func(t *testing.T, id, _ string) {
			a := h.signInTo(h.As(t, webtest.User), id, "", "http://127.0.0.1:54321/cb", "openid offline_access")
			if a.status != http.StatusOK || a.text("refresh_token") == "" {
				t.Errorf("%+v", a)
			}
		}},
		idp.ClientMachine: {url.Values{"more_scopes": {"invoices:read  invoices:write"}}, true, func(t *testing.T, id, secret string) {
			a := h.machineToken(id, secret)
			if a.status != http.StatusOK {
				t.Fatalf("%+v", a)
			}
			seen := h.protocol("/oauth2/introspect", check.ID, secretOf(check.ID), url.Values{"token": {a.text("access_token")}})
			if seen.body["active"] != true || seen.text("scope") != "invoices:read invoices:write" {
				t.Errorf("%+v", seen)
			}
		}},
		idp.ClientResource: {nil, true, func(t *testing.T, id, secret string) {
			if a := h.protocol("/oauth2/introspect", id, secret, url.Values{"token": {"x"}}); a.status != http.StatusOK || a.body["active"] != false {
				t.Errorf("%+v", a)
			}
		}},
	} {
		t.Run(string(kind), func(t *testing.T) {
			p := b.Get("/admin/clients/new")
			to, _ := p.Doc.Find("main a[href$='kind=" + string(kind) + "']").Attr("href")
			b.Get(to)
			form := url.Values{"client_name": {" App " + string(kind)}}
			for k, v := range c.form {
				form[k] = v
			}
			p = b.Submit("main form", form)
			says(t, p, "App "+string(kind)+" was created.")
			id := strings.Split(strings.TrimPrefix(p.Path(), "/admin/clients/"), "/")[0]
			client := h.stored(id)
			if client == nil || client.Kind() != kind || client.Name != "App "+string(kind) {
				t.Fatalf("%s: %+v", p.URL, client)
			}
			secret := p.Doc.Find("[data-select]").Text()
			if (secret != "") != c.secret || (len(client.Secrets) == 1) != c.secret {
				t.Fatalf("the secret is %q, %d are kept", secret, len(client.Secrets))
			}
			c.try(t, id, secret)
			if !c.secret {
				if p.Path() != clientAt(id, "snippets") {
					t.Errorf("a client without a secret leads to %s", p.URL)
				}
				return
			}
			if again := b.Get(p.URL.RequestURI()); strings.Contains(again.Body, secret) {
				t.Error("the secret is shown a second time")
			} else {
				says(t, again, "The secret was shown before")
			}
		})
	}
}

func TestWizardAddsRows(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	b.Get("/admin/clients/new?kind=web")
	before := h.changed()
	b.Submit("main form", url.Values{
		"client_name": {"Wiki"}, "redirect_uris": {"https://wiki.example/cb"}, "add": {"redirect_uris"},
	})
	p := b.Submit("main form", url.Values{"redirect_uris": {"https://wiki.example/cb", "https://wiki.example/two"}, "add": {"redirect_uris"}})
	rows := p.Doc.Find("main input[name=redirect_uris]")
	if p.Path() != "/admin/clients/new" || p.URL.Query().Get("kind") != "web" || rows.Length() != 3 {
		t.Fatalf("%s has %d rows", p.URL, rows.Length())
	}
	if got := rows.First().AttrOr("value", ""); got != "https://wiki.example/cb" || p.Doc.Find("[role=alert]").Length() > 0 {
		t.Errorf("the first row is %q; %s", got, p.Doc.Find("[role=alert]").Text())
	}
	if got := p.Doc.Find("main input[name=client_name]").AttrOr("value", ""); got != "Wiki" {
		t.Errorf("the name is %q", got)
	}
	if focus := p.Doc.Find("[autofocus]"); focus.Length() != 1 || !focus.IsSelection(rows.Last()) {
		t.Error("the focus is not on the new row")
	}
	if h.changed() != before {
		t.Error("something was made")
	}
	// Enter presses the first button of the form: it is the one that creates.
	if first := p.Doc.Find("main form button").First(); first.AttrOr("name", "") == "add" {
		t.Error("Enter adds a row instead of sending the form")
	}
	b.Submit("main form", nil)
	page, err := h.Stores.Clients.ListClients(t.Context(), "", 100)
	must(t, err)
	for _, c := range page {
		if c.Name == "Wiki" && strings.Join(c.RedirectURIs, " ") == "https://wiki.example/cb https://wiki.example/two" {
			return
		}
	}
	t.Error("no client has both addresses")
}

// TestWizardRefuses: whatever is wrong is told at its field, nothing is lost and nothing is made.
func TestWizardRefuses(t *testing.T) {
	h := newHouse(t)
	h.client("taken", idp.ClientMachine)
	b := h.As(t, webtest.Admin)
	long := "https://wiki.example/" + strings.Repeat("x", 2000)
	for name, c := range map[string]struct {
		kind  string
		form  url.Values
		field string
		text  string
	}{
		"no address":        {"web", nil, "redirect_uris", "at least one address"},
		"rows of nothing":   {"web", url.Values{"redirect_uris": {"", "  "}}, "redirect_uris", "at least one address"},
		"not an address":    {"web", url.Values{"redirect_uris": {"wiki"}}, "redirect_uris", "isn't a full address"},
		"plain http":        {"web", url.Values{"redirect_uris": {"http://wiki.example/cb"}}, "redirect_uris", "must begin with https://"},
		"wildcard":          {"spa", url.Values{"redirect_uris": {"https://*.example/cb"}}, "redirect_uris", "wildcard"},
		"fragment":          {"spa", url.Values{"redirect_uris": {"https://wiki.example/#cb"}}, "redirect_uris", "after #"},
		"too long":          {"web", url.Values{"redirect_uris": {long}}, "redirect_uris", "is too long"},
		"scheme, no dot":    {"native", url.Values{"redirect_uris": {"myapp:/cb"}}, "redirect_uris", "a scheme that has a dot"},
		"script":            {"web", url.Values{"redirect_uris": {"javascript:alert(1)"}}, "redirect_uris", "must begin with https://"},
		"sign-out address":  {"web", url.Values{"redirect_uris": {"https://a.example/"}, "post_logout_redirect_uris": {"bye"}}, "post_logout_redirect_uris", "isn't a full address"},
		"taken ID":          {"machine", url.Values{"client_id": {"taken"}}, "client_id", "This is taken."},
		"built-in ID":       {"machine", url.Values{"client_id": {idp.ClientGatehouse}}, "client_id", "This is taken."},
		"ID of an address":  {"machine", url.Values{"client_id": {"new"}}, "client_id", "can't be used as a name here"},
		"ID of wrong form":  {"machine", url.Values{"client_id": {"a b/../c"}}, "client_id", "begin with a letter or digit"},
		"not a scope":       {"machine", url.Values{"more_scopes": {`a"b`}}, "more_scopes", "can't be a scope"},
		"name is too long":  {"machine", url.Values{"client_name": {strings.Repeat("ä", 501)}}, "client_name", "at most 500 characters"},
		"name with control": {"machine", url.Values{"client_name": {"a\tb"}}, "client_name", "control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.changed()
			b.Get("/admin/clients/new?kind=" + c.kind)
			form := url.Values{"client_name": {"Kept <b>"}}
			for k, v := range c.form {
				form[k] = v
			}
			p := b.Submit("main form", form)
			hasFault(t, p, c.field, c.text)
			if p.URL.Query().Get("kind") != c.kind {
				t.Errorf("another form is shown: %s", p.URL)
			}
			for k, v := range c.form {
				if got := p.Doc.Find("main [name='"+k+"']").First().AttrOr("value", ""); got != v[0] && strings.TrimSpace(v[0]) != "" {
					t.Errorf("%s is %q", k, got)
				}
			}
			if h.changed() != before {
				t.Error("something was made")
			}
		})
	}
	if p := b.Post("/admin/clients", url.Values{"kind": {"web"}}); p.Status != http.StatusBadRequest && !p.Has("This page was open for a long time") {
		t.Errorf("a form of nowhere: %d", p.Status)
	}
	b.Get("/admin/clients/new?kind=machine")
	if p := b.Submit("main form", url.Values{"kind": {"toaster"}}); p.Status != http.StatusBadRequest {
		t.Errorf("a kind that there is not: %d %s", p.Status, p.URL)
	}
}

// TestWizardCountsOnce: a form that is sent twice makes one client.
func TestWizardCountsOnce(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	b.Get("/admin/clients/new?kind=machine")
	action, form := b.Form("main form")
	form.Set("client_name", "Twice")
	first, second := b.Post(action, form), b.Post(action, form)
	if first.Path() != second.Path() {
		t.Errorf("they lead to %s and %s", first.URL, second.URL)
	}
	page, err := h.Stores.Clients.QueryClients(t.Context(), idp.ClientQuery{ListQuery: idp.ListQuery{Text: "Twice", Limit: 10}})
	must(t, err)
	if len(page.Items) != 1 {
		t.Errorf("%d clients were made", len(page.Items))
	}
	secret := first.Doc.Find("[data-select]").Text()
	if secret == "" || strings.Contains(second.Body, secret) {
		t.Error("the secret is not shown exactly once")
	}
}

func TestClientsList(t *testing.T) {
	h := newHouse(t)
	h.client("alpha", idp.ClientWeb, func(n *oauth.NewClient) { n.Name = "=HYPERLINK(1)" })
	h.client("beta", idp.ClientSPA)
	h.client("gamma", idp.ClientMachine)
	must(t, h.Admin.Clients.SetDisabled(t.Context(), "gamma", true))
	for _, who := range []string{webtest.Admin, webtest.Reader} {
		b := h.As(t, who)
		for query, want := range map[string]string{
			"":                               "alpha beta gamma gatehouse-api",
			"?sort=-client_id":               "gatehouse-api gamma beta alpha",
			"?kind=spa":                      "beta",
			"?kind=resource":                 "gatehouse-api",
			"?status=disabled":               "gamma",
			"?status=enabled&q=ETA":          "beta",
			"?q=nobody":                      "",
			"?q=" + strings.Repeat("x", 600): "",
			"?kind=toaster&status=odd":       "alpha beta gamma gatehouse-api",
		} {
			p := b.Get("/admin/clients" + query)
			var got []string
			for _, row := range p.Doc.Find("tbody tr").EachIter() {
				got = append(got, strings.TrimPrefix(row.Find("th a").AttrOr("href", ""), "/admin/clients/"))
			}
			if query == "" { // by name
				want = "alpha beta gamma gatehouse-api"
			}
			if p.Status != http.StatusOK || strings.Join(got, " ") != want {
				t.Errorf("%s %s: %d %q", who, query, p.Status, got)
			}
		}
		for _, broken := range []string{"?sort=secret", "?after=rubbish", "?sort=x&after=y&q=beta"} {
			if p := b.Get("/admin/clients" + broken); p.Status != http.StatusOK || p.URL.Query().Has("sort") || p.URL.Query().Has("after") {
				t.Errorf("%s: %d %s", broken, p.Status, p.URL)
			}
		}
		p := b.Get("/admin/clients")
		if got := p.Doc.Find("#discovery").Text(); got != h.URL+"/.well-known/openid-configuration" {
			t.Errorf("the discovery address is %q", got)
		}
		if found := controls(p); (len(found) > 0) != (who == webtest.Admin) {
			t.Errorf("%s is offered %v", who, found)
		}
	}
}

func TestClientsCSV(t *testing.T) {
	h := newHouse(t)
	h.client("alpha", idp.ClientWeb, func(n *oauth.NewClient) { n.Name = "=HYPERLINK(1)" })
	h.client("beta", idp.ClientSPA)
	b := h.As(t, webtest.Reader)
	before := h.last()
	p := b.Get("/admin/clients.csv?q=a&sort=client_id")
	rows, err := csv.NewReader(strings.NewReader(p.Body)).ReadAll()
	must(t, err)
	if len(rows) != 4 || rows[1][0] != "alpha" || rows[1][1] != "'=HYPERLINK(1)" || rows[1][7] != "https://alpha.example/cb" || rows[2][0] != "beta" {
		t.Errorf("%q", rows)
	}
	if strings.Contains(p.Body, secretOf("alpha")) || p.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%s\n%s", p.Header.Get("Content-Type"), p.Body)
	}
	h.recorded(before, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionClientsExport && e.ActorName == webtest.Reader && strings.Contains(e.Target.Name, "q=a")
	})
}
