package cli

import (
	"context"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"gatehouse/server"
)

func (a *App) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve until SIGTERM or SIGINT; a second one stops at once",
		Args:  noArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			config, err := server.Load(a.Environ)
			if err != nil {
				return err
			}
			if a.json {
				config.LogFormat = "json"
			}
			config.TuneMemory(a.Environ)
			ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // the second signal does what signals do
			m := server.New(config, a.Version, a.Out)
			// Libraries that log on their own go the same way, in the same form.
			slog.SetDefault(m.Log())
			return m.Run(ctx)
		}),
	}
}
