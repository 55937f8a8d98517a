package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/oauth"
	"gatehouse/server"
)

func (a *App) key() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the signing keys", Args: noArgs,
		RunE: a.withKeys((*oauth.Keyring).List),
	}
	rotate := &cobra.Command{
		Use: "rotate", Short: "Let the next keys sign, and make new ones to follow", Args: noArgs,
		RunE: a.withKeys((*oauth.Keyring).Rotate),
	}
	return group("key", "Manage the signing keys", list, rotate)
}

// withKeys needs the master key, so the configuration must be that of serve.
func (a *App) withKeys(run func(*oauth.Keyring, context.Context) ([]oauth.KeyInfo, error)) func(*cobra.Command, []string) error {
	return a.withAdmin(server.Load, func(ctx context.Context, admin *server.Admin, _ []string) error {
		keyring, err := admin.Keyring(ctx)
		if err != nil {
			return err
		}
		keys, err := run(keyring, ctx)
		if err != nil {
			return err
		}
		return a.print(keys, func(w io.Writer) {
			row(w, "KID", "ALG", "STATE", "CREATED", "SIGNS FROM", "RETIRES")
			for _, k := range keys {
				row(w, k.KID, k.Alg, string(k.State), when(&k.CreatedAt), when(k.ActivateAt), when(k.RetiresAt))
			}
		})
	})
}

// when writes a time for people; nil is "".
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}
