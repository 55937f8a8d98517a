package audit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/audit"
	"gatehouse/idp"
)

const writtenEvents = 1200 // more than two steps of Verify and one of Purge

var start = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)

// purgedAt is when the tests purge.
var purgedAt = start.AddDate(1, 0, 0)

// template is a database file with writtenEvents events, a minute apart from
// start; to write them takes long, and nearly every test needs them.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	s, err := open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	var events []*idp.AuditEvent
	for i := range writtenEvents {
		events = append(events, &idp.AuditEvent{
			Time: start.Add(time.Duration(i) * time.Minute), ActorKind: idp.ActorUser, ActorName: "root", Action: idp.ActionUserUpdate,
			Target: idp.Target{Kind: "user", ID: rand.Text()}, Result: idp.AuditOK, Count: 1,
			Changes: []idp.Change{{Field: "name", Before: "a", After: "b"}},
		})
	}
	if err := errors.Join(s.Audit.AppendAudit(context.Background(), events...), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// written is a log of writtenEvents events.
func written(t *testing.T) idp.AuditStore {
	t.Helper()
	file, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Audit
}

// doctored is a log that somebody got at: what is read differs from what was written.
type doctored struct {
	idp.AuditStore
	head   func(*idp.AuditHead)
	events func([]*idp.AuditEvent) []*idp.AuditEvent
}

func (d doctored) AuditHead(ctx context.Context) (idp.AuditHead, error) {
	h, err := d.AuditStore.AuditHead(ctx)
	if d.head != nil {
		d.head(&h)
	}
	return h, err
}

func (d doctored) AuditAfter(ctx context.Context, seq int64, limit int) ([]*idp.AuditEvent, error) {
	all, err := d.AuditStore.AuditAfter(ctx, 0, 100_000)
	if d.events != nil {
		all = d.events(all)
	}
	all = slices.DeleteFunc(all, func(e *idp.AuditEvent) bool { return e.Seq <= seq })
	return all[:min(len(all), limit)], err
}

func TestVerify(t *testing.T) {
	const n = writtenEvents
	store := written(t)
	type events = []*idp.AuditEvent
	for name, c := range map[string]struct {
		doctor doctored
		seq    int64 // of the break, 0 for none
		why    string
	}{
		"untouched": {},
		"a member changed": {doctored{events: func(e events) events {
			e[700].Result = idp.AuditRefused
			return e
		}}, 701, "changed"},
		"a change rewritten": {doctored{events: func(e events) events {
			e[0].Changes[0].After = "c"
			return e
		}}, 1, "changed"},
		"the time changed": {doctored{events: func(e events) events {
			e[5].Time = e[5].Time.Add(time.Microsecond)
			return e
		}}, 6, "changed"},
		"changed and sealed again": {doctored{events: func(e events) events {
			e[700].ActorName = "somebody"
			e[700].Seal(e[699].Hash)
			return e
		}}, 702, "does not follow"},
		"the last changed and sealed again": {doctored{events: func(e events) events {
			e[n-1].ActorName = "somebody"
			e[n-1].Seal(e[n-2].Hash)
			return e
		}}, n, "ended with"},
		"one removed":         {doctored{events: func(e events) events { return slices.Delete(e, 600, 601) }}, 601, "missing"},
		"one on a page's end": {doctored{events: func(e events) events { return slices.Delete(e, 499, 500) }}, 500, "missing"},
		"one on a page's start": {doctored{events: func(e events) events {
			return slices.Delete(e, 500, 501)
		}}, 501, "missing"},
		"the first removed": {doctored{events: func(e events) events { return e[1:] }}, 1, "missing"},
		"the end removed":   {doctored{events: func(e events) events { return e[:n-3] }}, n - 2, "missing"},
		"all removed":       {doctored{events: func(events) events { return nil }}, 1, "missing"},
		"removed and renumbered": {doctored{events: func(e events) events {
			for _, later := range e[601:] {
				later.Seq--
			}
			return slices.Delete(e, 600, 601)
		}}, 601, "does not follow"},
		"two in each other's place": {doctored{events: func(e events) events {
			e[3].Seq, e[4].Seq = e[4].Seq, e[3].Seq
			e[3], e[4] = e[4], e[3]
			return e
		}}, 4, "does not follow"},
		"the head emptied":     {doctored{head: func(h *idp.AuditHead) { *h = idp.AuditHead{} }}, 1, "behind the end"},
		"the beginning forged": {doctored{head: func(h *idp.AuditHead) { h.Anchor = strings.Repeat("0", 64) }}, 1, "does not follow"},
		"purged, but said not to be": {doctored{
			head:   func(h *idp.AuditHead) { h.FirstSeq = 3 },
			events: func(e events) events { return e[2:] },
		}, 3, "does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			c.doctor.AuditStore = store
			var told []int64
			report, err := audit.Verify(t.Context(), c.doctor, func(done, last int64) {
				if last > n {
					t.Errorf("%d of %d", done, last)
				}
				told = append(told, done)
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.seq == 0 {
				if report.Broken != nil || report.Checked != n || report.Head.LastSeq != n || len(told) == 0 || told[len(told)-1] != n {
					t.Errorf("%+v %+v, told %v", report, report.Broken, told)
				}
				return
			}
			if report.Broken == nil || report.Broken.Seq != c.seq || !strings.Contains(report.Broken.Why, c.why) {
				t.Errorf("%+v %+v", report, report.Broken)
			}
		})
	}
}

func TestVerifyOfNothing(t *testing.T) {
	report, err := audit.Verify(t.Context(), openStores(t).Audit, nil)
	if err != nil || report.Broken != nil || report.Checked != 0 {
		t.Errorf("%+v %v", report, err)
	}
}

func TestVerifyWithTheStoreAway(t *testing.T) {
	store := written(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := audit.Verify(ctx, store, nil); err == nil {
		t.Errorf("%+v", report)
	}
	if _, err := audit.Verify(t.Context(), awayAfter{store}, nil); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("half-way: %v", err)
	}
}

// awayAfter answers where the chain stands and no more.
type awayAfter struct{ idp.AuditStore }

func (awayAfter) AuditAfter(context.Context, int64, int) ([]*idp.AuditEvent, error) {
	return nil, idp.ErrUnavailable
}

// meanwhile does something before the second step of a walk.
type meanwhile struct {
	idp.AuditStore
	steps int
	do    func()
}

func (m *meanwhile) AuditAfter(ctx context.Context, seq int64, limit int) ([]*idp.AuditEvent, error) {
	if m.steps++; m.steps == 2 {
		m.do()
	}
	return m.AuditStore.AuditAfter(ctx, seq, limit)
}

// The log goes on while it is verified.
func TestVerifyWhileItChanges(t *testing.T) {
	for name, c := range map[string]struct {
		purge   int // events
		checked int64
	}{
		"appended": {0, 1200}, "purged behind": {300, 1200}, "purged ahead": {700, 1000}, "purged past the end": {5000, 500},
	} {
		t.Run(name, func(t *testing.T) {
			store := written(t)
			m := &meanwhile{AuditStore: store, do: func() {
				for i := range 5 {
					e := &idp.AuditEvent{Time: start.Add(time.Duration(1200+i) * time.Minute), ActorKind: idp.ActorSystem, Action: idp.ActionKeyCreate, Count: 1}
					if err := store.AppendAudit(t.Context(), e); err != nil {
						t.Error(err)
					}
				}
				if c.purge > 0 {
					if _, err := audit.Purge(t.Context(), store, start.Add(time.Duration(c.purge)*time.Minute), purgedAt); err != nil {
						t.Error(err)
					}
				}
			}}
			report, err := audit.Verify(t.Context(), m, nil)
			if err != nil || report.Broken != nil || report.Checked != c.checked {
				t.Errorf("%+v %+v %v", report, report.Broken, err)
			}
		})
	}
}

func TestPurge(t *testing.T) {
	store := written(t)
	if n, err := audit.Purge(t.Context(), store, start, purgedAt); n != 0 || err != nil {
		t.Fatalf("nothing is that old: %d, %v", n, err)
	}
	if head, err := store.AuditHead(t.Context()); err != nil || head.LastSeq != writtenEvents {
		t.Fatalf("a purge of nothing is told: %+v %v", head, err)
	}
	ctx, cancel := context.WithCancel(idp.WithAct(t.Context(), idp.Act{Kind: idp.ActorCLI, Name: "op"}))
	defer cancel()
	n, err := audit.Purge(ctx, store, start.Add(1100*time.Minute), purgedAt)
	if n != 1100 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	report, err := audit.Verify(t.Context(), store, nil)
	if err != nil || report.Broken != nil || report.Checked != 101 || report.Head.FirstSeq != 1101 {
		t.Errorf("%+v %+v %v", report, report.Broken, err)
	}
	last, err := store.AuditEvent(t.Context(), writtenEvents+1)
	if err != nil || last.Action != idp.ActionAuditRetention || last.ActorKind != idp.ActorCLI || !last.Time.Equal(purgedAt) ||
		!slices.Contains(last.Changes, idp.Change{Field: "removed", After: "1100"}) {
		t.Errorf("%+v %v", last, err)
	}
	cancel()
	if n, err := audit.Purge(ctx, store, time.Now().Add(24*time.Hour), purgedAt); n != 0 || err == nil {
		t.Errorf("with nobody waiting: %d, %v", n, err)
	}
}

// failsAfter purges one step, and then is away.
type failsAfter struct {
	idp.AuditStore
	steps *int
}

func (f failsAfter) PurgeAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	if *f.steps++; *f.steps > 1 {
		return 0, idp.ErrUnavailable
	}
	return f.AuditStore.PurgeAudit(ctx, before, limit)
}

// What was removed is told also when the rest could not be.
func TestPurgeHalfWay(t *testing.T) {
	store := written(t)
	n, err := audit.Purge(t.Context(), failsAfter{store, new(int)}, start.Add(24*time.Hour), purgedAt)
	if n != 1000 || !errors.Is(err, idp.ErrUnavailable) {
		t.Fatalf("%d, %v", n, err)
	}
	last, err := store.AuditEvent(t.Context(), writtenEvents+1)
	if err != nil || last.Action != idp.ActionAuditRetention || !slices.Contains(last.Changes, idp.Change{Field: "removed", After: "1000"}) {
		t.Errorf("%+v %v", last, err)
	}
}
