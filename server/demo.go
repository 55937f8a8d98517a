package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse/account"
	"gatehouse/demo"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/pages"
)

// demoFile is what demo.env in the data folder says: shell assignments, so
// that examples can read it.
type demoFile struct {
	issuer                 string
	clientID, clientSecret string
	username, password     string
}

// demo makes the demo's client and user, the same ones as long as demo.env is
// there, and returns the demo relying party; nil when the demo is off.
func (m *Main) demo(ctx context.Context, renderer *pages.Renderer) (http.Handler, error) {
	if !m.cfg.Demo {
		return nil, m.warnOfDemo(ctx)
	}
	if err := prepareDataDir(m.cfg.DataDir); err != nil {
		return nil, err
	}
	path := m.cfg.dataFile("demo.env")
	d, err := readDemoFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		d, err = m.newDemo(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d.issuer = m.issuer
	// The file comes first: after a crash the next start goes on with the same secrets.
	if err := writeFile(path, d.text()); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if err := errors.Join(m.demoClient(ctx, d), m.demoUser(ctx, d)); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	client, err := m.demoHTTPClient()
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	m.log.always.Info("the demo is on; sign in at "+m.issuer+"/demo with this password", "username", d.username,
		"password", d.password, "client_id", d.clientID, "client_secret", d.clientSecret, "file", path)
	return demo.New(demo.Options{
		Issuer: m.issuer, ClientID: d.clientID, ClientSecret: d.clientSecret, Pages: renderer, HTTPClient: client,
	}), nil
}

// warnOfDemo tells of a demo that ran on this data folder before: whoever read
// demo.env, or the log of then, still gets in.
func (m *Main) warnOfDemo(ctx context.Context) error {
	path := m.cfg.dataFile("demo.env")
	d, err := readDemoFile(path)
	if err != nil {
		return nil // none here, or not ours
	}
	var left []string
	client, err := m.admin.ClientList.Client(ctx, d.clientID)
	switch {
	case err == nil && !client.Disabled && hasSecret(client, d.clientSecret):
		left = append(left, "gatehouse client delete "+d.clientID)
	case err != nil && !errors.Is(err, idp.ErrNotFound):
		return err
	}
	user, err := m.admin.UserList.UserByLogin(ctx, d.username)
	switch {
	case err == nil && user.Status == idp.UserActive:
		left = append(left, "gatehouse user delete "+d.username)
	case err != nil && !errors.Is(err, idp.ErrNotFound):
		return err
	}
	if len(left) > 0 {
		m.log.Warn("the demo of before can still sign in here; remove it with: "+strings.Join(left, "; "), "file", path)
	}
	return nil
}

// newDemo makes credentials under names that nobody has: a person or client
// that was there before is not taken over.
func (m *Main) newDemo(ctx context.Context) (demoFile, error) {
	d := demoFile{
		clientID: "demo", clientSecret: rand.Text() + rand.Text(),
		username: "demo", password: account.GeneratePassword(),
	}
	suffix := "-" + strings.ToLower(rand.Text()[:6])
	if _, err := m.admin.ClientList.Client(ctx, d.clientID); err == nil {
		d.clientID += suffix
	} else if !errors.Is(err, idp.ErrNotFound) {
		return d, err
	}
	if _, err := m.admin.UserList.UserByLogin(ctx, d.username); err == nil {
		d.username += suffix
	} else if !errors.Is(err, idp.ErrNotFound) {
		return d, err
	}
	return d, nil
}

// demoClient registers the client, or brings its addresses up to date.
func (m *Main) demoClient(ctx context.Context, d demoFile) error {
	want := demoClientRecord(d)
	have, err := m.admin.ClientList.Client(ctx, d.clientID)
	if err == nil && !hasSecret(have, d.clientSecret) {
		if err := m.admin.Clients.Delete(ctx, d.clientID); err != nil {
			return err
		}
		err = idp.ErrNotFound
	}
	if errors.Is(err, idp.ErrNotFound) {
		_, _, err = m.admin.Clients.Create(ctx, oauth.NewClient{Client: want, Secret: d.clientSecret})
		return err
	}
	if err != nil || slices.Equal(have.RedirectURIs, want.RedirectURIs) && !have.Disabled {
		return err
	}
	_, err = m.admin.Clients.Update(ctx, d.clientID, func(c *idp.Client) error {
		c.RedirectURIs, c.PostLogoutRedirectURIs, c.ClientURI = want.RedirectURIs, want.PostLogoutRedirectURIs, want.ClientURI
		c.Disabled = false
		return nil
	})
	return err
}

func demoClientRecord(d demoFile) idp.Client {
	return idp.Client{
		ID: d.clientID, Name: "Gatehouse demo", AuthMethod: idp.AuthMethodBasic,
		RedirectURIs:           []string{demo.RedirectURI(d.issuer)},
		PostLogoutRedirectURIs: []string{demo.PostLogoutRedirectURI(d.issuer)},
		GrantTypes:             idp.GrantTypes(), // all, the legacy password grant too, for the first curl
		Scopes:                 idp.StandardScopes(),
		RequirePKCE:            true,
		ClientURI:              d.issuer + "/demo",
	}
}

func hasSecret(c *idp.Client, secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	digest := hex.EncodeToString(sum[:])
	return slices.ContainsFunc(c.Secrets, func(s idp.ClientSecret) bool { return s.Digest == digest })
}

// demoUser makes the person, or gives back the password that demo.env names.
func (m *Main) demoUser(ctx context.Context, d demoFile) error {
	have, err := m.admin.UserList.UserByLogin(ctx, d.username)
	if errors.Is(err, idp.ErrNotFound) {
		_, err = m.admin.Users.Create(ctx, &idp.User{
			Username: d.username, Email: d.username + "@example.com", Name: "Ada Demo", GivenName: "Ada", FamilyName: "Demo",
			Roles: []string{idp.RoleUser},
		}, d.password)
		return err
	}
	if err != nil {
		return err
	}
	ok, err := m.admin.passwords.Verify(ctx, have.PasswordHash, d.password)
	if err != nil || ok {
		return err
	}
	return m.admin.Users.SetPassword(ctx, have.ID, d.password)
}

// demoHTTPClient trusts the certificate that Gatehouse itself serves, which on
// loopback is rarely one that the system trusts.
func (m *Main) demoHTTPClient() (*http.Client, error) {
	if !m.cfg.ServesTLS() {
		return nil, nil
	}
	pem, err := os.ReadFile(filepath.Clean(m.cfg.TLSCertFile))
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(pem)
	t := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, ForceAttemptHTTP2: true}
	return &http.Client{Transport: t, Timeout: 15 * time.Second}, nil
}
