package idp

import (
	"context"
	"time"
)

// All stores: every method honours ctx. A failure of the backend comes back as
// an error that matches ErrUnavailable. Times are UTC.

// UserStore keeps users and the roles they hold. Usernames and emails are
// unique, each for itself, in their normalised form.
//
// An administrator, to it, is a user who holds RoleAdmin and may authenticate
// by the store's clock. A change of the only one is refused with ErrLastAdmin,
// and nothing changes, if the user would not be one any more or would expire
// earlier than before. That holds for changes at the same moment as well, on
// any number of instances. Time alone may still take the last one.
type UserStore interface {
	// CreateUser inserts the user with its roles, all of which must exist
	// (*InvalidError on "roles" otherwise), in one transaction. ID, CreatedAt
	// and UpdatedAt are the caller's. *ConflictError on a taken username or email.
	CreateUser(ctx context.Context, u *User) error
	// User returns the user with its roles, or ErrNotFound.
	User(ctx context.Context, id string) (*User, error)
	// UserByLogin finds a user by normalised username or email (a username wins), or ErrNotFound.
	UserByLogin(ctx context.Context, login string) (*User, error)
	// UpdateUser writes every member but ID, CreatedAt, the password and the
	// sign-in facts, and replaces the roles, in one transaction, if the stored
	// UpdatedAt equals ifUnchangedSince (ErrStale otherwise; ErrNotFound when
	// absent). ErrLastAdmin as said above. Errors otherwise as CreateUser. A zero
	// ifUnchangedSince skips the check.
	UpdateUser(ctx context.Context, u *User, ifUnchangedSince time.Time) error
	// SetPasswordHash replaces the hash and sets LastChangeAt and UpdatedAt to at, if the stored UpdatedAt
	// equals ifUnchangedSince (ErrStale otherwise; zero skips the check). ErrNotFound when absent.
	SetPasswordHash(ctx context.Context, id, hash string, at, ifUnchangedSince time.Time) error
	// RehashPassword replaces the hash only if it is still old; it is no change
	// of the password, so no time moves. No error if it is not.
	RehashPassword(ctx context.Context, id, old, hash string) error
	// RecordSignIn notes a success (LastLoginAt = at, the failures reset) or
	// a failure (FailedAuthAt = at, the count raised). No error when absent.
	RecordSignIn(ctx context.Context, id string, at time.Time, ok bool) error
	// DeleteUser removes the user, its roles' memberships and its consents in one transaction, or ErrNotFound.
	// ErrLastAdmin as said above; ifUnchangedSince as with SetPasswordHash.
	DeleteUser(ctx context.Context, id string, ifUnchangedSince time.Time) error
	// ListUsers returns at most limit users after the cursor (the ID of the last one seen, "" to begin), by ID.
	ListUsers(ctx context.Context, after string, limit int) ([]*User, error)
	// QueryUsers finds and sorts people.
	QueryUsers(ctx context.Context, q UserQuery) (Page[*User], error)
	// AddUsers inserts each user as CreateUser would, all in one transaction. errs has an entry for each:
	// nil, or why that one is not there; the others are.
	AddUsers(ctx context.Context, us []*User) (errs []error, err error)
	// Unlock sets the count of failures to 0, and records it even when it was 0:
	// the caller forgets more than the count. ErrNotFound when absent.
	Unlock(ctx context.Context, id string) error
	// DueUsers returns up to limit IDs of users whose DeleteAt has passed, by the store's clock.
	DueUsers(ctx context.Context, limit int) ([]string, error)
	// DeleteDueUser is DeleteUser for a user whose DeleteAt has passed by the store's clock; ErrStale when
	// it has not, or was taken back. Looking and deleting is one transaction: a cancel that came first wins.
	DeleteDueUser(ctx context.Context, id string) error
	// CountUsersWithRole counts users that hold the role and may authenticate now.
	CountUsersWithRole(ctx context.Context, role string) (int, error)
}

// RoleStore keeps roles. Names are unique, compared as they are.
type RoleStore interface {
	// EnsureRole inserts the role unless one of that name exists; either way it returns the stored one.
	EnsureRole(ctx context.Context, r *Role) (*Role, error)
	// CreateRole inserts a role; *ConflictError on "name" when taken.
	CreateRole(ctx context.Context, r *Role) error
	// UpdateRole writes description and permission of the role of that name, if the stored UpdatedAt equals
	// ifUnchangedSince (ErrStale otherwise; zero skips the check; ErrNotFound when absent).
	UpdateRole(ctx context.Context, r *Role, ifUnchangedSince time.Time) error
	// Role returns the role of that name, or ErrNotFound.
	Role(ctx context.Context, name string) (*Role, error)
	// CountMembers returns how many users hold each role, by name; a role that nobody holds may be missing.
	CountMembers(ctx context.Context) (map[string]int, error)
	// ListRoles returns all roles by name.
	ListRoles(ctx context.Context) ([]*Role, error)
	// DeleteRole removes a role that nobody holds: ErrNotFound when absent, *ConflictError on "name" while held.
	DeleteRole(ctx context.Context, name string) error
}

// ConsentStore keeps what people allowed.
type ConsentStore interface {
	// Consent returns what the user allowed the client, or ErrNotFound.
	Consent(ctx context.Context, userID, clientID string) (*Consent, error)
	// AddConsent adds the scopes to what was allowed before, atomically; at is the time of both
	// GrantedAt (first time only) and UpdatedAt.
	AddConsent(ctx context.Context, userID, clientID string, scopes []string, at time.Time) error
	// RemoveConsent forgets the consent, or ErrNotFound.
	RemoveConsent(ctx context.Context, userID, clientID string) error
	// ListConsents returns a user's consents by client.
	ListConsents(ctx context.Context, userID string) ([]*Consent, error)
	// CountConsents returns how many people allowed the client something; 0 for an unknown one.
	CountConsents(ctx context.Context, clientID string) (int, error)
}
