package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/idp"
)

// The cache is as short as the promise that a change elsewhere is seen within
// five seconds allows with room to spare, and small enough to forget about.
const (
	cacheTTL  = 2 * time.Second
	cacheSize = 10_000
	// loadLimit bounds a read that several callers wait for: no single caller's ctx may end it.
	loadLimit = 10 * time.Second
)

// cache remembers values by id for cacheTTL. Callers that miss the same id at
// the same moment share one read.
type cache[T any] struct {
	load func(ctx context.Context, id string) (*T, error)
	copy func(*T) *T
	now  func() time.Time

	mu      sync.Mutex // guards what follows
	flight  *singleflight.Group
	entries *lru.Cache[string, entry[T]]
	changes uint64 // counts what was forgotten, so that a read begun before one is not kept
}

type entry[T any] struct {
	value *T
	until time.Time
}

func newCache[T any](load func(context.Context, string) (*T, error), clone func(*T) *T) *cache[T] {
	entries, err := lru.New[string, entry[T]](cacheSize)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &cache[T]{load: load, copy: clone, now: time.Now, flight: new(singleflight.Group), entries: entries}
}

// get returns a copy of the value, at most cacheTTL old. Errors are not remembered.
func (c *cache[T]) get(ctx context.Context, id string) (*T, error) {
	c.mu.Lock()
	e, ok := c.entries.Get(id)
	before, flight := c.changes, c.flight
	c.mu.Unlock()
	if ok && c.now().Before(e.until) {
		return c.copy(e.value), nil
	}
	if ctx.Err() != nil {
		return nil, gaveUp(ctx)
	}
	loading := flight.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
		defer cancel()
		until := c.now().Add(cacheTTL) // counted from before the read
		value, err := c.load(ctx, id)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.changes == before {
			c.entries.Add(id, entry[T]{value, until})
		}
		return value, nil
	})
	select {
	case <-ctx.Done():
		return nil, gaveUp(ctx)
	case r := <-loading:
		if r.Err != nil {
			return nil, r.Err
		}
		return c.copy(r.Val.(*T)), nil
	}
}

// forget drops the value, and whatever is being read of it: call it after every
// change, also after one that failed, since a failure may come after the deed.
func (c *cache[T]) forget(id string) {
	c.mu.Lock()
	c.changes++
	c.entries.Remove(id)
	flight := c.flight
	c.mu.Unlock()
	flight.Forget(id)
}

// forgetAll is forget for every value.
func (c *cache[T]) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.entries.Purge()
	c.flight = new(singleflight.Group)
}

// gaveUp is the error of a caller whose ctx ended: gone away, or out of time
// because the store did not answer.
func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return fmt.Errorf("%w: %w", idp.ErrUnavailable, ctx.Err())
}
