package storagetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Users holds a UserStore to its contract, races included.
func Users(t *testing.T, open func(t *testing.T) Durable) {
	runDurable(t, open, []durableTest{
		{"CreateUser", testCreateUser},
		{"CreateUser refusals", testCreateUserRefusals},
		{"User and UserByLogin", testFindUser},
		{"UpdateUser", testUpdateUser},
		{"UpdateUser refusals", testUpdateUserRefusals},
		{"passwords", testUserPasswords},
		{"RecordSignIn", testRecordSignIn},
		{"DeleteUser", testDeleteUser},
		{"ListUsers", testListUsers},
		{"CountUsersWithRole", testCountUsersWithRole},
		{"QueryUsers order", testUserOrders},
		{"QueryUsers filters", testUserFilters},
		{"QueryUsers while users come and go", testUserListMoves},
		{"QueryUsers counts", testUserCount},
		{"permissions", testPermissions},
		{"AddUsers", testAddUsers},
		{"AddUsers, many", testAddManyUsers},
		{"AddUsers races", testAddUsersRaces},
		{"Unlock", testUnlock},
		{"DueUsers and DeleteDueUser", testDueUsers},
		{"the last administrator", testLastAdmin},
		{"races", testUserRaces},
		{"races of administrators", testAdminRaces},
		{"context", testUserContext},
	})
}

// newUser is a user with few members set.
func newUser() *idp.User {
	now := instant()
	name := strings.ToLower(randomID())
	return &idp.User{
		ID: uuid.NewString(), Username: name, Email: name + "@example.com", Name: "Ada Lovelace",
		Roles: []string{}, Status: idp.UserActive, PasswordHash: "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", CreatedAt: now, UpdatedAt: now,
	}
}

// fullUser is a user with every member set.
func fullUser(roles ...string) *idp.User {
	u := newUser()
	at := func(d time.Duration) *time.Time { t := u.CreatedAt.Add(d); return &t }
	u.GivenName, u.FamilyName, u.MiddleName, u.Nickname = "Ada", "Lovelace", "King \"Countess\"", "Ада\U0001F600"
	u.PreferredUsername, u.Profile, u.Picture, u.Website = "ada", "https://a.example/p", "https://a.example/i", "https://a.example/"
	u.EmailVerified, u.Gender, u.Birthdate, u.Zoneinfo, u.Locale = true, "female", "1815-12-10", "Europe/London", "en-GB"
	u.PhoneNumber, u.PhoneNumberVerified = "+44 20 7946 0000", true
	u.Address = idp.Address{
		Formatted: "12 St James's Square\nLondon", StreetAddress: "12 St James's Square", Locality: "London",
		Region: "England", PostalCode: "SW1Y 4JH", Country: "UK",
	}
	u.Roles = slices.Sorted(slices.Values(roles))
	u.ExpiresAt, u.LastLoginAt, u.LastChangeAt, u.FailedAuthAt = at(time.Hour), at(-time.Hour), at(-time.Minute), at(-time.Second)
	u.FailedAuthCount = 7
	return u
}

func (d Durable) readUser(t *testing.T, id string) *idp.User {
	t.Helper()
	u, err := d.Users.User(t.Context(), id)
	noError(t, err)
	return u
}

