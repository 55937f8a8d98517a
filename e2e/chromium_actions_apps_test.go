package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp/kb"

	"gatehouse/idp"
	"gatehouse/oauth"
)

// clientActions are what an administrator does with applications.
func clientActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/admin/clients":                     addClients,
		"/admin/clients/:id":                 editClient,
		"/admin/clients/:id/logo":            uploadLogo,
		"/admin/clients/:id/logo/remove":     removeLogo,
		"/admin/clients/:id/rotate":          rotateSecret,
		"/admin/clients/:id/drop-old-secret": dropSecret,
		"/admin/clients/:id/duplicate":       duplicateClient,
		"/admin/clients/:id/disable":         disableClient,
		"/admin/clients/:id/enable":          enableClient,
		"/admin/clients/:id/revoke-tokens":   revokeTokensOfClient,
		"/admin/clients/:id/delete":          deleteClient,
	}
}

// tokenActions are what an administrator does with tokens and keys.
func tokenActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/admin/tokens/revoke":    revokeTokens,
		"/admin/tokens/inspect":   inspectToken,
		"/admin/keys/rotate":      rotateKeys,
		"/admin/keys/:kid/revoke": revokeKey,
	}
}

// settingActions are what an administrator does with the settings.
func settingActions() map[string]func(*actions) {
	return map[string]func(*actions){
		"/admin/settings/:section": changeSettings,
		"/admin/settings/logo":     settingsLogo,
	}
}

