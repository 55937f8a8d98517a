package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
)

// crawlData is what there is to see in a system that people use.
type crawlData struct {
	s      *system
	party  *party
	web    app       // of the party; the person allowed it, and has tokens of it
	person *idp.User // signed in here and there, with a zone of their own
	kid    string    // of a key that may be revoked
	logo   string    // a picture's file
	// people who cannot sign in now
	off, locked *idp.User
}

func newCrawlData(t *testing.T, s *system) *crawlData {
	t.Helper()
	d := &crawlData{s: s, party: newParty(t), person: s.newUser(t)}
	d.web = s.newPartyApp(t, d.party)
	if _, err := s.admin.Clients.RotateSecret(t.Context(), d.web.ID, ""); err != nil {
		t.Fatal(err)
	}
	d.people(t)
	d.clients(t)
	for range 2 {
		b := s.newBrowser(t)
		b.finish(b.authorize(authorization(d.web, "scope", "openid profile email offline_access")), d.person.Username)
	}
	b := s.newBrowser(t)
	code := b.code(d.web, d.person.Username)
	s.token(t, d.web, exchange(d.web, code)).want(t, 200, "")
	b.signIn(s.newBrowser(t).get("/login"), d.person.Username, "not this one")
	keys, err := s.stores.Keys.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.kid = keys[0].KID
	d.logo = filepath.Join(t.TempDir(), "logo.png")
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.logo, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// people are one of each condition.
func (d *crawlData) people(t *testing.T) {
	t.Helper()
	if _, err := d.s.admin.Roles.Create(t.Context(), &idp.Role{Name: "Helpdesk", Permission: idp.PermissionUsers}); err != nil {
		t.Fatal(err)
	}
	d.off, d.locked = d.s.newUser(t), d.s.newUser(t)
	if err := d.s.admin.Users.SetDisabled(t.Context(), d.off.ID, true); err != nil {
		t.Fatal(err)
	}
	for range idp.LockedFailures {
		if err := d.s.stores.Users.RecordSignIn(t.Context(), d.locked.ID, time.Now(), false); err != nil {
			t.Fatal(err)
		}
	}
}

// clients are one of each kind.
func (d *crawlData) clients(t *testing.T) {
	t.Helper()
	for kind, redirects := range map[idp.ClientKind][]string{
		idp.ClientSPA: {"https://spa.example/cb"}, idp.ClientNative: {"com.example.app:/cb"}, idp.ClientMachine: nil, idp.ClientResource: nil,
	} {
		c := oauth.NewClient{Client: d.s.admin.Clients.NewOfKind(kind).Client}
		c.ID, c.Name, c.RedirectURIs = "a-"+string(kind), "A "+string(kind), redirects
		if _, _, err := d.s.admin.Clients.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// starts are addresses that no link need lead to; what is linked from there is followed.
func (d *crawlData) starts() []string {
	client, user := "/admin/clients/"+d.web.ID, "/admin/users/"+d.person.ID
	return []string{
		"/admin", "/account", "/login", "/register", "/docs", "/logout", "/demo",
		client + "/secrets", client + "/snippets", client + "/test", client + "/tokens", client + "/rotate", client + "/revoke-tokens",
		client + "/drop-old-secret", client + "/delete", user + "/delete", "/admin/roles/Helpdesk/delete",
		"/admin/keys/" + d.kid + "/revoke", "/account/apps/" + d.web.ID + "/remove", "/account/data/delete",
	}
}

// variants are more addresses of pages that look different from record to record.
func (d *crawlData) variants() []string {
	out := []string{"/admin?range=30d", "/admin/users?q=nobody-has-this-name", "/admin/users/" + d.off.ID, "/admin/users/" + d.locked.ID + "/security"}
	for _, kind := range []string{"spa", "native", "machine", "resource"} {
		out = append(out, "/admin/clients/a-"+kind, "/admin/clients/a-"+kind+"/snippets", "/admin/clients/new?kind="+kind)
	}
	return append(out, "/admin/clients/"+idp.ClientGatehouse)
}
