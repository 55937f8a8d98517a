package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Audit holds an AuditStore to its contract, races included. open must give an
// empty log each time: the chain is whole only as a whole.
func Audit(t *testing.T, open func(t *testing.T) idp.AuditStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s auditSuite)
	}{
		{"AppendAudit", testAppendAudit},
		{"events of any form", testHostileEvents},
		{"AuditAfter and AuditEvent", testReadAudit},
		{"QueryAudit", testQueryAudit},
		{"QueryAudit in order", testAuditOrder},
		{"PurgeAudit", testPurgeAudit},
		{"races", testAuditRaces},
		{"context", testAuditContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, auditSuite{open(t)}) })
	}
}

type auditSuite struct{ idp.AuditStore }

// newEvent has every member set.
func newEvent() *idp.AuditEvent {
	return &idp.AuditEvent{
		Time: instant(), ActorKind: idp.ActorUser, ActorID: uuid.NewString(), ActorName: "ada", Action: idp.ActionUserUpdate,
		Target: idp.Target{Kind: "user", ID: uuid.NewString(), Name: "Ёлка"}, Result: idp.AuditOK, ClientID: "app", IP: "2001:db8::1",
		RequestID: randomID(), Reason: "asked \"twice\"\n<>&\u2028", Count: 3,
		Changes: []idp.Change{{Field: "name", Before: "", After: "Ада"}, {Field: "email", Before: "a\tb", After: "\\"}},
	}
}

func (s auditSuite) add(t *testing.T, change func(*idp.AuditEvent)) *idp.AuditEvent {
	t.Helper()
	e := newEvent()
	if change != nil {
		change(e)
	}
	noError(t, s.AppendAudit(t.Context(), e))
	return e
}

// Chain reads the whole log and fails unless it is one unbroken chain of n events (any number if n is negative).
func Chain(t *testing.T, s idp.AuditStore, n int) []*idp.AuditEvent {
	t.Helper()
	head, err := s.AuditHead(t.Context())
	noError(t, err)
	var all []*idp.AuditEvent
	prev, seq := head.Anchor, head.FirstSeq-1
	for {
		page, err := s.AuditAfter(t.Context(), seq, 1000)
		noError(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if seq++; e.Seq != seq || e.Prev != prev || !e.Intact() {
				t.Fatalf("event %d (want %d) follows %q (want %q), intact: %t", e.Seq, seq, e.Prev, prev, e.Intact())
			}
			prev = e.Hash
		}
		all = append(all, page...)
	}
	if len(all) > 0 && (head.LastSeq != seq || head.LastHash != prev) {
		t.Fatalf("the chain ends at %d, %q; its head says %+v", seq, prev, head)
	}
	if n >= 0 && len(all) != n {
		t.Fatalf("%d events, want %d", len(all), n)
	}
	return all
}

func testAppendAudit(t *testing.T, s auditSuite) {
	head, err := s.AuditHead(t.Context())
	if noError(t, err); head != (idp.AuditHead{}) {
		t.Errorf("the head of an empty log is %+v", head)
	}
	noError(t, s.AppendAudit(t.Context()))
	one := s.add(t, nil)
	if one.Seq != 1 || one.Prev != "" || !one.Intact() {
		t.Errorf("the first event is %+v", one)
	}
	bare := &idp.AuditEvent{Action: "x.y", Count: 1}
	more := []*idp.AuditEvent{newEvent(), bare, newEvent()}
	noError(t, s.AppendAudit(t.Context(), more...))
	if bare.Time.IsZero() || time.Since(bare.Time).Abs() > time.Minute {
		t.Errorf("an event without a time got %v", bare.Time)
	}
	bare.Changes = []idp.Change{} // none reads as an empty list
	all := Chain(t, s, 4)
	for i, want := range append([]*idp.AuditEvent{one}, more...) {
		same(t, all[i], want)
		if want.Seq != int64(i+1) {
			t.Errorf("event %d got number %d", i, want.Seq)
		}
	}
	head, err = s.AuditHead(t.Context())
	noError(t, err)
	if want := (idp.AuditHead{FirstSeq: 1, LastSeq: 4, LastHash: more[2].Hash}); head != want {
		t.Errorf("the head is %+v, want %+v", head, want)
	}
}

