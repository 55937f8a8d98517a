package storagetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// makeAdmins makes n users the only ones who hold RoleAdmin; change may be nil.
func (d Durable) makeAdmins(t *testing.T, n int, change func(*idp.User)) []*idp.User {
	t.Helper()
	admin := &idp.Role{ID: uuid.NewString(), Name: idp.RoleAdmin, CreatedAt: instant()}
	_, err := d.Roles.EnsureRole(t.Context(), admin)
	noError(t, err)
	made := make([]*idp.User, n)
	for i := range made {
		made[i] = d.makeUser(t, func(u *idp.User) {
			u.Roles = []string{idp.RoleAdmin}
			if change != nil {
				change(u)
			}
		})
	}
	mine := func(u *idp.User) bool {
		return slices.ContainsFunc(made, func(m *idp.User) bool { return m.ID == u.ID })
	}
	for after := ""; ; {
		page, err := d.Users.ListUsers(t.Context(), after, 1000)
		noError(t, err)
		if len(page) == 0 {
			return made
		}
		after = page[len(page)-1].ID
		for _, u := range page {
			if u.HasRole(idp.RoleAdmin) && !mine(u) {
				noError(t, d.Users.DeleteUser(t.Context(), u.ID, time.Time{}))
			}
		}
	}
}

func (d Durable) countAdmins(t *testing.T) int {
	t.Helper()
	n, err := d.Users.CountUsersWithRole(t.Context(), idp.RoleAdmin)
	noError(t, err)
	return n
}

// later is a time from now that every store can keep.
func later(d time.Duration) *time.Time {
	at := instant().Add(d)
	return &at
}

// ways are all the ways in which an administrator can stop being one.
func (d Durable) ways(t *testing.T) map[string]func(*idp.User) error {
	update := func(change func(*idp.User)) func(*idp.User) error {
		return func(u *idp.User) error {
			n := *u
			change(&n)
			n.Name, n.UpdatedAt = "Changed", u.UpdatedAt.Add(time.Second)
			return d.Users.UpdateUser(t.Context(), &n, u.UpdatedAt)
		}
	}
	role := d.makeRole(t)
	return map[string]func(*idp.User) error{
		"disable":            update(func(u *idp.User) { u.Status = idp.UserDisabled }),
		"demote":             update(func(u *idp.User) { u.Roles = nil }),
		"give another role":  update(func(u *idp.User) { u.Roles = []string{role.Name} }),
		"expire":             update(func(u *idp.User) { u.ExpiresAt = later(-time.Second) }),
		"expire from now on": update(func(u *idp.User) { u.ExpiresAt = later(0) }),
		"expire later":       update(func(u *idp.User) { u.ExpiresAt = later(time.Minute) }),
		"everything": update(func(u *idp.User) {
			u.Status, u.Roles, u.ExpiresAt, u.Username = idp.UserDisabled, []string{}, later(-time.Hour), "was-"+u.Username
		}),
		"delete": func(u *idp.User) error { return d.Users.DeleteUser(t.Context(), u.ID, time.Time{}) },
	}
}

func testLastAdmin(t *testing.T, d Durable) {
	ways := d.ways(t)
	for name, takePower := range ways {
		t.Run(name, func(t *testing.T) {
			change := func(u *idp.User) { u.ExpiresAt = later(time.Hour) }
			if name == "expire later" {
				change = nil // "for ever" is longer than any time
			}
			root := d.makeAdmins(t, 1, change)[0]
			// None of these can take over.
			d.makeUser(t, nil)
			for _, able := range []func(*idp.User){
				func(u *idp.User) { u.Status = idp.UserDisabled },
				func(u *idp.User) { u.ExpiresAt = later(-time.Second) },
			} {
				d.makeUser(t, func(u *idp.User) { u.Roles = []string{idp.RoleAdmin}; able(u) })
			}
			client := d.makeClient(t, nil)
			noError(t, d.Consents.AddConsent(t.Context(), root.ID, client.ID, []string{"openid"}, instant()))

			wantError(t, takePower(root), idp.ErrLastAdmin)
			sameAdmin(t, d.readUser(t, root.ID), root)
			_, err := d.Consents.Consent(t.Context(), root.ID, client.ID)
			noError(t, err)

			d.makeUser(t, func(u *idp.User) { u.Roles = []string{idp.RoleAdmin} })
			noError(t, takePower(root))
		})
	}
	t.Run("what is not refused", func(t *testing.T) { testLastAdminMay(t, d) })
	t.Run("nobody was one before", func(t *testing.T) {
		before := d.makeAdmins(t, 1, nil)[0]
		soon := later(300 * time.Millisecond)
		root := d.makeUser(t, func(u *idp.User) { u.Roles, u.ExpiresAt = []string{idp.RoleAdmin}, soon })
		noError(t, d.Users.DeleteUser(t.Context(), before.ID, time.Time{}))
		for time.Now().Before(soon.Add(10 * time.Millisecond)) {
			time.Sleep(10 * time.Millisecond)
		}
		if n := d.countAdmins(t); n != 0 {
			t.Fatalf("%d administrators are left", n)
		}
		root.Roles = []string{}
		noError(t, d.Users.UpdateUser(t.Context(), root, root.UpdatedAt))
		noError(t, d.Users.DeleteUser(t.Context(), root.ID, time.Time{}))
	})
}

