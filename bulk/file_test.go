package bulk_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/oauth"
)

const whole = `# how it should be
roles:
  - name: editor
    description: May write
  - name: helpdesk
    permission: users
clients:
  - client_id: shop
    client_name: The shop
    redirect_uris: [https://shop.example.com/cb, https://shop.example.com/cb2]
    scope: openid profile email
    client_secret: env:SHOP_SECRET
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: ["https://spa.example.com/"]
    grant_types: [authorization_code, refresh_token]
    scope: openid offline_access
  - client_id: batch
    grant_types: [client_credentials]
    require_pkce: false
    disabled: true
settings:
  access_token_ttl: 15m
  signup: open
  password_min_length: 14
`

// parse reads a file that is as it should be.
func parse(t *testing.T, text string) *bulk.File {
	t.Helper()
	f, err := bulk.ParseFile([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

// steps plans and returns what is to do, as "verb kind id".
func (h *house) steps(t *testing.T, f *bulk.File, prune bool) (names []string, steps []*bulk.Step) {
	t.Helper()
	steps, err := h.keeper.Plan(t.Context(), f, prune)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		names = append(names, s.Verb+" "+s.Kind+" "+s.ID)
	}
	return names, steps
}

// make applies a file and returns the secrets that were generated.
func (h *house) make(t *testing.T, f *bulk.File, prune bool) map[string]string {
	t.Helper()
	names, steps := h.steps(t, f, prune)
	done, err := h.keeper.Apply(t.Context(), steps)
	if err != nil || len(done) != len(names) {
		t.Fatalf("%d of %q done: %v", len(done), names, err)
	}
	secrets := map[string]string{}
	for _, s := range done {
		if s.Secret != "" {
			secrets[s.ID] = s.Secret
		}
	}
	if again, _ := h.steps(t, f, prune); len(again) > 0 {
		t.Errorf("after apply there is still to do: %q", again)
	}
	return secrets
}

func TestApply(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.env["SHOP_SECRET"] = "a secret of the shop's own"
		f := parse(t, whole)
		names, _ := h.steps(t, f, false)
		want := []string{"create role editor", "create role helpdesk", "create client shop", "create client spa", "create client batch", "update settings settings"}
		if !slices.Equal(names, want) {
			t.Fatalf("plan: %q, want %q", names, want)
		}
		if h.events(t, "") > 0 {
			t.Error("a plan changed something")
		}
		secrets := h.make(t, f, false)
		if len(secrets) != 1 || len(secrets["batch"]) < 32 {
			t.Errorf("secrets shown: %v, want that of batch alone", secrets)
		}
		shop, err := h.Clients.Client(t.Context(), "shop")
		if err != nil || !shop.RequirePKCE || !slices.Equal(shop.GrantTypes, []string{"authorization_code"}) || len(shop.Secrets) != 1 {
			t.Errorf("shop: %+v %v", shop, err)
		}
		batch, err := h.Clients.Client(t.Context(), "batch")
		if err != nil || !batch.Disabled || batch.RequirePKCE {
			t.Errorf("batch: %+v %v", batch, err)
		}
		if s := h.keeper.Settings.Current(); s.Signup != idp.SignupOpen || s.PasswordMinLength != 14 || s.AccessTokenTTL.Minutes() != 15 {
			t.Errorf("settings: %+v", s)
		}
		for action, n := range map[string]int{idp.ActionRoleCreate: 2, idp.ActionClientCreate: 3, idp.ActionSettingsUpdate: 1} {
			if got := h.events(t, action); got != n {
				t.Errorf("%d events %s, want %d", got, action, n)
			}
		}

		// A change of the file changes that and nothing else.
		f = parse(t, strings.NewReplacer("The shop", "Our shop", "disabled: true", "disabled: false", "15m", "20m", "users", "read").Replace(whole))
		names, steps := h.steps(t, f, false)
		if want := []string{"update role helpdesk", "update client shop", "update client batch", "update settings settings"}; !slices.Equal(names, want) {
			t.Errorf("plan: %q, want %q", names, want)
		}
		if c := steps[1].Changes; len(c) != 1 || c[0] != (idp.Change{Field: "client_name", Before: "The shop", After: "Our shop"}) {
			t.Errorf("changes of the shop: %+v", c)
		}
		if c := steps[3].Changes; len(c) != 1 || c[0] != (idp.Change{Field: "access_token_ttl", Before: "15m", After: "20m"}) {
			t.Errorf("changes of the settings: %+v", c)
		}
		delete(h.env, "SHOP_SECRET") // is needed no more
		h.make(t, f, false)
		if now, err := h.Clients.Client(t.Context(), "shop"); err != nil || now.Secrets[0] != shop.Secrets[0] {
			t.Errorf("the secret of the shop was changed: %v", err)
		}
	})
}

