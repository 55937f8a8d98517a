package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"

	"github.com/spf13/cobra"

	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/server"
)

// App is the command line with its surroundings, so that tests can run it.
type App struct {
	Version string
	Environ []string // "NAME=value"
	In      io.Reader
	Out     io.Writer
	Err     io.Writer

	json bool
}

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitMisused = 2
)

// Run runs one command and returns its exit code.
func (a *App) Run(ctx context.Context, args []string) int {
	// What libraries say on their own is for a server's log; of a command, its
	// error says what went wrong.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	root := a.root() //nolint:contextcheck // commands get ctx from ExecuteContext
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(a.Err, "gatehouse: "+explain(err))
	return exitCode(err)
}

func (a *App) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "gatehouse",
		Short:         "A self-hosted OAuth 2 and OpenID Connect authorization server",
		Long:          "Gatehouse is a self-hosted OAuth 2 and OpenID Connect authorization server.\nIt is configured by environment variables; see .env.example.",
		Args:          cobra.ArbitraryArgs,
		RunE:          onlyChildren,
		Version:       a.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("gatehouse {{.Version}}\n")
	root.SetIn(a.In)
	root.SetOut(a.Out) // before the completion command, which keeps it
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(flagFault)
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	root.AddCommand(a.serve(), a.migrate(), a.seed(), a.user(), a.client(), a.key(),
		a.plan(), a.apply(), a.export(), a.audit(), a.healthcheck(), a.doctor(), a.version())
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = cobra.ArbitraryArgs, onlyChildren
	}
	return root
}

// group makes a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, RunE: onlyChildren}
	c.AddCommand(children...)
	return c
}

// command is what a command does, with what came back to print.
type command func(ctx context.Context, args []string) error

// do wraps a command so that its own errors can be told from those of the
// command line's parser, which are all misuse.
func do(run command) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if err := run(c.Context(), args); err != nil {
			return &commandError{err}
		}
		return nil
	}
}

// withAdmin is do for a command that works on the stores.
func (a *App) withAdmin(load func([]string) (*server.Config, error), run func(context.Context, *server.Admin, []string) error) func(*cobra.Command, []string) error {
	return do(func(ctx context.Context, args []string) (err error) {
		config, err := load(a.Environ)
		if err != nil {
			return err
		}
		fresh := a.assumesFolder() && server.LacksDatabase(config)
		admin, err := server.OpenAdmin(ctx, config, a.log())
		if err != nil {
			return err
		}
		if fresh { // else an empty list would look like lost people
			fmt.Fprintf(a.Err, "There was no database in %s, so an empty one was made. If the server keeps its own elsewhere, set GATEHOUSE_DATA_DIR or DATABASE_URL.\n", config.DataDir)
		}
		defer func() { err = errors.Join(err, admin.Close()) }() //nolint:contextcheck // what is left is written though ctx has ended
		return run(idp.WithAct(ctx, operator()), admin, args)
	})
}

// assumesFolder reports whether nobody said where the data is.
func (a *App) assumesFolder() bool {
	for _, name := range []string{"GATEHOUSE_DATA_DIR", "DATABASE_URL", "DATABASE_URL_FILE"} {
		if value, _ := a.lookupEnv(name); value != "" {
			return false
		}
	}
	return true
}

// operator is who works at the command line, for the audit log.
func operator() idp.Act {
	act := idp.Act{Kind: idp.ActorCLI}
	if who, err := user.Current(); err == nil { // a container may not name its user
		act.Name = who.Username
	}
	return act
}

// log is for what commands have to say beside their result: stderr, worries only.
func (a *App) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

var errNotConfirmed = errors.New("not confirmed; nothing was changed")

type commandError struct{ error }

func (e *commandError) Unwrap() error { return e.error }

// misuseError is a mistake of the person at the command line.
type misuseError struct{ message string }

func (e *misuseError) Error() string { return e.message }

func misuse(format string, args ...any) error { return &misuseError{fmt.Sprintf(format, args...)} }

// missingError names what was not found.
type missingError struct{ kind, name string }

func (e *missingError) Error() string { return fmt.Sprintf("no %s %q", e.kind, e.name) }

func (e *missingError) Unwrap() error { return idp.ErrNotFound }

// missing gives a bare "not found" the name of what was asked for.
func missing(err error, kind, name string) error {
	if errors.Is(err, idp.ErrNotFound) {
		return &missingError{kind, name}
	}
	return err
}

func exitCode(err error) int {
	var own *commandError
	var (
		misused  *misuseError
		invalid  *idp.InvalidError
		conflict *idp.ConflictError
		config   *server.ConfigError
		file     *bulk.FileError
	)
	switch {
	case errors.Is(err, idp.ErrUnavailable):
		return exitFailed
	case !errors.As(err, &own), errors.As(err, &misused), errors.As(err, &invalid),
		errors.As(err, &conflict), errors.As(err, &config), errors.As(err, &file),
		errors.Is(err, idp.ErrLastAdmin), errors.Is(err, idp.ErrBuiltIn):
		return exitMisused
	}
	return exitFailed
}

// explain words an error for the person at the command line.
func explain(err error) string {
	switch {
	case errors.Is(err, idp.ErrUnavailable):
		return "the database or Redis does not answer: " + err.Error()
	case errors.Is(err, idp.ErrLastAdmin):
		return "refused: " + err.Error()
	case errors.Is(err, idp.ErrBuiltIn):
		return "refused: it is built in"
	}
	return err.Error()
}
