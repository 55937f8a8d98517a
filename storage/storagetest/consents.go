package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Consents holds a ConsentStore to its contract, races included.
func Consents(t *testing.T, open func(t *testing.T) Durable) {
	runDurable(t, open, []durableTest{
		{"AddConsent", testAddConsent},
		{"RemoveConsent", testRemoveConsent},
		{"ListConsents", testListConsents},
		{"CountConsents", testCountConsents},
		{"absent", testAbsentConsent},
		{"races", testConsentRaces},
		{"context", testConsentContext},
	})
}

func (d Durable) readConsent(t *testing.T, userID, clientID string) *idp.Consent {
	t.Helper()
	c, err := d.Consents.Consent(t.Context(), userID, clientID)
	noError(t, err)
	return c
}

func testAddConsent(t *testing.T, d Durable) {
	u, c := d.makeUser(t, nil), d.makeClient(t, nil)
	first, second, third := instant(), instant().Add(time.Hour), instant().Add(2*time.Hour)
	noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"profile", "openid", "profile"}, first))
	want := &idp.Consent{UserID: u.ID, ClientID: c.ID, Scopes: []string{"openid", "profile"}, GrantedAt: first, UpdatedAt: first}
	same(t, d.readConsent(t, u.ID, c.ID), want)

	noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"email", "openid"}, second))
	want.Scopes, want.UpdatedAt = []string{"email", "openid", "profile"}, second
	same(t, d.readConsent(t, u.ID, c.ID), want)

	noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, nil, third))
	want.UpdatedAt = third
	same(t, d.readConsent(t, u.ID, c.ID), want)
}

func testRemoveConsent(t *testing.T, d Durable) {
	u, a, b := d.makeUser(t, nil), d.makeClient(t, nil), d.makeClient(t, nil)
	for _, c := range []*idp.Client{a, b} {
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"openid"}, instant()))
	}
	noError(t, d.Consents.RemoveConsent(t.Context(), u.ID, a.ID))
	_, err := d.Consents.Consent(t.Context(), u.ID, a.ID)
	wantError(t, err, idp.ErrNotFound)
	wantError(t, d.Consents.RemoveConsent(t.Context(), u.ID, a.ID), idp.ErrNotFound)
	d.readConsent(t, u.ID, b.ID)
}

func testListConsents(t *testing.T, d Durable) {
	u, other := d.makeUser(t, nil), d.makeUser(t, nil)
	var want []string
	for _, end := range []string{"b", "B", "a", "_"} {
		c := d.makeClient(t, func(c *idp.Client) { c.ID = "c" + end + randomID() })
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"openid"}, instant()))
		noError(t, d.Consents.AddConsent(t.Context(), other.ID, c.ID, []string{"email"}, instant()))
		want = append(want, c.ID)
	}
	slices.Sort(want)
	list, err := d.Consents.ListConsents(t.Context(), u.ID)
	noError(t, err)
	var got []string
	for _, c := range list {
		got = append(got, c.ClientID)
		same(t, c, d.readConsent(t, u.ID, c.ClientID))
	}
	if !slices.Equal(got, want) {
		t.Errorf("clients are %q, want %q", got, want)
	}
}

func testCountConsents(t *testing.T, d Durable) {
	c, other := d.makeClient(t, nil), d.makeClient(t, nil)
	count := func(clientID string, want int) {
		t.Helper()
		n, err := d.Consents.CountConsents(t.Context(), clientID)
		if noError(t, err); n != want {
			t.Errorf("%d people allowed %.20q something, want %d", n, clientID, want)
		}
	}
	count(c.ID, 0)
	for range 3 {
		u := d.makeUser(t, nil)
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"openid"}, instant()))
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"email"}, instant()))
		noError(t, d.Consents.AddConsent(t.Context(), u.ID, other.ID, []string{"openid"}, instant()))
	}
	count(c.ID, 3)
	for _, name := range hostile() {
		count(name, 0)
	}
}

func testAbsentConsent(t *testing.T, d Durable) {
	u, c := d.makeUser(t, nil), d.makeClient(t, nil)
	check := func(userID, clientID string) {
		t.Helper()
		_, err := d.Consents.Consent(t.Context(), userID, clientID)
		wantError(t, err, idp.ErrNotFound)
		wantError(t, d.Consents.RemoveConsent(t.Context(), userID, clientID), idp.ErrNotFound)
	}
	check(u.ID, c.ID)
	for _, name := range append(hostile(), uuid.NewString()) {
		check(name, c.ID)
		check(u.ID, name)
		wantError(t, d.Consents.AddConsent(t.Context(), name, c.ID, []string{"openid"}, instant()), idp.ErrNotFound)
		wantError(t, d.Consents.AddConsent(t.Context(), u.ID, name, []string{"openid"}, instant()), idp.ErrNotFound)
		list, err := d.Consents.ListConsents(t.Context(), name)
		if noError(t, err); len(list) != 0 {
			t.Errorf("%d consents of %.20q", len(list), name)
		}
	}
}

func testConsentRaces(t *testing.T, d Durable) {
	u, c := d.makeUser(t, nil), d.makeClient(t, nil)
	errs := race(racers, func(i int) error {
		return d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{fmt.Sprintf("scope%02d", i), "openid"}, instant())
	})
	noError(t, errors.Join(errs...))
	if got := d.readConsent(t, u.ID, c.ID).Scopes; len(got) != racers+1 || !slices.IsSorted(got) {
		t.Errorf("%d scopes were added and %d are left: %q", racers+1, len(got), got)
	}
	t.Run("with DeleteUser", func(t *testing.T) {
		for range 10 {
			u := d.makeUser(t, nil)
			errs := race(2, func(i int) error {
				if i == 0 {
					return d.Users.DeleteUser(t.Context(), u.ID, time.Time{})
				}
				return d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"openid"}, instant())
			})
			noError(t, errs[0])
			tally(t, errs, idp.ErrNotFound)
			_, err := d.Consents.Consent(t.Context(), u.ID, c.ID)
			wantError(t, err, idp.ErrNotFound)
		}
	})
}

func testConsentContext(t *testing.T, d Durable) {
	u, c := d.makeUser(t, nil), d.makeClient(t, nil)
	noError(t, d.Consents.AddConsent(t.Context(), u.ID, c.ID, []string{"openid"}, instant()))
	before := d.readConsent(t, u.ID, c.ID)
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"Consent":       func() error { _, err := d.Consents.Consent(ctx, u.ID, c.ID); return err },
			"AddConsent":    func() error { return d.Consents.AddConsent(ctx, u.ID, c.ID, []string{"x"}, instant()) },
			"RemoveConsent": func() error { return d.Consents.RemoveConsent(ctx, u.ID, c.ID) },
			"ListConsents":  func() error { _, err := d.Consents.ListConsents(ctx, u.ID); return err },
			"CountConsents": func() error { _, err := d.Consents.CountConsents(ctx, c.ID); return err },
		}
	})
	same(t, d.readConsent(t, u.ID, c.ID), before)
}