func testCreateUser(t *testing.T, d Durable) {
	a, b := d.makeRole(t), d.makeRole(t)
	full := fullUser(a.Name, b.Name)
	noError(t, d.Users.CreateUser(t.Context(), full))
	same(t, d.readUser(t, full.ID), full)

	bare := newUser()
	bare.Email, bare.Name, bare.PasswordHash, bare.Status = "", "", "", idp.UserDisabled
	noError(t, d.Users.CreateUser(t.Context(), bare))
	same(t, d.readUser(t, bare.ID), bare)
	d.makeUser(t, func(u *idp.User) { u.Email = "" }) // not known is not a value that clashes

	t.Run("a role named twice is held once", func(t *testing.T) {
		u := d.makeUser(t, func(u *idp.User) { u.Roles = []string{a.Name, a.Name} })
		if got := d.readUser(t, u.ID).Roles; !slices.Equal(got, []string{a.Name}) {
			t.Errorf("roles are %q", got)
		}
	})
	t.Run("an address of any bytes", func(t *testing.T) {
		u := d.makeUser(t, func(u *idp.User) { u.Address.Formatted = "1 Main St\nnul\x00bad\xff" })
		if got := d.readUser(t, u.ID).Address.Formatted; !strings.HasPrefix(got, "1 Main St\nnul") {
			t.Errorf("the address is %q", got)
		}
	})
	t.Run("times come back in UTC, to the microsecond", func(t *testing.T) {
		zone := time.FixedZone("east", 3*3600)
		u := d.makeUser(t, func(u *idp.User) { u.CreatedAt = time.Date(2026, 2, 3, 4, 5, 6, 123456999, zone) })
		if got, want := d.readUser(t, u.ID).CreatedAt, time.Date(2026, 2, 3, 1, 5, 6, 123456000, time.UTC); got != want {
			t.Errorf("CreatedAt is %v, want %v", got, want)
		}
	})
}

func testCreateUserRefusals(t *testing.T, d Durable) {
	role := d.makeRole(t)
	old := d.makeUser(t, nil)
	for _, s := range []struct {
		name   string
		change func(*idp.User)
		check  func(t *testing.T, err error)
	}{
		{
			"taken username", func(u *idp.User) { u.Username = old.Username },
			func(t *testing.T, err error) { taken(t, err, "username") },
		},
		{
			"taken email", func(u *idp.User) { u.Email = old.Email },
			func(t *testing.T, err error) { taken(t, err, "email") },
		},
		{
			"unknown role", func(u *idp.User) { u.Roles = []string{role.Name, "absent-" + randomID()} },
			func(t *testing.T, err error) { refused(t, err, "roles") },
		},
		{
			"role that cannot be", func(u *idp.User) { u.Roles = []string{"nul\x00"} },
			func(t *testing.T, err error) { refused(t, err, "roles") },
		},
		{
			"ID that is none", func(u *idp.User) { u.ID = "7" },
			func(t *testing.T, err error) { refused(t, err, "id") },
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			u := newUser()
			s.change(u)
			s.check(t, d.Users.CreateUser(t.Context(), u))
			_, err := d.Users.User(t.Context(), u.ID)
			wantError(t, err, idp.ErrNotFound) // nothing is left of it
		})
	}
	same(t, d.readUser(t, old.ID), old)
}

func testFindUser(t *testing.T, d Durable) {
	u := d.makeUser(t, nil)
	for _, login := range []string{u.Username, u.Email} {
		got, err := d.Users.UserByLogin(t.Context(), login)
		noError(t, err)
		same(t, got, u)
	}
	for _, name := range append(hostile(), uuid.NewString(), strings.ToUpper(u.ID), "{"+u.ID+"}", "urn:uuid:"+u.ID) {
		_, err := d.Users.User(t.Context(), name)
		wantError(t, err, idp.ErrNotFound)
		_, err = d.Users.UserByLogin(t.Context(), name)
		wantError(t, err, idp.ErrNotFound)
	}
	t.Run("a username wins over an email", func(t *testing.T) {
		address := strings.ToLower(randomID()) + "@example.com"
		d.makeUser(t, func(u *idp.User) { u.Email = address })
		named := d.makeUser(t, func(u *idp.User) { u.Username = address })
		got, err := d.Users.UserByLogin(t.Context(), address)
		noError(t, err)
		same(t, got, named)
	})
	t.Run("no email is not an email", func(t *testing.T) {
		d.makeUser(t, func(u *idp.User) { u.Email = "" })
		_, err := d.Users.UserByLogin(t.Context(), "")
		wantError(t, err, idp.ErrNotFound)
	})
}

