package storagetest

import (
	"context"
	"testing"
	"time"

	"gatehouse/idp"
)

// Throttles holds a ThrottleStore to its contract, races included.
func Throttles(t *testing.T, open func(t *testing.T) idp.ThrottleStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s throttleSuite)
	}{
		{"Try", testTry},
		{"Try with several keys", testTrySeveral},
		{"Forgive", testForgive},
		{"Clear", testClear},
		{"races", testThrottleRaces},
		{"context", testThrottleContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, throttleSuite{open(t)}) })
	}
}

// throttleSuite is a store with the steps that the tests repeat.
type throttleSuite struct{ idp.ThrottleStore }

// try counts one try against each attempt, and fails unless it is let through as allowed says.
func (s throttleSuite) try(t *testing.T, allowed bool, attempts ...idp.Attempt) time.Duration {
	t.Helper()
	wait, err := s.Try(t.Context(), attempts...)
	noError(t, err)
	if wait < 0 || (wait == 0) != allowed {
		t.Fatalf("wait is %v, want allowed = %t", wait, allowed)
	}
	return wait
}

func testTry(t *testing.T, s throttleSuite) {
	t.Run("up to the limit", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 3, Window: time.Minute}
		for range 3 {
			s.try(t, true, a)
		}
		for range 3 {
			if wait := s.try(t, false, a); wait > time.Minute || wait < 50*time.Second {
				t.Errorf("wait is %v in a window of a minute", wait)
			}
		}
	})
	t.Run("the window starts at the first try", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 2, Window: 2 * short}
		s.try(t, true, a)
		time.Sleep(short)
		s.try(t, true, a)
		if wait := s.try(t, false, a); wait > short+resolution {
			t.Errorf("wait is %v, but at most %v of the window is left", wait, short)
		}
		time.Sleep(short + resolution) // a refused try does not lengthen it
		s.try(t, true, a)
		s.try(t, true, a)
		s.try(t, false, a)
	})
	t.Run("waiting as long as told is enough", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: short}
		s.try(t, true, a)
		time.Sleep(s.try(t, false, a) + resolution)
		s.try(t, true, a)
	})
	t.Run("a limit of none", func(t *testing.T) {
		s.try(t, false, idp.Attempt{Key: randomID(), Limit: 0, Window: time.Minute})
	})
	t.Run("nothing to try", func(t *testing.T) { s.try(t, true) })
	t.Run("keys are apart", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
		s.try(t, true, a)
		s.try(t, false, a)
		a.Key = randomID()
		s.try(t, true, a)
	})
}

func testTrySeveral(t *testing.T, s throttleSuite) {
	t.Run("one passed limit is enough, and its wait counts", func(t *testing.T) {
		narrow := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
		wide := idp.Attempt{Key: randomID(), Limit: 100, Window: time.Hour}
		s.try(t, true, wide, narrow)
		if wait := s.try(t, false, wide, narrow); wait > time.Minute {
			t.Errorf("wait is %v, from a limit that was not passed", wait)
		}
	})
	t.Run("the longest wait of several", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
		b := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Hour}
		s.try(t, true, a, b)
		for _, order := range [][]idp.Attempt{{a, b}, {b, a}} {
			if wait := s.try(t, false, order...); wait < 59*time.Minute {
				t.Errorf("wait is %v, want about an hour", wait)
			}
		}
	})
	t.Run("each is counted, also when another is passed", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
		b := idp.Attempt{Key: randomID(), Limit: 3, Window: time.Minute}
		s.try(t, true, a, b)
		s.try(t, false, a, b)
		s.try(t, false, a, b)
		s.try(t, false, b) // the fourth
	})
}

func testForgive(t *testing.T, s throttleSuite) {
	t.Run("takes one try back from each key", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 2, Window: time.Minute}
		b := idp.Attempt{Key: randomID(), Limit: 2, Window: time.Minute}
		s.try(t, true, a, b)
		s.try(t, true, a, b)
		noError(t, s.Forgive(t.Context(), a.Key, b.Key))
		s.try(t, true, a)
		s.try(t, false, a)
		s.try(t, true, b)
		s.try(t, false, b)
	})
	t.Run("never below zero", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
		s.try(t, true, a)
		for range 5 {
			noError(t, s.Forgive(t.Context(), a.Key, "absent-"+a.Key))
		}
		s.try(t, true, a)
		s.try(t, false, a)
		a.Key = "absent-" + a.Key
		s.try(t, true, a)
		s.try(t, false, a)
	})
	t.Run("does not lengthen the window", func(t *testing.T) {
		a := idp.Attempt{Key: randomID(), Limit: 1, Window: 2 * short}
		s.try(t, true, a)
		s.try(t, false, a)
		time.Sleep(short)
		noError(t, s.Forgive(t.Context(), a.Key))
		time.Sleep(short + resolution)
		s.try(t, true, a)
	})
	noError(t, s.Forgive(t.Context()))
}

func testClear(t *testing.T, s throttleSuite) {
	a := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
	b := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
	other := idp.Attempt{Key: randomID(), Limit: 1, Window: time.Minute}
	s.try(t, true, a, b, other)
	s.try(t, false, a, b)
	noError(t, s.Clear(t.Context(), a.Key, b.Key, randomID()))
	s.try(t, true, a, b)
	s.try(t, false, other)
	noError(t, s.Clear(t.Context()))
}

func testThrottleRaces(t *testing.T, s throttleSuite) {
	const limit = 7
	t.Run("exactly the limit gets through", func(t *testing.T) {
		for range rounds {
			a := idp.Attempt{Key: randomID(), Limit: limit, Window: time.Minute}
			b := idp.Attempt{Key: randomID(), Limit: racers, Window: time.Minute}
			if got := s.race(t, a, b); got != limit {
				t.Fatalf("%d tries got through, want %d", got, limit)
			}
		}
	})
	t.Run("also when an old window has just ended", func(t *testing.T) {
		attempts := make([]idp.Attempt, rounds)
		for i := range attempts {
			attempts[i] = idp.Attempt{Key: randomID(), Limit: limit, Window: resolution}
			s.try(t, true, attempts[i])
		}
		time.Sleep(2 * resolution)
		for _, a := range attempts {
			a.Window = time.Minute
			if got := s.race(t, a); got != limit {
				t.Fatalf("%d tries got through, want %d", got, limit)
			}
		}
	})
}

// race tries from many goroutines and says how many got through.
func (s throttleSuite) race(t *testing.T, attempts ...idp.Attempt) (through int) {
	t.Helper()
	var waits [racers]time.Duration
	tally(t, race(racers, func(i int) (err error) {
		waits[i], err = s.Try(t.Context(), attempts...)
		return err
	}))
	for _, wait := range waits {
		if wait == 0 {
			through++
		}
	}
	return through
}

func testThrottleContext(t *testing.T, s throttleSuite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := randomID()
	cancelled(t, map[string]func() error{
		"Try":     func() error { _, err := s.Try(ctx, idp.Attempt{Key: key, Limit: 1, Window: time.Minute}); return err },
		"Forgive": func() error { return s.Forgive(ctx, key) },
		"Clear":   func() error { return s.Clear(ctx, key) },
	})
}
