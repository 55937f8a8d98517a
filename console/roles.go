package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// holdersShown is how many of those who hold a role its page names.
const holdersShown = 20

func (k *Console) roles(c *gin.Context) error {
	all, err := k.Roles.List(c.Request.Context())
	if err != nil {
		return err
	}
	p := pages.RolesPage{Manage: may(c).Admin}
	for _, r := range all {
		p.Roles = append(p.Roles, roleRow(r))
	}
	return k.Show(c, http.StatusOK, p)
}

func roleRow(r account.RoleInfo) pages.RoleRow {
	return pages.RoleRow{Role: r.Role, Members: r.Members}
}

func roleRoute(name string) string { return routeRoles + "/" + url.PathEscape(name) }

func (k *Console) newRole(c *gin.Context) error {
	f, err := k.FormState(c, routeRoles, url.Values{"permission": {""}})
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, pages.NewRolePage{Form: f})
}

func (k *Console) addRole(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if values.Get("permission") != string(idp.PermissionNone) {
		if err := k.FreshSignIn(c); err != nil {
			return err
		}
	}
	return k.Once(c, values, func() (string, error) {
		r := &idp.Role{Name: values.Get("name")}
		err := applyRole(r, values)
		if err == nil {
			r, err = k.Roles.Create(c.Request.Context(), r)
		}
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := roleRoute(r.Name)
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.role_added", Args: roleArgs(r)})
	})
}

func roleArgs(r *idp.Role) map[string]string { return map[string]string{"Role": r.Name} }

// applyRole writes the form into the role; the domain checks what it says.
func applyRole(r *idp.Role, values url.Values) error {
	if !values.Has("permission") { // nothing chosen must not mean "none"
		return invalid(idp.NewFault("permission", "is required"))
	}
	r.Description, r.Permission = values.Get("description"), idp.Permission(values.Get("permission"))
	return nil
}

// roleOf is the role that the address names, and the first who hold it.
func (k *Console) roleOf(c *gin.Context) (pages.RoleRow, []*idp.User, error) {
	r, err := k.Roles.Find(c.Request.Context(), c.Param("name"))
	if err != nil {
		return pages.RoleRow{}, nil, err
	}
	held, err := k.Users.Query(c.Request.Context(), idp.UserQuery{Role: r.Name, ListQuery: idp.ListQuery{Limit: holdersShown}})
	return roleRow(r), held.Items, err
}

func (k *Console) role(c *gin.Context) error {
	r, holders, err := k.roleOf(c)
	if err != nil {
		return err
	}
	p := pages.RolePage{Role: r, Holders: holders, Manage: may(c).Admin && !r.BuiltIn()}
	stored := url.Values{"description": {r.Description}, "permission": {string(r.Permission)}}
	if p.Form, err = k.EditState(c, roleRoute(r.Name), stored, web.FormVersion(r.UpdatedAt)); err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) saveRole(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	since, err := web.ReadFormVersion(values)
	if err != nil {
		return err
	}
	if values.Get("permission") != string(idp.PermissionNone) {
		if err := k.FreshSignIn(c); err != nil {
			return err
		}
	}
	name := c.Param("name")
	return k.Once(c, values, func() (string, error) {
		r, err := k.Roles.Update(c.Request.Context(), name, since, func(r *idp.Role) error {
			if err := applyRole(r, values); err != nil {
				return err
			}
			return k.staysAdmin(c, r)
		})
		to := roleRoute(name)
		switch {
		case errors.Is(err, idp.ErrBuiltIn):
			return to, k.Done(c, to, pages.Toast{Key: "people.toast.role_built_in", Tone: "warn"})
		case err != nil:
			return "", k.Refuse(c, values, err)
		}
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.role_saved", Args: roleArgs(r)})
	})
}

// staysAdmin refuses a change of a role through which who makes it would
// administer no more.
func (k *Console) staysAdmin(c *gin.Context, changed *idp.Role) error {
	own, err := k.Users.Find(c.Request.Context(), web.Person(c).User.ID)
	if err != nil || !own.HasRole(changed.Name) || changed.Permission == idp.PermissionAdmin {
		return err
	}
	others := slices.DeleteFunc(own.Roles, func(name string) bool { return name == changed.Name })
	roles, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.Permission == idp.PermissionAdmin && slices.Contains(others, r.Name) {
			return nil
		}
	}
	return invalid(idp.NewFault("permission", "cannot be taken from yourself; another administrator can"))
}

func (k *Console) roleDelete(c *gin.Context) error {
	r, holders, err := k.roleOf(c)
	if err != nil {
		return err
	}
	p := pages.RoleDeletePage{Role: r, Holders: holders}
	if r.Members == 0 && !r.BuiltIn() {
		if err := k.FreshSignIn(c); err != nil {
			return err
		}
		p.Review = pages.Review{
			Final: true, Match: r.Name, Reason: true, Submit: "people.role.delete_submit", Cancel: roleRoute(r.Name),
			Consequences: []pages.Text{{Key: "people.role.delete_what"}},
		}
		if p.Review.Form, err = k.FormState(c, roleRoute(r.Name)+"/delete", url.Values{}); err != nil {
			return err
		}
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) deleteRole(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	name := c.Param("name")
	return k.Once(c, values, func() (string, error) {
		if err := k.FreshSignIn(c); err != nil {
			return "", err
		}
		if err := confirmed(values, name); err != nil {
			return "", k.Refuse(c, values, err)
		}
		k.WithReason(c, values.Get("reason"))
		return k.dropRole(c, name)
	})
}

func (k *Console) dropRole(c *gin.Context, name string) (string, error) {
	args := map[string]string{"Role": name}
	err := k.Roles.Delete(c.Request.Context(), name)
	switch {
	case errors.Is(err, idp.ErrBuiltIn):
		return roleRoute(name), k.Done(c, roleRoute(name), pages.Toast{Key: "people.toast.role_built_in", Tone: "warn"})
	case isConflict(err): // the page lists who holds it
		to := roleRoute(name) + "/delete"
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.role_held", Args: args, Tone: "warn"})
	case err != nil:
		return "", err
	}
	return routeRoles, k.Done(c, routeRoles, pages.Toast{Key: "people.toast.role_deleted", Args: args})
}
