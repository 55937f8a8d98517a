package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/audit"
	"gatehouse/idp"
	"gatehouse/storage"
)

// openStores opens an empty SQLite database.
func openStores(t *testing.T) *storage.Stores {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(ctx context.Context, path string) (*storage.Stores, error) {
	m, err := storage.Migrator("sqlite:" + path)
	if err != nil {
		return nil, err
	}
	if err := m.Up(ctx); err != nil {
		return nil, err
	}
	return storage.Open(ctx, storage.Options{DatabaseURL: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
}

// log is a recorder over real stores, one of which can be made to fail.
type log struct {
	*audit.Recorder
	audit   *faulty
	tallies *faultyTallies
	now     atomic.Pointer[time.Time]
}

func newLog(t *testing.T) *log {
	t.Helper()
	s := openStores(t)
	l := &log{audit: &faulty{AuditStore: s.Audit}, tallies: &faultyTallies{TallyStore: s.Tallies}}
	start := time.Date(2031, 5, 6, 7, 8, 10, 0, time.UTC)
	l.now.Store(&start)
	l.Recorder = audit.New(audit.Options{Store: l.audit, Tallies: l.tallies, Now: func() time.Time { return *l.now.Load() }})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		l.audit.fails.Store(nil)
		_ = l.Close(ctx)
	})
	return l
}

func (l *log) forward(d time.Duration) {
	then := l.now.Load().Add(d)
	l.now.Store(&then)
}

func (l *log) flush(t *testing.T) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// stored returns what is in the log, oldest first, and holds it to its chain.
func (l *log) stored(t *testing.T) []*idp.AuditEvent {
	t.Helper()
	events, err := l.audit.AuditAfter(t.Context(), 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(t.Context(), l.audit.AuditStore, nil)
	if err != nil || report.Broken != nil || report.Checked != int64(len(events)) {
		t.Errorf("%+v of %d, %v", report, len(events), err)
	}
	return events
}

// event is one that is written as it is.
func (l *log) event(n int) *idp.AuditEvent {
	return &idp.AuditEvent{
		Time: *l.now.Load(), ActorKind: idp.ActorUser, ActorID: "u", Action: idp.ActionSessionEnd,
		Target: idp.Target{Kind: "user", ID: fmt.Sprint(n)}, Result: idp.AuditOK, Count: 1,
	}
}

// faulty fails with an error, waits for the end of ctx, or refuses one action.
type faulty struct {
	idp.AuditStore
	fails   atomic.Pointer[error]
	hangs   atomic.Bool
	refuses string
}

func (f *faulty) AppendAudit(ctx context.Context, events ...*idp.AuditEvent) error {
	if f.hangs.Load() {
		<-ctx.Done()
		return fmt.Errorf("%w: %w", idp.ErrUnavailable, ctx.Err())
	}
	if err := f.fails.Load(); err != nil {
		return *err
	}
	for _, e := range events {
		if f.refuses != "" && e.Action == f.refuses {
			return fmt.Errorf("no such action: %s", e.Action)
		}
	}
	return f.AuditStore.AppendAudit(ctx, events...)
}

type faultyTallies struct {
	idp.TallyStore
	fails atomic.Bool
}

func (f *faultyTallies) AddTallies(ctx context.Context, at time.Time, ts []idp.Tally) error {
	if f.fails.Load() {
		return idp.ErrUnavailable
	}
	return f.TallyStore.AddTallies(ctx, at, ts)
}
