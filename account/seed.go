package account

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/idp"
)

// SeedOptions name the first administrator.
type SeedOptions struct {
	Username string // "" means admin
	Email    string // may be empty
	Password string // "" means that one is generated
}

// SeedResult says what Seed did.
type SeedResult struct {
	Created  bool   // the administrator was made now
	Username string // of the administrator made now, else ""
	// GeneratedPassword is the only copy there is; "" when none was generated.
	GeneratedPassword string
}

// Seed makes the built-in roles and, when nobody can administer, the first
// administrator. It changes nothing when done again, and of several instances
// that start together one makes the administrator and the others find it.
func (s *Users) Seed(ctx context.Context, o SeedOptions) (SeedResult, error) {
	for _, role := range []string{idp.RoleAdmin, idp.RoleUser} {
		if err := s.ensureRole(ctx, role); err != nil {
			return SeedResult{}, err
		}
	}
	n, err := s.o.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	if err != nil || n > 0 {
		return SeedResult{}, err
	}
	if o.Username == "" {
		o.Username = "admin"
	}
	generated := ""
	if o.Password == "" {
		generated = GeneratePassword()
		o.Password = generated
	}
	u, err := s.Create(ctx, &idp.User{
		Username: o.Username, Email: o.Email, Roles: []string{idp.RoleAdmin},
	}, o.Password)
	var conflict *idp.ConflictError
	if errors.As(err, &conflict) {
		return SeedResult{}, s.seedConflict(ctx, o, conflict)
	}
	if err != nil {
		return SeedResult{}, fmt.Errorf("first administrator: %w", err)
	}
	return SeedResult{Created: true, Username: u.Username, GeneratedPassword: generated}, nil
}

// seedConflict tells another instance's success, which is none of ours, from a
// user who is in the way. Such a user is not made an administrator: whoever
// registered the name first would get the house.
func (s *Users) seedConflict(ctx context.Context, o SeedOptions, conflict *idp.ConflictError) error {
	n, err := s.o.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	if err != nil || n > 0 {
		return err
	}
	name := o.Username
	if conflict.Field == "email" {
		name = o.Email
	}
	return fmt.Errorf("nobody can administer, and the %s %q belongs to a user who is not an active administrator; "+
		"choose another for the first administrator, or see to it that this user holds the role %s, is active and has not expired: %w",
		conflict.Field, name, idp.RoleAdmin, conflict)
}
