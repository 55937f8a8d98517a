package sqlstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"gatehouse/idp"
)

// Tallies keeps counts by the hour; it is an idp.TallyStore.
type Tallies struct{ db aggregate }

// NewTallies returns the store of counts of the database.
func NewTallies(db *DB) *Tallies { return &Tallies{aggregate{db, "tallies"}} }

// tallyOf is what makes two counts one.
func tallyOf(t idp.Tally) idp.Tally {
	return idp.Tally{Hour: t.Hour.UTC().Truncate(time.Hour), Kind: idp.TallyKind(clean(string(t.Kind))), Label: cut(clean(t.Label), maxAuditName)}
}

func compareTallies(a, b idp.Tally) int {
	return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Label, b.Label))
}

// AddTallies implements idp.TallyStore.
func (s *Tallies) AddTallies(ctx context.Context, at time.Time, ts []idp.Tally) error {
	if len(ts) == 0 {
		return nil
	}
	// One row for each, in one order: instances that add at the same moment wait for each other in turn.
	sums := map[idp.Tally]int64{}
	for _, t := range ts {
		sums[tallyOf(t)] += t.Count
	}
	rows := slices.SortedFunc(maps.Keys(sums), compareTallies)
	d := &s.db.dialect
	return s.db.transact(ctx, "AddTallies", func(tx runner) error {
		used := map[string]bool{}
		for _, row := range rows {
			_, err := tx.exec(ctx, `INSERT INTO tallies (hour, kind, label, count) VALUES ($1, $2, $3, $4)
				ON CONFLICT (hour, kind, label) DO UPDATE SET count = tallies.count + excluded.count`,
				d.at(row.Hour), string(row.Kind), row.Label, sums[row])
			if err != nil {
				return err
			}
			if row.Kind == idp.TallyClientUse {
				used[row.Label] = true
			}
		}
		for _, id := range slices.Sorted(maps.Keys(used)) {
			_, err := tx.exec(ctx, `UPDATE clients SET last_used_at = $2
				WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`, id, d.at(at.Truncate(time.Minute)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Tallies implements idp.TallyStore.
func (s *Tallies) Tallies(ctx context.Context, from, to time.Time) ([]idp.Tally, error) {
	ts := []idp.Tally{}
	d := &s.db.dialect
	err := s.db.do(ctx, "Tallies", func() error {
		ts = ts[:0]
		_, err := each(ctx, s.db.read, func(scan func(...any) error) error {
			var t idp.Tally
			err := scan(timeTo{&t.Hour}, &t.Kind, &t.Label, &t.Count)
			ts = append(ts, t)
			return err
		}, `SELECT hour, kind, label, count FROM tallies WHERE hour >= $1 AND hour < $2 ORDER BY hour, kind, label`, d.time(from.UTC()), d.time(to.UTC()))
		return err
	})
	if err != nil {
		return nil, err
	}
	return ts, nil
}

// PurgeTallies implements idp.TallyStore.
func (s *Tallies) PurgeTallies(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := s.db.do(ctx, "PurgeTallies", func() (err error) {
		n, err = s.db.write.exec(ctx, `DELETE FROM tallies WHERE hour < $1`, s.db.dialect.time(before.UTC()))
		return err
	})
	return int(n), err
}
