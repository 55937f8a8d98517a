package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"gatehouse/idp"
)

// redirectRegistered compares a redirect URI with the client's, as exact
// strings (RFC 9700 §4.1.3). The single exception is the port of a loopback IP
// literal of a public client (RFC 8252 §7.3); the name localhost gets none.
func redirectRegistered(client *idp.Client, uri string) bool {
	if slices.Contains(client.RedirectURIs, uri) {
		return true
	}
	if !client.IsPublic() {
		return false
	}
	asked, ok := withoutLoopbackPort(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(client.RedirectURIs, func(registered string) bool {
		have, ok := withoutLoopbackPort(registered)
		return ok && have == asked
	})
}

// isPrivateUse reports whether a registered redirect URI has a scheme of its
// own (RFC 8252 §7.1), which is not bound to one app as a host is to its owner.
func isPrivateUse(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http")
}

// withoutLoopbackPort cuts the port out of an http URI whose host is a loopback
// IP literal, leaving the rest as it was written. Everything else is not ok.
func withoutLoopbackPort(uri string) (string, bool) {
	const scheme = "http://"
	rest, ok := strings.CutPrefix(uri, scheme)
	if !ok {
		return "", false
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
		if port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" {
			return "", false
		}
	}
	literal := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	addr, err := netip.ParseAddr(literal)
	if err != nil || !addr.IsLoopback() || addr.Zone() != "" || addr.Is6() != strings.HasPrefix(host, "[") {
		return "", false
	}
	// What browsers read differently from us must not slip through.
	if parsed, err := url.Parse(uri); err != nil || parsed.User != nil || strings.ContainsAny(uri, "\\#") {
		return "", false
	}
	return scheme + host + tail, true
}
