package web

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxHolders is how many a Budget remembers. Whoever was not seen for longest is
// forgotten, and begins with all of it again.
const maxHolders = 20_000

// Budget bounds what each of many (a network, a person, a client) may take
// within a window. What was taken comes back evenly. It is that of one instance.
type Budget struct {
	every rate.Limit
	most  int
	of    *lru.Cache[string, *rate.Limiter]
}

// NewBudget lets each take so much within a window, all at once if they like.
func NewBudget(most int, window time.Duration) *Budget {
	of, err := lru.New[string, *rate.Limiter](maxHolders)
	if err != nil { // only for a size that is not positive
		panic(err)
	}
	return &Budget{every: rate.Limit(float64(most) / window.Seconds()), most: most, of: of}
}

// Of is what one of them has left.
func (b *Budget) Of(holder string) *rate.Limiter {
	if l, known := b.of.Get(holder); known {
		return l
	}
	l := rate.NewLimiter(b.every, b.most)
	if before, known, _ := b.of.PeekOrAdd(holder, l); known {
		return before
	}
	return l
}

// Network is what stands for a stranger: the address, of IPv6 the /64, which
// one household holds.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() || a.Is4In6() {
		return ip
	}
	p, _ := a.WithZone("").Prefix(64) // 64 is never too long for IPv6
	return p.String()
}
