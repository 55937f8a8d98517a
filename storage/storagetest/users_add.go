package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

func testAddUsers(t *testing.T, d Durable) {
	role := d.makeRole(t).Name
	old := d.makeUser(t, nil)
	full, bare, twin := fullUser(role), newUser(), newUser()
	bare.Email, bare.PasswordHash = "", ""
	twin.ID = full.ID
	change := func(f func(*idp.User)) *idp.User {
		u := newUser()
		f(u)
		return u
	}
	takenField := func(field string) func(error) bool {
		return func(err error) bool {
			var c *idp.ConflictError
			return errors.As(err, &c) && c.Field == field
		}
	}
	wrong := func(field string) func(error) bool {
		return func(err error) bool {
			var i *idp.InvalidError
			return errors.As(err, &i) && i.Faults[0].Field == field
		}
	}
	good := func(err error) bool { return err == nil }
	cases := []struct {
		name  string
		u     *idp.User
		check func(error) bool
	}{
		{"every member", full, good},
		{"few members", bare, good},
		{"no email either", change(func(u *idp.User) { u.Email = "" }), good},
		{"username of one before", change(func(u *idp.User) { u.Username = full.Username }), takenField("username")},
		{"email of one before", change(func(u *idp.User) { u.Email = full.Email }), takenField("email")},
		{"ID of one before", twin, takenField("id")},
		{"stored username", change(func(u *idp.User) { u.Username = old.Username }), takenField("username")},
		{"stored email", change(func(u *idp.User) { u.Email = old.Email }), takenField("email")},
		{"stored ID", change(func(u *idp.User) { u.ID = old.ID }), takenField("id")},
		{"another's email for a name", change(func(u *idp.User) { u.Username = old.Email }), good},
		{"no ID", change(func(u *idp.User) { u.ID = "7" }), wrong("id")},
		{"no status", change(func(u *idp.User) { u.Status = "x" }), wrong("status")},
		{"unknown role", change(func(u *idp.User) { u.Roles = []string{role, "absent-" + randomID()} }), wrong("roles")},
		{"role that cannot be", change(func(u *idp.User) { u.Roles = []string{"\x00"} }), wrong("roles")},
		{"NUL in the username", change(func(u *idp.User) { u.Username += "\x00" }), wrong("username")},
		{"no UTF-8 in a claim", change(func(u *idp.User) { u.Nickname = "\xff" }), wrong("nickname")},
		{"a role twice", change(func(u *idp.User) { u.Roles = []string{role, role} }), good},
	}
	var us []*idp.User
	for _, c := range cases {
		us = append(us, c.u)
	}
	errs, err := d.Users.AddUsers(t.Context(), us)
	noError(t, err)
	if len(errs) != len(us) {
		t.Fatalf("%d outcomes of %d users", len(errs), len(us))
	}
	for i, c := range cases {
		if !c.check(errs[i]) {
			t.Errorf("%s: %v", c.name, errs[i])
		}
	}
	same(t, d.readUser(t, full.ID), full)
	same(t, d.readUser(t, bare.ID), bare)
	same(t, d.readUser(t, old.ID), old)
	if got := d.readUser(t, us[len(us)-1].ID).Roles; !slices.Equal(got, []string{role}) {
		t.Errorf("roles are %q", got)
	}
	t.Run("again", func(t *testing.T) {
		errs, err := d.Users.AddUsers(t.Context(), us[:2])
		noError(t, err)
		taken(t, errs[0], "username")
		taken(t, errs[1], "username")
	})
	t.Run("none", func(t *testing.T) {
		if errs, err := d.Users.AddUsers(t.Context(), nil); err != nil || len(errs) != 0 {
			t.Errorf("%v, %v", errs, err)
		}
	})
}

// testAddManyUsers goes over the edges of whatever a backend writes at once.
func testAddManyUsers(t *testing.T, d Durable) {
	const many = 1203
	role, tag := d.makeRole(t).Name, strings.ToLower(randomID())
	us := make([]*idp.User, many)
	for i := range us {
		us[i] = newUser()
		us[i].Username, us[i].Roles = fmt.Sprintf("%s-%04d", tag, i), []string{role}
	}
	for i := 0; i < many; i += 100 {
		us[i].Username = us[1].Username
	}
	errs, err := d.Users.AddUsers(t.Context(), us)
	noError(t, err)
	refusedNow := 0
	for i, err := range errs {
		if err != nil {
			refusedNow++
			taken(t, err, "username")
			if i%100 != 0 && i != 1 {
				t.Errorf("user %d is refused", i)
			}
		}
	}
	if refusedNow != 13 { // thirteen and the one they took the name of want it; one has it
		t.Errorf("%d were refused", refusedNow)
	}
	members, err := d.Roles.CountMembers(t.Context())
	if noError(t, err); members[role] != many-13 {
		t.Errorf("%d hold the role", members[role])
	}
}

