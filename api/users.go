package api

import (
	"net/http"

	"gatehouse/idp"
)

// userView is a user as the API shows it: the members of idp.User.
type userView struct{ idp.User }

func viewUser(u *idp.User) userView {
	v := userView{*u}
	if v.Roles == nil {
		v.Roles = []string{}
	}
	return v
}

func (a *API) listUsers(c *call) (*answer, error) {
	list, err := c.page()
	if err != nil {
		return nil, err
	}
	q := idp.UserQuery{ListQuery: list, Status: idp.UserStatus(c.query.Get("status")), Role: c.query.Get("role")}
	if q.Status != "" && q.Status != idp.UserActive && q.Status != idp.UserDisabled {
		return nil, invalid(fault("status", "must be active or disabled"))
	}
	locked, err := c.flag("locked")
	if err != nil {
		return nil, err
	}
	if locked != nil {
		if !*locked {
			return nil, invalid(fault("locked", "can only be true"))
		}
		q.Locked = true
	}
	p, err := a.Users.Query(c.ctx(), q)
	if err != nil {
		return nil, err
	}
	return listed(a, c, p, viewUser), nil
}

// findUser returns whom {id} names.
func (a *API) findUser(c *call) (*idp.User, error) {
	id := c.person()
	if id == "" {
		return nil, idp.ErrNotFound
	}
	u, err := a.Users.Find(c.ctx(), id)
	if err == nil && u.ID != id {
		return nil, idp.ErrNotFound // the login of somebody, in the form of an ID
	}
	return u, err
}

// managed is findUser for a change: of one's own record, or of one that the token may manage.
func (a *API) managed(c *call) (*idp.User, error) {
	u, err := a.findUser(c)
	if err != nil {
		return nil, err
	}
	return u, a.mayChange(c, u)
}

// mayChange is asked again inside every change, on the record as it is then.
func (a *API) mayChange(c *call, u *idp.User) error {
	if c.own && c.isSelf(u.ID) || c.may.MayManage(u) {
		return nil
	}
	return a.deny(c)
}

func (a *API) readUser(c *call) (*answer, error) {
	u, err := a.findUser(c)
	if err != nil {
		return nil, err
	}
	return versioned(viewUser(u), u.UpdatedAt), nil
}

func (a *API) readMe(c *call) (*answer, error) {
	u, err := a.Users.Find(c.ctx(), c.bearer.User.ID)
	if err != nil {
		return nil, err
	}
	return versioned(viewUser(u), u.UpdatedAt), nil
}

// newUser reads the body of a call that adds a person: the members named, and a password.
func (c *call) newUser(names []string) (u *idp.User, password string, err error) {
	m, err := c.members(append(names, "password")...)
	if err != nil {
		return nil, "", err
	}
	if password, err = m.text("password"); err != nil {
		return nil, "", err
	}
	delete(m, "password")
	u = &idp.User{}
	return u, password, m.fill(u)
}

func (a *API) createUser(c *call) (*answer, error) {
	u, password, err := c.newUser(writable())
	if err != nil {
		return nil, err
	}
	if err := a.mayGive(c, nil, u.Roles); err != nil {
		return nil, err
	}
	made, err := a.Users.Create(c.ctx(), u, password)
	if err != nil {
		return nil, err
	}
	return created(base+"/users/"+made.ID, viewUser(made), made.UpdatedAt), nil
}

// deleteUser removes somebody for good. A person's own record is not removed
// at once: the wish is noted, and can be taken back on the account pages.
func (a *API) deleteUser(c *call) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if c.isSelf(u.ID) {
		return a.leave(c, u)
	}
	since, err := c.match.since(u.UpdatedAt)
	if err != nil {
		return nil, err
	}
	// Disabling first takes the version as it is in that moment, which DeleteIf does not ask for.
	may := func(u *idp.User) error { return a.mayChange(c, u) }
	if _, err := a.Users.SetStatusIf(c.ctx(), u.ID, since, idp.UserDisabled, may); err != nil {
		return nil, err
	}
	if err := a.Users.DeleteIf(c.ctx(), u.ID, may); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) leave(c *call, u *idp.User) (*answer, error) {
	if u.Permissions.Any() || !c.own {
		return nil, ownAccount("nobody deletes the own account here; another administrator can")
	}
	if err := c.match.check(u.UpdatedAt); err != nil {
		return nil, err
	}
	u, err := a.Users.RequestDeletion(c.ctx(), u.ID)
	if err != nil {
		return nil, err
	}
	w := versioned(viewUser(u), u.UpdatedAt)
	w.status = http.StatusAccepted
	return w, nil
}

func (a *API) disableUser(c *call) (*answer, error) { return a.setStatus(c, idp.UserDisabled) }

func (a *API) enableUser(c *call) (*answer, error) { return a.setStatus(c, idp.UserActive) }

func (a *API) setStatus(c *call, status idp.UserStatus) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if c.isSelf(u.ID) && status == idp.UserDisabled {
		return nil, ownAccount("nobody disables the own account; another administrator can")
	}
	since, err := c.match.since(u.UpdatedAt)
	if err != nil {
		return nil, err
	}
	u, err = a.Users.SetStatusIf(c.ctx(), u.ID, since, status, func(u *idp.User) error { return a.mayChange(c, u) })
	if err != nil {
		return nil, err
	}
	return versioned(viewUser(u), u.UpdatedAt), nil
}

func (a *API) unlockUser(c *call) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if err := a.Users.Unlock(c.ctx(), u.ID); err != nil {
		return nil, err
	}
	return a.readUser(c)
}
