package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/server"
)

// pageSize is how many records a list asks the store for at a time.
const pageSize = 500

func (a *App) user() *cobra.Command {
	return group("user", "Manage the people who can sign in",
		a.userCreate(), a.userList(), a.userShow(), a.userUpdate(),
		a.userSwitch("disable", "Stop a user from signing in, and end the sessions and tokens", true),
		a.userSwitch("enable", "Let a disabled user sign in again", false),
		a.userDelete(), a.userSetPassword(), a.userImport(), a.userExport())
}

// userView is the JSON of a user; the password only when it was generated now.
type userView struct {
	*idp.User
	Password string `json:"password,omitempty"`
}

func viewUser(u *idp.User, password string) userView {
	shown := *u
	if shown.Roles == nil {
		shown.Roles = []string{}
	}
	return userView{&shown, password}
}

func (a *App) printUser(u *idp.User, password string) error {
	v := viewUser(u, password)
	return a.print(v, func(w io.Writer) {
		field(w, "id", v.ID)
		field(w, "username", v.Username)
		field(w, "email", v.Email)
		for _, t := range texts(v.User) {
			field(w, t.Name, *t.Value)
		}
		field(w, "roles", strings.Join(v.Roles, " "))
		field(w, "status", string(v.Status))
		field(w, "created", when(&v.CreatedAt))
		field(w, "updated", when(&v.UpdatedAt))
		field(w, "expires", when(v.ExpiresAt))
		field(w, "last sign-in", when(v.LastLoginAt))
		field(w, "last password change", when(v.LastChangeAt))
		field(w, "last failed sign-in", when(v.FailedAuthAt))
		if v.Password != "" {
			field(w, "password", v.Password+" (shown only this once)")
		}
	})
}

func (a *App) userCreate() *cobra.Command {
	var f userFlags
	var p passwordFlags
	c := &cobra.Command{Use: "create", Short: "Add a user", Args: noArgs}
	f.add(c)
	c.Flags().Lookup("role").Usage += " (default User)"
	p.add(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		u := &idp.User{}
		if err := f.apply(u); err != nil {
			return err
		}
		password, generated, err := a.password(p)
		if err != nil {
			return err
		}
		var made *idp.User
		newRoles, err := admin.Roles.WithRoles(ctx, u.Roles, func() error {
			made, err = admin.Users.Create(ctx, u, password)
			return err
		})
		if err != nil {
			return err
		}
		a.noteRoles(newRoles)
		if password == "" && !a.json {
			fmt.Fprintln(a.Err, "This user has no password yet; give one with: gatehouse user set-password "+made.Username+" --password-stdin")
		}
		return a.printUser(made, generated)
	})
	return c
}

// noteRoles tells of roles that a command made, so that a misspelt one is seen.
func (a *App) noteRoles(names []string) {
	for _, name := range names {
		if !a.json && name != idp.RoleAdmin && name != idp.RoleUser {
			fmt.Fprintf(a.Err, "The role %s is new; it was made.\n", name)
		}
	}
}

func (a *App) userList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all users", Args: noArgs,
		RunE: a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
			views := []userView{}
			for after := ""; ; {
				page, err := admin.UserList.ListUsers(ctx, after, pageSize)
				if err != nil {
					return err
				}
				for _, u := range page {
					views = append(views, viewUser(u, ""))
					after = u.ID
				}
				if len(page) < pageSize {
					break
				}
			}
			return a.print(views, func(w io.Writer) {
				row(w, "ID", "USERNAME", "EMAIL", "NAME", "ROLES", "STATUS", "LAST SIGN-IN")
				for _, u := range views {
					row(w, u.ID, u.Username, u.Email, u.Name, strings.Join(u.Roles, ","), string(u.Status), when(u.LastLoginAt))
				}
			})
		}),
	}
}

