package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func testUserRaces(t *testing.T, d Durable) {
	t.Run("one username has one winner", func(t *testing.T) {
		for range 5 {
			name := strings.ToLower(randomID())
			oneWinner(t, race(racers, func(int) error {
				u := newUser()
				u.Username = name
				return d.Users.CreateUser(t.Context(), u)
			}), isConflict)
		}
	})
	t.Run("of updates from one reading one wins", func(t *testing.T) {
		role := d.makeRole(t)
		u := d.makeUser(t, nil)
		for range 5 {
			since := u.UpdatedAt
			errs := race(racers, func(i int) error {
				n := *u
				n.Name, n.Roles = fmt.Sprint("Racer ", i), []string{role.Name}
				n.UpdatedAt = since.Add(time.Duration(i+1) * time.Millisecond)
				return d.Users.UpdateUser(t.Context(), &n, since)
			})
			oneWinner(t, errs, isStale)
			u = d.readUser(t, u.ID)
			if winner := slices.Index(errs, nil); u.Name != fmt.Sprint("Racer ", winner) {
				t.Fatalf("racer %d won and the name is %s", winner, u.Name)
			}
		}
	})
	t.Run("no failure is lost", func(t *testing.T) {
		u := d.makeUser(t, nil)
		errs := race(racers, func(int) error { return d.Users.RecordSignIn(t.Context(), u.ID, instant(), false) })
		noError(t, errors.Join(errs...))
		if got := d.readUser(t, u.ID).FailedAuthCount; got != racers {
			t.Errorf("%d failures are counted, want %d", got, racers)
		}
	})
	t.Run("a role is never held and gone", func(t *testing.T) {
		for range 10 {
			role := d.makeRole(t)
			u := newUser()
			u.Roles = []string{role.Name}
			errs := race(2, func(i int) error {
				if i == 0 {
					return d.Roles.DeleteRole(t.Context(), role.Name)
				}
				return d.Users.CreateUser(t.Context(), u)
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("deleting the role: %v; creating its holder: %v", errs[0], errs[1])
			}
			if errs[0] != nil {
				taken(t, errs[0], "name")
			} else {
				refused(t, errs[1], "roles")
			}
		}
	})
}
