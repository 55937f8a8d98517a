package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"testing"

	"gatehouse/idp"
)

func TestRedirectRegistered(t *testing.T) {
	registered := []string{"https://a.example/cb", "http://127.0.0.1/cb?x=1", "http://[::1]:80/cb", "http://localhost:9/cb", "app.example:/cb"}
	for _, c := range []struct {
		uri             string
		public, private bool
	}{
		{"https://a.example/cb", true, true},
		{"https://a.example/cb/", false, false},
		{"https://a.example:8443/cb", false, false},
		{"app.example:/cb", true, true},
		{"http://127.0.0.1/cb?x=1", true, true},
		{"http://127.0.0.1:5/cb?x=1", true, false},
		{"http://127.0.0.1:65535/cb?x=1", true, false},
		{"http://127.0.0.1:5/cb?x=2", false, false},
		{"http://127.0.0.1:5/cb", false, false},
		{"http://127.0.0.1:/cb?x=1", false, false},
		{"http://127.0.0.1:5x/cb?x=1", false, false},
		{"http://127.0.0.1:123456/cb?x=1", false, false},
		{"http://127.0.0.1.evil.example/cb?x=1", false, false},
		{"http://127.0.0.1:5\\@evil.example/cb?x=1", false, false},
		{"http://u@127.0.0.1:5/cb?x=1", false, false},
		{"http://[::1]:81/cb", true, false},
		{"http://[::1]/cb", true, false},
		{"http://[0:0:0:0:0:0:0:1]:81/cb", false, false},
		{"http://::1:81/cb", false, false},
		{"http://[127.0.0.1]:5/cb?x=1", false, false},
		{"http://localhost:10/cb", false, false},
		{"http://localhost:9/cb", true, true},
		{"", false, false},
	} {
		for method, want := range map[string]bool{idp.AuthMethodNone: c.public, idp.AuthMethodBasic: c.private} {
			if got := redirectRegistered(&idp.Client{AuthMethod: method, RedirectURIs: registered}, c.uri); got != want {
				t.Errorf("%s for %s: %v, want %v", c.uri, method, got, want)
			}
		}
	}
}

func FuzzRedirect(f *testing.F) {
	client := &idp.Client{AuthMethod: idp.AuthMethodNone, RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]:7/cb?q", "https://a.example/cb"}}
	for _, s := range []string{"http://127.0.0.1:8/cb", "http://[::1]:9/cb?q", "http://127.0.0.1:8@x/cb", "https://a.example/cb", "http://127.0.0.1:8\\x/cb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !redirectRegistered(client, uri) || slices.Contains(client.RedirectURIs, uri) {
			return
		}
		// Whatever else passes must lead to a loopback address, read by a parser that is not ours.
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q passes and does not parse", uri)
		}
		addr, err := netip.ParseAddr(u.Hostname())
		if err != nil || !addr.IsLoopback() || u.Scheme != "http" || u.User != nil || u.Fragment != "" || u.Path != "/cb" {
			t.Fatalf("%q passes", uri)
		}
	})
}