func (a *App) userShow() *cobra.Command {
	return &cobra.Command{
		Use: "show <id|username|email>", Short: "Show a user", Args: oneArg,
		RunE: a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
			u, err := admin.Users.Find(ctx, args[0])
			if err != nil {
				return missing(err, "user", args[0])
			}
			return a.printUser(u, "")
		}),
	}
}

func (a *App) userUpdate() *cobra.Command {
	var f userFlags
	c := &cobra.Command{
		Use: "update <id|username|email>", Short: "Change what is known of a user",
		Long: "Change what is known of a user.\n" + updateRule, Args: oneArg,
	}
	f.add(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
		if !f.any() {
			return misuse("nothing to change; see: gatehouse user update --help")
		}
		var u *idp.User
		newRoles, err := admin.Roles.WithRoles(ctx, f.roles, func() (err error) {
			u, err = admin.Users.Update(ctx, args[0], f.apply)
			return err
		})
		if err != nil {
			return missing(err, "user", args[0])
		}
		a.noteRoles(newRoles)
		return a.printUser(u, "")
	})
	return c
}

func (a *App) userSwitch(use, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: use + " <id|username|email>", Short: short, Args: oneArg,
		RunE: a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
			if err := admin.Users.SetDisabled(ctx, args[0], disabled); err != nil {
				return missing(err, "user", args[0])
			}
			u, err := admin.Users.Find(ctx, args[0])
			if err != nil {
				return missing(err, "user", args[0])
			}
			return a.printUser(u, "")
		}),
	}
}

func (a *App) userDelete() *cobra.Command {
	var yes bool
	c := &cobra.Command{Use: "delete <id|username|email>", Short: "Remove a user for good, with the sessions and tokens", Args: oneArg}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask; without a terminal nobody is asked")
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
		u, err := admin.Users.Find(ctx, args[0])
		if err != nil {
			return missing(err, "user", args[0])
		}
		if err := a.confirm(yes, fmt.Sprintf("Delete user %s (%s)? This cannot be undone.", u.Username, u.ID)); err != nil {
			return err
		}
		if err := admin.Users.Delete(ctx, u.ID); err != nil {
			return missing(err, "user", args[0])
		}
		return a.printDeleted("id", u.ID)
	})
	return c
}

func (a *App) userSetPassword() *cobra.Command {
	var p passwordFlags
	c := &cobra.Command{Use: "set-password <id|username|email>", Short: "Replace a user's password, and end the sessions and tokens", Args: oneArg}
	p.add(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
		password, generated, err := a.password(p)
		if err != nil {
			return err
		}
		if password == "" {
			return misuse("use --password-stdin or --generate-password")
		}
		if err := admin.Users.SetPassword(ctx, args[0], password); err != nil {
			return missing(err, "user", args[0])
		}
		u, err := admin.Users.Find(ctx, args[0])
		if err != nil {
			return missing(err, "user", args[0])
		}
		return a.printUser(u, generated)
	})
	return c
}

// printDeleted says what is gone; member is the JSON name of its id.
func (a *App) printDeleted(member, id string) error {
	return a.print(map[string]any{member: id, "deleted": true}, func(w io.Writer) { fmt.Fprintln(w, "deleted", id) })
}

// passwordFlags say where a password comes from. None is ever taken from an
// argument, where every user of the machine could read it.
type passwordFlags struct{ stdin, generate bool }

func (p *passwordFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&p.stdin, "password-stdin", false, "read the password from stdin")
	c.Flags().BoolVar(&p.generate, "generate-password", false, "generate a password and show it once")
}

// password returns the password, and it again when it was generated here.
func (a *App) password(p passwordFlags) (password, generated string, err error) {
	switch {
	case p.stdin && p.generate:
		return "", "", misuse("--password-stdin and --generate-password exclude each other; use one")
	case p.stdin:
		password, err = a.readSecret("--password-stdin")
		return password, "", err
	case p.generate:
		password = account.GeneratePassword()
		return password, password, nil
	}
	return "", "", nil
}
