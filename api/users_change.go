package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/account"
	"gatehouse/idp"
)

// profile is what people may change on their own record. By preferred_username
// applications call somebody: nobody takes another's name there.
func profile() []string {
	names := []string{"address"}
	for _, t := range (&idp.User{}).Texts() {
		if !strings.Contains(t.Name, ".") && t.Name != preferredUsername { // parts of the address come with it
			names = append(names, t.Name)
		}
	}
	return names
}

const preferredUsername = "preferred_username"

// writable is what may be changed on anybody's record.
func writable() []string {
	return append(profile(), "username", preferredUsername, "email", "email_verified", "phone_number_verified", "roles", "status", "expires_at")
}

// updateUser changes a record, or the password, which is sent without any
// other member: so neither is done without the other.
func (a *API) updateUser(c *call) (*answer, error) {
	m, err := c.members(append(writable(), "password", "oldpassword")...)
	if err != nil {
		return nil, err
	}
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if m.has("password") || m.has("oldpassword") {
		return a.updatePassword(c, u, m)
	}
	if err := a.mayName(c, u, m); err != nil {
		return nil, err
	}
	since, err := c.match.since(u.UpdatedAt)
	if err != nil {
		return nil, err
	}
	u, err = a.Users.UpdateIf(c.ctx(), u.ID, since, func(u *idp.User) error { return a.applyUser(c, u, m) })
	if err != nil {
		return nil, err
	}
	return versioned(viewUser(u), u.UpdatedAt), nil
}

// mayName refuses members that the caller may not change on this record.
func (a *API) mayName(c *call, u *idp.User, m members) error {
	if c.may.MayManage(u) {
		return nil
	}
	if err := m.only(profile()...); err != nil {
		var named *idp.InvalidError
		errors.As(err, &named)
		for i := range named.Faults {
			named.Faults[i] = fault(named.Faults[i].Field, "can only be changed by an administrator")
		}
		return a.deny(c, named.Faults...)
	}
	return nil
}

// applyUser is the change itself. It may run several times, each on the record as it is then.
func (a *API) applyUser(c *call, u *idp.User, m members) error {
	if err := a.mayChange(c, u); err != nil {
		return err
	}
	if err := a.mayName(c, u, m); err != nil {
		return err
	}
	before := u.Clone()
	if err := patch(u, m); err != nil {
		return err
	}
	u.PasswordHash, u.Permissions = before.PasswordHash, before.Permissions // not in JSON
	// What was verified was the value of before.
	if u.Email != before.Email && !m.has("email_verified") {
		u.EmailVerified = false
	}
	if u.PhoneNumber != before.PhoneNumber && !m.has("phone_number_verified") {
		u.PhoneNumberVerified = false
	}
	if err := a.mayGive(c, before.Roles, u.Roles); err != nil {
		return err
	}
	if c.isSelf(u.ID) {
		return a.spareSelf(c, before, u)
	}
	return nil
}

// mayGive refuses roles that the caller may neither give nor take.
func (a *API) mayGive(c *call, before, after []string) error {
	if slices.Equal(before, after) || c.may.Admin {
		return nil
	}
	carries, err := a.permissionOf(c)
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(before, after) {
		changes := slices.Contains(before, name) != slices.Contains(after, name)
		if changes && !c.may.MayGive(carries[name]) {
			return a.deny(c, fault("roles", "the role %s can only be given or taken by an administrator", name))
		}
	}
	return nil
}

// permissionOf is what each role carries.
func (a *API) permissionOf(c *call) (map[string]idp.Permission, error) {
	roles, err := a.Roles.List(c.ctx())
	if err != nil {
		return nil, err
	}
	// A built-in role may not have been made yet.
	carries := map[string]idp.Permission{idp.RoleAdmin: idp.PermissionAdmin}
	for _, r := range roles {
		carries[r.Name] = r.Permission
	}
	return carries, nil
}

// spareSelf refuses what nobody does to the own account: to disable it, to let
// it expire, to give up a permission.
func (a *API) spareSelf(c *call, before, after *idp.User) error {
	if after.Status != before.Status {
		return ownAccount("nobody changes the status of the own account", fault("status", "cannot be changed on the own account"))
	}
	if (after.ExpiresAt == nil) != (before.ExpiresAt == nil) || after.ExpiresAt != nil && !after.ExpiresAt.Equal(*before.ExpiresAt) {
		return ownAccount("nobody lets the own account expire", fault("expires_at", "cannot be changed on the own account"))
	}
	if slices.Equal(before.Roles, after.Roles) {
		return nil
	}
	carries, err := a.permissionOf(c)
	if err != nil {
		return err
	}
	var had, has idp.Permissions
	for _, name := range before.Roles {
		had.Add(carries[name])
	}
	for _, name := range after.Roles {
		has.Add(carries[name])
	}
	if had.Admin && !has.Admin || had.Read && !has.Read || had.Users && !has.Users {
		return ownAccount("nobody gives up their own permissions", fault("roles", "must keep the permissions that you hold"))
	}
	return nil
}

// updatePassword replaces the password. People prove the old one; whoever
// manages them need not, but if they send it, it must be right.
func (a *API) updatePassword(c *call, u *idp.User, m members) (*answer, error) {
	if err := m.faulty(func(name string) string {
		if name == "password" || name == "oldpassword" {
			return ""
		}
		return "cannot be changed together with the password"
	}); err != nil {
		return nil, err
	}
	if !m.has("password") {
		return nil, invalid(fault("password", "is required"))
	}
	if err := c.match.check(u.UpdatedAt); err != nil {
		return nil, err
	}
	password, err := m.text("password")
	if err != nil {
		return nil, err
	}
	self := c.isSelf(u.ID)
	if self && !m.has("oldpassword") {
		return nil, invalid(fault("oldpassword", "is required to change the own password"))
	}
	if m.has("oldpassword") {
		if err := a.proveOld(c, u, m); err != nil {
			return nil, err
		}
	}
	if self {
		err = a.Users.ChangePassword(c.ctx(), u.ID, password, "")
	} else {
		err = a.Users.SetPasswordIf(c.ctx(), u.ID, password, func(u *idp.User) error { return a.mayChange(c, u) })
	}
	if err != nil {
		return nil, err
	}
	return a.readUser(c)
}

// proveOld checks the old password by the rules of a sign-in, throttling included.
func (a *API) proveOld(c *call, u *idp.User, m members) error {
	old, err := m.text("oldpassword")
	if err != nil {
		return err
	}
	who, err := a.SignIn.Confirm(c.ctx(), account.Attempt{
		Login: u.Username, Password: old, IP: c.record().IP, RequestID: c.record().ID,
	})
	var throttled *account.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return err
	case errors.Is(err, account.ErrBadCredentials) || err == nil && who.ID != u.ID:
		return refuse(http.StatusForbidden, "wrong_password", "the old password is not right",
			fault("oldpassword", "is not right"))
	}
	return err
}
