package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"gatehouse/idp"
)

// Settings holds a SettingsStore to its contract, races included. open must give
// an empty one each time.
func Settings(t *testing.T, open func(t *testing.T) idp.SettingsStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.SettingsStore)
	}{
		{"SaveSettings", testSaveSettings},
		{"refusals", testSettingsRefusals},
		{"races", testSettingsRaces},
		{"context", testSettingsContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// hasSettings fails unless exactly these are stored; pairs are names and values.
func hasSettings(t *testing.T, s idp.SettingsStore, at time.Time, pairs ...string) {
	t.Helper()
	want := idp.StoredSettings{Values: map[string][]byte{}, UpdatedAt: at}
	for i := 0; i < len(pairs); i += 2 {
		want.Values[pairs[i]] = []byte(pairs[i+1])
	}
	got, err := s.Settings(t.Context())
	noError(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Fatalf("settings are %s of %v, want %s of %v", got.Values, got.UpdatedAt, want.Values, want.UpdatedAt)
	}
}

func values(pairs ...string) map[string][]byte {
	m := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = []byte(pairs[i+1])
	}
	return m
}

func testSaveSettings(t *testing.T, s idp.SettingsStore) {
	hasSettings(t, s, time.Time{})
	at := instant()
	noError(t, s.SaveSettings(t.Context(), values("ttl", `"10m"`, "name", ` "Größe \u0000" `, "n", `12`), at, time.Time{}))
	hasSettings(t, s, at, "ttl", `"10m"`, "name", `"Größe \u0000"`, "n", `12`)
	next := at.Add(time.Second)
	noError(t, s.SaveSettings(t.Context(), map[string][]byte{"n": nil, "name": []byte(`null`)}, next, at.Add(999))) // within the microsecond
	hasSettings(t, s, next, "ttl", `"10m"`, "name", `null`)
	wantError(t, s.SaveSettings(t.Context(), values("n", `13`), at, at), idp.ErrStale)
	wantError(t, s.SaveSettings(t.Context(), values("n", `13`), at, next.Add(-time.Microsecond)), idp.ErrStale)
	hasSettings(t, s, next, "ttl", `"10m"`, "name", `null`)
	noError(t, s.SaveSettings(t.Context(), values("n", `13`), at, time.Time{}))
	hasSettings(t, s, at, "ttl", `"10m"`, "name", `null`, "n", `13`)
}

func testSettingsRefusals(t *testing.T, s idp.SettingsStore) {
	for _, value := range []string{"", "{", "'x'", "1 2", `"x`} {
		refused(t, s.SaveSettings(t.Context(), map[string][]byte{"good": []byte("1"), "bad": []byte(value)}, instant(), time.Time{}), "bad")
	}
	wantError(t, s.SaveSettings(t.Context(), values("n", `1`), instant(), instant()), idp.ErrStale) // nothing is stored, so not since then
	hasSettings(t, s, time.Time{})
}

func testSettingsRaces(t *testing.T, s idp.SettingsStore) {
	at := instant()
	oneWinner(t, race(racers, func(i int) error { // the first save of all
		return s.SaveSettings(t.Context(), values("n", fmt.Sprint(i)), at.Add(time.Duration(i)*time.Millisecond), idp.NeverSaved())
	}), isStale)
	noError(t, s.SaveSettings(t.Context(), values("n", "0"), at, time.Time{}))
	for range 5 {
		since := at
		var winner int
		oneWinner(t, race(racers, func(i int) error {
			err := s.SaveSettings(t.Context(), values("n", fmt.Sprint(i)), since.Add(time.Duration(i+1)*time.Millisecond), since)
			if err == nil {
				winner = i
			}
			return err
		}), isStale)
		at = since.Add(time.Duration(winner+1) * time.Millisecond)
		hasSettings(t, s, at, "n", fmt.Sprint(winner))
	}
	errs := race(racers, func(i int) error {
		return s.SaveSettings(t.Context(), values(fmt.Sprint("of ", i), "1"), at, time.Time{})
	})
	noError(t, errors.Join(errs...))
	got, err := s.Settings(t.Context())
	if noError(t, err); len(got.Values) != racers+1 {
		t.Errorf("%d settings are left of %d", len(got.Values), racers+1)
	}
}

func testSettingsContext(t *testing.T, s idp.SettingsStore) {
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"Settings":     func() error { _, err := s.Settings(ctx); return err },
			"SaveSettings": func() error { return s.SaveSettings(ctx, values("n", "1"), instant(), time.Time{}) },
		}
	})
	hasSettings(t, s, time.Time{})
}

// Images holds an ImageStore to its contract.
func Images(t *testing.T, open func(t *testing.T) idp.ImageStore) {
	s := open(t)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00"), bytes.Repeat([]byte(randomID()), idp.MaxImage/40)...)
	sum := sha256.Sum256(data)
	i := &idp.Image{ID: hex.EncodeToString(sum[:]), Type: "image/png", Data: data}
	for range 2 {
		noError(t, s.PutImage(t.Context(), i))
		got, err := s.Image(t.Context(), i.ID)
		noError(t, err)
		same(t, got, i)
	}
	noError(t, errors.Join(race(racers, func(int) error { return s.PutImage(t.Context(), i) })...))
	for _, id := range append(hostile(), randomID()) {
		_, err := s.Image(t.Context(), id)
		wantError(t, err, idp.ErrNotFound)
	}
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"PutImage": func() error { return s.PutImage(ctx, i) },
			"Image":    func() error { _, err := s.Image(ctx, i.ID); return err },
		}
	})
}
