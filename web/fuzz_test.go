package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzNextPath(f *testing.F) {
	for _, s := range []string{
		"/account", "/account?a=b", "//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil", "/%2f%2fevil", "/..//evil",
		"/.//evil", "javascript:x", "/a\nb", "/\u2028", "/@evil", "/:80", "?x", "", "/x#y", "/\x00",
	} {
		f.Add(s)
	}
	base, err := url.Parse("https://login.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := NextPath(s)
		if got == "" {
			return
		}
		if got != s {
			t.Fatalf("%q became %q", s, got)
		}
		// As browsers do (WHATWG URL): control characters and spaces at the ends
		// go, tabs and newlines everywhere, and \ is /.
		seen := strings.Trim(got, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
		seen = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(seen)
		if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
			t.Fatalf("%q can lead elsewhere", s)
		}
		u, err := base.Parse(seen)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("%q leads to %v (%v)", s, u, err)
		}
		if strings.ContainsAny(got, "\r\n\x00") || !utf8.ValidString(got) {
			t.Fatalf("%q cannot stand in a header", s)
		}
	})
}

func FuzzTokenForm(f *testing.F) {
	for _, s := range []string{
		"grant_type=client_credentials", "a=1&a=2", "a=%00", "a=%ff", "a=%zz", ";", "&&&", "=", "a=b=c", "%61=1&a=2", strings.Repeat("a=1&", 100),
	} {
		f.Add(s, formType)
	}
	f.Add("{}", "application/json")
	f.Add("a=1", "application/x-www-form-urlencoded; charset=utf-8")
	f.Add("a=1", "application/x-www-form-urlencoded; charset")
	s := &Site{}
	f.Fuzz(func(t *testing.T, body, contentType string) {
		r := httptest.NewRequest(http.MethodPost, "/oauth2/token?a=query", strings.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		form, err := s.ReadOnce(httptest.NewRecorder(), r)
		if err != nil {
			if f := failureOf(err); f.status < 400 || f.status > 499 {
				t.Fatalf("status %d for what a stranger sends: %v", f.status, err)
			}
			return
		}
		for name, values := range form {
			if len(values) != 1 || !isText(name) || !isText(values[0]) {
				t.Fatalf("%q: %q", name, values)
			}
			if values[0] == "query" && !strings.Contains(body, "query") {
				t.Fatal("a parameter of the URL was taken")
			}
		}
		// Nothing is lost: what was accepted is what encodes to the same.
		again, err := url.ParseQuery(form.Encode())
		if err != nil || len(again) != len(form) {
			t.Fatalf("%v %v", again, err)
		}
	})
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("1.2.3.4", "https")
	f.Add("1.2.3.4, 10.0.0.1", "http, https")
	f.Add(",,,", "")
	f.Add("[::1]:80, ::ffff:10.0.0.1, fe80::1%eth0", "HTTPS ")
	p := proxies{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, forwarded, proto string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["X-Forwarded-For"] = []string{forwarded}
		r.Header["X-Forwarded-Proto"] = []string{proto}
		o := p.origin(r)
		a, err := netip.ParseAddr(o.ip)
		if err != nil || a.Zone() != "" || a.Is4In6() {
			t.Fatalf("%q gave %q", forwarded, o.ip)
		}
		if o.ip == "192.0.2.1" || !strings.Contains(forwarded, ",") {
			return
		}
		// Whatever stands left of the rightmost address that is not ours does not matter.
		r.Header["X-Forwarded-For"] = []string{"9.9.9.9, " + forwarded}
		if again := p.origin(r); again.ip != o.ip && !p.trusts(a) {
			t.Fatalf("a stranger's entry changes %q to %q", o.ip, again.ip)
		}
	})
}
