package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/bulk"
	"gatehouse/server"
)

// maxFile is how large a file of roles, clients and settings may be, in bytes.
const maxFile = 16 << 20

// planned is the JSON of plan and apply.
type planned struct {
	Steps []*bulk.Step `json:"steps"`
}

// exportedFile is the JSON of an export to a file.
type exportedFile struct {
	File string `json:"file"`
}

// fileFlags say which file is wanted, and whether what it lacks goes.
type fileFlags struct {
	path  string
	prune bool
}

func (f *fileFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&f.path, "file", "f", "", "the `file`, YAML or JSON; - for stdin")
	c.Flags().BoolVar(&f.prune, "prune", false, "delete roles and clients that the file's lists do not name")
}

// plan compares the file with what there is.
func (f *fileFlags) plan(ctx context.Context, a *App, keeper *bulk.Keeper) ([]*bulk.Step, error) {
	if f.path == "" {
		return nil, misuse("--file is needed, such as -f gatehouse.yaml")
	}
	in, err := a.open(f.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return nil, misuse("%v", err)
	case len(text) > maxFile:
		return nil, misuse("%s is larger than %d bytes", f.path, maxFile)
	}
	file, err := bulk.ParseFile(text)
	if err != nil {
		return nil, err
	}
	return keeper.Plan(ctx, file, f.prune)
}

// withKeeper is withAdmin for a command about roles, clients and settings.
func (a *App) withKeeper(run func(context.Context, *bulk.Keeper) error) func(*cobra.Command, []string) error {
	return a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		return run(ctx, &bulk.Keeper{Roles: admin.Roles, Clients: admin.Clients, Settings: admin.Settings, Env: a.lookupEnv})
	})
}

func (a *App) plan() *cobra.Command {
	var f fileFlags
	c := &cobra.Command{
		Use: "plan", Short: "Show what apply would change", Args: noArgs,
		Long: "Compare a file of roles, clients and settings with what there is, and show what apply would change.\nNothing is changed. See docs/configuration-file.md.",
	}
	f.add(c)
	c.RunE = a.withKeeper(func(ctx context.Context, keeper *bulk.Keeper) error {
		steps, err := f.plan(ctx, a, keeper)
		if err != nil {
			return err
		}
		return a.printSteps(steps, "Nothing to change: all is as the file says.")
	})
	return c
}

func (a *App) apply() *cobra.Command {
	var f fileFlags
	var yes bool
	c := &cobra.Command{
		Use: "apply", Short: "Make roles, clients and settings as a file says", Args: noArgs,
		Long: `Make roles, clients and settings as a file says. What it does not name is left
alone, unless --prune is given. Secrets that are generated are shown once.
gatehouse plan shows before what would change. See docs/configuration-file.md.`,
		Example: "  gatehouse export -o gatehouse.yaml\n  gatehouse plan -f gatehouse.yaml\n  gatehouse apply -f gatehouse.yaml",
	}
	f.add(c)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask before something is deleted; without a terminal nobody is asked")
	c.RunE = a.withKeeper(func(ctx context.Context, keeper *bulk.Keeper) error {
		steps, err := f.plan(ctx, a, keeper)
		if err != nil {
			return err
		}
		if err := a.confirmDeletions(steps, yes); err != nil {
			return err
		}
		done, failed := keeper.Apply(ctx, steps)
		if len(done) > 0 || failed == nil {
			// Also when a later step failed: secrets are shown only now.
			if err := a.printSteps(done, "Nothing to change: all is as the file says."); err != nil {
				return err
			}
		}
		return failed
	})
	return c
}

func (a *App) confirmDeletions(steps []*bulk.Step, yes bool) error {
	count := 0
	for _, s := range steps {
		if s.Verb == bulk.StepDelete {
			fmt.Fprintf(a.Err, "%s %s will be deleted.\n", s.Kind, s.ID)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return a.confirm(yes, fmt.Sprintf("Delete %d? This cannot be undone.", count))
}

func (a *App) printSteps(steps []*bulk.Step, none string) error {
	if steps == nil {
		steps = []*bulk.Step{}
	}
	return a.print(planned{steps}, func(w io.Writer) {
		if len(steps) == 0 {
			fmt.Fprintln(w, none)
		}
		for _, s := range steps {
			fmt.Fprintln(w, stepTitle(s))
			for _, c := range s.Changes {
				if s.Verb == bulk.StepCreate {
					fmt.Fprintf(w, "  %s: %s\n", c.Field, printable(c.After))
				} else {
					fmt.Fprintf(w, "  %s: %s -> %s\n", c.Field, orNothing(printable(c.Before)), orNothing(printable(c.After)))
				}
			}
			if s.Secret != "" {
				fmt.Fprintf(w, "  client_secret: %s (shown only this once)\n", s.Secret)
			}
		}
	})
}

// stepTitle names what a step is about; there is one record of settings, which needs no name.
func stepTitle(s *bulk.Step) string {
	if s.ID == s.Kind {
		return s.Verb + " " + s.Kind
	}
	return s.Verb + " " + s.Kind + " " + s.ID
}

func orNothing(s string) string {
	if s == "" {
		return "(nothing)"
	}
	return s
}

func (a *App) export() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use: "export", Short: "Write roles, clients and settings as a file that apply takes", Args: noArgs,
		Long: "Write roles, clients and settings as a file that apply takes, without secrets.\nWhat is built in and what the environment sets is left out. People: gatehouse user export.",
	}
	c.Flags().StringVarP(&to, "output", "o", "", "the `file` to write; readable by you alone (default: stdout)")
	c.RunE = a.withKeeper(func(ctx context.Context, keeper *bulk.Keeper) error {
		if err := notEmpty(c.Flags(), "output"); err != nil {
			return err
		}
		file, err := keeper.Export(ctx)
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			text, err := file.YAML()
			if a.json {
				text, err = json.MarshalIndent(file, "", "  ")
				text = append(text, '\n')
			}
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		}
		if to == "" {
			return write(a.Out)
		}
		if err := writePrivate(to, write); err != nil {
			return err
		}
		return a.print(exportedFile{to}, func(w io.Writer) { fmt.Fprintf(w, "Roles, clients and settings are in %s\n", to) })
	})
	return c
}

// lookupEnv looks up what a file's "env:NAME" names.
func (a *App) lookupEnv(name string) (string, bool) {
	for _, line := range a.Environ {
		if n, value, ok := strings.Cut(line, "="); ok && n == name {
			return value, true
		}
	}
	return "", false
}
