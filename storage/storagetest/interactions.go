package storagetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// Interactions holds an InteractionStore to its contract, races included.
func Interactions(t *testing.T, open func(t *testing.T) idp.InteractionStore) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, s idp.InteractionStore)
	}{
		{"CreateInteraction", testCreateInteraction},
		{"Interaction", testInteraction},
		{"UpdateInteraction", testUpdateInteraction},
		{"races", testInteractionRaces},
		{"context", testInteractionContext},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
	}
}

// newInteraction is an interaction with every member that a caller sets.
func newInteraction() *idp.Interaction {
	now := time.Now().UTC()
	return &idp.Interaction{
		ID: randomID(), Browser: randomID(), Request: []byte("{\"a\":\"é\"}\x00\xff\r\n"), State: idp.InteractionApproved,
		UserID: randomID(), SessionID: randomID(), Scopes: []string{"openid", "email"}, Login: "ada@example.com", Notice: "wrong_pair",
		Reauthenticated: now.Unix(), AccountChosen: true, Next: "/account/?a=1", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func testCreateInteraction(t *testing.T, s idp.InteractionStore) {
	in := newInteraction()
	in.Version = 99
	noError(t, s.CreateInteraction(t.Context(), in))
	if in.Version != 1 {
		t.Errorf("Version = %d, want 1", in.Version)
	}
	hasInteraction(t, s, in)

	now := time.Now().UTC()
	bare := &idp.Interaction{ID: randomID(), State: idp.InteractionOpen, CreatedAt: now, ExpiresAt: now.Add(time.Minute)}
	noError(t, s.CreateInteraction(t.Context(), bare))
	hasInteraction(t, s, bare)

	big := newInteraction()
	big.Request = []byte(strings.Repeat("x", 64<<10))
	noError(t, s.CreateInteraction(t.Context(), big))
	hasInteraction(t, s, big)
}

func testInteraction(t *testing.T, s idp.InteractionStore) {
	// The id comes from a form field, so a stranger may send anything.
	for _, id := range []string{"", "absent", "a'b\"c{d}*", "nul\x00nul", "bad\xffutf8", strings.Repeat("x", 10000)} {
		if _, err := s.Interaction(t.Context(), id); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("Interaction(%.20q) = %v, want ErrNotFound", id, err)
		}
	}
	in := newInteraction()
	in.ExpiresAt = time.Now().UTC().Add(short)
	noError(t, s.CreateInteraction(t.Context(), in))
	time.Sleep(short + resolution)
	_, err := s.Interaction(t.Context(), in.ID)
	wantError(t, err, idp.ErrNotFound)
	wantError(t, s.UpdateInteraction(t.Context(), in), idp.ErrNotFound)
}

func testUpdateInteraction(t *testing.T, s idp.InteractionStore) {
	t.Run("writes it and raises Version", func(t *testing.T) {
		in := newInteraction()
		noError(t, s.CreateInteraction(t.Context(), in))
		for version := range int64(3) {
			in.State, in.Login, in.Scopes = idp.InteractionDone, randomID(), []string{randomID()}
			in.Request, in.Notice, in.UserID, in.AccountChosen = []byte(randomID()), "", "", version%2 == 0
			noError(t, s.UpdateInteraction(t.Context(), in))
			if in.Version != version+2 {
				t.Fatalf("Version = %d, want %d", in.Version, version+2)
			}
			hasInteraction(t, s, in)
		}
	})
	t.Run("with an old version", func(t *testing.T) {
		in := newInteraction()
		noError(t, s.CreateInteraction(t.Context(), in))
		old := *in
		noError(t, s.UpdateInteraction(t.Context(), in))
		for _, version := range []int64{1, 0, 3, -1} {
			old.Version, old.State = version, idp.InteractionDenied
			wantError(t, s.UpdateInteraction(t.Context(), &old), idp.ErrStale)
			if old.Version != version {
				t.Errorf("Version became %d in a refused update", old.Version)
			}
		}
		hasInteraction(t, s, in)
	})
	t.Run("absent", func(t *testing.T) {
		in := newInteraction()
		wantError(t, s.UpdateInteraction(t.Context(), in), idp.ErrNotFound)
		_, err := s.Interaction(t.Context(), in.ID)
		wantError(t, err, idp.ErrNotFound)
	})
	t.Run("moves its end", func(t *testing.T) {
		in := newInteraction()
		in.ExpiresAt = time.Now().UTC().Add(short)
		noError(t, s.CreateInteraction(t.Context(), in))
		in.ExpiresAt = in.ExpiresAt.Add(time.Hour)
		noError(t, s.UpdateInteraction(t.Context(), in))
		time.Sleep(short + resolution)
		hasInteraction(t, s, in)
	})
}

func testInteractionRaces(t *testing.T, s idp.InteractionStore) {
	for range rounds {
		in := newInteraction()
		noError(t, s.CreateInteraction(t.Context(), in))
		var copies [racers]idp.Interaction
		errs := race(racers, func(i int) error {
			copies[i] = *in
			copies[i].Login = randomID()
			return s.UpdateInteraction(t.Context(), &copies[i])
		})
		if won, lost := tally(t, errs, idp.ErrStale); won != 1 || lost[idp.ErrStale] != racers-1 {
			t.Fatalf("%d updates won and %d were stale, want 1 and %d", won, lost[idp.ErrStale], racers-1)
		}
		for i, err := range errs {
			if err == nil {
				hasInteraction(t, s, &copies[i])
			}
		}
	}
}

func testInteractionContext(t *testing.T, s idp.InteractionStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := newInteraction()
	cancelled(t, map[string]func() error{
		"CreateInteraction": func() error { return s.CreateInteraction(ctx, in) },
		"Interaction":       func() error { _, err := s.Interaction(ctx, in.ID); return err },
		"UpdateInteraction": func() error { return s.UpdateInteraction(ctx, in) },
	})
}

func hasInteraction(t *testing.T, s idp.InteractionStore, want *idp.Interaction) {
	t.Helper()
	got, err := s.Interaction(t.Context(), want.ID)
	noError(t, err)
	g, w := *got, *want
	for _, x := range []*idp.Interaction{&g, &w} {
		x.CreatedAt, x.ExpiresAt = coarse(x.CreatedAt), coarse(x.ExpiresAt)
		if len(x.Request) == 0 {
			x.Request = nil
		}
		if len(x.Scopes) == 0 {
			x.Scopes = nil
		}
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("interaction is\n%+v\nwant\n%+v", g, w)
	}
}
