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

// Roles holds a RoleStore to its contract, races included.
func Roles(t *testing.T, open func(t *testing.T) Durable) {
	runDurable(t, open, []durableTest{
		{"EnsureRole", testEnsureRole},
		{"ListRoles", testListRoles},
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
	noError(t, d.Users.DeleteUser(t.Context(), u.ID))
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
			"EnsureRole": func() error { _, err := d.Roles.EnsureRole(ctx, r); return err },
			"ListRoles":  func() error { _, err := d.Roles.ListRoles(ctx); return err },
			"DeleteRole": func() error { return d.Roles.DeleteRole(ctx, r.Name) },
		}
	})
	same(t, d.findRole(t, r.Name), r)
}
