package storage

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/idp"
)

// source is what a cache reads: one number, and how often it was asked.
type source struct {
	value, asked atomic.Int64
	gate         chan struct{} // when not nil, a read waits for it
	err          error
}

func (s *source) cache() *cache[int64] {
	return newCache(func(ctx context.Context, _ string) (*int64, error) {
		s.asked.Add(1)
		v := s.value.Load()
		if s.gate != nil {
			select {
			case <-s.gate:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return &v, s.err
	}, func(v *int64) *int64 { c := *v; return &c })
}

func want(t *testing.T, c *cache[int64], value int64) {
	t.Helper()
	if got, err := c.get(t.Context(), "id"); err != nil || *got != value {
		t.Errorf("got %v, %v, want %d", got, err, value)
	}
}

func TestCacheForgetsAfterTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(source)
		c := s.cache()
		want(t, c, 0)
		s.value.Store(1) // somebody else changes it
		time.Sleep(cacheTTL - time.Millisecond)
		want(t, c, 0)
		time.Sleep(time.Millisecond)
		want(t, c, 1)
		if n := s.asked.Load(); n != 2 {
			t.Errorf("the store was asked %d times", n)
		}
	})
}

func TestCacheHandsOutCopies(t *testing.T) {
	c := new(source).cache()
	for range 2 {
		got, err := c.get(t.Context(), "id")
		if err != nil {
			t.Fatal(err)
		}
		*got = 99
	}
	want(t, c, 0)
}

func TestCacheDoesNotRememberErrors(t *testing.T) {
	s := &source{err: idp.ErrUnavailable}
	c := s.cache()
	if _, err := c.get(t.Context(), "id"); !errors.Is(err, idp.ErrUnavailable) {
		t.Fatalf("error is %v", err)
	}
	s.err = nil
	want(t, c, 0)
}

func TestCacheSharesOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{gate: make(chan struct{})}
		c := s.cache()
		for range 20 {
			go want(t, c, 0)
		}
		synctest.Wait()
		close(s.gate)
		synctest.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("the store was asked %d times", n)
		}
	})
}

func TestCacheCallersGiveUpAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{gate: make(chan struct{})}
		c := s.cache()
		ctx, cancel := context.WithCancel(t.Context())
		late, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		ended := make(chan error, 2)
		for _, ctx := range []context.Context{ctx, late} {
			go func() { _, err := c.get(ctx, "id"); ended <- err }()
			synctest.Wait()
		}
		go want(t, c, 0)
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("who went away gets %v", err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("who ran out of time gets %v", err)
		}
		close(s.gate) // the third is served by the read that the first began
		synctest.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("the store was asked %d times", n)
		}
		if _, err := c.get(ctx, "other"); !errors.Is(err, context.Canceled) {
			t.Errorf("who comes with a dead context gets %v", err)
		}
	})
}

func TestCacheKeepsNothingReadBeforeAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{gate: make(chan struct{})}
		c := s.cache()
		go want(t, c, 0) // reads 0 and is held up
		synctest.Wait()
		s.value.Store(1)
		c.forget("id")
		go want(t, c, 1) // does not join the read that began before the change
		synctest.Wait()
		close(s.gate)
		synctest.Wait()
		want(t, c, 1)
	})
}

func TestCacheForgetsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{gate: make(chan struct{})}
		c := s.cache()
		go want(t, c, 0) // reads 0 and is held up
		synctest.Wait()
		s.value.Store(1)
		c.forgetAll()
		go want(t, c, 1) // does not join the read that began before the change
		synctest.Wait()
		close(s.gate)
		synctest.Wait()
		want(t, c, 1)
		s.value.Store(2)
		want(t, c, 1) // remembered
		c.forgetAll()
		want(t, c, 2)
	})
}

func TestCacheIsBounded(t *testing.T) {
	s := new(source)
	c := s.cache()
	for n := range cacheSize + 10 {
		if _, err := c.get(t.Context(), strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.entries.Len(); n != cacheSize {
		t.Errorf("%d entries are kept", n)
	}
}

func TestWritesAreSeenAtOnce(t *testing.T) {
	s := new(source)
	c := s.cache()
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, _ = c.get(t.Context(), "id")
				}
			}
		})
	}
	for n := range int64(2000) {
		s.value.Store(n)
		c.forget("id")
		want(t, c, n)
	}
	close(done)
	wg.Wait()
}
