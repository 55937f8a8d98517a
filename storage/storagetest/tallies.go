package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/idp"
)

// Tallies holds a TallyStore to its contract, races included. The clients are
// those of the same database.
func Tallies(t *testing.T, open func(t *testing.T) (idp.TallyStore, Durable)) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.TallyStore, d Durable)
	}{
		{"AddTallies", testAddTallies},
		{"last use of clients", testLastUse},
		{"PurgeTallies", testPurgeTallies},
		{"races", testTallyRaces},
		{"context", testTallyContext},
	} {
		t.Run(s.name, func(t *testing.T) {
			store, d := open(t)
			s.run(t, store, d)
		})
	}
}

// anHour is one that no other test counts in.
func anHour() time.Time {
	random := randomID()
	at := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, r := range random[:8] {
		at = at.Add(time.Duration(r) * 24 * time.Hour * 7)
	}
	return at.Add(time.Duration(random[9]) * 24 * time.Hour)
}

func hasTallies(t *testing.T, s idp.TallyStore, from, to time.Time, want ...idp.Tally) {
	t.Helper()
	got, err := s.Tallies(t.Context(), from, to)
	noError(t, err)
	if got == nil || !slices.Equal(got, want) {
		t.Fatalf("tallies are\n%v\nwant\n%v", got, want)
	}
}

func testAddTallies(t *testing.T, s idp.TallyStore, _ Durable) {
	h := anHour()
	next := h.Add(time.Hour)
	noError(t, s.AddTallies(t.Context(), h, nil))
	hasTallies(t, s, h, next)
	noError(t, s.AddTallies(t.Context(), h, []idp.Tally{
		{Hour: h, Kind: idp.TallyToken, Label: "password", Count: 2},
		{Hour: next, Kind: idp.TallySignIn, Count: 1},
		{Hour: h.Add(59 * time.Minute).In(time.FixedZone("x", 3600)), Kind: idp.TallyToken, Label: "password", Count: 3}, // the same hour
		{Hour: h, Kind: idp.TallyToken, Label: "", Count: 1},
		{Hour: h, Kind: idp.TallySignIn, Count: 7},
	}))
	noError(t, s.AddTallies(t.Context(), h, []idp.Tally{{Hour: h, Kind: idp.TallySignIn, Count: 1}}))
	want := []idp.Tally{
		{Hour: h, Kind: idp.TallySignIn, Count: 8},
		{Hour: h, Kind: idp.TallyToken, Label: "", Count: 1},
		{Hour: h, Kind: idp.TallyToken, Label: "password", Count: 5},
		{Hour: next, Kind: idp.TallySignIn, Count: 1},
	}
	hasTallies(t, s, h, next.Add(time.Hour), want...)
	hasTallies(t, s, h, next, want[:3]...)
	hasTallies(t, s, h.Add(time.Second), next.Add(time.Second), want[3])
	hasTallies(t, s, next, h)
	for _, label := range hostile() {
		noError(t, s.AddTallies(t.Context(), h, []idp.Tally{{Hour: h.Add(-time.Hour), Kind: "hostile", Label: label, Count: 1}}))
	}
}

func testLastUse(t *testing.T, s idp.TallyStore, d Durable) {
	used, counted := d.makeClient(t, nil), d.makeClient(t, nil)
	at := instant().Truncate(time.Minute).Add(30 * time.Second)
	noError(t, s.AddTallies(t.Context(), at, []idp.Tally{
		{Hour: at, Kind: idp.TallyClientUse, Label: used.ID, Count: 1},
		{Hour: at, Kind: idp.TallyClientUse, Label: "absent", Count: 1},
		{Hour: at, Kind: idp.TallyClientFailed, Label: counted.ID, Count: 1},
	}))
	minute := at.Truncate(time.Minute)
	used.LastUsedAt = &minute
	same(t, d.readClient(t, used.ID), used)
	same(t, d.readClient(t, counted.ID), counted)
	// An instance that is behind takes nothing back, and an update of the client does not either.
	noError(t, s.AddTallies(t.Context(), at.Add(-time.Hour), []idp.Tally{{Hour: at, Kind: idp.TallyClientUse, Label: used.ID, Count: 1}}))
	same(t, d.readClient(t, used.ID), used)
	old := used.Clone()
	old.LastUsedAt = nil
	noError(t, d.Clients.UpdateClient(t.Context(), old, time.Time{}))
	same(t, d.readClient(t, used.ID), used)
}

func testPurgeTallies(t *testing.T, s idp.TallyStore, _ Durable) {
	old := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 3 {
		noError(t, s.AddTallies(t.Context(), old, []idp.Tally{{Hour: old.Add(time.Duration(n) * time.Hour), Kind: idp.TallySignIn, Count: 1}}))
	}
	n, err := s.PurgeTallies(t.Context(), old.Add(2*time.Hour))
	if noError(t, err); n != 2 {
		t.Errorf("%d were removed, want 2", n)
	}
	hasTallies(t, s, old, old.Add(24*time.Hour), idp.Tally{Hour: old.Add(2 * time.Hour), Kind: idp.TallySignIn, Count: 1})
	n, err = s.PurgeTallies(t.Context(), old.Add(24*time.Hour))
	if noError(t, err); n != 1 {
		t.Errorf("%d were removed, want 1", n)
	}
}

func testTallyRaces(t *testing.T, s idp.TallyStore, d Durable) {
	h, a, b := anHour(), d.makeClient(t, nil).ID, d.makeClient(t, nil).ID
	tallies := []idp.Tally{
		{Hour: h, Kind: idp.TallyClientUse, Label: a, Count: 1}, {Hour: h, Kind: idp.TallyClientUse, Label: b, Count: 1},
	}
	errs := race(racers, func(i int) error {
		mine := slices.Clone(tallies)
		if i%2 == 0 {
			slices.Reverse(mine)
		}
		return s.AddTallies(t.Context(), instant(), mine)
	})
	noError(t, errors.Join(errs...))
	got, err := s.Tallies(t.Context(), h, h.Add(time.Hour))
	noError(t, err)
	for _, tally := range got {
		if len(got) != 2 || tally.Count != racers {
			t.Errorf("counted %+v", got)
		}
	}
}

func testTallyContext(t *testing.T, s idp.TallyStore, _ Durable) {
	h := anHour()
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"AddTallies":   func() error { return s.AddTallies(ctx, h, []idp.Tally{{Hour: h, Kind: "x", Count: 1}}) },
			"Tallies":      func() error { _, err := s.Tallies(ctx, h, h); return err },
			"PurgeTallies": func() error { _, err := s.PurgeTallies(ctx, time.Unix(0, 0)); return err },
		}
	})
	hasTallies(t, s, h, h.Add(time.Hour))
}