func testAddUsersRaces(t *testing.T, d Durable) {
	tag := strings.ToLower(randomID())
	const many = 40
	var won [racers]int
	errs := race(racers, func(n int) error {
		us := make([]*idp.User, many)
		for i := range us {
			us[i] = newUser()
			us[i].Username = fmt.Sprintf("%s-%d", tag, (i*7+n*11)%many) // each in an order of its own
		}
		errs, err := d.Users.AddUsers(t.Context(), us)
		for _, err := range errs {
			if err == nil {
				won[n]++
			} else if !isConflict(err) {
				return err
			}
		}
		return err
	})
	noError(t, errors.Join(errs...))
	sum := 0
	for _, n := range won {
		sum += n
	}
	if sum != many {
		t.Errorf("%d names were given, want %d: %v", sum, many, won)
	}
}

func testUnlock(t *testing.T, d Durable) {
	u := d.makeUser(t, func(u *idp.User) { u.FailedAuthCount = 12 })
	for range 2 {
		noError(t, d.Users.Unlock(t.Context(), u.ID))
		u.FailedAuthCount = 0
		same(t, d.readUser(t, u.ID), u)
	}
	for _, id := range append(hostile(), uuid.NewString()) {
		wantError(t, d.Users.Unlock(t.Context(), id), idp.ErrNotFound)
	}
}

func testDueUsers(t *testing.T, d Durable) {
	at := func(d time.Duration) func(u *idp.User) {
		return func(u *idp.User) {
			at := u.CreatedAt.Add(d)
			u.DeleteAt = &at
		}
	}
	due := []*idp.User{d.makeUser(t, at(-1000*time.Hour)), d.makeUser(t, at(-999*time.Hour))}
	later, never := d.makeUser(t, at(time.Hour)), d.makeUser(t, nil)
	same(t, d.readUser(t, later.ID), later)
	ids, err := d.Users.DueUsers(t.Context(), 1000)
	noError(t, err)
	for _, u := range due {
		if !slices.Contains(ids, u.ID) {
			t.Errorf("%s is not due", u.ID)
		}
		noError(t, d.Users.DeleteDueUser(t.Context(), u.ID))
		wantError(t, d.Users.DeleteDueUser(t.Context(), u.ID), idp.ErrNotFound)
	}
	for _, u := range []*idp.User{later, never} {
		if slices.Contains(ids, u.ID) {
			t.Errorf("%s is due", u.ID)
		}
		wantError(t, d.Users.DeleteDueUser(t.Context(), u.ID), idp.ErrStale)
		same(t, d.readUser(t, u.ID), u)
	}
	if ids, err := d.Users.DueUsers(t.Context(), 0); err != nil || len(ids) != 0 {
		t.Errorf("none asked for: %q, %v", ids, err)
	}
	t.Run("a cancel that came first wins", func(t *testing.T) {
		u := d.makeUser(t, at(-time.Hour))
		kept := u.Clone()
		kept.DeleteAt, kept.UpdatedAt = nil, u.UpdatedAt.Add(time.Second)
		noError(t, d.Users.UpdateUser(t.Context(), kept, u.UpdatedAt))
		wantError(t, d.Users.DeleteDueUser(t.Context(), u.ID), idp.ErrStale)
		same(t, d.readUser(t, u.ID), kept)
	})
	for _, id := range append(hostile(), uuid.NewString()) {
		wantError(t, d.Users.DeleteDueUser(t.Context(), id), idp.ErrNotFound)
	}
}

// testPermissions: what roles let their holders do comes with the user, and follows the role.
func testPermissions(t *testing.T, d Durable) {
	make := func(p idp.Permission) *idp.Role {
		r := &idp.Role{ID: uuid.NewString(), Name: "role-" + randomID(), Permission: p, CreatedAt: instant(), UpdatedAt: instant()}
		noError(t, d.Roles.CreateRole(t.Context(), r))
		return r
	}
	plain, users, read := make(idp.PermissionNone), make(idp.PermissionUsers), make(idp.PermissionRead)
	u := d.makeUser(t, func(u *idp.User) { u.Roles = []string{plain.Name, users.Name, read.Name} })
	is := func(want idp.Permissions) {
		t.Helper()
		page, err := d.Users.QueryUsers(t.Context(), text(u.ID))
		noError(t, err)
		byLogin, err := d.Users.UserByLogin(t.Context(), u.Username)
		noError(t, err)
		for _, got := range []*idp.User{d.readUser(t, u.ID), byLogin, page.Items[0]} {
			if got.Permissions != want {
				t.Errorf("permissions are %+v, want %+v", got.Permissions, want)
			}
		}
	}
	is(idp.Permissions{Users: true, Read: true})
	read.Permission, read.UpdatedAt = idp.PermissionAdmin, read.UpdatedAt.Add(time.Second)
	noError(t, d.Roles.UpdateRole(t.Context(), read, time.Time{}))
	is(idp.Permissions{Users: true, Admin: true})
	u.Roles, u.Permissions = []string{plain.Name}, idp.Permissions{Admin: true} // never taken from the caller
	noError(t, d.Users.UpdateUser(t.Context(), u, time.Time{}))
	is(idp.Permissions{})
}
