package sqlstore

import (
	"context"
	"slices"

	"gatehouse/idp"
)

// Users keeps users and the roles they hold; it is an idp.UserStore.
type Users struct{ db aggregate }

// NewUsers returns the user store of the database.
func NewUsers(db *DB) *Users { return &Users{aggregate{db, "users"}} }

// userColumns are in the order of userInto, which ends with userRoles.
const (
	userColumns = `id, username, email, name, claims, status, password_hash, created_at, updated_at, expires_at,
	last_login_at, last_change_at, failed_auth_at, failed_auth_count, delete_at`
	userRoles = `(SELECT @roles FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id = u.id)`
)

func userInto(u *idp.User) scanner {
	return func(scan func(...any) error) error {
		var c claims
		var roles [][2]string
		err := scan(append(userMembersInto(u, &c), jsonTo{&roles})...)
		if err != nil {
			return err
		}
		c.copyTo(u)
		setRoles(u, roles)
		return nil
	}
}

// userMembersInto are where userColumns go; the claims are to be copied after.
func userMembersInto(u *idp.User, c *claims) []any {
	return []any{
		&u.ID, &u.Username, &u.Email, &u.Name,
		jsonTo{c},
		&u.Status, &u.PasswordHash,
		timeTo{&u.CreatedAt},
		timeTo{&u.UpdatedAt},
		timePtrTo{&u.ExpiresAt},
		timePtrTo{&u.LastLoginAt},
		timePtrTo{&u.LastChangeAt},
		timePtrTo{&u.FailedAuthAt},
		&u.FailedAuthCount,
		timePtrTo{&u.DeleteAt},
	}
}

// setRoles gives the user roles, each a name and a permission.
func setRoles(u *idp.User, roles [][2]string) {
	u.Roles, u.Permissions = []string{}, idp.Permissions{}
	for _, r := range roles {
		u.Roles = append(u.Roles, r[0])
		u.Permissions.Add(idp.Permission(r[1]))
	}
	slices.Sort(u.Roles)
}

// User implements idp.UserStore.
func (s *Users) User(ctx context.Context, id string) (*idp.User, error) {
	if !isID(id) {
		return nil, idp.ErrNotFound
	}
	return records[idp.User]{s.db, userInto}.one(ctx, "User",
		`SELECT `+userColumns+`, `+userRoles+` FROM users u WHERE u.id = $1`, id)
}

// UserByLogin implements idp.UserStore.
func (s *Users) UserByLogin(ctx context.Context, login string) (*idp.User, error) {
	if login == "" || !storable(login) {
		return nil, idp.ErrNotFound
	}
	return records[idp.User]{s.db, userInto}.one(ctx, "UserByLogin",
		`SELECT `+userColumns+`, `+userRoles+` FROM users u
		WHERE u.username = $1 OR (u.email = $1 AND u.email <> '')
		ORDER BY CASE WHEN u.username = $1 THEN 0 ELSE 1 END LIMIT 1`, login)
}

// ListUsers implements idp.UserStore. A cursor that is not an ID is an *idp.InvalidError on "after".
func (s *Users) ListUsers(ctx context.Context, after string, limit int) ([]*idp.User, error) {
	const none = "00000000-0000-0000-0000-000000000000" // before every ID
	if after == "" {
		after = none
	}
	if !isID(after) {
		return nil, invalid("after", "must be the ID of the last user seen")
	}
	return records[idp.User]{s.db, userInto}.list(ctx, "ListUsers",
		`SELECT `+userColumns+`, `+userRoles+` FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`, after, max(limit, 0))
}

// CountUsersWithRole implements idp.UserStore.
func (s *Users) CountUsersWithRole(ctx context.Context, role string) (int, error) {
	if !storable(role) {
		return 0, nil
	}
	var n int
	err := s.db.do(ctx, "CountUsersWithRole", func() error {
		return first(ctx, s.db.read, into(&n), `SELECT count(*) FROM `+ableMembers, role)
	})
	return n, err
}

// DueUsers implements idp.UserStore.
func (s *Users) DueUsers(ctx context.Context, limit int) ([]string, error) {
	ids := []string{}
	err := s.db.do(ctx, "DueUsers", func() error {
		ids = ids[:0]
		_, err := each(ctx, s.db.read, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM users WHERE delete_at <= @now ORDER BY delete_at LIMIT $1`, max(limit, 0))
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// claims are the standard claims that no query looks for.
type claims struct {
	EmailVerified       bool         `json:"email_verified,omitempty"`
	GivenName           string       `json:"given_name,omitempty"`
	FamilyName          string       `json:"family_name,omitempty"`
	MiddleName          string       `json:"middle_name,omitempty"`
	Nickname            string       `json:"nickname,omitempty"`
	PreferredUsername   string       `json:"preferred_username,omitempty"`
	Profile             string       `json:"profile,omitempty"`
	Picture             string       `json:"picture,omitempty"`
	Website             string       `json:"website,omitempty"`
	Gender              string       `json:"gender,omitempty"`
	Birthdate           string       `json:"birthdate,omitempty"`
	Zoneinfo            string       `json:"zoneinfo,omitempty"`
	Locale              string       `json:"locale,omitempty"`
	PhoneNumber         string       `json:"phone_number,omitempty"`
	PhoneNumberVerified bool         `json:"phone_number_verified,omitempty"`
	Address             *idp.Address `json:"address,omitempty"`
}

func claimsOf(u *idp.User) claims {
	c := claims{
		EmailVerified: u.EmailVerified, GivenName: u.GivenName, FamilyName: u.FamilyName, MiddleName: u.MiddleName,
		Nickname: u.Nickname, PreferredUsername: u.PreferredUsername, Profile: u.Profile, Picture: u.Picture,
		Website: u.Website, Gender: u.Gender, Birthdate: u.Birthdate, Zoneinfo: u.Zoneinfo, Locale: u.Locale,
		PhoneNumber: u.PhoneNumber, PhoneNumberVerified: u.PhoneNumberVerified,
	}
	if !u.Address.IsZero() {
		address := u.Address
		// Validate refuses what would have to be replaced here; a store takes it all the same.
		address.Formatted = clean(address.Formatted)
		c.Address = &address
	}
	return c
}

func (c *claims) copyTo(u *idp.User) {
	u.EmailVerified, u.GivenName, u.FamilyName, u.MiddleName = c.EmailVerified, c.GivenName, c.FamilyName, c.MiddleName
	u.Nickname, u.PreferredUsername, u.Profile, u.Picture = c.Nickname, c.PreferredUsername, c.Profile, c.Picture
	u.Website, u.Gender, u.Birthdate, u.Zoneinfo = c.Website, c.Gender, c.Birthdate, c.Zoneinfo
	u.Locale, u.PhoneNumber, u.PhoneNumberVerified = c.Locale, c.PhoneNumber, c.PhoneNumberVerified
	if c.Address != nil {
		u.Address = *c.Address
	}
}
