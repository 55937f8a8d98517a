package idp

// Permission is what a role lets its holders do in Gatehouse itself. A role
// without one is a plain name that applications read.
type Permission string

// The permissions that a role may carry.
const (
	PermissionNone  Permission = ""
	PermissionUsers Permission = "users" // see and manage people who hold no permission themselves
	PermissionRead  Permission = "read"  // see everything, change nothing
	PermissionAdmin Permission = "admin" // administer everything
)

// Permissions is what a person's roles add up to.
type Permissions struct{ Users, Read, Admin bool }

// Add joins one role's permission.
func (p *Permissions) Add(one Permission) {
	switch one {
	case PermissionUsers:
		p.Users = true
	case PermissionRead:
		p.Read = true
	case PermissionAdmin:
		p.Admin = true
	case PermissionNone:
	}
}

// Any reports whether there is something to do in the console at all.
func (p Permissions) Any() bool { return p != Permissions{} }

// MaySeeAll reports whether everything may be seen: clients, keys, settings, the audit log.
func (p Permissions) MaySeeAll() bool { return p.Read || p.Admin }

// MaySeeUsers reports whether people, their sessions and their apps may be seen.
func (p Permissions) MaySeeUsers() bool { return p.Any() }

// MayManageUsers reports whether at least some people may be changed; which, says MayManage.
func (p Permissions) MayManageUsers() bool { return p.Users || p.Admin }

// MayManage reports whether this user may be changed: whoever is no
// administrator reaches only people who hold no permission, so that nobody
// rises through another's account.
func (p Permissions) MayManage(u *User) bool {
	return p.Admin || p.Users && !u.Permissions.Any()
}

// MayGive reports whether a role with that permission may be given or taken away.
func (p Permissions) MayGive(one Permission) bool {
	return p.Admin || p.Users && one == PermissionNone
}

// Limit returns what remains of p under a bound, as when a token carries less than its person may.
func (p Permissions) Limit(bound Permissions) Permissions {
	if p.Admin { // administering includes the rest
		return bound
	}
	return Permissions{
		Users: p.Users && (bound.Users || bound.Admin),
		Read:  p.Read && (bound.Read || bound.Admin),
	}
}