// testHostileEvents: strangers choose names and client IDs; whatever they choose is recorded.
func testHostileEvents(t *testing.T, s auditSuite) {
	n := 0
	for _, text := range append(hostile(), strings.Repeat("ключ", 50000), strings.Repeat("a", 399)+"é", "\u0000") {
		s.add(t, func(e *idp.AuditEvent) {
			e.ActorID, e.ActorName, e.ClientID, e.IP, e.RequestID, e.Reason = text, text, text, text, text, text
			e.Target = idp.Target{Kind: text, ID: text, Name: text}
			e.Changes = []idp.Change{{Field: text, Before: text, After: text}}
		})
		n++
	}
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)} {
		s.add(t, func(e *idp.AuditEvent) { e.Time = at })
		n++
	}
	for _, e := range Chain(t, s, n) {
		if y := e.Time.Year(); y < 1970 || y > 9999 {
			t.Errorf("event %d is of %v", e.Seq, e.Time)
		}
	}
}

func testReadAudit(t *testing.T, s auditSuite) {
	var all []*idp.AuditEvent
	for range 5 {
		all = append(all, s.add(t, nil))
	}
	got, err := s.AuditEvent(t.Context(), 3)
	noError(t, err)
	same(t, got, all[2])
	for _, seq := range []int64{-1, 0, 6, 1 << 62} {
		_, err := s.AuditEvent(t.Context(), seq)
		wantError(t, err, idp.ErrNotFound)
	}
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
	}{{0, 2, []int64{1, 2}}, {2, 2, []int64{3, 4}}, {4, 2, []int64{5}}, {5, 2, nil}, {-9, 1, []int64{1}}, {0, 0, nil}, {0, -1, nil}, {1 << 62, 5, nil}} {
		page, err := s.AuditAfter(t.Context(), c.after, c.limit)
		noError(t, err)
		var seqs []int64
		for _, e := range page {
			seqs = append(seqs, e.Seq)
		}
		if !slices.Equal(seqs, c.want) {
			t.Errorf("after %d come %v, want %v", c.after, seqs, c.want)
		}
	}
}

// events is the list of what a query finds, by number.
func (s auditSuite) events(t *testing.T, q idp.AuditQuery) list[idp.AuditEvent] {
	return list[idp.AuditEvent]{
		read: func(l idp.ListQuery) (idp.Page[*idp.AuditEvent], error) {
			q := q
			l.Text = q.Text
			q.ListQuery = l
			return s.QueryAudit(t.Context(), q)
		},
		id: func(e *idp.AuditEvent) string { return strconv.FormatInt(e.Seq, 10) },
	}
}

