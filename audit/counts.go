package audit

import (
	"sync"
	"time"

	"gatehouse/idp"
)

type countKey struct {
	hour  time.Time
	kind  idp.TallyKind
	label string
}

// counts sums up what is counted until it is written.
type counts struct {
	mu   sync.Mutex
	sums map[countKey]int64
}

func (c *counts) add(k countKey, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sums[k] += n
}

// take returns the sums and begins anew.
func (c *counts) take() map[countKey]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	sums := c.sums
	c.sums = map[countKey]int64{}
	return sums
}
