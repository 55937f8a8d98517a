package idp

import (
	"regexp"
	"time"
)

// Built-in role names. They cannot be changed or deleted.
const (
	RoleAdmin = "Admin" // carries PermissionAdmin
	RoleUser  = "User"  // carries none
)

// Role is a named set of people. Other roles than the built-in ones are names
// that applications read; they may carry a permission too.
type Role struct {
	ID          string     `json:"id"` // UUID
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Permission  Permission `json:"permission"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// BuiltIn reports whether the role can be neither changed nor deleted.
func (r *Role) BuiltIn() bool { return r.Name == RoleAdmin || r.Name == RoleUser }

// BuiltInPermission is what a built-in role carries; PermissionNone for any other name.
func BuiltInPermission(name string) Permission {
	if name == RoleAdmin {
		return PermissionAdmin
	}
	return PermissionNone
}

var roleForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)

// Validate reports every fault of the role, or nil.
func (r *Role) Validate() error {
	var f faults
	if !roleForm.MatchString(r.Name) {
		f.add("name", "must be 1 to 64 letters, digits or . _ : - and start with a letter or digit")
	}
	checkNotReserved(&f, "name", r.Name)
	checkText(&f, "description", r.Description, MaxClaim)
	switch r.Permission {
	case PermissionNone, PermissionUsers, PermissionRead, PermissionAdmin:
	default:
		f.add("permission", "must be empty, users, read or admin")
	}
	return f.err()
}

// reservedName is where the console makes a new record, beside the pages of
// those that there are.
const reservedName = "new"

func checkNotReserved(f *faults, field, name string) {
	if name == reservedName {
		f.add(field, "must not be %q, which is an address of the console", reservedName)
	}
}
