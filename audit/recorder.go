package audit

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/idp"
)

const (
	queueSize    = 4096                   // events that may wait; beyond, they are dropped and counted
	batchSize    = 200                    // events in one transaction
	writeEvery   = 200 * time.Millisecond // how long an event waits at most while the store answers
	countEvery   = 5 * time.Second        // how long a count waits
	storeTimeout = 15 * time.Second       // for one batch to be written
)

// Options is what Recorder needs; Store and Tallies must be set.
type Options struct {
	Store   idp.AuditStore
	Tallies idp.TallyStore
	Now     func() time.Time
	Log     *slog.Logger
}

// Recorder writes events and counts in the background. It is an idp.Recorder
// and an idp.Counter, safe for use from many goroutines.
type Recorder struct {
	o       Options
	queue   chan *idp.AuditEvent
	asks    chan ask
	dropped atomic.Int64
	counts  counts
	ctx     context.Context // ends the writing when Close has waited long enough
	cancel  context.CancelFunc
	ended   chan struct{}

	mu     sync.RWMutex // held for reading while sending, so that nothing is sent behind the last flush
	closed bool

	// What follows belongs to run.
	batch   []*idp.AuditEvent
	alike   merger
	failing bool  // the last write failed
	told    int64 // of dropped, in the log
}

var (
	_ idp.Recorder = (*Recorder)(nil)
	_ idp.Counter  = (*Recorder)(nil)
)

// ask makes run write everything there is.
type ask struct {
	ctx  context.Context
	last bool
	done chan<- error // of one place, so that an answer nobody waits for is no stop
}

// New starts a goroutine that writes; Close ends it.
func New(o Options) *Recorder {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Recorder{
		o: o, queue: make(chan *idp.AuditEvent, queueSize), asks: make(chan ask), ended: make(chan struct{}),
		alike: merger{}, counts: counts{sums: map[countKey]int64{}},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	go r.run()
	return r
}

// Record takes a copy of the event and never blocks. When the queue is full
// the event is dropped; see Dropped.
func (r *Recorder) Record(e *idp.AuditEvent) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.closed {
		mine := *e
		mine.Changes, mine.Count = slices.Clone(e.Changes), max(e.Count, 1)
		select {
		case r.queue <- &mine:
			return
		default:
		}
	}
	r.dropped.Add(1)
}

// Count adds one to the count of this hour, and never waits for the store.
func (r *Recorder) Count(kind idp.TallyKind, label string) {
	r.counts.add(countKey{r.o.Now().UTC().Truncate(time.Hour), kind, label}, 1)
}

// Dropped returns how many events were lost so far: because the queue was full,
// the store refused one, or the end came before the store answered.
func (r *Recorder) Dropped() int64 { return r.dropped.Load() }

// Flush writes everything that was recorded and counted before it, also what
// still waits for more of its minute. The error is that of the store, which is
// asked again later, or of ctx.
func (r *Recorder) Flush(ctx context.Context) error { return r.ask(ctx, false) }

// Close takes no more events and writes what there is, until ctx ends.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	err := r.ask(ctx, true)
	r.cancel()
	<-r.ended
	return err
}

func (r *Recorder) ask(ctx context.Context, last bool) error {
	done := make(chan error, 1)
	select {
	case r.asks <- ask{ctx, last, done}:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended:
		return nil
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Recorder) run() {
	defer close(r.ended)
	write, count := time.NewTicker(writeEvery), time.NewTicker(countEvery)
	defer write.Stop()
	defer count.Stop()
	for {
		queue := r.queue
		if len(r.batch) >= batchSize {
			queue = nil // the store does not answer: the rest waits in the queue
		}
		select {
		case e := <-queue:
			r.take(e)
			if len(r.batch) >= batchSize {
				_ = r.write(r.ctx)
			}
		case <-write.C:
			r.batch = r.alike.release(r.batch, r.o.Now())
			_ = r.write(r.ctx)
			r.tellDropped()
		case <-count.C:
			_ = r.writeCounts(r.ctx)
		case a := <-r.asks:
			err := r.flush(a.ctx)
			a.done <- err
			if a.last {
				r.leave()
				return
			}
		case <-r.ctx.Done():
			r.leave()
			return
		}
	}
}

func (r *Recorder) take(e *idp.AuditEvent) {
	if r.alike.keep(e) {
		return
	}
	r.batch = append(r.batch, e)
}

// flush goes on with the counts when the events could not be written: they may
// lie elsewhere, and both are asked for in full only by Flush and Close.
func (r *Recorder) flush(ctx context.Context) error {
	err := r.flushEvents(ctx)
	return errors.Join(err, r.writeCounts(ctx))
}

func (r *Recorder) flushEvents(ctx context.Context) error {
	for {
		select {
		case e := <-r.queue:
			r.take(e)
			if len(r.batch) < batchSize {
				continue
			}
			if err := r.write(ctx); err != nil {
				return err
			}
		default:
			r.batch = r.alike.releaseAll(r.batch)
			return r.write(ctx)
		}
	}
}