func testUpdateUser(t *testing.T, d Durable) {
	a, b, c := d.makeRole(t), d.makeRole(t), d.makeRole(t)
	old := fullUser(a.Name, b.Name)
	noError(t, d.Users.CreateUser(t.Context(), old))

	next := fullUser(b.Name, c.Name)
	next.ID, next.Status, next.ExpiresAt, next.UpdatedAt = old.ID, idp.UserDisabled, nil, old.UpdatedAt.Add(time.Second)
	next.Address, next.Nickname, next.EmailVerified = idp.Address{}, "", false
	// What an update leaves alone:
	next.CreatedAt, next.PasswordHash, next.FailedAuthCount = old.CreatedAt.Add(time.Hour), "other", 99
	next.LastLoginAt, next.LastChangeAt, next.FailedAuthAt = nil, nil, nil
	noError(t, d.Users.UpdateUser(t.Context(), next, old.UpdatedAt))
	next.CreatedAt, next.PasswordHash, next.FailedAuthCount = old.CreatedAt, old.PasswordHash, old.FailedAuthCount
	next.LastLoginAt, next.LastChangeAt, next.FailedAuthAt = old.LastLoginAt, old.LastChangeAt, old.FailedAuthAt
	same(t, d.readUser(t, old.ID), next)

	t.Run("to the same names", func(t *testing.T) {
		noError(t, d.Users.UpdateUser(t.Context(), next, time.Time{}))
		same(t, d.readUser(t, old.ID), next)
	})
	t.Run("a time with nanoseconds is still the same", func(t *testing.T) {
		read := next.UpdatedAt.Add(999)
		next.UpdatedAt = next.UpdatedAt.Add(time.Second)
		noError(t, d.Users.UpdateUser(t.Context(), next, read))
	})
	t.Run("without roles", func(t *testing.T) {
		next.Roles = nil
		noError(t, d.Users.UpdateUser(t.Context(), next, next.UpdatedAt))
		if got := d.readUser(t, old.ID).Roles; len(got) != 0 {
			t.Errorf("roles are %q", got)
		}
	})
}

func testUpdateUserRefusals(t *testing.T, d Durable) {
	other, u := d.makeUser(t, nil), d.makeUser(t, nil)
	changed := func(change func(*idp.User)) *idp.User {
		n := *u
		n.Name, n.UpdatedAt = "Changed", u.UpdatedAt.Add(time.Second)
		change(&n)
		return &n
	}
	since := u.UpdatedAt
	wantError(t, d.Users.UpdateUser(t.Context(), changed(func(*idp.User) {}), since.Add(-time.Microsecond)), idp.ErrStale)
	taken(t, d.Users.UpdateUser(t.Context(), changed(func(n *idp.User) { n.Username = other.Username }), since), "username")
	taken(t, d.Users.UpdateUser(t.Context(), changed(func(n *idp.User) { n.Email = other.Email }), since), "email")
	refused(t, d.Users.UpdateUser(t.Context(), changed(func(n *idp.User) { n.Roles = []string{"absent-" + randomID()} }), since), "roles")
	for _, id := range append(hostile(), uuid.NewString()) {
		wantError(t, d.Users.UpdateUser(t.Context(), changed(func(n *idp.User) { n.ID = id }), since), idp.ErrNotFound)
		wantError(t, d.Users.UpdateUser(t.Context(), changed(func(n *idp.User) { n.ID = id }), time.Time{}), idp.ErrNotFound)
	}
	same(t, d.readUser(t, u.ID), u)
	same(t, d.readUser(t, other.ID), other)
}

