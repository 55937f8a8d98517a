package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Roles holds a RoleStore to its contract, races included.
func Roles(t *testing.T, open func(t *testing.T) Durable) {
	runDurable(t, open, []durableTest{
		{"EnsureRole", testEnsureRole},
		{"ListRoles", testListRoles},
		{"CreateRole and Role", testCreateRole},
		{"UpdateRole", testUpdateRole},
		{"DeleteRole", testDeleteRole},
		{"races", testRoleRaces},
		{"context", testRoleContext},
	})
}

func (d Durable) findRole(t *testing.T, name string) *idp.Role {
	t.Helper()
	roles, err := d.Roles.ListRoles(t.Context())
	noError(t, err)
	for _, r := range roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

func testEnsureRole(t *testing.T, d Durable) {
	r := &idp.Role{
		ID: uuid.NewString(), Name: "Role." + randomID(), Description: "Reads «books»", Permission: idp.PermissionRead,
		CreatedAt: instant(), UpdatedAt: instant(),
	}
	stored, err := d.Roles.EnsureRole(t.Context(), r)
	noError(t, err)
	same(t, stored, r)
	same(t, d.findRole(t, r.Name), r)

	other := &idp.Role{ID: uuid.NewString(), Name: r.Name, Description: "other", CreatedAt: r.CreatedAt.Add(time.Hour)}
	stored, err = d.Roles.EnsureRole(t.Context(), other)
	noError(t, err)
	same(t, stored, r)
	same(t, d.findRole(t, r.Name), r)

	t.Run("names are compared as they are", func(t *testing.T) {
		n := &idp.Role{ID: uuid.NewString(), Name: strings.ToLower(r.Name), CreatedAt: instant(), UpdatedAt: instant()}
		stored, err := d.Roles.EnsureRole(t.Context(), n)
		noError(t, err)
		same(t, stored, n)
	})
	_, err = d.Roles.EnsureRole(t.Context(), &idp.Role{ID: "7", Name: "x", CreatedAt: instant()})
	refused(t, err, "id")
}

func (d Durable) readRole(t *testing.T, name string) *idp.Role {
	t.Helper()
	r, err := d.Roles.Role(t.Context(), name)
	noError(t, err)
	return r
}

func testCreateRole(t *testing.T, d Durable) {
	r := &idp.Role{
		ID: uuid.NewString(), Name: "Role." + randomID(), Description: "Reads «books»", Permission: idp.PermissionUsers,
		CreatedAt: instant(), UpdatedAt: instant().Add(time.Second),
	}
	noError(t, d.Roles.CreateRole(t.Context(), r))
	same(t, d.readRole(t, r.Name), r)
	again := *r
	again.ID = uuid.NewString()
	taken(t, d.Roles.CreateRole(t.Context(), &again), "name")
	again.Name, again.ID = "role-"+randomID(), "7"
	refused(t, d.Roles.CreateRole(t.Context(), &again), "id")
	for _, name := range append(hostile(), randomID(), strings.ToLower(r.Name)) {
		_, err := d.Roles.Role(t.Context(), name)
		wantError(t, err, idp.ErrNotFound)
	}
	t.Run("a built-in role has its own permission", func(t *testing.T) {
		for name, want := range map[string]idp.Permission{idp.RoleAdmin: idp.PermissionAdmin, idp.RoleUser: idp.PermissionNone} {
			_, err := d.Roles.EnsureRole(t.Context(), &idp.Role{ID: uuid.NewString(), Name: name, Permission: idp.PermissionUsers, CreatedAt: instant()})
			noError(t, err)
			noError(t, d.Roles.UpdateRole(t.Context(), &idp.Role{Name: name, Permission: idp.PermissionRead, UpdatedAt: instant()}, time.Time{}))
			if got := d.readRole(t, name).Permission; got != want {
				t.Errorf("%s carries %q, want %q", name, got, want)
			}
		}
	})
}

func testUpdateRole(t *testing.T, d Durable) {
	r := d.makeRole(t)
	next := *r
	next.Description, next.Permission, next.UpdatedAt = "Other", idp.PermissionRead, r.UpdatedAt.Add(time.Second)
	wantError(t, d.Roles.UpdateRole(t.Context(), &next, r.UpdatedAt.Add(-time.Microsecond)), idp.ErrStale)
	same(t, d.readRole(t, r.Name), r)
	sent := next
	sent.ID, sent.CreatedAt = uuid.NewString(), next.CreatedAt.Add(time.Hour) // not written
	noError(t, d.Roles.UpdateRole(t.Context(), &sent, r.UpdatedAt.Add(999)))
	same(t, d.readRole(t, r.Name), &next)
	wantError(t, d.Roles.UpdateRole(t.Context(), &next, r.UpdatedAt), idp.ErrStale)
	noError(t, d.Roles.UpdateRole(t.Context(), r, time.Time{}))
	same(t, d.readRole(t, r.Name), r)
	for _, name := range append(hostile(), randomID()) {
		sent.Name = name
		wantError(t, d.Roles.UpdateRole(t.Context(), &sent, time.Time{}), idp.ErrNotFound)
	}
	for range 5 {
		since := d.readRole(t, r.Name).UpdatedAt
		oneWinner(t, race(racers, func(i int) error {
			n := *r
			n.Description, n.UpdatedAt = fmt.Sprint(i), since.Add(time.Duration(i+1)*time.Millisecond)
			return d.Roles.UpdateRole(t.Context(), &n, since)
		}), isStale)
	}
}

func testListRoles(t *testing.T, d Durable) {
	prefix := randomID()
	var want []string
	for _, name := range []string{"b", "B", "a", "_", "Z", "0"} {
		r := &idp.Role{ID: uuid.NewString(), Name: prefix + name, CreatedAt: instant()}
		_, err := d.Roles.EnsureRole(t.Context(), r)
		noError(t, err)
		want = append(want, r.Name)
	}
	slices.Sort(want)
	roles, err := d.Roles.ListRoles(t.Context())
	noError(t, err)
	var got []string
	for _, r := range roles {
		if strings.HasPrefix(r.Name, prefix) {
			got = append(got, r.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("roles are %q, want %q", got, want)
	}
}

func testDeleteRole(t *testing.T, d Durable) {
	r := d.makeRole(t)
	u := d.makeUser(t, func(u *idp.User) { u.Roles = []string{r.Name} })
	taken(t, d.Roles.DeleteRole(t.Context(), r.Name), "name")
	same(t, d.findRole(t, r.Name), r)
	noError(t, d.Users.DeleteUser(t.Context(), u.ID, time.Time{}))
	noError(t, d.Roles.DeleteRole(t.Context(), r.Name))
	if d.findRole(t, r.Name) != nil {
		t.Error("the role is still there")
	}
	for _, name := range append(hostile(), r.Name) {
		wantError(t, d.Roles.DeleteRole(t.Context(), name), idp.ErrNotFound)
	}
}

func testRoleRaces(t *testing.T, d Durable) {
	name := "role-" + randomID()
	var got [racers]*idp.Role
	errs := race(racers, func(i int) (err error) {
		got[i], err = d.Roles.EnsureRole(t.Context(), &idp.Role{ID: uuid.NewString(), Name: name, CreatedAt: instant()})
		return err
	})
	for i, err := range errs {
		noError(t, err)
		if got[i].ID != got[0].ID {
			t.Fatalf("one role has two IDs, %s and %s", got[0].ID, got[i].ID)
		}
	}
}

func testRoleContext(t *testing.T, d Durable) {
	r := d.makeRole(t)
	ended(t, func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"EnsureRole":   func() error { _, err := d.Roles.EnsureRole(ctx, r); return err },
			"ListRoles":    func() error { _, err := d.Roles.ListRoles(ctx); return err },
			"DeleteRole":   func() error { return d.Roles.DeleteRole(ctx, r.Name) },
			"Role":         func() error { _, err := d.Roles.Role(ctx, r.Name); return err },
			"CreateRole":   func() error { return d.Roles.CreateRole(ctx, &idp.Role{ID: uuid.NewString(), Name: "x" + randomID()}) },
			"UpdateRole":   func() error { return d.Roles.UpdateRole(ctx, r, time.Time{}) },
			"CountMembers": func() error { _, err := d.Roles.CountMembers(ctx); return err },
		}
	})
	same(t, d.findRole(t, r.Name), r)
}
