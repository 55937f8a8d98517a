package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"gatehouse/idp"
)

const saveTries = 5

// Save changes settings, by their JSON names; a JSON null goes back to the
// default. Durations are text as in the environment ("10m"). All values are
// judged together with those that stay: *idp.InvalidError holds every fault,
// and then nothing changed. idp.ErrStale says that somebody saved after
// ifUnchangedSince, the Version that the change was made on: zero skips that
// check, the Unix epoch is the version of what was never saved. A fixed setting may only be given as it is. The change is in force
// here when Save returns, and within two seconds on other instances.
func (s *Service) Save(ctx context.Context, values map[string]json.RawMessage, ifUnchangedSince time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range saveTries {
		stored, err := s.o.Store.Settings(ctx)
		if err != nil {
			return err
		}
		if !unchanged(stored.UpdatedAt, ifUnchangedSince) {
			return idp.ErrStale
		}
		before, _ := s.merge(stored)
		after, changes, err := s.change(before, stored.Values, values)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			return nil
		}
		at := s.o.Now().UTC().Truncate(time.Microsecond)
		if !at.After(stored.UpdatedAt) {
			// It is the version too: two within a microsecond must not look the same.
			at = stored.UpdatedAt.Add(time.Microsecond)
		}
		known := stored.UpdatedAt
		if known.IsZero() {
			known = idp.NeverSaved()
		}
		err = s.o.Store.SaveSettings(ctx, changes, at, known)
		if err == nil {
			s.current.Store(&snapshot{settings: after, version: at})
			return nil
		}
		if !errors.Is(err, idp.ErrStale) {
			return err
		}
	}
	return idp.ErrStale
}

// Check returns what Save would refuse of the values now, and the names of
// those that it would change.
func (s *Service) Check(ctx context.Context, values map[string]json.RawMessage) (changed []string, err error) {
	stored, err := s.o.Store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	before, _ := s.merge(stored)
	_, changes, err := s.change(before, stored.Values, values)
	return slices.Sorted(maps.Keys(changes)), err
}

func unchanged(saved, since time.Time) bool {
	if since.IsZero() || saved.IsZero() && since.Equal(idp.NeverSaved()) {
		return true
	}
	return saved.Equal(since)
}

// change applies the values to the settings of before and judges the whole.
// It returns what differs, as the store takes it.
func (s *Service) change(before idp.Settings, saved map[string][]byte, values map[string]json.RawMessage) (after idp.Settings, changes map[string][]byte, err error) {
	base, old := Encode(s.o.Base), Encode(before)
	after, changes = before, map[string][]byte{}
	var found []idp.Fault
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, reset := values[name], isNull(values[name])
		if reset && base[name] != nil {
			value = base[name]
		}
		found = append(found, put(&after, name, value)...)
		now, by := Encode(after)[name], s.o.Fixed[name]
		switch {
		case by != "" && (reset || !bytes.Equal(old[name], now)):
			found = append(found, idp.NewFault(name, "is set by %s and cannot be changed here", by))
		case reset && saved[name] != nil:
			changes[name] = nil
		case !reset && !bytes.Equal(old[name], now):
			changes[name] = now
		}
	}
	if found = append(found, blame(s.faults(&after), values)...); len(found) > 0 {
		return before, nil, &idp.InvalidError{Faults: found}
	}
	return after, changes, nil
}

// blame keeps the faults that the values cause. One that shows at a setting
// which was not given is put on the one that was; an operator may fix values
// outside our bounds, which are nobody's fault here.
func blame(found []idp.Fault, values map[string]json.RawMessage) []idp.Fault {
	var out []idp.Fault
	for _, f := range found {
		partner := partnerOf(f.Field)
		_, given := values[f.Field]
		_, partnerGiven := values[partner]
		switch {
		case given:
			out = append(out, f)
		case partnerGiven && !slices.ContainsFunc(found, func(o idp.Fault) bool { return o.Field == partner }):
			out = append(out, idp.NewFault(partner, "must not be shorter than the life without use"))
		}
	}
	return out
}
