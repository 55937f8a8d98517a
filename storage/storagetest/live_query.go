package storagetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"gatehouse/idp"
)

// isSorted fails unless the list consists of the IDs, those with the greater end
// first, and pages through them as is says, in whatever order it has equal ones.
func (l list[T]) isSorted(t *testing.T, want []string, end func(id string) int) {
	t.Helper()
	whole := l.ids(l.page(t, idp.ListQuery{Limit: idp.MaxPage}))
	if !slices.Equal(slices.Sorted(slices.Values(whole)), slices.Sorted(slices.Values(want))) {
		t.Fatalf("the list is %q, want %q", whole, want)
	}
	if !slices.IsSortedFunc(whole, func(a, b string) int { return cmp.Compare(end(b), end(a)) }) {
		t.Fatalf("the order is %q", whole)
	}
	l.is(t, "", whole)
}

// testQuerySessions wants a store without sessions.
func testQuerySessions(t *testing.T, s idp.SessionStore) {
	l := list[idp.Session]{
		read: func(q idp.ListQuery) (idp.Page[*idp.Session], error) {
			return s.QuerySessions(t.Context(), idp.SessionQuery{ListQuery: q})
		},
		id: func(x *idp.Session) string { return x.ID },
	}
	l.is(t, "", nil)
	base := instant().Add(time.Hour)
	ends := []int{5, 1, 9, 5, 5, 7, 3, 2}
	var xs []*idp.Session
	var want []string
	for i, minutes := range ends {
		xs = append(xs, makeSession(t, s, randomID(), func(x *idp.Session) {
			at := base.Add(time.Duration(minutes) * time.Minute)
			if x.IdleExpiresAt, x.ExpiresAt = at, at.Add(time.Hour); i%2 == 0 { // whichever comes first is the end
				x.IdleExpiresAt, x.ExpiresAt = at.Add(time.Hour), at
			}
		}))
		want = append(want, xs[i].ID)
	}
	end := func(id string) int { return ends[slices.Index(want, id)] }
	count := func(want int) {
		t.Helper()
		n, err := s.CountSessions(t.Context())
		if noError(t, err); n != want {
			t.Errorf("%d sessions live, want %d", n, want)
		}
	}
	l.isSorted(t, want, end)
	count(len(xs))
	for _, x := range l.page(t, idp.ListQuery{}).Items {
		hasSession(t, s, x)
	}
	l.refusesCursors(t)

	edge := l.page(t, idp.ListQuery{Limit: 1})
	noError(t, s.DeleteSession(t.Context(), edge.Items[0].Digest))
	if got := l.ids(l.page(t, idp.ListQuery{Limit: 1, After: edge.Next})); got[0] != want[5] {
		t.Errorf("after one that ended comes %q", got)
	}
	_, err := s.DeleteUserSessions(t.Context(), xs[0].UserID, "")
	noError(t, err)
	replacing := newSession(xs[3].UserID)
	replacing.ExpiresAt, replacing.IdleExpiresAt = base, base
	noError(t, s.CreateSession(t.Context(), replacing, xs[3].Digest))
	want, ends = append(want, replacing.ID), append(ends, 0)
	noError(t, s.TouchSession(t.Context(), xs[5].Digest, instant(), base.Add(4*time.Minute)))
	ends[5] = 4
	noError(t, s.TouchSession(t.Context(), xs[0].Digest, instant(), base)) // it stays away
	noError(t, s.TouchSession(t.Context(), xs[7].Digest, instant(), time.Now().Add(short)))
	ends[7] = -1
	time.Sleep(short + resolution)
	l.isSorted(t, []string{want[1], want[4], want[5], want[6], want[8]}, end)
	count(5)
}

// testQueryGrants wants a store without grants.
func testQueryGrants(t *testing.T, s grantSuite) {
	var q idp.GrantQuery
	l := list[idp.Grant]{
		read: func(lq idp.ListQuery) (idp.Page[*idp.Grant], error) {
			q := q
			q.ListQuery = lq
			return s.QueryGrants(t.Context(), q)
		},
		id: func(g *idp.Grant) string { return g.ID },
	}
	l.is(t, "", nil)
	ada, bob, app, other := randomID(), randomID(), "app-"+randomID(), "other-"+randomID()
	var want []string
	lives := map[string]int{}
	add := func(user, client string, minutes int) *idp.Grant {
		g := s.code(t, func(g *idp.Grant) { g.UserID, g.ClientID = user, client })
		r := redemption(g)
		r.TTL = time.Duration(minutes) * time.Minute
		noError(t, s.RedeemCode(t.Context(), r))
		want, lives[g.ID] = append(want, g.ID), minutes
		return g
	}
	gs := []*idp.Grant{
		add(ada, app, 50), add(bob, app, 10), add(ada, other, 90), add(bob, app, 30), add(ada, app, 20), add(bob, other, 40), add(ada, app, 60),
	}
	code := s.code(t, func(g *idp.Grant) { g.UserID, g.ClientID = bob, other }) // ends with the minute
	want, lives[code.ID] = append(want, code.ID), 1
	machine := newGrant()
	machine.UserID, machine.SessionID, machine.State, machine.Code = "", "", idp.GrantActive, idp.CodeBinding{}
	noError(t, s.CreateGrant(t.Context(), machine, time.Hour, 0))
	end := func(id string) int { return lives[id] }
	pick := func(places ...int) (ids []string) {
		for _, i := range places {
			ids = append(ids, want[i])
		}
		return ids
	}
	l.isSorted(t, want, end)
	for _, g := range l.page(t, idp.ListQuery{}).Items {
		same(t, g, s.read(t, g.ID))
	}
	l.refusesCursors(t)
	for name, c := range map[string]struct {
		q    idp.GrantQuery
		want []string
	}{
		"of a person":              {idp.GrantQuery{UserID: ada}, pick(0, 2, 4, 6)},
		"of a client":              {idp.GrantQuery{ClientID: app}, pick(0, 1, 3, 4, 6)},
		"of a person and a client": {idp.GrantQuery{UserID: bob, ClientID: other}, pick(5, 7)},
		"of nobody":                {idp.GrantQuery{UserID: randomID()}, nil},
		"of no client":             {idp.GrantQuery{ClientID: randomID()}, nil},
		"of no client of a person": {idp.GrantQuery{UserID: ada, ClientID: randomID()}, nil},
		"of an odd name":           {idp.GrantQuery{UserID: "\x00", ClientID: "\xff"}, nil},
		"of an odd client":         {idp.GrantQuery{ClientID: "a\x00"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q = c.q
			l.isSorted(t, c.want, end)
			l.refusesCursors(t)
		})
	}
	q = idp.GrantQuery{}
	noError(t, s.RevokeGrant(t.Context(), gs[0].ID))
	noError(t, s.RevokeUser(t.Context(), bob, app))
	wantError(t, s.RedeemCode(t.Context(), redemption(gs[2])), idp.ErrReplayed)
	_, err := s.RotateRefresh(t.Context(), idp.Rotation{GrantID: gs[4].ID, ClientID: app, Generation: 1, RefreshTTL: time.Hour})
	noError(t, err)
	brief := newGrant()
	brief.State, brief.Code = idp.GrantActive, idp.CodeBinding{}
	noError(t, s.CreateGrant(t.Context(), brief, short, 0))
	time.Sleep(short + resolution)
	l.page(t, idp.ListQuery{}) // a list may count what ended early until it was read
	l.isSorted(t, pick(4, 5, 6, 7), end)
}
