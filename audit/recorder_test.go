package audit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/audit"
	"gatehouse/idp"
)

func TestRecordWritesInOrder(t *testing.T) {
	l := newLog(t)
	e := l.event(0)
	e.Changes = []idp.Change{{Field: "name", Before: "a", After: "b\x00\xff"}}
	l.Record(e)
	e.Action, e.Changes[0].After = "changed.later", "changed later"
	for n := 1; n < 250; n++ {
		l.Record(l.event(n))
	}
	l.flush(t)
	events := l.stored(t)
	if len(events) != 250 || l.Dropped() != 0 {
		t.Fatalf("%d events, %d dropped", len(events), l.Dropped())
	}
	for n, e := range events {
		if want := l.event(n); e.Target != want.Target || e.Action != want.Action || !e.Time.Equal(want.Time) {
			t.Fatalf("event %d is %+v", n, e)
		}
	}
	if c := events[0].Changes; len(c) != 1 || c[0].Before != "a" || c[0].After == "changed later" {
		t.Errorf("%+v", c)
	}
	if e.Seq != 0 || e.Hash != "" {
		t.Error("what was given was written to")
	}
}

func TestRecordIsWrittenSoon(t *testing.T) {
	l := newLog(t)
	l.Record(l.event(1))
	for range 100 {
		if head, err := l.audit.AuditHead(t.Context()); err != nil || head.LastSeq == 1 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("not written in two seconds")
}

func TestRecordFromManySides(t *testing.T) {
	l := newLog(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 40 {
				l.Record(l.event(1000*i + n))
				l.Count(idp.TallySignIn, "")
				if n == 20 {
					l.flush(t)
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.stored(t)); n != 320 || l.Dropped() != 0 {
		t.Errorf("%d events, %d dropped", n, l.Dropped())
	}
	if ts := l.counted(t); len(ts) != 1 || ts[0].Count != 320 {
		t.Errorf("%+v", ts)
	}
	l.Record(l.event(1)) // too late, and told so
	if l.Dropped() != 1 {
		t.Errorf("%d dropped", l.Dropped())
	}
	if err := errors.Join(l.Close(t.Context()), l.Flush(t.Context())); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// machine is a token that a client got for itself.
func (l *log) machine(client, ip string) *idp.AuditEvent {
	return &idp.AuditEvent{
		Time: *l.now.Load(), ActorKind: idp.ActorClient, ActorID: client, Action: idp.ActionGrantIssue,
		Target: idp.Target{Kind: "grant", ID: rand.Text()}, Result: idp.AuditOK, ClientID: client, IP: ip, RequestID: rand.Text(), Count: 1,
	}
}

// refused is a stranger's try in vain.
func (l *log) refused(ip, reason string, target idp.Target) *idp.AuditEvent {
	return &idp.AuditEvent{
		Time: *l.now.Load(), ActorKind: idp.ActorNobody, Action: idp.ActionSignIn, Target: target,
		Result: idp.AuditRefused, IP: ip, RequestID: rand.Text(), Reason: reason, Count: 1,
	}
}

// counts returns Count of the stored events by a name for each.
func counts(events []*idp.AuditEvent, name func(*idp.AuditEvent) string) map[string][]int {
	by := map[string][]int{}
	for _, e := range events {
		by[name(e)] = append(by[name(e)], e.Count)
	}
	return by
}

func TestMachineTokensOfAMinuteAreOneEvent(t *testing.T) {
	l := newLog(t)
	for range 50 {
		l.Record(l.machine("a", "192.0.2.1"))
		l.Record(l.machine("a", "192.0.2.2"))
		l.Record(l.machine("b", "192.0.2.1"))
	}
	l.forward(30 * time.Second)
	l.Record(l.machine("a", "192.0.2.1"))
	l.forward(30 * time.Second) // the next minute
	l.Record(l.machine("a", "192.0.2.1"))
	person := l.machine("a", "192.0.2.1")
	person.ActorKind, person.ActorID = idp.ActorUser, "u"
	l.Record(person)
	l.Record(person)
	l.flush(t)
	got := counts(l.stored(t), func(e *idp.AuditEvent) string { return e.ActorID + " " + e.IP })
	for name, want := range map[string][]int{
		"a 192.0.2.1": {1, 51}, "a 192.0.2.2": {50}, "b 192.0.2.1": {50}, "u 192.0.2.1": {1, 1},
	} {
		slices.Sort(got[name])
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
	if len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// A minute that is over is written without anybody asking.
func TestMergedEventsAreReleased(t *testing.T) {
	l := newLog(t)
	l.Record(l.machine("a", "192.0.2.1"))
	l.Record(l.machine("a", "192.0.2.1"))
	time.Sleep(300 * time.Millisecond)
	if n := len(l.stored(t)); n != 0 {
		t.Fatalf("%d are written while their minute lasts", n)
	}
	l.forward(time.Minute)
	for range 100 {
		if events := l.stored(t); len(events) == 1 && events[0].Count == 2 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("not written after the minute")
}

func TestRefusalsOfStrangersAreBounded(t *testing.T) {
	l := newLog(t)
	ada := idp.Target{Kind: "user", ID: "ada"}
	l.Record(l.refused("192.0.2.1", "throttled", ada))
	for range 100 { // the first is seen at once
		if head, err := l.audit.AuditHead(t.Context()); err != nil || head.LastSeq == 1 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := len(l.stored(t)); n != 1 {
		t.Fatalf("%d events", n)
	}
	for range 500 {
		l.Record(l.refused("192.0.2.1", "throttled", ada))
	}
	l.Record(l.refused("192.0.2.1", "", idp.Target{Kind: "user"}))
	l.Record(l.refused("192.0.2.1", "throttled", idp.Target{Kind: "user", ID: "bob"}))
	l.Record(l.refused("192.0.2.2", "throttled", ada))
	l.flush(t)
	got := counts(l.stored(t), func(e *idp.AuditEvent) string { return e.IP + " " + e.Target.ID + " " + e.Reason })
	for name, want := range map[string][]int{
		"192.0.2.1 ada throttled": {1, 500}, "192.0.2.1  ": {1}, "192.0.2.1 bob throttled": {1}, "192.0.2.2 ada throttled": {1},
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%q: %v, want %v", name, got[name], want)
		}
	}
}

// Who is signed in and asks for what they may not see, over and over, fills the log no more than a stranger.
func TestRefusalsOfPermissionAreBounded(t *testing.T) {
	l := newLog(t)
	for range 500 {
		for _, kind := range []idp.ActorKind{idp.ActorUser, idp.ActorClient} {
			e := l.refused("192.0.2.1", "", idp.Target{Kind: "page", ID: "/admin"})
			e.Action, e.ActorKind, e.ActorID = idp.ActionPermissionRefuse, kind, "eve"
			l.Record(e)
		}
	}
	e := l.refused("192.0.2.1", "", idp.Target{Kind: "page", ID: "/admin/users"})
	e.Action, e.ActorKind, e.ActorID = idp.ActionPermissionRefuse, idp.ActorClient, "eve"
	l.Record(e)
	l.flush(t)
	got := counts(l.stored(t), func(e *idp.AuditEvent) string { return string(e.ActorKind) + " " + e.Target.ID })
	for name, want := range map[string][]int{"user /admin": {1, 499}, "client /admin": {1, 499}, "client /admin/users": {1}} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%q: %v, want %v", name, got[name], want)
		}
	}
}

func TestTheStoreIsAway(t *testing.T) {
	l := newLog(t)
	l.fail(idp.ErrUnavailable)
	l.tallies.fails.Store(true)
	for n := range 250 {
		l.Record(l.event(n))
		l.Count(idp.TallyToken, "password")
	}
	for range 2 {
		if err := l.Flush(t.Context()); !errors.Is(err, idp.ErrUnavailable) {
			t.Fatalf("answer is %v", err)
		}
	}
	l.audit.fails.Store(nil)
	l.tallies.fails.Store(false)
	l.flush(t)
	events := l.stored(t)
	if len(events) != 250 || l.Dropped() != 0 {
		t.Fatalf("%d events, %d dropped", len(events), l.Dropped())
	}
	for n, e := range events {
		if e.Target != l.event(n).Target {
			t.Fatalf("event %d is of %s", n, e.Target.ID)
		}
	}
	if ts := l.counted(t); len(ts) != 1 || ts[0].Count != 250 || ts[0].Label != "password" {
		t.Errorf("%+v", ts)
	}
}

// Whoever signs in waits for no log.
func TestRecordNeverWaits(t *testing.T) {
	l := newLog(t)
	l.audit.hangs.Store(true)
	begin := time.Now()
	for n := range 20_000 {
		l.Record(l.event(n))
		l.Count(idp.TallySignIn, "")
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	dropped := l.Dropped()
	if dropped < 10_000 || dropped >= 20_000 {
		t.Errorf("%d dropped of 20000", dropped)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("closed in good order")
	}
	if l.Dropped() != 20_000 {
		t.Errorf("%d dropped, and none was written", l.Dropped())
	}
}

// One event that the store refuses is no reason to lose its neighbours.
func TestOneBadEvent(t *testing.T) {
	l := newLog(t)
	l.audit.refuses = "bad.event"
	for n := range 10 {
		e := l.event(n)
		if n%4 == 1 {
			e.Action = "bad.event"
		}
		l.Record(e)
	}
	l.flush(t)
	if n := len(l.stored(t)); n != 7 || l.Dropped() != 3 {
		t.Errorf("%d events, %d dropped", n, l.Dropped())
	}
}

func TestCounts(t *testing.T) {
	l := newLog(t)
	for _, c := range []struct {
		kind  idp.TallyKind
		label string
	}{
		{idp.TallySignIn, ""}, {idp.TallySignIn, ""}, {idp.TallyToken, "password"}, {idp.TallyToken, "client_credentials"}, {idp.TallyToken, "password"},
	} {
		l.Count(c.kind, c.label)
	}
	l.flush(t)
	l.Count(idp.TallySignIn, "")
	l.forward(time.Hour)
	l.Count(idp.TallySignIn, "")
	l.flush(t)
	hour := time.Date(2031, 5, 6, 7, 0, 0, 0, time.UTC)
	want := []idp.Tally{
		{Hour: hour, Kind: idp.TallySignIn, Count: 3},
		{Hour: hour, Kind: idp.TallyToken, Label: "client_credentials", Count: 1},
		{Hour: hour, Kind: idp.TallyToken, Label: "password", Count: 2},
		{Hour: hour.Add(time.Hour), Kind: idp.TallySignIn, Count: 1},
	}
	if got := l.counted(t); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func (l *log) counted(t *testing.T) []idp.Tally {
	t.Helper()
	ts, err := l.tallies.Tallies(t.Context(), time.Unix(0, 0), l.now.Load().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func (l *log) fail(err error) { l.audit.fails.Store(&err) }

var _ interface {
	idp.Recorder
	idp.Counter
} = (*audit.Recorder)(nil)