// client is an application as the store has it, nil when there is none.
func (w *actions) client(id string) *idp.Client {
	w.t.Helper()
	found, err := w.stores.Clients.QueryClients(w.t.Context(), idp.ClientQuery{ListQuery: idp.ListQuery{Text: id, Limit: 100}})
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(found.Items, func(c *idp.Client) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return found.Items[i]
}

// works reports whether a secret is the application's.
func (w *actions) works(id, secret string) bool {
	w.t.Helper()
	r := w.post(w.t, app{&idp.Client{ID: id, AuthMethod: idp.AuthMethodBasic}, secret}, "/oauth2/revoke", url.Values{"token": {"x"}})
	return r.status == http.StatusOK
}

func addClients(w *actions) {
	p := w.boss
	second := map[idp.ClientKind]string{idp.ClientWeb: "https://two.example/cb", idp.ClientSPA: "https://two.example/cb", idp.ClientNative: "http://127.0.0.1/cb"}
	for _, kind := range idp.ClientKinds() {
		id := unique(string(kind))
		p.visit("/admin/clients")
		p.push("main a[href='/admin/clients/new']", "/admin/clients/new")
		p.push("main a[href='/admin/clients/new?kind="+string(kind)+"']", "/admin/clients/new")
		p.fill(p.tab, "#f-client_name", "Wiki "+id)
		people := second[kind] != ""
		if people {
			p.push(sentBy("/admin/clients"), "/admin/clients/new") // the address is missing
			p.fill(p.tab, "input[name=redirect_uris]", "https://wiki.example/cb")
			p.push("button[name=add][value=redirect_uris]", "/admin/clients/new")
			if got := ask[string](p.tab, `document.activeElement.name + document.activeElement.value`); got != "redirect_uris" {
				w.t.Errorf("%s: the new row has not the focus but %q", kind, got)
			}
			p.keys(second[kind])
		}
		p.unfold("form details > summary")
		p.fill(p.tab, "#f-client_id", id)
		p.send(sentBy("/admin/clients"), "/admin/clients/"+id)
		p.told()
		made := w.client(id)
		if made == nil || made.Kind() != kind || made.Name != "Wiki "+id || people && len(made.RedirectURIs) != 2 {
			w.t.Fatalf("%s: the store has %+v; %s", kind, made, p.where())
		}
		secret := p.text(".secret textarea")
		if made.IsPublic() != (secret == "") || secret != "" && !w.works(id, secret) {
			w.t.Errorf("%s: the secret %q does not work", kind, secret)
		}
		p.see()
	}
}

// register makes an application behind the console.
func (w *actions) register() app {
	w.t.Helper()
	return w.newPartyApp(w.t, w.party)
}

func clientAt(id string) string { return "/admin/clients/" + id }

func editClient(w *actions) {
	p, a := w.boss, w.register()
	to := clientAt(a.ID)
	p.visit("/admin/clients?q=" + a.ID)
	p.push("main th a[href='"+to+"']", to)
	p.fill(p.tab, "#f-client_name", "Team wiki")
	p.push("button[name=add][value=redirect_uris]", to)
	p.keys("https://wiki.example/#part")
	p.toggle("#f-skip_consent")
	p.toggle("input[name=scope][value=email]")
	p.choose("input[name=token_endpoint_auth_method][value=client_secret_post]", "input[name=token_endpoint_auth_method]")
	p.pick("#f-id_token_signed_response_alg", "ES256")
	p.push(sentBy(to), to)
	if w.client(a.ID).Name != a.Name || !p.has("[aria-invalid=true][name=redirect_uris]") || p.text("#f-client_name") != "Team wiki" {
		w.t.Errorf("an address with a part is taken, or what was typed is lost; %s", p.where())
	}
	p.fill(p.tab, "[aria-invalid=true][name=redirect_uris]", "https://wiki.example/cb")
	p.leave()
	p.keys(kb.Enter) // saves, and does not add a row
	p.at(to)
	p.told()
	is := w.client(a.ID)
	if is.Name != "Team wiki" || !slices.Contains(is.RedirectURIs, "https://wiki.example/cb") || !is.SkipConsent ||
		slices.Contains(is.Scopes, "email") || is.AuthMethod != idp.AuthMethodPost || is.IDTokenAlg != "ES256" {
		w.t.Errorf("the store has %+v; %s", is, p.where())
	}
}

// picture is a file with one.
func (w *actions) picture() string {
	w.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "logo.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func uploadLogo(w *actions) {
	p, a := w.boss, w.register()
	p.visit(clientAt(a.ID))
	p.attach("#f-logo", w.picture())
	p.done(sentBy(clientAt(a.ID)+"/logo"), clientAt(a.ID))
	logo := w.client(a.ID).Logo
	if logo == "" || !ask[bool](p.tab, `document.querySelector("img[src='/images/`+logo+`']").naturalWidth > 0`) {
		w.t.Errorf("the logo is %q, and is not shown; %s", logo, p.where())
	}
}

func removeLogo(w *actions) {
	p, a := w.boss, w.register()
	p.visit(clientAt(a.ID))
	p.attach("#f-logo", w.picture())
	p.done(sentBy(clientAt(a.ID)+"/logo"), clientAt(a.ID))
	p.done(form(clientAt(a.ID)+"/logo/remove")+"button", clientAt(a.ID))
	if logo := w.client(a.ID).Logo; logo != "" {
		w.t.Errorf("the logo is %q still", logo)
	}
}

func rotateSecret(w *actions) {
	p, a := w.boss, w.register()
	to := clientAt(a.ID)
	p.visit(to)
	p.push(".tabs a[href='"+to+"/secrets']", to+"/secrets")
	p.push("main a[href='"+to+"/rotate']", to+"/rotate")
	p.done(sentBy(to+"/rotate"), to+"/secrets")
	fresh := p.text(".secret textarea")
	if fresh == a.secret || !w.works(a.ID, fresh) || !w.works(a.ID, a.secret) {
		w.t.Errorf("the new secret %q does not work, or the old one not any more", fresh)
	}
	p.push(".secret a.button-main", to+"/snippets")
}

func dropSecret(w *actions) {
	p, a := w.boss, w.register()
	to := clientAt(a.ID)
	fresh, err := w.admin.Clients.RotateSecret(w.t.Context(), a.ID, "")
	if err != nil {
		w.t.Fatal(err)
	}
	p.visit(to + "/secrets")
	p.push("main a[href='"+to+"/drop-old-secret']", to+"/drop-old-secret")
	p.done(sentBy(to+"/drop-old-secret"), to+"/secrets")
	if w.works(a.ID, a.secret) || !w.works(a.ID, fresh) {
		w.t.Error("the old secret works still, or the new one not any more")
	}
}

func duplicateClient(w *actions) {
	p, a := w.boss, w.register()
	p.visit(clientAt(a.ID))
	p.send(form(clientAt(a.ID)+"/duplicate")+"button", "/admin/clients/")
	p.told()
	id := strings.Split(ask[string](p.tab, `location.pathname`), "/")[3]
	made := w.client(id)
	if made == nil || id == a.ID || !slices.Equal(made.RedirectURIs, a.RedirectURIs) || !w.works(id, p.text(".secret textarea")) {
		w.t.Errorf("the store has %+v; %s", made, p.where())
	}
}

func disableClient(w *actions) {
	p, a := w.boss, w.register()
	to := clientAt(a.ID)
	p.visit(to)
	p.done(form(to+"/disable")+"button", to)
	if !w.client(a.ID).Disabled || w.works(a.ID, a.secret) {
		w.t.Error("it works still")
	}
	p.done(".toast form button", to) // Undo
	if w.client(a.ID).Disabled || !w.works(a.ID, a.secret) {
		w.t.Error("undone, it does not work")
	}
}

func enableClient(w *actions) {
	p, a := w.boss, w.register()
	if err := w.admin.Clients.SetDisabled(w.t.Context(), a.ID, true); err != nil {
		w.t.Fatal(err)
	}
	p.visit(clientAt(a.ID))
	p.done("main "+form(clientAt(a.ID)+"/enable")+"button", clientAt(a.ID))
	if !w.works(a.ID, a.secret) {
		w.t.Error("it does not work")
	}
}

// granted gives an application tokens of a new person.
func (w *actions) granted(a app) (*idp.User, *reply) {
	w.t.Helper()
	u := w.newUser(w.t)
	return u, w.newBrowser(w.t).tokens(a, u.Username, "scope", "openid offline_access")
}

func revokeTokensOfClient(w *actions) {
	p, a := w.boss, w.register()
	_, tokens := w.granted(a)
	to := clientAt(a.ID)
	p.visit(to + "/tokens")
	p.push("main a[href='"+to+"/revoke-tokens']", to+"/revoke-tokens")
	p.done(sentBy(to+"/revoke-tokens"), to+"/tokens")
	if w.active(w.t, a, tokens.str("refresh_token")) {
		w.t.Error("the refresh token lives still")
	}
}

func deleteClient(w *actions) {
	p, a := w.boss, w.register()
	to := clientAt(a.ID) + "/delete"
	p.visit(clientAt(a.ID))
	w.longAgo(p.user)
	p.press("main a[href='"+to+"']", "/login")
	p.again(to)
	p.fill(p.tab, "#f-match", "something")
	p.push(sentBy(to), to)
	if w.client(a.ID) == nil {
		w.t.Fatal("another name is typed, and the client is gone")
	}
	p.fill(p.tab, "#f-match", a.ID)
	p.fill(p.tab, "#f-reason", "not used any more")
	w.longAgo(p.user) // while the page was open
	p.press(sentBy(to), "/login")
	p.again(to)
	p.done(sentBy(to), "/admin/clients")
	if is := w.client(a.ID); is != nil {
		w.t.Errorf("the store has %+v", is)
	}
}

// revokeTokens revokes one family, then two at once.
func revokeTokens(w *actions) {
	p, a := w.boss, w.register()
	var families []*reply
	for range 4 {
		_, tokens := w.granted(a)
		families = append(families, tokens)
	}
	living := func() (n int) {
		for _, f := range families {
			if w.active(w.t, a, f.str("refresh_token")) {
				n++
			}
		}
		return n
	}
	p.visit("/admin/tokens?client=" + a.ID)
	p.push("td.cell-act a[href^='/admin/tokens/revoke']", "/admin/tokens/revoke")
	p.done(sentBy("/admin/tokens/revoke"), "/admin/tokens")
	if n := living(); n != 3 {
		w.t.Errorf("%d of 3 live", n)
	}
	p.visit("/admin/tokens?client=" + a.ID)
	ids := ask[[]string](p.tab, `[...document.querySelectorAll("tbody input[name=id]")].map(e => e.value)`)
	if len(ids) != 3 {
		w.t.Fatalf("%d are listed; %s", len(ids), p.where())
	}
	p.chosen("/admin/tokens?client="+a.ID, "revoke", [2]string{ids[0], ids[1]}, "/admin/tokens/revoke")
	p.done(sentBy("/admin/tokens/revoke"), "/admin/tokens")
	if n := living(); n != 1 {
		w.t.Errorf("%d of 1 live", n)
	}
}

func inspectToken(w *actions) {
	p := w.boss
	u, tokens := w.granted(w.app)
	p.visit("/admin/tokens")
	p.push("main a[href='/admin/tokens/inspect']", "/admin/tokens/inspect")
	p.push(sentBy("/admin/tokens/inspect"), "/admin/tokens/inspect") // nothing is pasted
	p.paste("#f-token", tokens.str("access_token"))
	p.push(sentBy("/admin/tokens/inspect"), "/admin/tokens/inspect")
	p.wantText(u.ID)
	if p.text("#f-token") != "" {
		w.t.Error("the token is on the page")
	}
	p.push("main a[href^='/admin/tokens/revoke?id=']", "/admin/tokens/revoke")
	p.done(sentBy("/admin/tokens/revoke"), "/admin/tokens")
	w.wantActive(tokens, false)
}

// keysNow are the signing keys as the store has them.
func (w *actions) keysNow() map[string]oauth.KeyInfo {
	w.t.Helper()
	all, err := w.keyring(w.t).List(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]oauth.KeyInfo{}
	for _, k := range all {
		out[k.KID] = k
	}
	return out
}

func rotateKeys(w *actions) {
	p, before := w.boss, w.keysNow()
	p.visit("/admin/keys")
	p.push("main a[href='/admin/keys/rotate']", "/admin/keys/rotate")
	p.done(sentBy("/admin/keys/rotate"), "/admin/keys")
	changed := false
	for kid, k := range w.keysNow() {
		changed = changed || before[kid].State != k.State || (before[kid].ActivateAt == nil) != (k.ActivateAt == nil)
	}
	if !changed {
		w.t.Errorf("the keys are as before: %v", before)
	}
}

func revokeKey(w *actions) {
	p := w.boss
	p.visit("/admin/keys")
	to := ask[string](p.tab, `new URL(document.querySelector("td.cell-act a").href).pathname`)
	kid := strings.Split(to, "/")[3]
	w.longAgo(p.user)
	p.press("main a[href='"+to+"']", "/login")
	p.again(to)
	p.fill(p.tab, "#f-match", "a key")
	p.push(sentBy(to), to)
	if w.keysNow()[kid].RevokedAt != nil {
		w.t.Fatal("another name is typed, and the key is revoked")
	}
	p.fill(p.tab, "#f-match", kid)
	p.fill(p.tab, "#f-reason", "somebody may have seen it")
	p.done(sentBy(to), "/admin/keys")
	if w.keysNow()[kid].RevokedAt == nil {
		w.t.Errorf("the key lives; %s", p.where())
	}
}

// settings are the settings as the store has them.
func (w *actions) settings() map[string][]byte {
	w.t.Helper()
	saved, err := w.stores.Settings.Settings(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return saved.Values
}

func changeSettings(w *actions) {
	p := w.boss
	for _, c := range []struct {
		section, field, bad, good string
		saved                     map[string]string
	}{
		{"lifetimes", "access_token_ttl", "soon", "7m", map[string]string{"access_token_ttl": `"7m"`}},
		{"passwords", "password_min_length", "3", "14", map[string]string{"password_min_length": `14`}},
		{"branding", "product_name", "", "Mill ID", map[string]string{"product_name": `"Mill ID"`, "accent": `"#0a7d5a"`}},
		{"audit", "audit_retention_days", "-4", "90", map[string]string{"audit_retention": `"2160h"`}},
		{"signup", "", "", "", map[string]string{"signup": `"open"`}},
	} {
		to := "/admin/settings/" + c.section
		p.visit("/admin/settings")
		if c.section == "signup" {
			p.choose("input[name=signup][value=open]", "input[name=signup]")
		} else if c.bad != "" {
			p.fill(p.tab, "#f-"+c.field, c.bad)
			p.push(sentBy(to), "/admin/settings")
			if p.text("#f-"+c.field) != c.bad || !p.has("[role=alert] a[href='#f-"+c.field+"']") {
				w.t.Errorf("%s: what was typed is lost, or nothing is wrong; %s", c.section, p.where())
			}
		}
		if c.field != "" {
			p.fill(p.tab, "#f-"+c.field, c.good)
		}
		if c.section == "branding" {
			p.fill(p.tab, "#f-accent", "#0a7d5a")
			p.push("button[name=check]", "/admin/settings")
			if got := p.text("#f-" + c.field); got != c.good {
				w.t.Errorf("checking the colour loses the name: %q", got)
			}
		}
		p.done(sentBy(to), "/admin/settings")
		for name, want := range c.saved {
			if got := string(w.settings()[name]); got != want {
				w.t.Errorf("%s: the store has %s, want %s", name, got, want)
			}
		}
	}
}

func settingsLogo(w *actions) {
	p := w.boss
	p.visit("/admin/settings")
	p.attach("input[type=file]", w.picture())
	p.done(sentBy("/admin/settings/logo"), "/admin/settings")
	if got := string(w.settings()["logo"]); len(got) < 10 || !p.has("img.logo-large") {
		w.t.Errorf("the store has %s; %s", got, p.where())
	}
	p.done(form("/admin/settings/logo")+"button[name=remove]", "/admin/settings")
	if got := string(w.settings()["logo"]); got != `""` {
		w.t.Errorf("the store has %s", got)
	}
}

var _ = time.Now
