package storagetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/idp"
)

// Notes holds a NoteStore to its contract, races included.
func Notes(t *testing.T, open func(t *testing.T) idp.NoteStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.NoteStore)
	}{
		{"PutNote and Note", testPutNote},
		{"AddNote", testAddNote},
		{"TakeNote and DropNote", testTakeNote},
		{"expiry", testNoteExpiry},
		{"keys of any form", testNoteKeys},
		{"races", testNoteRaces},
		{"context", testNoteContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// hasNote fails unless the note is there; nil wants none.
func hasNote(t *testing.T, s idp.NoteStore, key string, want []byte) {
	t.Helper()
	got, err := s.Note(t.Context(), key)
	if want == nil {
		wantError(t, err, idp.ErrNotFound)
		return
	}
	if noError(t, err); !bytes.Equal(got, want) {
		t.Fatalf("the note is %q, want %q", got, want)
	}
}

func testPutNote(t *testing.T, s idp.NoteStore) {
	key := randomID()
	hasNote(t, s, key, nil)
	for _, value := range [][]byte{[]byte("one"), []byte("\x00\xff two"), {}, bytes.Repeat([]byte("long "), 30000)} {
		noError(t, s.PutNote(t.Context(), key, value, time.Hour))
		hasNote(t, s, key, value)
		hasNote(t, s, key+"x", nil)
	}
	noError(t, s.PutNote(t.Context(), key, nil, time.Hour))
	hasNote(t, s, key, []byte{})
}

func testAddNote(t *testing.T, s idp.NoteStore) {
	key := randomID()
	added, standing, err := s.AddNote(t.Context(), key, []byte("first"), time.Hour)
	if err != nil || !added || standing != nil {
		t.Fatalf("the first: %t, %q, %v", added, standing, err)
	}
	added, standing, err = s.AddNote(t.Context(), key, []byte("second"), time.Hour)
	if err != nil || added || string(standing) != "first" {
		t.Fatalf("the second: %t, %q, %v", added, standing, err)
	}
	hasNote(t, s, key, []byte("first"))
	noError(t, s.DropNote(t.Context(), key))
	if added, _, err = s.AddNote(t.Context(), key, nil, time.Hour); err != nil || !added {
		t.Fatalf("after it was dropped: %t, %v", added, err)
	}
	if added, standing, err = s.AddNote(t.Context(), key, []byte("x"), time.Hour); err != nil || added || len(standing) != 0 {
		t.Fatalf("where an empty one stands: %t, %q, %v", added, standing, err)
	}
}

func testTakeNote(t *testing.T, s idp.NoteStore) {
	key := randomID()
	noError(t, s.PutNote(t.Context(), key, []byte("secret"), time.Hour))
	got, err := s.TakeNote(t.Context(), key)
	if noError(t, err); string(got) != "secret" {
		t.Errorf("took %q", got)
	}
	_, err = s.TakeNote(t.Context(), key)
	wantError(t, err, idp.ErrNotFound)
	hasNote(t, s, key, nil)
	noError(t, s.DropNote(t.Context(), key))
	noError(t, s.PutNote(t.Context(), key, []byte("again"), time.Hour))
	noError(t, s.DropNote(t.Context(), key))
	hasNote(t, s, key, nil)
}

func testNoteExpiry(t *testing.T, s idp.NoteStore) {
	put, added, replaced, kept := randomID(), randomID(), randomID(), randomID()
	noError(t, s.PutNote(t.Context(), put, []byte("x"), short))
	_, _, err := s.AddNote(t.Context(), added, []byte("x"), short)
	noError(t, err)
	noError(t, s.PutNote(t.Context(), replaced, []byte("x"), time.Hour))
	noError(t, s.PutNote(t.Context(), replaced, []byte("y"), short)) // its own life, not the old one's
	noError(t, s.PutNote(t.Context(), kept, []byte("x"), short))
	noError(t, s.PutNote(t.Context(), kept, []byte("y"), time.Hour))
	time.Sleep(short + resolution)
	for _, key := range []string{put, added, replaced} {
		hasNote(t, s, key, nil)
		_, err := s.TakeNote(t.Context(), key)
		wantError(t, err, idp.ErrNotFound)
		if ok, _, err := s.AddNote(t.Context(), key, []byte("new"), time.Hour); err != nil || !ok {
			t.Errorf("in place of an expired one: %t, %v", ok, err)
		}
		hasNote(t, s, key, []byte("new"))
	}
	hasNote(t, s, kept, []byte("y"))
}

func testNoteKeys(t *testing.T, s idp.NoteStore) {
	for i, key := range hostile() {
		value := []byte{byte(i)}
		noError(t, s.PutNote(t.Context(), key, value, time.Hour))
		hasNote(t, s, key, value)
	}
	for i, key := range hostile() {
		got, err := s.TakeNote(t.Context(), key)
		if noError(t, err); len(got) != 1 || got[0] != byte(i) {
			t.Errorf("under %.20q lies %q", key, got)
		}
	}
}

func testNoteRaces(t *testing.T, s idp.NoteStore) {
	t.Run("of takers one gets it", func(t *testing.T) {
		for range 5 {
			key := randomID()
			noError(t, s.PutNote(t.Context(), key, []byte("x"), time.Hour))
			oneWinner(t, race(racers, func(int) error { _, err := s.TakeNote(t.Context(), key); return err }),
				func(err error) bool { return errors.Is(err, idp.ErrNotFound) })
		}
	})
	t.Run("of adders one does, and all see whose stands", func(t *testing.T) {
		for range 5 {
			key := randomID()
			var standing [racers]string
			lost := errors.New("lost")
			oneWinner(t, race(racers, func(i int) error {
				added, value, err := s.AddNote(t.Context(), key, []byte{byte(i)}, time.Hour)
				if standing[i] = string(value); added {
					standing[i] = string([]byte{byte(i)})
				} else if err == nil {
					err = lost
				}
				return err
			}), func(err error) bool { return errors.Is(err, lost) })
			for _, value := range standing {
				if value != standing[0] {
					t.Fatalf("the racers saw %q", standing)
				}
			}
		}
	})
	t.Run("added and taken, each once", func(t *testing.T) {
		key := randomID()
		var added, taken [racers]bool
		errs := race(racers, func(i int) (err error) {
			if i%2 == 0 {
				added[i], _, err = s.AddNote(t.Context(), key, []byte("x"), time.Hour)
				return err
			}
			_, err = s.TakeNote(t.Context(), key)
			if taken[i] = err == nil; errors.Is(err, idp.ErrNotFound) {
				err = nil
			}
			return err
		})
		noError(t, errors.Join(errs...))
		left := 0
		for i := range racers {
			if added[i] {
				left++
			}
			if taken[i] {
				left--
			}
		}
		if _, err := s.Note(t.Context(), key); left != 0 && left != 1 || (left == 1) != (err == nil) {
			t.Errorf("%d are left, and reading it says %v", left, err)
		}
	})
}

func testNoteContext(t *testing.T, s idp.NoteStore) {
	key := randomID()
	noError(t, s.PutNote(t.Context(), key, []byte("x"), time.Hour))
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"PutNote":  func() error { return s.PutNote(ctx, key, []byte("y"), time.Hour) },
			"AddNote":  func() error { _, _, err := s.AddNote(ctx, key+"2", []byte("y"), time.Hour); return err },
			"Note":     func() error { _, err := s.Note(ctx, key); return err },
			"TakeNote": func() error { _, err := s.TakeNote(ctx, key); return err },
			"DropNote": func() error { return s.DropNote(ctx, key) },
		}
	})
	hasNote(t, s, key, []byte("x"))
}
