package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/oauth"
	"gatehouse/server"
)

func (a *App) key() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the signing keys", Args: noArgs,
		RunE: a.withKeys(func(ctx context.Context, keys *oauth.Keyring, _ []string) error { return a.printKeys(ctx, keys) }),
	}
	rotate := &cobra.Command{
		Use: "rotate", Short: "Let the next keys sign, and make new ones to follow", Args: noArgs,
		RunE: a.withKeys(func(ctx context.Context, keys *oauth.Keyring, _ []string) error {
			if _, err := keys.Rotate(ctx); err != nil {
				return err
			}
			return a.printKeys(ctx, keys)
		}),
	}
	return group("key", "Manage the signing keys", list, rotate, a.keyRevoke())
}

func (a *App) keyRevoke() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "revoke <kid>", Short: "Take a stolen key back; the next one signs at once", Args: oneArg,
		Long: "Take a stolen key back. The next one signs at once, and every token that the key signed is dead:\n" +
			"applications get new ones with their refresh tokens. Applications that keep the key set refuse the\n" +
			"new key's tokens, and accept the old one's, until they read it again, within 5 minutes.",
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask; without a terminal nobody is asked")
	c.RunE = a.withKeys(func(ctx context.Context, keys *oauth.Keyring, args []string) error {
		if err := a.confirm(yes, fmt.Sprintf("Revoke key %s? Every token that it signed dies. This cannot be undone.", args[0])); err != nil {
			return err
		}
		if err := keys.Revoke(ctx, args[0]); err != nil {
			return missing(err, "key", args[0])
		}
		return a.printKeys(ctx, keys)
	})
	return c
}

// withKeys needs the master key, so the configuration must be that of serve.
func (a *App) withKeys(run func(context.Context, *oauth.Keyring, []string) error) func(*cobra.Command, []string) error {
	return a.withAdmin(server.Load, func(ctx context.Context, admin *server.Admin, args []string) error {
		keyring, err := admin.Keyring(ctx)
		if err != nil {
			return err
		}
		return run(ctx, keyring, args)
	})
}

func (a *App) printKeys(ctx context.Context, keyring *oauth.Keyring) error {
	keys, err := keyring.List(ctx)
	if err != nil {
		return err
	}
	return a.print(keys, func(w io.Writer) {
		row(w, "KID", "ALG", "STATE", "CREATED", "SIGNS FROM", "RETIRES", "REVOKED")
		for _, k := range keys {
			row(w, k.KID, k.Alg, string(k.State), when(&k.CreatedAt), when(k.ActivateAt), when(k.RetiresAt), when(k.RevokedAt))
		}
	})
}

// when writes a time for people; nil is "".
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}
