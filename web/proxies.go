package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the networks whose forwarding headers count.
type proxies []netip.Prefix

func (p proxies) trusts(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// origin is where a request came from.
type origin struct {
	ip string // "" when the peer has no IP address
	// relayed says that the peer is a trusted proxy, so its headers count.
	relayed bool
	https   bool
}

// origin finds the client's address: the peer, or, when the peer is a trusted
// proxy, the rightmost entry of X-Forwarded-For that no trusted proxy has.
// What stands further left was written by strangers.
func (p proxies) origin(r *http.Request) origin {
	o := origin{https: r.TLS != nil}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return o
	}
	at := peer.Addr().Unmap().WithZone("")
	if len(p) > 0 && p.trusts(at) {
		o.relayed = true
		o.https = o.https || lastEntry(r.Header.Values("X-Forwarded-Proto")) == "https"
		at = p.client(at, r.Header.Values("X-Forwarded-For"))
	}
	o.ip = at.String()
	return o
}

// client walks X-Forwarded-For from the right. An entry that is no address
// ends the walk at the last proxy that could be believed.
func (p proxies) client(peer netip.Addr, headers []string) netip.Addr {
	entries := strings.Split(strings.Join(headers, ","), ",")
	for i := len(entries) - 1; i >= 0; i-- {
		a, err := parseForwarded(strings.TrimSpace(entries[i]))
		if err != nil {
			return peer
		}
		peer = a
		if !p.trusts(a) {
			return a
		}
	}
	return peer
}

// parseForwarded reads an entry of X-Forwarded-For; some proxies add the port.
func parseForwarded(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, perr := netip.ParseAddrPort(s)
		if perr != nil {
			return netip.Addr{}, err
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone(""), nil
}

// lastEntry returns the last entry of a comma-separated header: the nearest proxy's.
func lastEntry(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	h := headers[len(headers)-1]
	return strings.ToLower(strings.TrimSpace(h[strings.LastIndexByte(h, ',')+1:]))
}
