package pages

import (
	"net/url"

	"gatehouse/idp"
)

// RoleRow is a role and how many hold it.
type RoleRow struct {
	*idp.Role
	Members int
}

// To is the address of the role's page.
func (r RoleRow) To() string { return "/admin/roles/" + url.PathEscape(r.Name) }

// MembersTo is the address of the list of those who hold it.
func (r RoleRow) MembersTo() string { return "/admin/users?role=" + url.QueryEscape(r.Name) }

// Means is what the role's permission lets its holders do, in words.
func (r RoleRow) Means() string { return permissionKey(r.Permission) }

// MeansText is Means to put into words.
func (r RoleRow) MeansText() Text { return Text{Key: r.Means()} }

func permissionKey(p idp.Permission) string {
	if p == idp.PermissionNone {
		return "people.permission.none"
	}
	return "people.permission." + string(p)
}

// RolesPage lists the roles.
type RolesPage struct {
	Roles  []RoleRow
	Manage bool // the reader may add and change roles
}

// RolePage shows a role, and changes its description and permission unless it
// is built in or the reader may not. It posts description and permission.
type RolePage struct {
	Role    RoleRow
	Manage  bool
	Form    Form
	Holders []*idp.User // the first ones
}

// More is how many hold the role beside those shown.
func (p RolePage) More() int { return max(0, p.Role.Members-len(p.Holders)) }

// Permissions are the choices of what a role lets its holders do.
func (p RolePage) Permissions() []Option { return permissionOptions() }

func permissionOptions() []Option {
	var out []Option
	for _, p := range []idp.Permission{idp.PermissionNone, idp.PermissionUsers, idp.PermissionRead, idp.PermissionAdmin} {
		out = append(out, Option{Value: string(p), Key: permissionKey(p), HelpKey: permissionKey(p) + "_help"})
	}
	return out
}

// NewRolePage adds a role. It posts name, description and permission to /admin/roles.
type NewRolePage struct{ Form Form }

// Permissions are the choices of what a role lets its holders do.
func (p NewRolePage) Permissions() []Option { return permissionOptions() }

// RoleDeletePage is the last question before a role is deleted, or says who
// holds it and keeps it from being deleted.
type RoleDeletePage struct {
	Role    RoleRow
	Review  Review
	Holders []*idp.User // the first ones
}

// More is how many hold the role beside those shown.
func (p RoleDeletePage) More() int { return max(0, p.Role.Members-len(p.Holders)) }

func (p RolesPage) describe() description {
	return description{template: "admin_roles", title: text{key: "people.roles.title"}}
}

func (p RolePage) describe() description {
	return description{
		template: "admin_role", title: text{key: "people.role.title", args: args{"Role": p.Role.Name}},
		failed: p.Form.Failed(),
	}
}

func (p NewRolePage) describe() description {
	return description{template: "admin_role_new", title: text{key: "people.role.new_title"}, failed: p.Form.Failed()}
}

func (p RoleDeletePage) describe() description {
	return description{
		template: "admin_role_delete", title: text{key: "people.role.delete_title", args: args{"Role": p.Role.Name}},
		failed: p.Review.Form.Failed(),
	}
}
