package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse/idp"
)

// The size of the races: so many goroutines, so many times.
const (
	racers = 50
	rounds = 40
)

// race runs f n times at once and returns what each call gave.
func race(n int, f func(i int) error) []error {
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
		errs  = make([]error, n)
	)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// tally counts the outcomes; any error that is not among kinds fails the test.
func tally(t *testing.T, errs []error, kinds ...error) (won int, lost map[error]int) {
	t.Helper()
	lost = map[error]int{}
next:
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				lost[kind]++
				continue next
			}
		}
		t.Fatalf("unexpected error: %v", err)
	}
	return won, lost
}

func testGrantRaces(t *testing.T, s grantSuite) {
	t.Run("one code has one winner and the family dies", func(t *testing.T) {
		for range rounds {
			g := s.code(t, nil)
			errs := race(racers, func(int) error { return s.RedeemCode(t.Context(), redemption(g)) })
			won, lost := tally(t, errs, idp.ErrReplayed, idp.ErrNotFound)
			if won != 1 || lost[idp.ErrReplayed] != 1 {
				t.Fatalf("%d redeemed the code and %d were told of the replay, want 1 and 1", won, lost[idp.ErrReplayed])
			}
			s.gone(t, g)
		}
	})
	t.Run("inside the grace window all get one successor", func(t *testing.T) {
		for range rounds {
			g := s.active(t, nil)
			var got [racers]int64
			errs := race(racers, func(i int) error {
				next, err := s.RotateRefresh(t.Context(), rotation(g, 1))
				if err == nil {
					got[i] = next.Generation
				}
				return err
			})
			if won, _ := tally(t, errs); won != racers {
				t.Fatalf("%d of %d got a successor", won, racers)
			}
			for _, generation := range got {
				if generation != 2 {
					t.Fatalf("successors %v, want 2 for all", got)
				}
			}
			next, err := s.RotateRefresh(t.Context(), rotation(g, 2))
			noError(t, err)
			if next.Generation != 3 {
				t.Fatalf("the family went on at %d, want 3", next.Generation)
			}
		}
	})
	t.Run("after the grace window all are refused and the family dies", func(t *testing.T) {
		families := make([]*idp.Grant, rounds)
		for i := range families {
			families[i] = s.active(t, nil)
			_, err := s.RotateRefresh(t.Context(), rotation(families[i], 1))
			noError(t, err)
		}
		time.Sleep(2 * resolution)
		for _, g := range families {
			late := rotation(g, 1)
			late.Grace = resolution
			errs := race(racers, func(int) error { _, err := s.RotateRefresh(t.Context(), late); return err })
			won, lost := tally(t, errs, idp.ErrReplayed, idp.ErrNotFound)
			if won != 0 || lost[idp.ErrReplayed] != 1 {
				t.Fatalf("%d got a successor and %d were told of the replay, want 0 and 1", won, lost[idp.ErrReplayed])
			}
			s.gone(t, g)
		}
	})
	t.Run("no denial is lost", func(t *testing.T) {
		g := s.active(t, nil)
		jti := func(i int) string { return g.ID + "." + string(rune('A'+i)) }
		tally(t, race(racers, func(i int) error { return s.DenyToken(t.Context(), g.ID, jti(i)) }))
		var want []string
		for i := range racers {
			want = append(want, jti(i))
		}
		if got := s.read(t, g.ID).DeniedTokens; !sameSet(got, want) {
			t.Errorf("DeniedTokens = %q, want all %d", got, racers)
		}
	})
}

// testRevocationRaces: whatever the order, nothing is usable after a revocation.
func testRevocationRaces(t *testing.T, s grantSuite) {
	revoker := func(g *idp.Grant, use func() error) func(int) error {
		return func(i int) error {
			if i == racers/5 {
				return s.RevokeGrant(t.Context(), g.ID)
			}
			return use()
		}
	}
	t.Run("RevokeGrant and RedeemCode", func(t *testing.T) {
		for range rounds {
			g := s.code(t, nil)
			errs := race(racers, revoker(g, func() error { return s.RedeemCode(t.Context(), redemption(g)) }))
			if won, _ := tally(t, errs, idp.ErrReplayed, idp.ErrNotFound); won > 2 { // the revocation and one redemption
				t.Fatalf("%d redeemed one code", won-1)
			}
			s.gone(t, g)
		}
	})
	t.Run("RevokeGrant, RotateRefresh and DenyToken", func(t *testing.T) {
		for range rounds {
			g := s.active(t, nil)
			tally(t, race(racers, revoker(g, func() error {
				_, err := s.RotateRefresh(t.Context(), rotation(g, 1))
				return errors.Join(err, s.DenyToken(t.Context(), g.ID, "jti"))
			})), idp.ErrNotFound)
			s.gone(t, g)
		}
	})
	t.Run("RevokeUser and RevokeSession with RedeemCode", func(t *testing.T) {
		for i := range rounds {
			g := s.code(t, nil)
			errs := race(2, func(n int) error {
				switch {
				case n == 0:
					return s.RedeemCode(t.Context(), redemption(g))
				case i%2 == 0:
					return s.RevokeUser(t.Context(), g.UserID, "")
				}
				return s.RevokeSession(t.Context(), g.SessionID)
			})
			tally(t, errs, idp.ErrNotFound)
			s.gone(t, g)
		}
	})
	t.Run("CreateGrant with RevokeUser", func(t *testing.T) {
		for range rounds {
			testCreateRace(t, s, func(ctx context.Context, user, _ string) error { return s.RevokeUser(ctx, user, "") })
		}
	})
	t.Run("CreateGrant with RevokeSession", func(t *testing.T) {
		for range rounds {
			testCreateRace(t, s, func(ctx context.Context, _, session string) error { return s.RevokeSession(ctx, session) })
		}
	})
}

// testCreateRace makes grants while revoke runs: each either fails as a whole
// or is listed, so that the next revocation finds it.
func testCreateRace(t *testing.T, s grantSuite, revoke func(ctx context.Context, user, session string) error) {
	t.Helper()
	const makers = 5
	user, session := randomID(), randomID()
	grants := make([]*idp.Grant, makers)
	for i := range grants {
		grants[i] = newGrant()
		grants[i].UserID, grants[i].SessionID = user, session
	}
	errs := race(makers+1, func(i int) error {
		if i == makers {
			return revoke(t.Context(), user, session)
		}
		return s.CreateGrant(t.Context(), grants[i], time.Minute, 0)
	})
	tally(t, errs, idp.ErrUnavailable)
	noError(t, errs[makers])
	for i, g := range grants {
		if errs[i] != nil {
			s.gone(t, g)
		}
	}
	noError(t, revoke(t.Context(), user, session))
	for _, g := range grants {
		s.gone(t, g)
	}
}
