package account

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/idp"
)

const (
	factQueue   = 1024                   // facts that may wait; beyond, failures are dropped and counted
	factTimeout = 5 * time.Second        // for one fact to be written
	factWait    = 100 * time.Millisecond // how long a successful sign-in waits to see itself noted
)

// recorder writes the outcomes of sign-ins to the user's record in the
// background and in order, so that the answer to a wrong password does not
// take longer than the one for an account that does not exist.
type recorder struct {
	users   idp.UserStore
	log     *slog.Logger
	queue   chan fact
	dropped atomic.Int64
	ctx     context.Context // ends the writing when close has waited long enough
	cancel  context.CancelFunc
	ended   chan struct{}

	mu     sync.RWMutex // held for reading while sending, so that close does not close under a sender
	closed bool
}

type fact struct {
	userID string
	at     time.Time
	ok     bool
	act    idp.Act         // where it came from, for the audit log
	noted  chan<- struct{} // closed when written; nil if nobody waits
}

func newRecorder(users idp.UserStore, log *slog.Logger) *recorder {
	r := &recorder{users: users, log: log, queue: make(chan fact, factQueue), ended: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	go r.run()
	return r
}

func (r *recorder) run() {
	defer close(r.ended)
	for f := range r.queue {
		r.write(r.ctx, f)
		if n := r.dropped.Swap(0); n > 0 {
			r.log.Warn("failed sign-ins came too fast to be noted on their accounts", "count", n)
		}
	}
}

func (r *recorder) write(ctx context.Context, f fact) {
	ctx, cancel := context.WithTimeout(idp.WithAct(ctx, f.act), factTimeout)
	defer cancel()
	if err := r.users.RecordSignIn(ctx, f.userID, f.at, f.ok); err != nil {
		r.log.Warn("a sign-in could not be noted on its account", "user", f.userID, "ok", f.ok, "error", err)
	}
	if f.noted != nil {
		close(f.noted)
	}
}

// failure never blocks. It reports whether the fact will be written.
func (r *recorder) failure(f fact) bool {
	if r.send(f) {
		return true
	}
	r.dropped.Add(1)
	return false
}

// success goes behind the failures before it, which it resets, and waits a
// moment to be written; when the queue is full it is written at once.
func (r *recorder) success(ctx context.Context, f fact) {
	noted := make(chan struct{})
	f.ok, f.noted = true, noted
	if !r.send(f) {
		r.write(ctx, f)
		return
	}
	timer := time.NewTimer(factWait)
	defer timer.Stop()
	select {
	case <-noted:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *recorder) send(f fact) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return false
	}
	select {
	case r.queue <- f:
		return true
	default:
		return false
	}
}

// close takes no more facts and waits until the last is written or ctx ends.
func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	defer r.cancel()
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
