package storagetest

import (
	"slices"
	"testing"
	"time"

	"gatehouse/idp"
)

func testRevokeGrant(t *testing.T, s grantSuite) {
	code, active, other := s.code(t, nil), s.active(t, nil), s.active(t, nil)
	for _, g := range []*idp.Grant{code, active} {
		noError(t, s.RevokeGrant(t.Context(), g.ID))
		s.gone(t, g)
		noError(t, s.RevokeGrant(t.Context(), g.ID)) // no error when absent
		list, err := s.ListUserGrants(t.Context(), g.UserID)
		noError(t, err)
		if len(list) != 0 {
			t.Errorf("a revoked grant is listed: %v", ids(list))
		}
		noError(t, s.RevokeUser(t.Context(), g.UserID, "")) // the lists are read leniently
		noError(t, s.RevokeSession(t.Context(), g.SessionID))
	}
	s.read(t, other.ID)
}

func testRevokeSession(t *testing.T, s grantSuite) {
	sid, user := randomID(), randomID()
	in := func(offline bool) func(*idp.Grant) {
		return func(g *idp.Grant) { g.SessionID, g.UserID, g.Facts.Offline = sid, user, offline }
	}
	bound, code := s.active(t, in(false)), s.code(t, in(false))
	offlineCode, offline := s.code(t, in(true)), s.active(t, in(true))
	elsewhere := s.active(t, func(g *idp.Grant) { g.UserID = user })
	created := newGrant()
	in(true)(created)
	created.State, created.Generation = idp.GrantActive, 1
	noError(t, s.CreateGrant(t.Context(), created, time.Hour, time.Hour))

	noError(t, s.RevokeSession(t.Context(), sid))
	for _, g := range []*idp.Grant{bound, code, offlineCode} {
		s.gone(t, g)
	}
	for _, g := range []*idp.Grant{offline, elsewhere, created} {
		sameGrant(t, s.read(t, g.ID), g)
	}
	list, err := s.ListUserGrants(t.Context(), user)
	noError(t, err)
	if got, want := ids(list), []string{offline.ID, elsewhere.ID, created.ID}; !sameSet(got, want) {
		t.Errorf("the user's list is %v, want %v", got, want)
	}
	noError(t, s.RevokeSession(t.Context(), sid)) // again, and of none
	noError(t, s.RevokeSession(t.Context(), randomID()))

	t.Run("no session is not a session", func(t *testing.T) {
		g := s.active(t, func(g *idp.Grant) { g.SessionID = "" })
		noError(t, s.RevokeSession(t.Context(), ""))
		s.read(t, g.ID)
	})
}

func testRevokeUser(t *testing.T, s grantSuite) {
	user := randomID()
	of := func(client string, offline bool) func(*idp.Grant) {
		return func(g *idp.Grant) { g.UserID, g.ClientID, g.Facts.Offline = user, client, offline }
	}
	a1, a2, a3 := s.active(t, of("a", false)), s.active(t, of("a", true)), s.code(t, of("a", true))
	b1, b2 := s.active(t, of("b", true)), s.code(t, of("b", false))
	stranger := s.active(t, func(g *idp.Grant) { g.ClientID = "a" })

	noError(t, s.RevokeUser(t.Context(), user, "a"))
	for _, g := range []*idp.Grant{a1, a2, a3} {
		s.gone(t, g)
	}
	for _, g := range []*idp.Grant{b1, b2, stranger} {
		sameGrant(t, s.read(t, g.ID), g)
	}
	noError(t, s.RevokeUser(t.Context(), user, ""))
	s.gone(t, b1)
	s.gone(t, b2)
	s.read(t, stranger.ID)
	noError(t, s.RevokeUser(t.Context(), user, ""))
	noError(t, s.RevokeUser(t.Context(), randomID(), "a"))

	t.Run("a grant made afterwards lives", func(t *testing.T) {
		g := s.active(t, of("a", false))
		s.read(t, g.ID)
		noError(t, s.RevokeUser(t.Context(), user, ""))
		s.gone(t, g)
	})
	t.Run("many", func(t *testing.T) {
		var all []*idp.Grant
		for range 120 {
			all = append(all, s.active(t, of("a", false)))
		}
		noError(t, s.RevokeUser(t.Context(), user, ""))
		for _, g := range all {
			_, err := s.Grant(t.Context(), g.ID)
			wantError(t, err, idp.ErrNotFound)
		}
	})
	t.Run("nobody is not a user", func(t *testing.T) {
		g := &idp.Grant{ID: randomID(), State: idp.GrantActive, ClientID: "machine"}
		noError(t, s.CreateGrant(t.Context(), g, time.Minute, 0))
		noError(t, s.RevokeUser(t.Context(), "", ""))
		s.read(t, g.ID)
	})
	t.Run("a code redeemed for long is found long after", func(t *testing.T) {
		// The list must not forget a grant when its code would have expired.
		g := newGrant()
		noError(t, s.CreateGrant(t.Context(), g, 3*short, 0))
		noError(t, s.RedeemCode(t.Context(), redemption(g)))
		time.Sleep(3*short + resolution)
		s.code(t, of("a", false)) // a write, which may trim
		list, err := s.ListUserGrants(t.Context(), g.UserID)
		noError(t, err)
		if !slices.Equal(ids(list), []string{g.ID}) {
			t.Fatalf("the list is %v, want the grant", ids(list))
		}
		noError(t, s.RevokeUser(t.Context(), g.UserID, ""))
		s.gone(t, g)
	})
}

func testListUserGrants(t *testing.T, s grantSuite) {
	user := randomID()
	mine := func(g *idp.Grant) { g.UserID = user }
	list, err := s.ListUserGrants(t.Context(), user)
	noError(t, err)
	if len(list) != 0 {
		t.Fatalf("%d grants of a new user", len(list))
	}
	var want []*idp.Grant
	for range 4 {
		want = append(want, s.active(t, mine))
		time.Sleep(2 * time.Millisecond) // newest first needs times that differ
	}
	want = append(want, s.code(t, mine))
	slices.Reverse(want)
	s.active(t, nil) // somebody else's

	dead := newGrant()
	mine(dead)
	noError(t, s.CreateGrant(t.Context(), dead, short, 0))
	time.Sleep(short + resolution)

	list, err = s.ListUserGrants(t.Context(), user)
	noError(t, err)
	if !slices.Equal(ids(list), ids(want)) {
		t.Fatalf("list is %v, want %v (newest first, live only)", ids(list), ids(want))
	}
	for i := range list {
		sameGrant(t, list[i], want[i])
	}
}
