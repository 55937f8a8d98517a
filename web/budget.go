package web

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// How many forms may be left with us within draftLife, each up to maxDraft of
// our store: by a network, of nobody's, and by a person.
const (
	strangerDrafts = 100
	personDrafts   = 300
)

// maxNetworks is how many networks, or people, a Budget remembers.
const maxNetworks = 10_000

// Budget bounds what each network, or person, may make us keep. It is that of one instance.
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

// Take takes n for the network of an address, or for somebody by ID, or reports that it has not as much.
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

// mayLeaveDraft reports whether a form is kept. Of one that is not, the page is
// shown as it was.
func (s *Site) mayLeaveDraft(c *gin.Context) bool {
	if who := Person(c); who.Is() {
		return s.ownDrafts.Take(who.User.ID, 1, s.Now())
	}
	return s.drafts.Take(RecordOf(c).IP, 1, s.Now())
}
