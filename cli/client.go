package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/server"
)

func (a *App) client() *cobra.Command {
	return group("client", "Manage the registered applications",
		a.clientCreate(), a.clientList(), a.clientShow(), a.clientUpdate(), a.clientRotateSecret(),
		a.clientSwitch("disable", "Turn a client off; its tokens are dead", true),
		a.clientSwitch("enable", "Turn a client on again; tokens of before stay dead", false),
		a.clientDelete())
}

func (a *App) clientCreate() *cobra.Command {
	var f clientFlags
	var s secretFlags
	c := &cobra.Command{Use: "create", Short: "Register an application", Args: noArgs}
	id := c.Flags().String("id", "", "client_id (default: generated)")
	f.add(c)
	f.addDefaults()
	s.add(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		if err := notEmpty(c.Flags(), "id", "redirect-uri", "grant"); err != nil {
			return err
		}
		secret, err := a.secret(s)
		if err != nil {
			return err
		}
		n := oauth.NewClient{Client: idp.Client{ID: *id, RequirePKCE: true}, Secret: secret}
		if err := f.apply(&n.Client); err != nil {
			return err
		}
		f.defaults(&n.Client)
		made, secret, err := admin.Clients.Create(ctx, n)
		if err != nil {
			return err
		}
		if len(made.GrantTypes) == 0 && !made.ResourceServer && !a.json {
			fmt.Fprintf(a.Err, "This client cannot get tokens yet; allow it a grant with: gatehouse client update %s --grant …\n", made.ID)
		}
		return a.printClient(made, secret)
	})
	return c
}

func (a *App) clientList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all clients", Args: noArgs,
		RunE: a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
			views := []clientView{}
			err := eachClient(ctx, admin, func(c *idp.Client) { views = append(views, viewClient(c, "")) })
			if err != nil {
				return err
			}
			return a.print(views, func(w io.Writer) {
				row(w, "CLIENT ID", "NAME", "AUTH METHOD", "GRANT TYPES", "SCOPE", "STATUS")
				for _, c := range views {
					row(w, c.ID, c.Name, c.AuthMethod, strings.Join(c.GrantTypes, ","), c.Scope, c.status())
				}
			})
		}),
	}
}

func eachClient(ctx context.Context, admin *server.Admin, visit func(*idp.Client)) error {
	for after := ""; ; {
		page, err := admin.ClientList.ListClients(ctx, after, pageSize)
		if err != nil {
			return err
		}
		for _, c := range page {
			visit(c)
			after = c.ID
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// onClient is withAdmin for a command about the client that its argument names.
func (a *App) onClient(run func(context.Context, *server.Admin, *idp.Client) error) func(*cobra.Command, []string) error {
	return a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
		c, err := findClient(ctx, admin, args[0])
		if err != nil {
			return err
		}
		return missing(run(ctx, admin, c), "client", args[0])
	})
}

// findClient finds a client by its id, or by a name that only one has.
func findClient(ctx context.Context, admin *server.Admin, idOrName string) (*idp.Client, error) {
	c, err := admin.ClientList.Client(ctx, idOrName)
	if !errors.Is(err, idp.ErrNotFound) {
		return c, err
	}
	var named []*idp.Client
	if err := eachClient(ctx, admin, func(c *idp.Client) {
		if c.Name == idOrName {
			named = append(named, c)
		}
	}); err != nil {
		return nil, err
	}
	switch len(named) {
	case 0:
		return nil, missing(idp.ErrNotFound, "client", idOrName)
	case 1:
		return named[0], nil
	}
	return nil, misuse("%d clients have the name %q; use the client_id", len(named), idOrName)
}

func (a *App) clientShow() *cobra.Command {
	return &cobra.Command{
		Use: "show <id|name>", Short: "Show a client", Args: oneArg,
		RunE: a.onClient(func(_ context.Context, _ *server.Admin, c *idp.Client) error { return a.printClient(c, "") }),
	}
}

func (a *App) clientUpdate() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use: "update <id|name>", Short: "Change a client's registration",
		Long: "Change a client's registration.\n" + updateRule, Args: oneArg,
	}
	f.add(c)
	c.RunE = a.onClient(func(ctx context.Context, admin *server.Admin, c *idp.Client) error {
		if !f.any() {
			return misuse("nothing to change; see: gatehouse client update --help")
		}
		changed, err := admin.Clients.Update(ctx, c.ID, f.apply)
		if err != nil {
			return err
		}
		return a.printClient(changed, "")
	})
	return c
}

func (a *App) clientRotateSecret() *cobra.Command {
	var s secretFlags
	c := &cobra.Command{
		Use: "rotate-secret <id|name>", Short: "Give a client a new secret; the one before works until the next rotation",
		Args: oneArg,
	}
	s.add(c)
	c.RunE = a.onClient(func(ctx context.Context, admin *server.Admin, c *idp.Client) error {
		secret, err := a.secret(s)
		if err != nil {
			return err
		}
		if secret, err = admin.Clients.RotateSecret(ctx, c.ID, secret); err != nil {
			return err
		}
		return a.printClient(c, secret)
	})
	return c
}

func (a *App) clientSwitch(use, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: use + " <id|name>", Short: short, Args: oneArg,
		RunE: a.onClient(func(ctx context.Context, admin *server.Admin, c *idp.Client) error {
			if err := admin.Clients.SetDisabled(ctx, c.ID, disabled); err != nil {
				return err
			}
			c, err := admin.ClientList.Client(ctx, c.ID)
			if err != nil {
				return err
			}
			return a.printClient(c, "")
		}),
	}
}

func (a *App) clientDelete() *cobra.Command {
	var yes bool
	c := &cobra.Command{Use: "delete <id|name>", Short: "Remove a client for good; its tokens are dead", Args: oneArg}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask; without a terminal nobody is asked")
	c.RunE = a.onClient(func(ctx context.Context, admin *server.Admin, c *idp.Client) error {
		if err := a.confirm(yes, fmt.Sprintf("Delete client %s (%s)? This cannot be undone.", c.ID, c.Name)); err != nil {
			return err
		}
		if err := admin.Clients.Delete(ctx, c.ID); err != nil {
			return err
		}
		return a.printDeleted("client_id", c.ID)
	})
	return c
}

// secretFlags say where a client's secret comes from; generated when nowhere.
type secretFlags struct {
	set   *pflag.FlagSet
	value string
	stdin bool
}

func (s *secretFlags) add(c *cobra.Command) {
	s.set = c.Flags()
	c.Flags().StringVar(&s.value, "secret", "", "client_secret (default: generated); others on this machine may see it, so rather use --secret-stdin")
	c.Flags().BoolVar(&s.stdin, "secret-stdin", false, "read the client_secret from stdin")
}

func (a *App) secret(s secretFlags) (string, error) {
	if err := notEmpty(s.set, "secret"); err != nil {
		return "", err
	}
	switch {
	case s.stdin && s.set.Changed("secret"):
		return "", misuse("--secret and --secret-stdin exclude each other; use one")
	case s.stdin:
		return a.readSecret("--secret-stdin")
	}
	return s.value, nil
}
