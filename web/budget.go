package web

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// strangerDrafts is how many forms of nobody's a network may leave with us
// within draftLife: each is up to maxDraft of our store.
const strangerDrafts = 100

// maxNetworks is how many networks a Budget remembers.
const maxNetworks = 10_000

// Budget bounds what each network may make us keep. It is that of one instance.
type Budget struct {
	every    rate.Limit
	burst    int
	networks *lru.Cache[string, *rate.Limiter]
}

// NewBudget lets each network take so much within a window; what was taken comes back evenly.
func NewBudget(most int, window time.Duration) *Budget {
	networks, err := lru.New[string, *rate.Limiter](maxNetworks)
	if err != nil { // only for a size that is not positive
		panic(err)
	}
	return &Budget{every: rate.Limit(float64(most) / window.Seconds()), burst: most, networks: networks}
}

// Take takes n for the network of an address, or reports that it has not as much.
func (b *Budget) Take(ip string, n int, now time.Time) bool {
	network := ip
	if a, err := netip.ParseAddr(ip); err == nil && a.Is6() && !a.Is4In6() {
		p, _ := a.WithZone("").Prefix(64) // what one household holds; never too long for IPv6
		network = p.String()
	}
	fresh := rate.NewLimiter(b.every, b.burst)
	one, known, _ := b.networks.PeekOrAdd(network, fresh)
	if !known {
		one = fresh
	}
	return one.AllowN(now, n)
}

// mayLeaveDraft reports whether a form is kept: always somebody's, and a
// bounded number of nobody's. Of one that is not kept, the page is shown empty.
func (s *Site) mayLeaveDraft(c *gin.Context) bool {
	return Person(c).Is() || s.drafts.Take(RecordOf(c).IP, 1, s.Now())
}