func testUserPasswords(t *testing.T, d Durable) {
	u := d.makeUser(t, nil)
	at := u.UpdatedAt.Add(time.Minute)
	wantError(t, d.Users.SetPasswordHash(t.Context(), u.ID, "x", at, u.UpdatedAt.Add(-time.Microsecond)), idp.ErrStale)
	same(t, d.readUser(t, u.ID), u)
	noError(t, d.Users.SetPasswordHash(t.Context(), u.ID, "first", u.UpdatedAt, u.UpdatedAt))
	noError(t, d.Users.SetPasswordHash(t.Context(), u.ID, "second", at, time.Time{}))
	u.PasswordHash, u.LastChangeAt, u.UpdatedAt = "second", &at, at
	same(t, d.readUser(t, u.ID), u)

	noError(t, d.Users.RehashPassword(t.Context(), u.ID, "second", "stronger"))
	u.PasswordHash = "stronger"
	same(t, d.readUser(t, u.ID), u)
	noError(t, d.Users.RehashPassword(t.Context(), u.ID, "second", "late"))
	same(t, d.readUser(t, u.ID), u)

	for _, id := range append(hostile(), uuid.NewString()) {
		wantError(t, d.Users.SetPasswordHash(t.Context(), id, "x", at, time.Time{}), idp.ErrNotFound)
		noError(t, d.Users.RehashPassword(t.Context(), id, "", "x"))
	}
}

func testRecordSignIn(t *testing.T, d Durable) {
	u := d.makeUser(t, nil)
	at := func(n int) *time.Time { at := u.CreatedAt.Add(time.Duration(n) * time.Second); return &at }
	for n := range 3 {
		noError(t, d.Users.RecordSignIn(t.Context(), u.ID, *at(n), false))
	}
	u.FailedAuthAt, u.FailedAuthCount = at(2), 3
	same(t, d.readUser(t, u.ID), u)
	noError(t, d.Users.RecordSignIn(t.Context(), u.ID, *at(5), true))
	u.LastLoginAt, u.FailedAuthCount = at(5), 0
	got := d.readUser(t, u.ID)
	if got.FailedAuthCount != 0 || got.LastLoginAt == nil || !got.LastLoginAt.Equal(*at(5)) || !got.UpdatedAt.Equal(u.UpdatedAt) {
		t.Errorf("after a success: %d failures, last login %v, updated %v", got.FailedAuthCount, got.LastLoginAt, got.UpdatedAt)
	}
	for _, id := range append(hostile(), uuid.NewString()) {
		noError(t, d.Users.RecordSignIn(t.Context(), id, *at(1), false))
	}
}

func testDeleteUser(t *testing.T, d Durable) {
	role := d.makeRole(t)
	u := d.makeUser(t, func(u *idp.User) { u.Roles = []string{role.Name} })
	other := d.makeUser(t, func(u *idp.User) { u.Roles = []string{role.Name} })
	client := d.makeClient(t, nil)
	for _, user := range []*idp.User{u, other} {
		noError(t, d.Consents.AddConsent(t.Context(), user.ID, client.ID, []string{"openid"}, instant()))
	}
	wantError(t, d.Users.DeleteUser(t.Context(), u.ID, u.UpdatedAt.Add(-time.Microsecond)), idp.ErrStale)
	same(t, d.readUser(t, u.ID), u)
	noError(t, d.Users.DeleteUser(t.Context(), u.ID, u.UpdatedAt))
	_, err := d.Users.User(t.Context(), u.ID)
	wantError(t, err, idp.ErrNotFound)
	_, err = d.Users.UserByLogin(t.Context(), u.Email)
	wantError(t, err, idp.ErrNotFound)
	_, err = d.Consents.Consent(t.Context(), u.ID, client.ID)
	wantError(t, err, idp.ErrNotFound)
	n, err := d.Users.CountUsersWithRole(t.Context(), role.Name)
	noError(t, err)
	if n != 1 {
		t.Errorf("%d hold the role, want the other user alone", n)
	}
	_, err = d.Consents.Consent(t.Context(), other.ID, client.ID)
	noError(t, err)
	for _, id := range append(hostile(), u.ID) {
		wantError(t, d.Users.DeleteUser(t.Context(), id, time.Time{}), idp.ErrNotFound)
	}
	again := newUser() // the names are free again
	again.Username, again.Email = u.Username, u.Email
	noError(t, d.Users.CreateUser(t.Context(), again))
}

