package audit

import (
	"context"
	"errors"

	"gatehouse/idp"
)

// write empties the batch, or leaves in it what the store did not take.
func (r *Recorder) write(ctx context.Context) error {
	for len(r.batch) > 0 {
		n := min(len(r.batch), batchSize)
		err := r.append(ctx, r.batch[:n]...)
		switch {
		case err == nil:
			r.batch = r.batch[n:]
		case !isPassing(err): // one of them cannot be kept, which is no reason to lose the others
			err = r.writeEach(ctx, n)
		}
		if err != nil {
			r.tellFailing(err)
			return err
		}
	}
	r.batch, r.failing = nil, false
	return nil
}

// writeEach writes the first n events of the batch one by one and drops those that the store refuses.
func (r *Recorder) writeEach(ctx context.Context, n int) error {
	for range n {
		e := r.batch[0]
		err := r.append(ctx, e)
		if isPassing(err) {
			return err
		}
		if err != nil {
			r.dropped.Add(1)
			r.told++
			r.o.Log.Error("an audit event was refused by its store and is lost", "action", e.Action, "error", err)
		}
		r.batch = r.batch[1:]
	}
	return nil
}

func (r *Recorder) append(ctx context.Context, events ...*idp.AuditEvent) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return r.o.Store.AppendAudit(ctx, events...)
}

// isPassing tells a store that may answer later from one that will not take it.
func isPassing(err error) bool {
	return errors.Is(err, idp.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// tellFailing logs once for each time that the store is away.
func (r *Recorder) tellFailing(err error) {
	if !r.failing {
		r.o.Log.Error("audit events cannot be written and are kept for now", "waiting", len(r.batch)+len(r.queue), "error", err)
	}
	r.failing = true
}

func (r *Recorder) tellDropped() {
	if n := r.dropped.Load(); n > r.told {
		r.o.Log.Error("audit events came faster than they could be written and are lost", "count", n-r.told)
		r.told = n
	}
}

// leave counts what is lost for good.
func (r *Recorder) leave() {
	lost := len(r.alike.releaseAll(r.batch)) + len(r.queue)
	r.dropped.Add(int64(lost))
	r.tellDropped()
	if n := len(r.counts.take()); n > 0 {
		r.o.Log.Error("counts could not be written and are lost", "count", n)
	}
}

// writeCounts adds to the tallies what was counted since, and keeps it when the store does not answer.
func (r *Recorder) writeCounts(ctx context.Context) error {
	sums := r.counts.take()
	if len(sums) == 0 {
		return nil
	}
	ts := make([]idp.Tally, 0, len(sums))
	for k, n := range sums {
		ts = append(ts, idp.Tally{Hour: k.hour, Kind: k.kind, Label: k.label, Count: n})
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := r.o.Tallies.AddTallies(ctx, r.o.Now().UTC(), ts)
	if err == nil {
		return nil
	}
	for k, n := range sums {
		r.counts.add(k, n)
	}
	r.o.Log.Warn("counts cannot be written and are kept for now", "error", err)
	return err
}
