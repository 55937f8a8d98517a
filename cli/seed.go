package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"gatehouse/server"
)

// seedResult is what seed prints; password only when it was generated.
type seedResult struct {
	Created  bool   `json:"created"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

func (a *App) seed() *cobra.Command {
	return &cobra.Command{
		Use:   "seed",
		Short: "Make the roles Admin and User, and the first administrator if there is none",
		Long: "Make the roles Admin and User, and the first administrator if there is none.\n" +
			"GATEHOUSE_ADMIN_USERNAME, _EMAIL and _PASSWORD say who it is; without a password one is generated and shown once.",
		Args: noArgs,
		RunE: a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
			s, err := admin.Seed(ctx)
			if err != nil {
				return err
			}
			return a.print(seedResult{s.Created, s.Username, s.GeneratedPassword}, func(w io.Writer) {
				switch {
				case !s.Created:
					fmt.Fprintln(w, "There is an administrator already; nothing was changed.")
				case s.GeneratedPassword != "":
					fmt.Fprintf(w, "The first administrator is %s with the password %s (shown only this once)\n", s.Username, s.GeneratedPassword)
				default:
					fmt.Fprintf(w, "The first administrator is %s with the password of GATEHOUSE_ADMIN_PASSWORD\n", s.Username)
				}
			})
		}),
	}
}