func testListUsers(t *testing.T, d Durable) {
	role := d.makeRole(t)
	want := map[string]*idp.User{}
	for range 7 {
		u := d.makeUser(t, func(u *idp.User) { u.Roles = []string{role.Name} })
		want[u.ID] = u
	}
	after, seen := "", 0
	for {
		page, err := d.Users.ListUsers(t.Context(), after, 3)
		noError(t, err)
		if len(page) == 0 {
			break
		}
		if len(page) > 3 {
			t.Fatalf("%d users on a page of 3", len(page))
		}
		for _, u := range page {
			if u.ID <= after {
				t.Fatalf("%s comes after %s", u.ID, after)
			}
			after = u.ID
			if mine := want[u.ID]; mine != nil {
				same(t, u, mine)
				seen++
			}
		}
	}
	if seen != len(want) {
		t.Errorf("the pages hold %d of %d users", seen, len(want))
	}
	page, err := d.Users.ListUsers(t.Context(), "", 0)
	noError(t, err)
	if len(page) != 0 {
		t.Errorf("%d users on a page of none", len(page))
	}
	_, err = d.Users.ListUsers(t.Context(), "not an ID\x00", 3)
	refused(t, err, "after")
}

func testCountUsersWithRole(t *testing.T, d Durable) {
	role := d.makeRole(t)
	count := func(want int) {
		t.Helper()
		n, err := d.Users.CountUsersWithRole(t.Context(), role.Name)
		noError(t, err)
		if n != want {
			t.Errorf("%d users hold the role, want %d", n, want)
		}
	}
	count(0)
	d.makeUser(t, nil)
	d.makeUser(t, func(u *idp.User) { u.Roles, u.Status = []string{role.Name}, idp.UserDisabled })
	d.makeUser(t, func(u *idp.User) { u.Roles, u.ExpiresAt = []string{role.Name}, later(-time.Second) })
	count(0)
	d.makeUser(t, func(u *idp.User) { u.Roles, u.ExpiresAt = []string{role.Name}, later(time.Hour) })
	count(1)
	d.makeUser(t, func(u *idp.User) { u.Roles = []string{role.Name} })
	d.makeUser(t, func(u *idp.User) { u.Roles = []string{role.Name} })
	count(3)
	for _, name := range hostile() {
		n, err := d.Users.CountUsersWithRole(t.Context(), name)
		if noError(t, err); n != 0 {
			t.Errorf("%d hold the role %.20q", n, name)
		}
	}
}

func testUserContext(t *testing.T, d Durable) {
	u, new := d.makeUser(t, nil), newUser()
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"CreateUser":      func() error { return d.Users.CreateUser(ctx, new) },
			"User":            func() error { _, err := d.Users.User(ctx, uuid.NewString()); return err },
			"UserByLogin":     func() error { _, err := d.Users.UserByLogin(ctx, u.Username); return err },
			"UpdateUser":      func() error { return d.Users.UpdateUser(ctx, u, time.Time{}) },
			"SetPasswordHash": func() error { return d.Users.SetPasswordHash(ctx, u.ID, "x", instant(), time.Time{}) },
			"RehashPassword":  func() error { return d.Users.RehashPassword(ctx, u.ID, u.PasswordHash, "x") },
			"RecordSignIn":    func() error { return d.Users.RecordSignIn(ctx, u.ID, instant(), true) },
			"DeleteUser":      func() error { return d.Users.DeleteUser(ctx, u.ID, time.Time{}) },
			"QueryUsers":      func() error { _, err := d.Users.QueryUsers(ctx, idp.UserQuery{}); return err },
			"AddUsers":        func() error { _, err := d.Users.AddUsers(ctx, []*idp.User{new}); return err },
			"Unlock":          func() error { return d.Users.Unlock(ctx, u.ID) },
			"DueUsers":        func() error { _, err := d.Users.DueUsers(ctx, 1); return err },
			"DeleteDueUser":   func() error { return d.Users.DeleteDueUser(ctx, u.ID) },
			"ListUsers":       func() error { _, err := d.Users.ListUsers(ctx, "", 1); return err },
			"CountUsersWithRole": func() error {
				_, err := d.Users.CountUsersWithRole(ctx, "Admin")
				return err
			},
		}
	})
	same(t, d.readUser(t, u.ID), u) // nothing happened
}