func testQueryAudit(t *testing.T, s auditSuite) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ada, bob := uuid.NewString(), uuid.NewString()
	for i, c := range []struct {
		actor, target, action, client string
		result                        idp.AuditResult
	}{
		{ada, bob, idp.ActionUserCreate, "", idp.AuditOK},       // 1
		{ada, bob, idp.ActionUserUpdate, "app", idp.AuditOK},    // 2
		{bob, bob, idp.ActionSignIn, "app", idp.AuditOK},        // 3
		{"", bob, idp.ActionSignIn, "", idp.AuditRefused},       // 4
		{bob, "app", idp.ActionClientUpdate, "", idp.AuditOK},   // 5
		{ada, "x", "userx.y", "other", idp.AuditRefused},        // 6
		{"", "", idp.ActionKeyCreate, "", idp.AuditOK},          // 7
		{ada, ada, idp.ActionUserPassword, "app", idp.AuditOK},  // 8
		{ada, "", "user/", "", idp.AuditOK},                     // 9
		{"root", "Größe_1", "a.b", "", idp.AuditResult("odd?")}, // 10
	} {
		s.add(t, func(e *idp.AuditEvent) {
			e.Time = begin.Add(time.Duration(i) * time.Second)
			e.ActorID, e.ActorName, e.Action, e.ClientID, e.Result = c.actor, "Name of "+c.actor, c.action, c.client, c.result
			e.Target = idp.Target{Kind: "user", ID: c.target, Name: "To " + c.target}
		})
	}
	at := begin.Unix()
	text := func(s string) idp.AuditQuery { return idp.AuditQuery{ListQuery: idp.ListQuery{Text: s}} }
	for name, c := range map[string]struct {
		q    idp.AuditQuery
		want string
	}{
		"all":                   {idp.AuditQuery{}, "10 9 8 7 6 5 4 3 2 1"},
		"an actor":              {idp.AuditQuery{ActorID: ada}, "9 8 6 2 1"},
		"a target":              {idp.AuditQuery{TargetID: bob}, "4 3 2 1"},
		"a person":              {idp.AuditQuery{PersonID: bob}, "5 4 3 2 1"},
		"a person of one kind":  {idp.AuditQuery{PersonID: bob, Action: idp.ActionSignIn}, "4 3"},
		"nobody":                {idp.AuditQuery{PersonID: uuid.NewString()}, ""},
		"an action":             {idp.AuditQuery{Action: idp.ActionSignIn}, "4 3"},
		"part of an action":     {idp.AuditQuery{Action: "user"}, ""},
		"a prefix":              {idp.AuditQuery{Action: "user."}, "8 2 1"},
		"all prefixes":          {idp.AuditQuery{Action: "."}, ""},
		"refused":               {idp.AuditQuery{Result: idp.AuditRefused}, "6 4"},
		"ok":                    {idp.AuditQuery{Result: idp.AuditOK}, "9 8 7 5 3 2 1"},
		"another result":        {idp.AuditQuery{Result: "odd?"}, "10"},
		"a client":              {idp.AuditQuery{ClientID: "app"}, "8 3 2"},
		"from":                  {idp.AuditQuery{From: at + 7}, "10 9 8"},
		"to":                    {idp.AuditQuery{To: at + 2}, "2 1"},
		"from and to":           {idp.AuditQuery{From: at + 2, To: at + 4}, "4 3"},
		"from behind to":        {idp.AuditQuery{From: at + 4, To: at + 2}, ""},
		"ends of time":          {idp.AuditQuery{From: -1 << 62, To: 1 << 62}, "10 9 8 7 6 5 4 3 2 1"},
		"after time":            {idp.AuditQuery{From: 1 << 62}, ""},
		"a name":                {text("name of root"), "10"},
		"part of an ID":         {text(bob[9:30]), "5 4 3 2 1"},
		"in any case":           {text("GRÖSSE_1"), ""},
		"in any case, really":   {text("GRÖßE_1"), "10"},
		"no wildcard":           {text("größe%"), ""},
		"two letters":           {text("ro"), "10"},
		"NUL":                   {text("root\x00"), ""},
		"endless":               {text(strings.Repeat("x", 10000)), ""},
		"hostile":               {idp.AuditQuery{ActorID: "\x00", TargetID: "\xff", ClientID: "'", Action: "\x00.", Result: "\x00"}, ""},
		"everything at once":    {idp.AuditQuery{ActorID: ada, TargetID: bob, ClientID: "app", Action: "user.", Result: idp.AuditOK, From: at, To: at + 9, PersonID: bob, ListQuery: idp.ListQuery{Text: "name"}}, "2"},
		"a person and a client": {idp.AuditQuery{PersonID: bob, ClientID: "app"}, "3 2"},
	} {
		t.Run(name, func(t *testing.T) { s.events(t, c.q).is(t, "", strings.Fields(c.want)) })
	}
	s.events(t, idp.AuditQuery{}).refusesCursors(t)
	page, err := s.QueryAudit(t.Context(), idp.AuditQuery{ListQuery: idp.ListQuery{Limit: 1}})
	noError(t, err)
	one, err := s.AuditEvent(t.Context(), 10)
	noError(t, err)
	same(t, page.Items[0], one)
}

// testAuditOrder: what comes in late stands where its time says; the last come first within one moment.
func testAuditOrder(t *testing.T, s auditSuite) {
	begin := instant()
	for _, seconds := range []int{5, 5, 1, 9, 5, 0, 9, 5} {
		s.add(t, func(e *idp.AuditEvent) { e.Time = begin.Add(time.Duration(seconds) * time.Second) })
	}
	s.events(t, idp.AuditQuery{}).is(t, "", []string{"7", "4", "8", "5", "2", "1", "3", "6"})
}

