package api

import (
	"errors"
	"net/http"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

type roleView struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Permission  idp.Permission `json:"permission"`
	BuiltIn     bool           `json:"built_in"`
	Members     int            `json:"members"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

func viewRole(r account.RoleInfo) roleView {
	return roleView{
		ID: r.ID, Name: r.Name, Description: r.Description, Permission: r.Permission,
		BuiltIn: r.BuiltIn(), Members: r.Members, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// listRoles returns all of them: there are few.
func (a *API) listRoles(c *call) (*answer, error) {
	roles, err := a.Roles.List(c.ctx())
	if err != nil {
		return nil, err
	}
	return shown(views(roles, viewRole)), nil
}

func (a *API) readRole(c *call) (*answer, error) {
	r, err := a.Roles.Find(c.ctx(), c.param("role"))
	if err != nil {
		return nil, err
	}
	return versioned(viewRole(r), r.UpdatedAt), nil
}

func (a *API) createRole(c *call) (*answer, error) {
	m, err := c.members("name", "description", "permission")
	if err != nil {
		return nil, err
	}
	r := &idp.Role{}
	if err := m.fill(r); err != nil {
		return nil, err
	}
	made, err := a.Roles.Create(c.ctx(), r)
	if err != nil {
		return nil, err
	}
	return created(base+"/roles/"+made.Name, viewRole(account.RoleInfo{Role: made}), made.UpdatedAt), nil
}

func (a *API) updateRole(c *call) (*answer, error) {
	m, err := c.members("description", "permission")
	if err != nil {
		return nil, err
	}
	before, err := a.Roles.Find(c.ctx(), c.param("role"))
	if err != nil {
		return nil, err
	}
	since, err := c.match.since(before.UpdatedAt)
	if err != nil {
		return nil, err
	}
	_, err = a.Roles.Update(c.ctx(), before.Name, since, func(r *idp.Role) error {
		had := r.Permission
		if err := patch(r, m); err != nil {
			return err
		}
		if r.Permission != had && c.bearer.User != nil && c.bearer.User.HasRole(r.Name) && !c.bearer.User.HasRole(idp.RoleAdmin) {
			return ownAccount("nobody changes what their own roles permit", fault("permission", "is that of a role of your own"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.readRole(c)
}

func (a *API) deleteRole(c *call) (*answer, error) {
	r, err := a.Roles.Find(c.ctx(), c.param("role"))
	if err != nil {
		return nil, err
	}
	if err := c.match.check(r.UpdatedAt); err != nil {
		return nil, err
	}
	err = a.Roles.Delete(c.ctx(), r.Name)
	if held := (*idp.ConflictError)(nil); errors.As(err, &held) {
		return nil, refuse(http.StatusConflict, "in_use", "people hold this role; take it from them first")
	}
	if err != nil {
		return nil, err
	}
	return nothing(), nil
}

func isAbsent(err error) bool { return errors.Is(err, idp.ErrNotFound) }
