package storagetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"gatehouse/idp"
)

// Grants holds a GrantStore to its contract, races included. open gives a
// store for the sub-test; several sub-tests may share one database, since every
// id in the suite is random.
func Grants(t *testing.T, open func(t *testing.T) idp.GrantStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, g grantSuite)
	}{
		{"QueryGrants", testQueryGrants}, // first: it wants an empty store
		{"CreateGrant", testCreateGrant},
		{"Grant", testGrant},
		{"RedeemCode", testRedeemCode},
		{"RotateRefresh", testRotateRefresh},
		{"RotateRefresh grace", testRotateGrace},
		{"RotateRefresh refusals", testRotateRefusals},
		{"DenyToken", testDenyToken},
		{"RevokeGrant", testRevokeGrant},
		{"RevokeSession", testRevokeSession},
		{"RevokeUser", testRevokeUser},
		{"ListUserGrants", testListUserGrants},
		{"races", testGrantRaces},
		{"revocation races", testRevocationRaces},
		{"context", testGrantContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, grantSuite{open(t)}) })
	}
}

// grantSuite is a store with the steps that the tests repeat.
type grantSuite struct{ idp.GrantStore }

// code creates a grant whose code waits for a minute; change may be nil.
func (s grantSuite) code(t *testing.T, change func(*idp.Grant)) *idp.Grant {
	t.Helper()
	g := newGrant()
	if change != nil {
		change(g)
	}
	noError(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
	return g
}

// active creates a grant and redeems its code for refresh token 1.
func (s grantSuite) active(t *testing.T, change func(*idp.Grant)) *idp.Grant {
	t.Helper()
	g := s.code(t, change)
	noError(t, s.RedeemCode(t.Context(), redemption(g)))
	return s.read(t, g.ID)
}

func (s grantSuite) read(t *testing.T, id string) *idp.Grant {
	t.Helper()
	g, err := s.Grant(t.Context(), id)
	noError(t, err)
	return g
}

// gone fails unless nothing can be done with the grant any more.
func (s grantSuite) gone(t *testing.T, g *idp.Grant) {
	t.Helper()
	_, err := s.Grant(t.Context(), g.ID)
	wantError(t, err, idp.ErrNotFound)
	wantError(t, s.RedeemCode(t.Context(), redemption(g)), idp.ErrNotFound)
	for generation := range int64(4) {
		_, err = s.RotateRefresh(t.Context(), rotation(g, generation))
		wantError(t, err, idp.ErrNotFound)
	}
}

func redemption(g *idp.Grant) idp.Redemption {
	return idp.Redemption{GrantID: g.ID, ClientID: g.ClientID, Generation: 1, RefreshTTL: 30 * time.Minute, TTL: time.Hour}
}

func rotation(g *idp.Grant, generation int64) idp.Rotation {
	return idp.Rotation{GrantID: g.ID, ClientID: g.ClientID, Generation: generation, Grace: time.Minute, RefreshTTL: 30 * time.Minute}
}

// newGrant is a grant with every member that a caller sets.
func newGrant() *idp.Grant {
	return &idp.Grant{
		ID: randomID(), State: idp.GrantCode, ClientID: "client-" + randomID(), UserID: randomID(), SessionID: randomID(),
		Scope: "openid profile offline_access",
		Code: idp.CodeBinding{
			RedirectURI:   "https://app.example.com/callback?tenant=1",
			CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		},
		Facts: idp.Facts{
			Nonce: "n-0S6_WzA2Mj \"é\x7f", AuthTime: 1700000000, ACR: "1", AMR: []string{"pwd", "mfa"}, WantAuthTime: true, WantACR: true,
			IDTokenClaims: []string{"email"}, UserinfoClaims: []string{"name", "picture"}, SessionEnd: 1700604800,
		},
	}
}

func testCreateGrant(t *testing.T, s grantSuite) {
	t.Run("keeps every member and sets the times", func(t *testing.T) {
		g := newGrant()
		before := *g
		noError(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
		near(t, "CreatedAt", g.CreatedAt, time.Now())
		near(t, "ExpiresAt", g.ExpiresAt, g.CreatedAt.Add(time.Minute))
		if !g.RefreshExpiresAt.IsZero() {
			t.Errorf("RefreshExpiresAt = %v without a refresh token", g.RefreshExpiresAt)
		}
		got := s.read(t, g.ID)
		sameGrant(t, got, g)
		before.CreatedAt, before.ExpiresAt = got.CreatedAt, got.ExpiresAt
		sameGrant(t, got, &before)
		for name, at := range map[string]time.Time{"CreatedAt": got.CreatedAt, "ExpiresAt": got.ExpiresAt, "in g": g.CreatedAt} {
			if at.Location() != time.UTC {
				t.Errorf("%s is in %v, not UTC", name, at.Location())
			}
		}
	})
	t.Run("active from the start with a refresh token", func(t *testing.T) {
		g := newGrant()
		g.State, g.Generation, g.Code, g.SessionID, g.Facts.Offline = idp.GrantActive, 1, idp.CodeBinding{}, "", true
		noError(t, s.CreateGrant(t.Context(), g, time.Hour, time.Minute))
		near(t, "RefreshExpiresAt", g.RefreshExpiresAt, g.CreatedAt.Add(time.Minute))
		sameGrant(t, s.read(t, g.ID), g)
		next, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		noError(t, err)
		if next.Generation != 2 {
			t.Errorf("generation = %d, want 2", next.Generation)
		}
	})
	t.Run("without a person", func(t *testing.T) {
		g := &idp.Grant{ID: randomID(), State: idp.GrantActive, ClientID: "machine", Scope: "jobs"}
		noError(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
		sameGrant(t, s.read(t, g.ID), g)
		list, err := s.ListUserGrants(t.Context(), "")
		noError(t, err)
		if len(list) != 0 {
			t.Errorf("%d grants are listed under nobody", len(list))
		}
	})
	t.Run("is listed under its user and its session", func(t *testing.T) {
		g := s.code(t, nil)
		list, err := s.ListUserGrants(t.Context(), g.UserID)
		noError(t, err)
		if len(list) != 1 || list[0].ID != g.ID {
			t.Errorf("the user's list is %v, want the grant", ids(list))
		}
		noError(t, s.RevokeSession(t.Context(), g.SessionID))
		s.gone(t, g)
	})
}

func testGrant(t *testing.T, s grantSuite) {
	for _, id := range []string{randomID(), "", "no such id", "a'b\"c{d}*", "ключ"} {
		if _, err := s.Grant(t.Context(), id); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("Grant(%q) = %v, want ErrNotFound", id, err)
		}
	}
	t.Run("expired", func(t *testing.T) {
		code, active := newGrant(), newGrant()
		active.State, active.Generation = idp.GrantActive, 1
		noError(t, s.CreateGrant(t.Context(), code, short, 0))
		noError(t, s.CreateGrant(t.Context(), active, short, time.Hour))
		time.Sleep(short + resolution)
		s.gone(t, code)
		s.gone(t, active)
	})
}

func testRedeemCode(t *testing.T, s grantSuite) {
	t.Run("makes the grant active", func(t *testing.T) {
		g := s.code(t, nil)
		noError(t, s.RedeemCode(t.Context(), redemption(g)))
		got := s.read(t, g.ID)
		near(t, "ExpiresAt", got.ExpiresAt, time.Now().Add(time.Hour))
		near(t, "RefreshExpiresAt", got.RefreshExpiresAt, time.Now().Add(30*time.Minute))
		g.State, g.Generation, g.ExpiresAt, g.RefreshExpiresAt = idp.GrantActive, 1, got.ExpiresAt, got.RefreshExpiresAt
		sameGrant(t, got, g)
	})
	t.Run("without a refresh token", func(t *testing.T) {
		g := s.code(t, nil)
		r := redemption(g)
		r.Generation, r.RefreshTTL = 0, 0
		noError(t, s.RedeemCode(t.Context(), r))
		got := s.read(t, g.ID)
		if got.State != idp.GrantActive || got.Generation != 0 || !got.RefreshExpiresAt.IsZero() {
			t.Errorf("got %s, generation %d, idle end %v", got.State, got.Generation, got.RefreshExpiresAt)
		}
	})
	t.Run("the new life counts from now", func(t *testing.T) {
		g := s.code(t, nil)
		r := redemption(g)
		r.TTL = short
		noError(t, s.RedeemCode(t.Context(), r))
		time.Sleep(short + resolution)
		s.gone(t, g)
	})
	t.Run("outlives the code", func(t *testing.T) {
		g := newGrant()
		noError(t, s.CreateGrant(t.Context(), g, 3*short, 0))
		noError(t, s.RedeemCode(t.Context(), redemption(g)))
		time.Sleep(3*short + resolution)
		s.read(t, g.ID)
	})
	t.Run("a second time deletes the grant", func(t *testing.T) {
		g := s.active(t, nil)
		wantError(t, s.RedeemCode(t.Context(), redemption(g)), idp.ErrReplayed)
		s.gone(t, g)
	})
	t.Run("another client changes nothing", func(t *testing.T) {
		g := s.code(t, nil)
		r := redemption(g)
		r.ClientID = "other"
		wantError(t, s.RedeemCode(t.Context(), r), idp.ErrNotFound)
		sameGrant(t, s.read(t, g.ID), g)
		noError(t, s.RedeemCode(t.Context(), redemption(g)))
		active := s.read(t, g.ID)
		wantError(t, s.RedeemCode(t.Context(), r), idp.ErrNotFound)
		sameGrant(t, s.read(t, g.ID), active)
	})
	t.Run("absent", func(t *testing.T) {
		wantError(t, s.RedeemCode(t.Context(), redemption(newGrant())), idp.ErrNotFound)
	})
	t.Run("expired", func(t *testing.T) {
		g := newGrant()
		noError(t, s.CreateGrant(t.Context(), g, short, 0))
		time.Sleep(short + resolution)
		wantError(t, s.RedeemCode(t.Context(), redemption(g)), idp.ErrNotFound)
	})
}

func testDenyToken(t *testing.T, s grantSuite) {
	t.Run("joins DeniedTokens once", func(t *testing.T) {
		g := s.active(t, nil)
		first, second := g.ID+".first", g.ID+".second"
		for _, jti := range []string{first, second, first} {
			noError(t, s.DenyToken(t.Context(), g.ID, jti))
		}
		got := s.read(t, g.ID)
		if want := []string{first, second}; !sameSet(got.DeniedTokens, want) {
			t.Errorf("DeniedTokens = %q, want %q", got.DeniedTokens, want)
		}
		got.DeniedTokens = nil
		sameGrant(t, got, g)
	})
	t.Run("survives a rotation", func(t *testing.T) {
		g := s.active(t, nil)
		noError(t, s.DenyToken(t.Context(), g.ID, "jti"))
		next, err := s.RotateRefresh(t.Context(), rotation(g, 1))
		noError(t, err)
		if !sameSet(next.DeniedTokens, []string{"jti"}) {
			t.Errorf("DeniedTokens = %q after a rotation", next.DeniedTokens)
		}
	})
	t.Run("never brings a grant back", func(t *testing.T) {
		g := newGrant()
		noError(t, s.DenyToken(t.Context(), g.ID, "jti"))
		s.gone(t, g)
		g = s.active(t, nil)
		noError(t, s.RevokeGrant(t.Context(), g.ID))
		noError(t, s.DenyToken(t.Context(), g.ID, "jti"))
		s.gone(t, g)
	})
	t.Run("does not lengthen the grant's life", func(t *testing.T) {
		g := newGrant()
		noError(t, s.CreateGrant(t.Context(), g, short, 0))
		noError(t, s.DenyToken(t.Context(), g.ID, "jti"))
		time.Sleep(short + resolution)
		s.gone(t, g)
	})
}

// testGrantContext holds every method to "honours ctx".
func testGrantContext(t *testing.T, s grantSuite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGrant()
	calls := map[string]func() error{
		"CreateGrant":    func() error { return s.CreateGrant(ctx, newGrant(), time.Minute, 0) },
		"Grant":          func() error { _, err := s.Grant(ctx, g.ID); return err },
		"RedeemCode":     func() error { return s.RedeemCode(ctx, redemption(g)) },
		"RotateRefresh":  func() error { _, err := s.RotateRefresh(ctx, rotation(g, 1)); return err },
		"DenyToken":      func() error { return s.DenyToken(ctx, g.ID, "jti") },
		"RevokeGrant":    func() error { return s.RevokeGrant(ctx, g.ID) },
		"RevokeSession":  func() error { return s.RevokeSession(ctx, g.SessionID) },
		"RevokeUser":     func() error { return s.RevokeUser(ctx, g.UserID, "") },
		"QueryGrants":    func() error { _, err := s.QueryGrants(ctx, idp.GrantQuery{}); return err },
		"ListUserGrants": func() error { _, err := s.ListUserGrants(ctx, g.UserID); return err },
	}
	cancelled(t, calls)
}

// sameGrant compares two grants, their times to a millisecond.
func sameGrant(t *testing.T, got, want *idp.Grant) {
	t.Helper()
	g, w := *got, *want
	for _, x := range []*idp.Grant{&g, &w} {
		for _, at := range []*time.Time{&x.CreatedAt, &x.RotatedAt, &x.ExpiresAt, &x.RefreshExpiresAt} {
			*at = coarse(*at)
		}
		if len(x.DeniedTokens) == 0 {
			x.DeniedTokens = nil
		}
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("grant is\n%+v\nwant\n%+v", g, w)
	}
}

func ids(list []*idp.Grant) []string {
	out := make([]string, len(list))
	for i, g := range list {
		out[i] = g.ID
	}
	return out
}
