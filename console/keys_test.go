package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

// published are the key IDs of the JWKS.
func (h *house) published() []string {
	h.t.Helper()
	p := h.Browser(h.t).Get("/.well-known/jwks.json")
	var set struct {
		Keys []struct{ Kid string }
	}
	must(h.t, json.Unmarshal([]byte(p.Body), &set))
	var out []string
	for _, k := range set.Keys {
		out = append(out, k.Kid)
	}
	return out
}

// standing is the state of each key on the page, by ID.
func standing(p *webtest.Page) map[string]string {
	out := map[string]string{}
	for _, row := range p.Doc.Find("main tbody tr").EachIter() {
		out[row.Find("th .mono").First().Text()] = row.Find(".badge").Text()
	}
	return out
}

func TestKeysPage(t *testing.T) {
	h := newHouse(t)
	for _, who := range []string{webtest.Admin, webtest.Reader} {
		p := h.As(t, who).Get("/admin/keys")
		says(t, p, "Active")
		for _, kid := range h.published() {
			if standing(p)[kid] == "" {
				t.Errorf("%s does not see %s", who, kid)
			}
		}
		if got := p.Doc.Find("#jwks").Text(); got != h.URL+"/.well-known/jwks.json" {
			t.Errorf("the address is %q", got)
		}
		if offered := p.Doc.Find("main a[href$='/revoke'], main a[href$='/rotate']").Length() > 0; offered != (who == webtest.Admin) {
			t.Errorf("%s: acts are offered: %v", who, offered)
		}
		if p.Has("older than it should be") {
			t.Error("a new key is called old")
		}
	}
}

func TestRotateKeys(t *testing.T) {
	h := newHouse(t)
	b := h.As(t, webtest.Admin)
	before := h.changed()
	p := b.Get("/admin/keys/rotate")
	says(t, p, "Apps that keep the published keys")
	if h.changed() != before {
		t.Error("the question alone rotated")
	}
	action, values := b.Form(form("/admin/keys/rotate"))
	says(t, b.Post(action, values), "The keys were rotated.")
	count := len(h.published())
	b.Post(action, values) // the same form again
	if again := len(h.published()); again != count {
		t.Errorf("%d keys, then %d: it rotated twice", count, again)
	}
	h.recorded(before, func(e *idp.AuditEvent) bool { return e.Action == idp.ActionKeyActivate && e.ActorName == webtest.Admin })
}

func TestRevokeKey(t *testing.T) {
	h := newHouse(t)
	h.client("job", idp.ClientMachine)
	h.client("checker", idp.ClientResource)
	token := h.machineToken("job", secretOf("job")).text("access_token")
	works := func(token string) bool {
		return h.protocol("/oauth2/introspect", "checker", secretOf("checker"), url.Values{"token": {token}}).body["active"] == true
	}
	if !works(token) {
		t.Fatal("the token does not work")
	}
	keys, err := h.Stores.Keys.Keys(t.Context())
	must(t, err)
	i := slices.IndexFunc(keys, func(k *idp.SigningKey) bool { return k.Alg == "ES256" && k.ActivateAt != nil })
	kid := keys[i].KID
	b := h.As(t, webtest.Admin)
	before := h.last()
	p := b.Get("/admin/keys/" + kid + "/revoke")
	says(t, p, "This can't be undone.", "The next key of its algorithm signs at once", kid)
	p = b.Submit(form("/admin/keys/"+kid+"/revoke"), url.Values{"match": {"ES256"}})
	hasFault(t, p, "match", "")
	h.stale(webtest.Admin)
	if p := b.Get("/admin/keys/" + kid + "/revoke"); p.Path() != "/login" {
		t.Errorf("an old sign-in is enough: %s", p.URL)
	}
	b.Submit("form[action^='/login']", url.Values{"password": {webtest.Password}})
	if !slices.Contains(h.published(), kid) || !works(token) {
		t.Fatal("it was revoked too early")
	}
	p = b.Submit(form("/admin/keys/"+kid+"/revoke"), url.Values{"match": {kid}, "reason": {"it leaked"}})
	says(t, p, "The key was revoked.")
	if standing(p)[kid] != "Revoked" || slices.Contains(h.published(), kid) || works(token) {
		t.Errorf("it lives: %v, its token works: %v", standing(p), works(token))
	}
	if next := h.machineToken("job", secretOf("job")); next.status != http.StatusOK || !works(next.text("access_token")) {
		t.Errorf("no other key signs: %+v", next)
	}
	h.recorded(before, func(e *idp.AuditEvent) bool {
		return e.Action == idp.ActionKeyRevoke && e.Target.ID == kid && e.Reason == "it leaked" && e.ActorName == webtest.Admin
	})
	says(t, b.Get("/admin/keys/"+kid+"/revoke"), "There is nothing to take back.")
	for _, path := range []string{"/admin/keys/nothing/revoke", "/admin/keys/" + strings.Repeat("x", 3000) + "/revoke"} {
		if p := b.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%.30s: %d", path, p.Status)
		}
	}
}
