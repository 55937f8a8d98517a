package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
)

// How a password comes about.
const (
	passwordGenerate = "generate" // made here, shown once
	passwordType     = "type"
	passwordNone     = "none" // nobody can sign in until one is set
)

func (k *Console) newUser(c *gin.Context) error {
	roles, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	f, err := k.FormState(c, routeUsers, url.Values{"roles": {idp.RoleUser}, "how": {passwordGenerate}})
	if err != nil {
		return err
	}
	return k.Show(c, http.StatusOK, pages.NewUserPage{Form: f, Roles: roleOptions(may(c), roles, nil)})
}

func (k *Console) addUser(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	if err := k.freshToEmpower(c, values["roles"]); err != nil {
		return err
	}
	return k.Once(c, values, func() (string, error) {
		u, password, err := k.createUser(c, values)
		if err != nil {
			return "", k.Refuse(c, values, err)
		}
		to := userRoute(u.ID)
		if password != "" {
			if to, err = k.KeepOnce(c, to+"/security", []byte(password)); err != nil {
				return "", err
			}
		}
		return to, k.Done(c, to, pages.Toast{Key: "people.toast.added", Args: nameOf(u)})
	})
}

// createUser returns the new user, and the password where one was generated.
func (k *Console) createUser(c *gin.Context, values url.Values) (*idp.User, string, error) {
	ctx := c.Request.Context()
	u := &idp.User{
		Username: values.Get("username"), Email: values.Get("email"), Name: values.Get("name"), Roles: values["roles"],
	}
	if err := k.mayGive(ctx, may(c), nil, u.Roles); err != nil {
		return nil, "", err
	}
	if values.Get("how") == passwordNone {
		made, err := k.Users.Create(ctx, u, "")
		return made, "", err
	}
	password, shown, err := newPassword(values)
	if err != nil {
		return nil, "", err
	}
	made, err := k.Users.Create(ctx, u, password)
	if !shown {
		password = ""
	}
	return made, password, err
}

// freshToEmpower asks for a fresh sign-in before a role that lets its holders
// do something here is given: a browser that was left open must not make administrators.
func (k *Console) freshToEmpower(c *gin.Context, roles []string) error {
	all, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Permission != idp.PermissionNone && slices.Contains(roles, r.Name) {
			return k.FreshSignIn(c)
		}
	}
	return nil
}

// mayGive refuses to give or take a role whose permission the reader may not
// hand out: between before and after, only others may differ. An unknown name
// is left for the domain to refuse.
func (k *Console) mayGive(ctx context.Context, p idp.Permissions, before, after []string) error {
	roles, err := k.Roles.All(ctx)
	if err != nil {
		return err
	}
	for _, r := range roles {
		differs := slices.Contains(before, r.Name) != slices.Contains(after, r.Name)
		if differs && !p.MayGive(r.Permission) {
			return errNotAllowed
		}
	}
	return nil
}

// roleOptions are the roles as checkboxes; those that the reader can neither
// give nor take, or that fixed names, are shown and cannot be used.
func roleOptions(p idp.Permissions, roles []*idp.Role, fixed []string) []pages.Option {
	out := make([]pages.Option, len(roles))
	for i, r := range roles {
		out[i] = pages.Option{
			Value: r.Name, Label: r.Name, Help: r.Description,
			Disabled: !p.MayGive(r.Permission) || slices.Contains(fixed, r.Name),
		}
		if r.Permission != idp.PermissionNone {
			out[i].HelpKey = "people.permission." + string(r.Permission)
		}
	}
	return out
}
