package account

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"gatehouse/idp"
)

// Limit is a number of failed tries in a window that starts with the first.
type Limit struct {
	Tries  int
	Window time.Duration
}

func (l Limit) or(fallback Limit) Limit {
	if l.Tries <= 0 || l.Window <= 0 {
		return fallback
	}
	return l
}

// Limits bound the failed tries. The zero value of each means its default.
type Limits struct {
	Account     Limit // one login, from all strange browsers together; 10 in 15 minutes
	Browser     Limit // one person in one known browser; 10 in 15 minutes
	Network     Limit // one IPv4 address or IPv6 /64, over all logins; 100 in 15 minutes
	WideNetwork Limit // one IPv4 /24 or IPv6 /48; 1000 in 15 minutes
}

func (l Limits) withDefaults() Limits {
	const window = 15 * time.Minute
	l.Account = l.Account.or(Limit{10, window})
	l.Browser = l.Browser.or(Limit{10, window})
	l.Network = l.Network.or(Limit{100, window})
	l.WideNetwork = l.WideNetwork.or(Limit{1000, window})
	return l
}

// tries are the counters that one sign-in is held against.
type tries struct {
	network []idp.Attempt // the wide one first; none for a known browser
	account idp.Attempt
	known   bool // the known browser's own
}

// all lists them, the widest first.
func (t tries) all() []idp.Attempt { return append(slices.Clone(t.network), t.account) }

func (t tries) keys() []string {
	var keys []string
	for _, a := range t.all() {
		keys = append(keys, a.Key)
	}
	return keys
}

// ownTries are those of a browser in which the user signed in before, unless
// the password changed since: who held the old one must not have guesses at the
// new. u is nil when nobody has that login.
func (s *SignIn) ownTries(a Attempt, u *idp.User) (t tries, known bool) {
	if u == nil {
		return tries{}, false
	}
	key, seen, ok := s.o.Browsers.find(a.KnownBrowser, u.ID)
	if !ok || u.LastChangeAt != nil && seen.Before(u.LastChangeAt.Truncate(time.Second)) {
		return tries{}, false
	}
	return tries{account: attempt(key, s.o.Limits.Browser), known: true}, true
}

// strangerTries are those of everybody else.
func (s *SignIn) strangerTries(ip, login string) tries {
	narrow, wide := networks(ip)
	key := s.o.Browsers.throttleKey
	return tries{
		network: []idp.Attempt{
			attempt(key("wide", wide), s.o.Limits.WideNetwork),
			attempt(key("network", narrow), s.o.Limits.Network),
		},
		// The login and not the user: were a username and an address to share a
		// counter, the counter would tell that they are one account.
		account: attempt(key("login", login), s.o.Limits.Account),
	}
}

// ForgetTries clears the counters of the user's logins. Those of browsers that
// know the user cannot be found without their cookies, and need not be: out of
// tries, such a browser counts as a stranger. Those of networks stay.
func (k *KnownBrowsers) ForgetTries(ctx context.Context, store idp.ThrottleStore, u *idp.User) error {
	keys := []string{k.throttleKey("login", u.Username)}
	if u.Email != "" {
		keys = append(keys, k.throttleKey("login", u.Email))
	}
	return store.Clear(ctx, keys...)
}

func attempt(key string, l Limit) idp.Attempt {
	return idp.Attempt{Key: key, Limit: l.Tries, Window: l.Window}
}

// networks names the network of an address, narrow and wide. IPv6 is given out
// in /64 to a connection and /48 to a site, so one address means nothing
// there. What is no address shares one counter.
func networks(ip string) (narrow, wide string) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "none", "none"
	}
	a = a.Unmap().WithZone("")
	bits := [2]int{32, 24}
	if a.Is6() {
		bits = [2]int{64, 48}
	}
	return netip.PrefixFrom(a, bits[0]).Masked().String(), netip.PrefixFrom(a, bits[1]).Masked().String()
}
