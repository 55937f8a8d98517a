package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"gatehouse/server"
)

func (a *App) migrate() *cobra.Command {
	up := &cobra.Command{
		Use: "up", Short: "Bring the schema up to date", Args: noArgs,
		RunE: a.withSchema(server.MigrateUp),
	}
	status := &cobra.Command{
		Use: "status", Short: "Show where the schema stands", Args: noArgs,
		RunE: a.withSchema(server.MigrateStatus),
	}
	var steps int
	var yes bool
	down := &cobra.Command{
		Use: "down", Short: "Undo the last migrations; what they added is lost", Args: noArgs,
		RunE: a.withSchema(func(ctx context.Context, c *server.Config) (server.SchemaStatus, error) {
			if steps < 1 {
				return server.SchemaStatus{}, misuse("--steps must be at least 1")
			}
			if err := a.confirm(yes, fmt.Sprintf("Undo %d migration(s)? What they added is lost.", steps)); err != nil {
				return server.SchemaStatus{}, err
			}
			return server.MigrateDown(ctx, c, steps)
		}),
	}
	down.Flags().IntVar(&steps, "steps", 1, "how many migrations to undo")
	down.Flags().BoolVar(&yes, "yes", false, "do not ask; without a terminal nobody is asked")
	return group("migrate", "Change the database's schema", up, down, status)
}

func (a *App) withSchema(run func(context.Context, *server.Config) (server.SchemaStatus, error)) func(*cobra.Command, []string) error {
	return do(func(ctx context.Context, _ []string) error {
		config, err := server.LoadForStores(a.Environ)
		if err != nil {
			return err
		}
		s, err := run(ctx, config)
		if err != nil {
			return err
		}
		return a.print(s, func(w io.Writer) {
			field(w, "version", strconv.FormatUint(uint64(s.Version), 10))
			field(w, "latest", strconv.FormatUint(uint64(s.Latest), 10))
			field(w, "dirty", strconv.FormatBool(s.Dirty))
		})
	})
}
