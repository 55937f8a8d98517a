package audit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gatehouse/idp"
)

// purgeStep bounds one transaction of a purge.
const purgeStep = 1000

// Purge removes the events older than before from the beginning of the log and
// returns how many. If there were some, the log says so itself, of now and in the
// name of whom the context gives. The last event always stays.
func Purge(ctx context.Context, store idp.AuditStore, before, now time.Time) (int, error) {
	removed := 0
	var err error
	for {
		var n int
		n, err = store.PurgeAudit(ctx, before, purgeStep)
		removed += n
		if err != nil || n < purgeStep {
			break
		}
	}
	if removed == 0 {
		return 0, err
	}
	// What is gone is to be told also when the rest failed or nobody waits any more.
	tell, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	e := idp.NewEvent(tell, now, idp.ActionAuditRetention, idp.Target{Kind: "audit"}, idp.AuditOK)
	e.Changes = []idp.Change{
		{Field: "before", After: before.UTC().Format(time.RFC3339)},
		{Field: "removed", After: strconv.Itoa(removed)},
	}
	return removed, errors.Join(err, store.AppendAudit(tell, e))
}
