package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Create adds a user with a password, or with a hash that was made elsewhere
// (u.PasswordHash, with an empty password), or with neither; then nobody can
// sign in to it yet. It chooses ID and times; without roles the user gets
// idp.RoleUser. u is left as it is; the stored user comes back.
func (s *Users) Create(ctx context.Context, u *idp.User, password string) (*idp.User, error) {
	rule := s.policy().CheckAssigned
	if password == "" {
		rule = nil
	}
	return s.create(ctx, u, password, rule)
}

// Register adds a user who signs up: with the role User and no other whatever
// u holds, active, nothing verified, and a password under the rules for one
// that a person chooses. ErrSignupClosed unless the settings let strangers in.
//
// A username that is taken is told. An email address that is taken is not: the
// account is made without it, so that nobody learns from the answer whose
// address has an account (docs/adr/0005).
func (s *Users) Register(ctx context.Context, u *idp.User, password string) (*idp.User, error) {
	if s.o.Settings().Signup != idp.SignupOpen {
		return nil, ErrSignupClosed
	}
	n := u.Clone()
	n.Roles = []string{idp.RoleUser}
	n.Status, n.ExpiresAt, n.PasswordHash = idp.UserActive, nil, ""
	n.EmailVerified, n.PhoneNumberVerified = false, false
	n, err := s.prepare(ctx, n, password, s.checkSignUp)
	if err != nil {
		return nil, err
	}
	err = s.o.Users.CreateUser(ctx, n)
	var taken *idp.ConflictError
	if errors.As(err, &taken) && taken.Field == "email" {
		n.Email = ""
		err = s.o.Users.CreateUser(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// checkSignUp is the rule for strangers. An address as username would have to
// be the account's own, and when it is taken, that would have to be told.
func (s *Users) checkSignUp(password string, u *idp.User) error {
	var username error
	if strings.Contains(u.Username, "@") && u.Username == u.Email { // any other is refused by Validate
		username = invalid(idp.NewFault("username", "must not be an email address"))
	}
	return allFaults(username, s.policy().Check(password, u))
}

// create stores what prepare made.
func (s *Users) create(ctx context.Context, u *idp.User, password string, rule func(string, *idp.User) error) (*idp.User, error) {
	n, err := s.prepare(ctx, u, password, rule)
	if err != nil {
		return nil, err
	}
	if err := s.o.Users.CreateUser(ctx, n); err != nil {
		return nil, err
	}
	return n, nil
}

// prepare makes the record and hashes the password after rule, which is nil when there is none.
func (s *Users) prepare(ctx context.Context, u *idp.User, password string, rule func(string, *idp.User) error) (*idp.User, error) {
	n, err := s.newRecord(u)
	if err != nil {
		return nil, err
	}
	stored, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return nil, err
	}
	checks := []error{n.Validate(), s.giveRoles(ctx, n, stored)}
	if rule != nil {
		checks = append(checks, rule(password, n))
	} else {
		checks = append(checks, s.checkHash(n.PasswordHash))
	}
	if err := allFaults(checks...); err != nil {
		return nil, err
	}
	if rule != nil {
		if n.PasswordHash, err = s.o.Passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// CreateMany adds users as Create does with an empty password, all that can be
// added, in one transaction. made and errs have an entry for each of us: the
// stored user and nil, or nil and what is wrong with that one. An err says
// that none was added.
func (s *Users) CreateMany(ctx context.Context, us []*idp.User) (made []*idp.User, errs []error, err error) {
	stored, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return nil, nil, err
	}
	made, errs = make([]*idp.User, len(us)), make([]error, len(us))
	var good []*idp.User
	var at []int // where each of good is in us
	for i, u := range us {
		n, err := s.newRecord(u)
		if err != nil {
			return nil, nil, err
		}
		if errs[i] = allFaults(n.Validate(), s.giveRoles(ctx, n, stored), s.checkHash(n.PasswordHash)); errs[i] == nil {
			good, at = append(good, n), append(at, i)
		}
	}
	if len(good) == 0 {
		return made, errs, nil
	}
	refused, err := s.o.Users.AddUsers(ctx, good)
	if err != nil {
		return nil, nil, err
	}
	for j, i := range at {
		if errs[i] = refused[j]; errs[i] == nil {
			made[i] = good[j]
		}
	}
	return made, errs, nil
}

// CheckMany says what is wrong with each of us as CreateMany would, and with
// the password where there is one, and adds nobody. A username or an email
// address that is taken is an *idp.ConflictError. Roles that there are not are no fault.
func (s *Users) CheckMany(ctx context.Context, us []*idp.User, passwords []string) (errs []error, err error) {
	errs = make([]error, len(us))
	for i, u := range us {
		n, err := s.newRecord(u)
		if err != nil {
			return nil, err
		}
		var rule error
		if passwords[i] != "" {
			rule = s.policy().CheckAssigned(passwords[i], n)
		}
		if errs[i] = allFaults(n.Validate(), s.checkHash(n.PasswordHash), rule); errs[i] != nil {
			continue
		}
		if errs[i], err = s.taken(ctx, n); err != nil {
			return nil, err
		}
	}
	return errs, nil
}

// taken reports a login of the user that somebody else has, as conflict.
func (s *Users) taken(ctx context.Context, u *idp.User) (conflict, err error) {
	for _, login := range []struct{ field, value string }{{"username", u.Username}, {"email", u.Email}} {
		if login.value == "" {
			continue
		}
		switch _, err := s.o.Users.UserByLogin(ctx, login.value); {
		case err == nil:
			return &idp.ConflictError{Field: login.field}, nil
		case !errors.Is(err, idp.ErrNotFound):
			return nil, err
		}
	}
	return nil, nil
}

// newRecord is a copy of u as a user who begins now.
func (s *Users) newRecord(u *idp.User) (*idp.User, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	n := u.Clone()
	n.ID, n.CreatedAt = id.String(), s.now()
	n.UpdatedAt = n.CreatedAt
	n.LastLoginAt, n.LastChangeAt, n.FailedAuthAt, n.FailedAuthCount, n.DeleteAt = nil, nil, nil, 0, nil
	if len(n.Roles) == 0 {
		n.Roles = []string{idp.RoleUser}
	}
	tidy(n)
	return n, nil
}

func (s *Users) checkHash(hash string) error {
	if hash == "" || s.o.Passwords.Understands(hash) {
		return nil
	}
	return invalid(idp.NewFault("password_hash", "must be an argon2, bcrypt, scrypt or PBKDF2 hash of a known form and of bearable cost"))
}

// giveRoles sets the permissions that follow from the roles. It makes the
// built-in roles when they are missing and reports the others.
func (s *Users) giveRoles(ctx context.Context, u *idp.User, stored []*idp.Role) error {
	u.Permissions = idp.Permissions{}
	var missing []idp.Fault
	for _, name := range u.Roles {
		i := slices.IndexFunc(stored, func(r *idp.Role) bool { return r.Name == name })
		switch {
		case i >= 0:
			u.Permissions.Add(stored[i].Permission)
		case name == idp.RoleAdmin || name == idp.RoleUser:
			if err := s.ensureRole(ctx, name); err != nil {
				return err
			}
			u.Permissions.Add(idp.BuiltInPermission(name))
		default:
			missing = append(missing, idp.NewFault("roles", "there is no role %s", name))
		}
	}
	if len(missing) > 0 {
		return invalid(missing...)
	}
	return nil
}

func (s *Users) ensureRole(ctx context.Context, name string) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return err
	}
	now := s.now()
	_, err = s.o.Roles.EnsureRole(ctx, &idp.Role{
		ID: id.String(), Name: name, Permission: idp.BuiltInPermission(name), CreatedAt: now, UpdatedAt: now,
	})
	return err
}
