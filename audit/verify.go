package audit

import (
	"context"
	"fmt"

	"gatehouse/idp"
)

// verifyStep is how many events Verify reads at a time.
const verifyStep = 500

// Report is what Verify found.
type Report struct {
	Checked int64 // events that are as they were written
	// Head is where the chain stood when Verify began. Whoever notes
	// LastSeq and LastHash elsewhere can later tell that all up to there was kept.
	Head   idp.AuditHead
	Broken *Break // nil when the log is whole
}

// Break is the first place where the log is not as it was written.
type Break struct {
	Seq int64
	Why string
}

// Verify walks the log from its beginning to where it ended when it began, and
// stops at the first break. What is appended or purged meanwhile is no break.
// progress, if not nil, is told after each step how far it is. The error is
// that of the store or of ctx; a break is none.
func Verify(ctx context.Context, store idp.AuditStore, progress func(done, last int64)) (Report, error) {
	head, err := store.AuditHead(ctx)
	if err != nil {
		return Report{}, err
	}
	w := walk{store: store, report: Report{Head: head}, seq: max(head.FirstSeq-1, 0), hash: head.Anchor}
	for w.seq < head.LastSeq && w.report.Broken == nil {
		if err := w.step(ctx); err != nil {
			return w.report, err
		}
		if progress != nil {
			progress(w.report.Checked, head.LastSeq-head.FirstSeq+1)
		}
	}
	if w.report.Broken == nil && w.seq == head.LastSeq && w.hash != head.LastHash {
		w.broken(head.LastSeq, "is not the event that the log ended with")
	}
	if w.report.Broken != nil {
		return w.report, nil
	}
	return w.report, w.behindTheEnd(ctx)
}

// walk is the last event that was checked, and what was found up to there.
type walk struct {
	store  idp.AuditStore
	report Report
	seq    int64
	hash   string
}

func (w *walk) step(ctx context.Context) error {
	events, err := w.store.AuditAfter(ctx, w.seq, verifyStep)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		w.broken(w.seq+1, "is missing, and all after it")
		return nil
	}
	if events[0].Seq != w.seq+1 {
		purged, err := w.purged(ctx)
		if err != nil || purged {
			return err
		}
	}
	for _, e := range events {
		if w.seq >= w.report.Head.LastSeq {
			return nil
		}
		switch {
		case e.Seq != w.seq+1:
			w.broken(w.seq+1, "is missing")
		case e.Prev != w.hash:
			w.broken(e.Seq, "does not follow the event before it")
		case !e.Intact():
			w.broken(e.Seq, "was changed after it was written")
		default:
			w.seq, w.hash = e.Seq, e.Hash
			w.report.Checked++
			continue
		}
		return nil
	}
	return nil
}

// purged goes on at the new beginning when retention took away what was next.
func (w *walk) purged(ctx context.Context) (bool, error) {
	head, err := w.store.AuditHead(ctx)
	if err != nil || head.FirstSeq <= w.seq+1 {
		return false, err
	}
	w.seq, w.hash = head.FirstSeq-1, head.Anchor
	return true, nil
}

// behindTheEnd finds events that the head does not know of: somebody set it
// back. An event and the head move in one transaction, so a head that is read
// after an event is never behind it.
func (w *walk) behindTheEnd(ctx context.Context) error {
	events, err := w.store.AuditAfter(ctx, w.report.Head.LastSeq, 1)
	if err != nil || len(events) == 0 {
		return err
	}
	head, err := w.store.AuditHead(ctx)
	if err == nil && events[0].Seq > head.LastSeq {
		w.broken(events[0].Seq, "stands behind the end of the log")
	}
	return err
}

func (w *walk) broken(seq int64, why string) {
	w.report.Broken = &Break{Seq: seq, Why: fmt.Sprintf("event %d %s", seq, why)}
}
