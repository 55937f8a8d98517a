package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"gatehouse/server"
)

var errUnwell = errors.New("not everything is well; see above")

func (a *App) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong with an installation, and change nothing", Args: noArgs,
		Long: "Look at the configuration, the data folder, the stores, the signing keys and the public address,\n" +
			"with the environment of the server, and say what is wrong and what to do. Nothing is changed.\n" +
			"Exit 0 when nothing stands in the way, 1 when something does, 2 when the configuration is wrong.",
		RunE: do(func(ctx context.Context, _ []string) error {
			config, err := server.Load(a.Environ)
			if err != nil {
				return err
			}
			findings := server.Examine(ctx, config)
			err = a.print(findings, func(w io.Writer) {
				for _, f := range findings {
					fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.What, f.Text)
				}
			})
			for _, f := range findings {
				if f.State == server.FindingBad {
					return errors.Join(err, errUnwell)
				}
			}
			return err
		}),
	}
}
