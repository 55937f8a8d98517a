package storagetest

import (
	"testing"
	"time"

	"gatehouse/idp"
)

func testRotateRefresh(t *testing.T, s grantSuite) {
	t.Run("the current token gives its successor", func(t *testing.T) {
		g := s.active(t, nil)
		time.Sleep(resolution)
		r := rotation(g, 1)
		r.RefreshTTL = 40 * time.Minute
		next, err := s.RotateRefresh(t.Context(), r)
		noError(t, err)
		near(t, "RotatedAt", next.RotatedAt, time.Now())
		near(t, "RefreshExpiresAt", next.RefreshExpiresAt, time.Now().Add(40*time.Minute))
		if !next.RotatedAt.After(g.CreatedAt) {
			t.Errorf("RotatedAt %v is not after CreatedAt %v", next.RotatedAt, g.CreatedAt)
		}
		sameGrant(t, s.read(t, g.ID), next)
		g.Generation, g.RotatedAt, g.RefreshExpiresAt = 2, next.RotatedAt, next.RefreshExpiresAt
		sameGrant(t, next, g)
	})
	t.Run("a chain", func(t *testing.T) {
		g := s.active(t, nil)
		for generation := range int64(5) {
			next, err := s.RotateRefresh(t.Context(), rotation(g, generation+1))
			noError(t, err)
			if next.Generation != generation+2 {
				t.Fatalf("generation %d gave %d", generation+1, next.Generation)
			}
		}
	})
	t.Run("the idle end is cut to the absolute one", func(t *testing.T) {
		g := s.active(t, nil)
		r := rotation(g, 1)
		r.RefreshTTL = 100 * time.Hour
		next, err := s.RotateRefresh(t.Context(), r)
		noError(t, err)
		if !coarse(next.RefreshExpiresAt).Equal(coarse(g.ExpiresAt)) || !coarse(next.ExpiresAt).Equal(coarse(g.ExpiresAt)) {
			t.Errorf("idle end %v, absolute end %v, want %v for both", next.RefreshExpiresAt, next.ExpiresAt, g.ExpiresAt)
		}
	})
	t.Run("a later token heals a lost rotation", func(t *testing.T) {
		g := s.active(t, nil)
		next, err := s.RotateRefresh(t.Context(), rotation(g, 7))
		noError(t, err)
		if next.Generation != 8 {
			t.Errorf("generation = %d, want 8", next.Generation)
		}
		next, err = s.RotateRefresh(t.Context(), rotation(g, 8))
		noError(t, err)
		if next.Generation != 9 {
			t.Errorf("generation = %d, want 9", next.Generation)
		}
	})
}

func testRotateGrace(t *testing.T, s grantSuite) {
	t.Run("inside it the same successor comes back and nothing changes", func(t *testing.T) {
		g := s.active(t, nil)
		first, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		noError(t, err)
		time.Sleep(2 * resolution)
		again, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		noError(t, err)
		sameGrant(t, again, first)
		sameGrant(t, s.read(t, g.ID), first)
	})
	t.Run("after it the family is dead", func(t *testing.T) {
		g := s.active(t, nil)
		_, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		noError(t, err)
		time.Sleep(2 * resolution)
		late := rotation(g, 1)
		late.Grace = resolution
		_, err = s.RotateRefresh(t.Context(), late)
		wantError(t, err, idp.ErrReplayed)
		s.gone(t, g)
	})
	t.Run("it does not cover the token before the last", func(t *testing.T) {
		g := s.active(t, nil)
		for generation := range int64(2) {
			_, err := s.RotateRefresh(t.Context(), rotation(g, generation+1))
			noError(t, err)
		}
		_, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		wantError(t, err, idp.ErrReplayed)
		s.gone(t, g)
	})
	t.Run("it does not cover what was never a token", func(t *testing.T) {
		g := s.active(t, nil)
		_, err := s.RotateRefresh(t.Context(), rotation(g, 0))
		wantError(t, err, idp.ErrReplayed)
		s.gone(t, g)
	})
	t.Run("zero means none", func(t *testing.T) {
		g := s.active(t, nil)
		r := rotation(g, 1)
		r.Grace = 0
		_, err := s.RotateRefresh(t.Context(), r)
		noError(t, err)
		time.Sleep(resolution)
		_, err = s.RotateRefresh(t.Context(), r)
		wantError(t, err, idp.ErrReplayed)
		s.gone(t, g)
	})
}

// testRotateRefusals: ErrNotFound, and nothing changes.
func testRotateRefusals(t *testing.T, s grantSuite) {
	refused := func(t *testing.T, g *idp.Grant, r idp.Rotation) {
		t.Helper()
		before := s.read(t, g.ID)
		_, err := s.RotateRefresh(t.Context(), r)
		wantError(t, err, idp.ErrNotFound)
		sameGrant(t, s.read(t, g.ID), before)
	}
	t.Run("absent", func(t *testing.T) {
		_, err := s.RotateRefresh(t.Context(), rotation(newGrant(), 1))
		wantError(t, err, idp.ErrNotFound)
	})
	t.Run("code not redeemed", func(t *testing.T) {
		g := s.code(t, nil)
		refused(t, g, rotation(g, 0))
		refused(t, g, rotation(g, 1))
	})
	t.Run("never given a refresh token", func(t *testing.T) {
		g := s.code(t, nil)
		r := redemption(g)
		r.Generation, r.RefreshTTL = 0, 0
		noError(t, s.RedeemCode(t.Context(), r))
		refused(t, g, rotation(g, 0))
		refused(t, g, rotation(g, 1))
	})
	t.Run("another client", func(t *testing.T) {
		g := s.active(t, nil)
		for generation := range int64(3) { // spent and future ones too
			r := rotation(g, generation)
			r.ClientID = "other"
			refused(t, g, r)
		}
	})
	t.Run("idle for too long", func(t *testing.T) {
		g := s.code(t, nil)
		r := redemption(g)
		r.RefreshTTL = short
		noError(t, s.RedeemCode(t.Context(), r))
		time.Sleep(short + resolution)
		for generation := range int64(3) {
			refused(t, g, rotation(g, generation))
		}
	})
	t.Run("use moves the idle end on", func(t *testing.T) {
		g := s.code(t, nil)
		redeem := redemption(g)
		redeem.RefreshTTL = 4 * short
		noError(t, s.RedeemCode(t.Context(), redeem))
		for generation := range int64(4) {
			time.Sleep(2 * short)
			r := rotation(g, generation+1)
			r.RefreshTTL = 4 * short
			_, err := s.RotateRefresh(t.Context(), r)
			noError(t, err)
		}
	})
	t.Run("below the watermark", func(t *testing.T) {
		g := s.active(t, nil)
		for generation := range int64(3) {
			r := rotation(g, generation)
			r.NotBefore = g.CreatedAt.Add(resolution)
			refused(t, g, r)
		}
		r := rotation(g, 1)
		r.NotBefore = g.CreatedAt.Add(-resolution)
		_, err := s.RotateRefresh(t.Context(), r)
		noError(t, err)
	})
}
