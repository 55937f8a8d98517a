package account

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// queuePerSlot bounds the queue: at 24 ms a hash the last in it waits six
// seconds, after which a page is no longer waited for.
const queuePerSlot = 256

// gate bounds how many hashes run at once, and with them the memory they take.
// Who waits is served in order of arrival.
type gate struct {
	places  *semaphore.Weighted
	slots   int64
	waiting atomic.Int64
	observe func(waiting int, waited time.Duration)
}

func newGate(slots int, observe func(int, time.Duration)) *gate {
	n := int64(max(slots, 1))
	if observe == nil {
		observe = func(int, time.Duration) {}
	}
	return &gate{places: semaphore.NewWeighted(n), slots: n, observe: observe}
}

// enter waits for places (at most all there are) and returns what frees them.
// The error is that of ctx when it ends first, or ErrBusy when the queue is full.
func (g *gate) enter(ctx context.Context, places int64) (leave func(), err error) {
	places = min(max(places, 1), g.slots)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !g.places.TryAcquire(places) {
		if err := g.wait(ctx, places); err != nil {
			return nil, err
		}
	} else {
		g.observe(int(g.waiting.Load()), 0)
	}
	return func() { g.places.Release(places) }, nil
}

func (g *gate) wait(ctx context.Context, places int64) error {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.slots*queuePerSlot {
		return ErrBusy
	}
	start := time.Now()
	err := g.places.Acquire(ctx, places)
	g.observe(int(g.waiting.Load())-1, time.Since(start))
	return err
}
