package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// RolesOptions is what Roles needs.
type RolesOptions struct {
	Roles idp.RoleStore
	Now   func() time.Time
}

// Roles administers the names under which people are gathered. Who may make
// one that carries a permission is for the caller to decide by idp.Permissions.
type Roles struct{ o RolesOptions }

// NewRoles fills in the defaults.
func NewRoles(o RolesOptions) *Roles {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Roles{o: o}
}

// RoleInfo is a role and how many hold it.
type RoleInfo struct {
	*idp.Role
	Members int
}

// List returns all roles by name.
func (s *Roles) List(ctx context.Context) ([]RoleInfo, error) {
	roles, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return nil, err
	}
	members, err := s.o.Roles.CountMembers(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]RoleInfo, len(roles))
	for i, r := range roles {
		infos[i] = RoleInfo{r, members[r.Name]}
	}
	return infos, nil
}

// All returns all roles by name, without counting who holds them.
func (s *Roles) All(ctx context.Context) ([]*idp.Role, error) { return s.o.Roles.ListRoles(ctx) }

// Find returns the role of that name, or idp.ErrNotFound.
func (s *Roles) Find(ctx context.Context, name string) (RoleInfo, error) {
	r, err := s.role(ctx, name)
	if err != nil {
		return RoleInfo{}, err
	}
	members, err := s.o.Roles.CountMembers(ctx)
	if err != nil {
		return RoleInfo{}, err
	}
	return RoleInfo{r, members[name]}, nil
}

// role keeps from the stores what cannot be a role's name.
func (s *Roles) role(ctx context.Context, name string) (*idp.Role, error) {
	if (&idp.Role{Name: name}).Validate() != nil {
		return nil, idp.ErrNotFound
	}
	return s.o.Roles.Role(ctx, name)
}

// Create adds a role with the name, description and permission of r. It
// chooses ID and times; the stored role comes back. *idp.InvalidError, or
// *idp.ConflictError on "name" when taken, as the built-in names always are.
func (s *Roles) Create(ctx context.Context, r *idp.Role) (*idp.Role, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if r.BuiltIn() {
		return nil, &idp.ConflictError{Field: "name"}
	}
	n, err := s.newRole(r.Name)
	if err != nil {
		return nil, err
	}
	n.Description, n.Permission = r.Description, r.Permission
	if err := s.o.Roles.CreateRole(ctx, n); err != nil {
		return nil, err
	}
	return n, nil
}

// Update lets change edit description and permission of a role and stores it.
// idp.ErrBuiltIn for a built-in one, idp.ErrNotFound, *idp.InvalidError; idp.ErrStale when UpdatedAt is
// no longer ifUnchangedSince (zero skips the check). An error of change comes back as it is.
func (s *Roles) Update(ctx context.Context, name string, ifUnchangedSince time.Time,
	change func(*idp.Role) error,
) (*idp.Role, error) {
	before, err := s.role(ctx, name)
	for range changeTries {
		switch {
		case err != nil:
			return nil, err
		case before.BuiltIn():
			return nil, idp.ErrBuiltIn
		case !ifUnchangedSince.IsZero() && !before.UpdatedAt.Equal(ifUnchangedSince):
			return nil, idp.ErrStale
		}
		after := *before
		if err := change(&after); err != nil {
			return nil, err
		}
		after.ID, after.Name, after.CreatedAt, after.UpdatedAt = before.ID, before.Name, before.CreatedAt, before.UpdatedAt
		if err := after.Validate(); err != nil {
			return nil, err
		}
		if after == *before {
			return &after, nil
		}
		after.UpdatedAt = later(s.now(), before.UpdatedAt)
		err = s.o.Roles.UpdateRole(ctx, &after, before.UpdatedAt)
		if err == nil {
			return &after, nil
		}
		if !errors.Is(err, idp.ErrStale) {
			return nil, err
		}
		before, err = s.role(ctx, name)
	}
	return nil, errors.Join(idp.ErrStale, err)
}

// Delete removes a role: idp.ErrBuiltIn for a built-in one, idp.ErrNotFound,
// *idp.ConflictError on "name" while somebody holds it.
func (s *Roles) Delete(ctx context.Context, name string) error {
	r, err := s.role(ctx, name)
	if err != nil {
		return err
	}
	if r.BuiltIn() {
		return idp.ErrBuiltIn
	}
	return s.o.Roles.DeleteRole(ctx, name)
}

// WithRoles makes the roles that are missing and then calls change. A role is
// a name that applications read, so naming one for a person is enough to have
// it: it carries no permission, but the built-in ones theirs. When change
// fails, the roles made here go again; otherwise it returns their names.
func (s *Roles) WithRoles(ctx context.Context, names []string, change func() error) (made []string, err error) {
	stored, err := s.o.Roles.ListRoles(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		known := slices.ContainsFunc(stored, func(r *idp.Role) bool { return r.Name == name })
		if known || slices.Contains(made, name) || (&idp.Role{Name: name}).Validate() != nil {
			continue // a bad name is reported with the person's other faults
		}
		r, err := s.newRole(name)
		if err == nil {
			_, err = s.o.Roles.EnsureRole(ctx, r)
		}
		if err != nil {
			return nil, errors.Join(err, s.drop(ctx, made))
		}
		made = append(made, name)
	}
	if err := change(); err != nil {
		return nil, errors.Join(err, s.drop(ctx, made))
	}
	return made, nil
}

// drop removes roles again, unless somebody holds them by now.
func (s *Roles) drop(ctx context.Context, names []string) error {
	var errs []error
	for _, name := range names {
		var held *idp.ConflictError
		if err := s.o.Roles.DeleteRole(ctx, name); err != nil && !errors.Is(err, idp.ErrNotFound) && !errors.As(err, &held) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Roles) newRole(name string) (*idp.Role, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	now := s.now()
	return &idp.Role{
		ID: id.String(), Name: name, Permission: idp.BuiltInPermission(name), CreatedAt: now, UpdatedAt: now,
	}, nil
}

func (s *Roles) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// later is the time of a change. It is the record's version too: two changes
// within a microsecond must not look the same.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Microsecond)
}
