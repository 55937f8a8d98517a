package sqlstore

import (
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestScannersRefuseWhatTheyDoNotKnow(t *testing.T) {
	var at time.Time
	var ptr *time.Time
	var list []string
	for name, err := range map[string]error{
		"time":     timeTo{&at}.Scan("2026-01-01"),
		"time ptr": timePtrTo{&ptr}.Scan(1.5),
		"JSON":     jsonTo{&list}.Scan(7),
		"bad JSON": jsonTo{&list}.Scan("["),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{"": "", "ключ": "ключ", "a\x00b": "a\uFFFDb", "a\xffb": "a\uFFFDb", "\xed\xa0\x80": "\uFFFD"} {
		if got := clean(in); got != want || !storable(got) {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzIsID(f *testing.F) {
	for _, s := range []string{"", "00000000-0000-0000-0000-000000000000", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8", "6BA7B810-9dad-11d1-80b4-00c04fd430c8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isID(s) && (len(s) != 36 || !storable(s)) {
			t.Errorf("%q counts as an ID", s)
		}
	})
}

func TestOneSpellingOfAnID(t *testing.T) {
	const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	if !isID(id) {
		t.Fatalf("%s is an ID", id)
	}
	for _, s := range []string{"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "{" + id + "}", "urn:uuid:" + id, id + " ", id[1:], "6ba7b8109dad11d180b400c04fd430c8"} {
		if isID(s) {
			t.Errorf("%q counts as an ID", s)
		}
	}
}

func TestThrottleKeysOfAnyForm(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		s := NewThrottles(db)
		long := strings.Repeat("ключ", 5000)
		for _, key := range []string{"", "nul\x00", "bad\xff", "bad\xfe", long, long + "x"} {
			a := idp.Attempt{Key: key, Limit: 1, Window: time.Minute}
			if wait, err := s.Try(t.Context(), a); err != nil || wait != 0 {
				t.Errorf("%.10q: the first try waits %v, %v", key, wait, err)
			}
			if wait, err := s.Try(t.Context(), a); err != nil || wait == 0 {
				t.Errorf("%.10q: the second try is let through, %v", key, err)
			}
			if err := s.Clear(t.Context(), key); err != nil {
				t.Error(err)
			}
			if wait, err := s.Try(t.Context(), a); err != nil || wait != 0 {
				t.Errorf("%.10q: a try after Clear waits %v, %v", key, wait, err)
			}
		}
	})
}
