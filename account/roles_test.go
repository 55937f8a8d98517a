package account_test

import (
	"errors"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestRoles(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "root", idp.RoleAdmin)
	p.add(t, "ada")
	made, err := p.roles.Create(t.Context(), &idp.Role{ID: "x", Name: "Support", Description: "Helps", Permission: idp.PermissionUsers})
	if err != nil || made.ID == "x" || made.CreatedAt.IsZero() || made.Permission != idp.PermissionUsers {
		t.Fatalf("%+v %v", made, err)
	}
	if _, err := p.users.Update(t.Context(), "ada", func(u *idp.User) error { u.Roles = []string{"Support"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if u := p.stored(t, "ada"); u.Permissions != (idp.Permissions{Users: true}) {
		t.Errorf("%+v", u.Permissions)
	}
	list, err := p.roles.List(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d roles, %v", len(list), err)
	}
	for i, want := range []struct {
		name    string
		members int
	}{{"Admin", 1}, {"Support", 1}, {"User", 0}} {
		if list[i].Name != want.name || list[i].Members != want.members {
			t.Errorf("%s has %d members", list[i].Name, list[i].Members)
		}
	}
	if list[0].Permission != idp.PermissionAdmin || list[2].Permission != idp.PermissionNone {
		t.Error("a built-in role has not its permission")
	}
	found, err := p.roles.Find(t.Context(), "Support")
	if err != nil || found.Members != 1 || found.Description != "Helps" {
		t.Errorf("%+v %v", found, err)
	}
	var held *idp.ConflictError
	if err := p.roles.Delete(t.Context(), "Support"); !errors.As(err, &held) || held.Field != "name" {
		t.Errorf("while held: %v", err)
	}
	if err := p.users.Delete(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if err := p.roles.Delete(t.Context(), "Support"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"Support", "", "no such role", "x\x00", "\xff"} {
		if _, err := p.roles.Find(t.Context(), name); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("find %q: %v", name, err)
		}
		if err := p.roles.Delete(t.Context(), name); !errors.Is(err, idp.ErrNotFound) {
			t.Errorf("delete %q: %v", name, err)
		}
	}
}

func TestCreateRoleRefuses(t *testing.T) {
	p := newPeople(t, nil)
	for name, r := range map[string]idp.Role{
		"no name": {}, "a space": {Name: "a b"}, "unknown permission": {Name: "a", Permission: "everything"}, "text": {Name: "a", Description: "\x00"},
	} {
		var invalid *idp.InvalidError
		if _, err := p.roles.Create(t.Context(), &r); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.roles.Create(t.Context(), &idp.Role{Name: "Twice"}); err != nil {
		t.Fatal(err)
	}
	// The built-in ones do not exist yet, and nobody may be quicker.
	for _, name := range []string{"Twice", idp.RoleAdmin, idp.RoleUser} {
		var taken *idp.ConflictError
		if _, err := p.roles.Create(t.Context(), &idp.Role{Name: name, Permission: idp.PermissionAdmin}); !errors.As(err, &taken) || taken.Field != "name" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUpdateRole(t *testing.T) {
	p := newPeople(t, nil)
	p.add(t, "root", idp.RoleAdmin, idp.RoleUser)
	made, err := p.roles.Create(t.Context(), &idp.Role{Name: "Support"})
	if err != nil {
		t.Fatal(err)
	}
	give := func(to idp.Permission) func(*idp.Role) error {
		return func(r *idp.Role) error { r.Permission, r.Name, r.ID = to, "Renamed", "x"; return nil }
	}
	after, err := p.roles.Update(t.Context(), "Support", made.UpdatedAt, give(idp.PermissionRead))
	if err != nil || after.Permission != idp.PermissionRead || after.Name != "Support" || after.ID != made.ID || !after.UpdatedAt.After(made.UpdatedAt) {
		t.Fatalf("%+v %v", after, err)
	}
	if same, err := p.roles.Update(t.Context(), "Support", after.UpdatedAt, give(idp.PermissionRead)); err != nil || !same.UpdatedAt.Equal(after.UpdatedAt) {
		t.Errorf("nothing to change: %+v %v", same, err)
	}
	own := errors.New("not allowed")
	for name, c := range map[string]struct {
		role   string
		since  time.Time
		change func(*idp.Role) error
		want   error
	}{
		"an old version": {"Support", made.UpdatedAt, give(idp.PermissionAdmin), idp.ErrStale},
		"no such role":   {"Nobody", time.Time{}, give(idp.PermissionAdmin), idp.ErrNotFound},
		"built in":       {idp.RoleAdmin, time.Time{}, give(idp.PermissionNone), idp.ErrBuiltIn},
		"built in too":   {idp.RoleUser, time.Time{}, give(idp.PermissionAdmin), idp.ErrBuiltIn},
		"refused":        {"Support", time.Time{}, func(*idp.Role) error { return own }, own},
	} {
		if _, err := p.roles.Update(t.Context(), c.role, c.since, c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var invalid *idp.InvalidError
	if _, err := p.roles.Update(t.Context(), "Support", time.Time{}, give("all")); !errors.As(err, &invalid) {
		t.Errorf("bad permission: %v", err)
	}
	if err := p.roles.Delete(t.Context(), idp.RoleUser); !errors.Is(err, idp.ErrBuiltIn) {
		t.Errorf("delete: %v", err)
	}
	if r, err := p.roles.Find(t.Context(), "Support"); err != nil || r.Permission != idp.PermissionRead {
		t.Errorf("%+v %v", r, err)
	}
}

func TestWithRoles(t *testing.T) {
	p := newPeople(t, nil)
	names := []string{"fresh", idp.RoleAdmin, "fresh", "bad name"}
	failed := errors.New("failed")
	if _, err := p.roles.WithRoles(t.Context(), names, func() error { return failed }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if list, err := p.roles.List(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("%d roles are left, %v", len(list), err)
	}
	made, err := p.roles.WithRoles(t.Context(), names, func() error {
		p.add(t, "ada", "fresh")
		return nil
	})
	if err != nil || len(made) != 2 || made[0] != "fresh" || made[1] != idp.RoleAdmin {
		t.Fatalf("%v %v", made, err)
	}
	if r, err := p.roles.Find(t.Context(), "fresh"); err != nil || r.Permission != idp.PermissionNone || r.Members != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := p.roles.Find(t.Context(), idp.RoleAdmin); err != nil || r.Permission != idp.PermissionAdmin {
		t.Errorf("%+v %v", r, err)
	}
	if again, err := p.roles.WithRoles(t.Context(), names, func() error { return failed }); !errors.Is(err, failed) || len(again) != 0 {
		t.Errorf("%v %v", again, err)
	}
	if _, err := p.roles.Find(t.Context(), "fresh"); err != nil {
		t.Errorf("a role that was there before is gone: %v", err)
	}
}
