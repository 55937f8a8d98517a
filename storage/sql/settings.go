package sqlstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gatehouse/idp"
)

// Settings keeps what an administrator may change; it is an idp.SettingsStore.
type Settings struct{ db aggregate }

// NewSettings returns the store of settings of the database.
func NewSettings(db *DB) *Settings { return &Settings{aggregate{db, "settings"}} }

// saved are settings by JSON name, each a JSON value.
type saved map[string]json.RawMessage

// Settings implements idp.SettingsStore.
func (s *Settings) Settings(ctx context.Context) (*idp.StoredSettings, error) {
	var values saved
	var stored *idp.StoredSettings
	err := s.db.do(ctx, "Settings", func() error {
		values, stored = saved{}, &idp.StoredSettings{Values: map[string][]byte{}}
		return first(ctx, s.db.read, into(jsonTo{&values}, timeTo{&stored.UpdatedAt}), `SELECT data, updated_at FROM settings`)
	})
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		stored.Values[name] = value
	}
	return stored, nil
}

// SaveSettings implements idp.SettingsStore. A value that is not JSON is an *idp.InvalidError on its name.
func (s *Settings) SaveSettings(ctx context.Context, values map[string][]byte, at, ifUnchangedSince time.Time) error {
	for name, value := range values {
		if value != nil && !json.Valid(value) {
			return invalid(name, "must be a JSON value")
		}
	}
	d := &s.db.dialect
	return s.db.transact(ctx, "SaveSettings", func(tx runner) error {
		before := saved{}
		var since time.Time
		err := first(ctx, tx, into(jsonTo{&before}, timeTo{&since}), `UPDATE settings SET id = id RETURNING data, updated_at`)
		if err != nil {
			return err
		}
		if since.IsZero() {
			since = idp.NeverSaved()
		}
		if !ifUnchangedSince.IsZero() && !since.Equal(ifUnchangedSince.Truncate(time.Microsecond)) {
			return idp.ErrStale
		}
		after := maps.Clone(before)
		var changes []idp.Change
		for _, name := range slices.Sorted(maps.Keys(values)) {
			delete(after, name)
			if values[name] != nil {
				after[name] = compact(values[name])
			}
			if old, new := string(before[name]), string(after[name]); old != new {
				changes = append(changes, idp.Change{Field: name, Before: old, After: new})
			}
		}
		_, err = tx.exec(ctx, `UPDATE settings SET data = $1, updated_at = $2`, asJSON(after), d.at(at))
		if err != nil {
			return err
		}
		t := idp.Target{Kind: "settings", ID: "settings"}
		return s.db.record(ctx, tx, update(ctx, idp.ActionSettingsUpdate, t, changes)...)
	})
}

// compact is the form in which a JSON value is kept and compared.
func compact(value []byte) json.RawMessage { return json.RawMessage(asJSON(json.RawMessage(value))) }
