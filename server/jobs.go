package server

import (
	"context"
	"time"

	"gatehouse/audit"
)

const (
	sweepEvery = time.Minute
	retainStep = 24 * time.Hour // by how much a retention moves on
	// tallyRetention is how long the counts by the hour are kept: a year to compare with, and a month more.
	tallyRetention = 400 * 24 * time.Hour
)

// startJobs starts what runs beside the requests. It goes on while requests
// are finished, so it does not end with ctx but in Close.
func (m *Main) startJobs(ctx context.Context) {
	ctx, m.stopJobs = context.WithCancel(context.WithoutCancel(ctx))
	m.jobs.Go(func() { m.keys.Run(ctx) })
	m.jobs.Go(func() { m.admin.Settings.Run(ctx) })
	m.jobs.Go(func() { m.sweep(ctx) })
}

// broom removes one kind of what is over, and returns how much.
type broom struct {
	what    string
	run     func(ctx context.Context) (int, error)
	failing bool // said once
}

// brooms are all of them. Several instances may run them at once.
func (m *Main) brooms() []*broom {
	return []*broom{
		// Nothing reads such records, so a failure costs only room.
		{what: "expired records", run: m.admin.stores.Purge},
		{what: "accounts whose owners asked for it", run: m.admin.Users.DeleteDue},
		{what: "old audit events", run: m.purgeAudit},
		{what: "old counts", run: func(ctx context.Context) (int, error) {
			return m.admin.stores.Tallies.PurgeTallies(ctx, m.now().UTC().Add(-tallyRetention).Truncate(retainStep))
		}},
	}
}

// purgeAudit goes by days: the log tells of each purge, and is not to be full of it.
func (m *Main) purgeAudit(ctx context.Context) (int, error) {
	keep := m.admin.Settings.Current().AuditRetention
	if keep == 0 {
		return 0, nil
	}
	now := m.now().UTC()
	return audit.Purge(ctx, m.admin.stores.Audit, now.Add(-keep).Truncate(retainStep), now)
}

// sweep removes what is over, each minute.
func (m *Main) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	brooms := m.brooms()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, b := range brooms {
			n, err := b.run(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && !b.failing:
				m.log.Warn("cannot be deleted now", "what", b.what, "error", err)
			case n > 0:
				m.log.Debug("deleted", "what", b.what, "count", n)
			}
			b.failing = err != nil
		}
	}
}
