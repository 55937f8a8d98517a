package web

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// strangerDrafts is how many forms of nobody's a network may leave with us
	// within draftLife: each is up to maxDraft of our store.
	strangerDrafts = 100
	// maxNetworks is how many networks are remembered.
	maxNetworks = 10_000
)

// draftLimits counts the drafts of people who are not signed in, by network.
type draftLimits struct {
	networks *lru.Cache[string, *rate.Limiter]
}

func newDraftLimits() draftLimits {
	networks, err := lru.New[string, *rate.Limiter](maxNetworks)
	if err != nil { // only for a size that is not positive
		panic(err)
	}
	return draftLimits{networks}
}

func (l draftLimits) take(ip string, now time.Time) bool {
	network := ip
	if a, err := netip.ParseAddr(ip); err == nil && a.Is6() && !a.Is4In6() {
		p, _ := a.WithZone("").Prefix(64) // what one household holds; never too long for IPv6
		network = p.String()
	}
	fresh := rate.NewLimiter(rate.Every(draftLife/strangerDrafts), strangerDrafts)
	one, known, _ := l.networks.PeekOrAdd(network, fresh)
	if !known {
		one = fresh
	}
	return one.AllowN(now, 1)
}

// mayLeaveDraft reports whether a form is kept: always somebody's, and a
// bounded number of nobody's. Of one that is not kept, the page is shown empty.
func (s *Site) mayLeaveDraft(c *gin.Context) bool {
	return Person(c).Is() || s.draftLimits.take(RecordOf(c).IP, s.Now())
}