// sameAdmin is same for a user as a test wrote it, whose permissions its roles tell.
func sameAdmin(t *testing.T, got, wrote *idp.User) {
	t.Helper()
	want := wrote.Clone()
	want.Permissions.Admin = wrote.HasRole(idp.RoleAdmin)
	same(t, got, want)
}

// testLastAdminMay: the last administrator can still be changed, and so can
// those who are none or cannot sign in.
func testLastAdminMay(t *testing.T, d Durable) {
	role := d.makeRole(t)
	root := d.makeAdmins(t, 1, func(u *idp.User) { u.ExpiresAt = later(time.Hour) })[0]
	former := d.makeUser(t, func(u *idp.User) { u.Roles, u.Status = []string{idp.RoleAdmin}, idp.UserDisabled })
	update := func(u *idp.User, change func()) {
		t.Helper()
		since := u.UpdatedAt
		change()
		u.UpdatedAt = since.Add(time.Second)
		noError(t, d.Users.UpdateUser(t.Context(), u, since))
		sameAdmin(t, d.readUser(t, u.ID), u)
	}
	update(root, func() { root.Name = "Root" })
	update(root, func() { root.Roles = []string{idp.RoleAdmin, role.Name} })
	update(root, func() { root.ExpiresAt = later(2 * time.Hour) })
	update(root, func() { root.ExpiresAt = nil })
	update(former, func() { former.Roles = []string{} })
	noError(t, d.Users.DeleteUser(t.Context(), former.ID, time.Time{}))
	noError(t, d.Users.DeleteUser(t.Context(), d.makeUser(t, nil).ID, time.Time{}))
	if n := d.countAdmins(t); n != 1 {
		t.Errorf("%d administrators are left", n)
	}

	t.Run("an old reading is stale, not last", func(t *testing.T) {
		old := *root
		old.Status = idp.UserDisabled
		wantError(t, d.Users.UpdateUser(t.Context(), &old, root.UpdatedAt.Add(-time.Second)), idp.ErrStale)
	})
}

func testAdminRaces(t *testing.T, d Durable) {
	ways := d.ways(t)
	names := []string{"disable", "demote", "expire", "delete"}
	for _, name := range names {
		t.Run("two "+name+" each other", func(t *testing.T) {
			for range 10 {
				pair := d.makeAdmins(t, 2, nil)
				errs := race(2, func(i int) error { return ways[name](pair[1-i]) })
				won, lost := tally(t, errs, idp.ErrLastAdmin)
				if won != 1 || lost[idp.ErrLastAdmin] != 1 || d.countAdmins(t) != 1 {
					t.Fatalf("%v, and %d administrators are left", errs, d.countAdmins(t))
				}
			}
		})
	}
	t.Run("each takes the next one's power", func(t *testing.T) {
		for range 5 {
			ring := d.makeAdmins(t, 2*len(names), nil)
			errs := race(len(ring), func(i int) error { return ways[names[i%len(names)]](ring[(i+1)%len(ring)]) })
			won, lost := tally(t, errs, idp.ErrLastAdmin)
			if won != len(ring)-1 || lost[idp.ErrLastAdmin] != 1 || d.countAdmins(t) != 1 {
				t.Fatalf("%v, and %d administrators are left", errs, d.countAdmins(t))
			}
		}
	})
	// The newcomer is no administrator when the deletion begins to wait for
	// the row, but is one, and the only one, when it gets the row.
	t.Run("one is made one, is left alone and is deleted", func(t *testing.T) {
		for range 10 {
			root := d.makeAdmins(t, 1, nil)[0]
			newcomer := d.makeUser(t, nil)
			race(4, func(i int) error {
				if i > 0 {
					return d.Users.DeleteUser(t.Context(), newcomer.ID, time.Time{})
				}
				n := *newcomer
				n.Roles, n.UpdatedAt = []string{idp.RoleAdmin}, n.UpdatedAt.Add(time.Second)
				if err := d.Users.UpdateUser(t.Context(), &n, newcomer.UpdatedAt); err != nil {
					return err
				}
				return ways["demote"](root)
			})
			if n := d.countAdmins(t); n < 1 {
				t.Fatal("nobody is left")
			}
		}
	})
}