func testPurgeAudit(t *testing.T, s auditSuite) {
	begin := instant().Add(-time.Hour)
	var all []*idp.AuditEvent
	for _, minute := range []int{0, 1, 2, 30, 3, 40} { // the fifth came late
		all = append(all, s.add(t, func(e *idp.AuditEvent) { e.Time = begin.Add(time.Duration(minute) * time.Minute) }))
	}
	purge := func(minute, limit, want int) {
		t.Helper()
		n, err := s.PurgeAudit(t.Context(), begin.Add(time.Duration(minute)*time.Minute), limit)
		noError(t, err)
		if n != want {
			t.Fatalf("%d events were removed, want %d", n, want)
		}
	}
	purge(0, 100, 0)
	purge(10, 0, 0)
	purge(10, -1, 0)
	purge(10, 2, 2)
	Chain(t, s, 4)
	purge(10, 100, 1) // up to the first that stays, though one behind it is old
	if left := Chain(t, s, 3); left[0].Seq != 4 {
		t.Errorf("the first left is %d", left[0].Seq)
	}
	head, err := s.AuditHead(t.Context())
	noError(t, err)
	if want := (idp.AuditHead{Anchor: all[2].Hash, FirstSeq: 4, LastSeq: 6, LastHash: all[5].Hash}); head != want {
		t.Errorf("the head is %+v, want %+v", head, want)
	}
	purge(1000, 100, 2) // the last one always stays
	purge(1000, 100, 0)
	next := s.add(t, nil)
	if next.Seq != 7 || next.Prev != all[5].Hash {
		t.Errorf("the next event is %d and follows %q", next.Seq, next.Prev)
	}
	Chain(t, s, 2)
	_, err = s.AuditEvent(t.Context(), 5)
	wantError(t, err, idp.ErrNotFound)
}

func testAuditRaces(t *testing.T, s auditSuite) {
	t.Run("one unbroken chain", func(t *testing.T) {
		const each = 10
		errs := race(racers, func(n int) error {
			for i := range each {
				events := []*idp.AuditEvent{newEvent(), newEvent(), newEvent()}
				for j, e := range events {
					e.RequestID = fmt.Sprint(n, "-", i, "-", j)
				}
				if err := s.AppendAudit(t.Context(), events...); err != nil {
					return err
				}
				if events[1].Seq != events[0].Seq+1 || events[2].Prev != events[1].Hash {
					return errors.New("what was appended together is apart")
				}
			}
			return nil
		})
		noError(t, errors.Join(errs...))
		seen := map[string]bool{}
		for _, e := range Chain(t, s, racers*each*3) {
			seen[e.RequestID] = true
		}
		if len(seen) != racers*each*3 {
			t.Errorf("%d different events", len(seen))
		}
	})
	t.Run("appending and purging", func(t *testing.T) {
		before, err := s.AuditHead(t.Context())
		noError(t, err)
		var removed [racers]int
		errs := race(racers, func(n int) (err error) {
			if n%2 == 0 {
				return s.AppendAudit(t.Context(), newEvent())
			}
			removed[n], err = s.PurgeAudit(t.Context(), time.Now().Add(time.Hour), 20)
			return err
		})
		noError(t, errors.Join(errs...))
		sum := 0
		for _, n := range removed {
			sum += n
		}
		Chain(t, s, int(before.LastSeq-before.FirstSeq)+1+(racers+1)/2-sum)
	})
}

func testAuditContext(t *testing.T, s auditSuite) {
	s.add(t, nil)
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"AppendAudit": func() error { return s.AppendAudit(ctx, newEvent()) },
			"QueryAudit":  func() error { _, err := s.QueryAudit(ctx, idp.AuditQuery{}); return err },
			"AuditEvent":  func() error { _, err := s.AuditEvent(ctx, 1); return err },
			"AuditAfter":  func() error { _, err := s.AuditAfter(ctx, 0, 1); return err },
			"AuditHead":   func() error { _, err := s.AuditHead(ctx); return err },
			"PurgeAudit":  func() error { _, err := s.PurgeAudit(ctx, time.Now(), 1); return err },
		}
	})
	Chain(t, s, 1)
}
