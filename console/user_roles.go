package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) userRoles(c *gin.Context) error {
	head, err := k.head(c)
	if err != nil {
		return err
	}
	roles, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	p := pages.UserRolesPage{UserHead: head, Names: head.User.Roles}
	fixed := fixedRoles(isSelf(c, head.User), head.User, roles)
	p.Roles = roleOptions(may(c), roles, fixed)
	for _, o := range p.Roles {
		if o.Disabled && head.User.HasRole(o.Value) {
			// A browser does not send what cannot be used, and what is not sent is taken away.
			p.Held = append(p.Held, pages.Field{Name: "roles", Value: o.Value})
		}
	}
	p.Form, err = k.EditState(c, userRoute(head.User.ID)+"/roles", url.Values{"roles": head.User.Roles}, web.FormVersion(head.User.UpdatedAt))
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, p)
}

// fixedRoles are the roles that somebody cannot take from themselves: those
// that let them administer.
func fixedRoles(own bool, u *idp.User, roles []*idp.Role) []string {
	var out []string
	for _, r := range roles {
		if own && r.Permission == idp.PermissionAdmin && u.HasRole(r.Name) {
			out = append(out, r.Name)
		}
	}
	return out
}

func (k *Console) saveRoles(c *gin.Context) error {
	u, values, err := k.formFor(c)
	if err != nil {
		return err
	}
	since, err := web.ReadFormVersion(values)
	if err != nil {
		return err
	}
	reached := reach(c)
	chosen := slices.Compact(slices.Sorted(slices.Values(values["roles"])))
	added := slices.DeleteFunc(slices.Clone(chosen), u.HasRole)
	if err := k.freshToEmpower(c, added); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		ctx := c.Request.Context()
		u, err := k.Users.UpdateIf(ctx, u.ID, since, func(u *idp.User) error {
			if err := reached(u); err != nil {
				return err
			}
			if err := k.mayGive(ctx, may(c), u.Roles, chosen); err != nil {
				return err
			}
			if err := k.keepsOwn(ctx, isSelf(c, u), chosen); err != nil {
				return err
			}
			u.Roles = chosen
			return nil
		})
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := userRoute(u.ID) + "/roles"
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.roles", Args: nameOf(u)})
	})
}

// keepsOwn refuses an administrator who would be none any more by their own hand.
func (k *Console) keepsOwn(ctx context.Context, own bool, chosen []string) error {
	if !own {
		return nil
	}
	roles, err := k.Roles.All(ctx)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.Permission == idp.PermissionAdmin && slices.Contains(chosen, r.Name) {
			return nil
		}
	}
	return invalid(idp.NewFault("roles", "cannot be taken from yourself; another administrator can"))
}
