package oauth

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Guessing the secret of a client is limited per client and network (RFC 6749
// §2.3.1): so many wrong ones at once, then one each guessRefill. Generated
// secrets need no such limit; those that operators choose may. It is kept by
// each instance for itself, so that a request without a wrong secret before it
// costs nothing.
const (
	guessBurst  = 200
	guessRefill = 5 * time.Second
	maxGuessers = 4096 // the longest unseen is forgotten
)

// guesses counts wrong client secrets.
type guesses struct {
	limits *lru.Cache[guesser, *rate.Limiter]
	now    func() time.Time
}

// guesser is a client that is guessed at, and from where.
type guesser struct {
	clientID string
	network  netip.Prefix // an IPv4 address, or an IPv6 /64
}

func newGuesses(now func() time.Time) (*guesses, error) {
	limits, err := lru.New[guesser, *rate.Limiter](maxGuessers)
	return &guesses{limits: limits, now: now}, err
}

func guesserOf(clientID, ip string) guesser {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return guesser{clientID: clientID}
	}
	bits := 32
	if addr = addr.Unmap(); addr.Is6() {
		bits = 64
	}
	network, _ := addr.WithZone("").Prefix(bits) // the lengths fit
	return guesser{clientID, network}
}

// exhausted reports whether the guesser has to wait, so that not even the right secret is told apart.
func (g *guesses) exhausted(who guesser) bool {
	limit, known := g.limits.Get(who)
	return known && limit.TokensAt(g.now()) < 1
}

// wrong counts a wrong secret.
func (g *guesses) wrong(who guesser) {
	limit, known := g.limits.Get(who)
	if !known {
		limit = rate.NewLimiter(rate.Every(guessRefill), guessBurst)
		if before, raced, _ := g.limits.PeekOrAdd(who, limit); raced {
			limit = before
		}
	}
	limit.AllowN(g.now(), 1)
}