func TestExportThenApplyElsewhere(t *testing.T) {
	from, to := newHouse(t), newHouse(t)
	from.env["SHOP_SECRET"] = "a secret of the shop's own"
	from.make(t, parse(t, whole), false)
	for _, h := range []*house{from, to} {
		if err := h.keeper.Clients.EnsureGatehouse(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.roles.WithRoles(t.Context(), []string{idp.RoleAdmin, idp.RoleUser}, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	exported, err := from.keeper.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := exported.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"secret", "session_ttl: ", "logo", idp.ClientGatehouse, "name: Admin", "name: User"} {
		if strings.Contains(strings.ReplaceAll(string(text), "client_secret_basic", ""), not) {
			t.Errorf("the file holds %q:\n%s", not, text)
		}
	}
	f := parse(t, string(text))
	if names, _ := from.steps(t, f, true); len(names) > 0 {
		t.Errorf("to make of a house what it is, there is to do: %q", names)
	}
	to.make(t, f, true)
	second, err := to.keeper.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := second.YAML(); err != nil || string(again) != string(text) {
		t.Errorf("%v, came back as\n%s, was\n%s", err, again, text)
	}
}

func TestPrune(t *testing.T) {
	h := newHouse(t)
	h.env["SHOP_SECRET"] = "a secret of the shop's own"
	h.make(t, parse(t, whole), false)
	if err := h.keeper.Clients.EnsureGatehouse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.roles.WithRoles(t.Context(), []string{idp.RoleAdmin, idp.RoleUser}, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	// A list that is not there is left alone, and without prune everything is.
	for text, prune := range map[string]bool{"": true, "settings: {signup: open}": true, "roles:\nclients:\n": true, "roles: []\nclients: []\n": false} {
		if names, _ := h.steps(t, parse(t, text), prune); len(names) > 0 {
			t.Errorf("%q: %q", text, names)
		}
	}
	const less = "roles: [{name: editor, description: May write}]\nclients: [{client_id: batch, grant_types: [client_credentials], require_pkce: false, disabled: true}]\n"
	names, _ := h.steps(t, parse(t, less), true)
	if want := []string{"delete client shop", "delete client spa", "delete role helpdesk"}; !slices.Equal(names, want) {
		t.Errorf("plan: %q, want %q", names, want)
	}
	h.make(t, parse(t, less), true)

	// A role that people hold stays, and stops everything before it begins.
	h.take(t, "username,roles\nada,editor\n", bulk.ImportOptions{})
	_, err := h.keeper.Plan(t.Context(), parse(t, "roles: [{name: fresh}]\n"), true)
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "editor") {
		t.Errorf("a role that ada holds: %v", err)
	}

	h.make(t, parse(t, "clients: []\n"), true)
	page, err := h.Clients.QueryClients(t.Context(), idp.ClientQuery{})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != idp.ClientGatehouse {
		t.Errorf("left: %v %v", page.Items, err)
	}
}

// Every fault is told with its place, and nothing is changed.
func TestFileFaults(t *testing.T) {
	h := newHouse(t)
	h.env["SHORT"] = "short"
	for name, c := range map[string]struct {
		text  string
		wants []string
	}{
		"no YAML": {"roles: [", []string{"cannot be read"}},
		"unknown members": {
			"users: []\nroles: [{name: a, color: red}]\nclients: [{client_id: a}, {clientid: b, color: red}]",
			[]string{"users: is unknown", "roles[0].color: is unknown", "clients[1].clientid: is unknown", "clients[1].color: is unknown"},
		},
		"wrong type":         {"roles: [{name: {a: b}}]", []string{"cannot be read"}},
		"two documents":      {"roles: []\n---\nclients: []\n", []string{"more than one document"}},
		"two marks":          {"---\nroles: []\n--- \nclients: []\n", []string{"more than one document"}},
		"names twice":        {"roles: [{name: a}, {name: a}]\nclients: [{client_id: a}, {client_id: a}]", []string{"roles[1].name: is there twice", "clients[1].client_id: is there twice"}},
		"key twice":          {"roles: []\nroles: []", []string{"already"}},
		"built in":           {"roles: [{name: Admin}]\nclients: [{client_id: " + idp.ClientGatehouse + "}]", []string{"roles[0].name: is built in", "clients[0].client_id: is built in"}},
		"bad role":           {"roles: [{name: ok}, {name: not ok, permission: god}]", []string{"roles[1].name", "roles[1].permission"}},
		"bad client":         {"clients: [{client_id: a, redirect_uris: ['http://a.example/cb'], scope: '\"'}]", []string{"clients[0].redirect_uris", "clients[0].scope"}},
		"a secret in it":     {"clients: [{client_id: a, client_secret: hunter2}]", []string{"clients[0].client_secret: must not stand in the file"}},
		"variable not set":   {"roles: [{name: a}]\nclients: [{client_id: a, client_secret: 'env:NOT_SET'}]", []string{"clients[0].client_secret: the variable NOT_SET is not set"}},
		"secret too short":   {"roles: [{name: a}]\nclients: [{client_id: a, client_secret: 'env:SHORT'}, {client_id: b, client_secret: 'env:NOT_SET'}]", []string{"clients[0].client_secret: must be at least", "clients[1].client_secret"}},
		"unknown setting":    {"settings: {colour: red}", []string{"settings.colour"}},
		"bad settings":       {"settings: {signup: perhaps, access_token_ttl: 5}", []string{"settings.signup", "settings.access_token_ttl"}},
		"set by environment": {"settings: {session_ttl: 1h}", []string{"settings.session_ttl: is set by the variable GATEHOUSE_SESSION_TTL"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := bulk.ParseFile([]byte(c.text))
			if err == nil {
				_, err = h.keeper.Plan(t.Context(), f, false)
			}
			var invalid *idp.InvalidError
			var bad *bulk.FileError
			if !errors.As(err, &invalid) && !errors.As(err, &bad) {
				t.Fatalf("%v is not of the file", err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the secret is repeated")
			}
		})
	}
	if h.events(t, "") > 0 {
		t.Error("something was changed")
	}
}

// The file that the documentation shows is one.
func TestDocumentedFile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "configuration-file.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	shown, _, _ := strings.Cut(rest, "```")
	h := newHouse(t)
	h.env["SHOP_SECRET"] = "a secret of the shop's own"
	f := parse(t, shown)
	if len(f.Roles) != 2 || len(f.Clients) != 3 || len(f.Settings) != 2 {
		t.Errorf("shown: %+v", f)
	}
	h.make(t, f, false)
}

// What fails in the middle leaves told what was done.
func TestApplyStopsAtAFault(t *testing.T) {
	h := newHouse(t)
	_, steps := h.steps(t, parse(t, "clients: [{client_id: one, grant_types: [client_credentials]}, {client_id: two}, {client_id: three}]"), false)
	if _, _, err := h.keeper.Clients.Create(t.Context(), oauth.NewClient{Client: idp.Client{ID: "two"}}); err != nil {
		t.Fatal(err)
	}
	done, err := h.keeper.Apply(t.Context(), steps)
	var taken *idp.ConflictError
	if !errors.As(err, &taken) || !strings.Contains(err.Error(), "create client two") || len(done) != 1 || done[0].Secret == "" {
		t.Errorf("done %v, %v", done, err)
	}
	if _, err := h.Clients.Client(t.Context(), "three"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("three: %v", err)
	}
}
