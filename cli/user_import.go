package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/server"
)

func (a *App) userImport() *cobra.Command {
	var o bulk.ImportOptions
	c := &cobra.Command{
		Use: "import <file|->", Short: "Add people from a file, with their password hashes",
		Long: `Add people from a file of CSV or JSON lines; - reads stdin. The columns are the
member names of a user's JSON: username is needed, email, name, roles, status,
expires_at and the others are not. A column password_hash takes argon2, bcrypt,
scrypt and PBKDF2 hashes, also in the forms of Werkzeug and Django.

Rows that fail are told by their line, and the rest go in. Who is there already,
with the same username and email, is left as they are: the same file may be
run again. Roles that there are not are made. See docs/import.md.`,
		Example: "  gatehouse user import people.csv --dry-run\n  gatehouse user import people.jsonl",
		Args:    oneArg,
	}
	c.Flags().StringVar(&o.Format, "format", "", "csv or jsonl (default: by the file's ending)")
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "look at every row and add nobody")
	c.Flags().BoolVar(&o.AllowPlaintext, "allow-plaintext", false, "take a column password with passwords in plain text, and keep hashes of them")
	offerFormats(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, args []string) error {
		var err error
		if o.Format, err = fileFormat(o.Format, args[0]); err != nil {
			return err
		}
		file, err := a.open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		tell, done := a.progress("import", -1)
		o.Progress = tell
		importer := bulk.Importer{Users: admin.Users, Roles: admin.Roles}
		report, err := importer.Run(ctx, file, o)
		done()
		if report.Rows == 0 && err != nil {
			return err
		}
		return a.imported(report, o.DryRun, err)
	})
	return c
}

// imported prints a report; err is why the file was not read to its end.
func (a *App) imported(r bulk.ImportReport, dryRun bool, err error) error {
	if err := a.print(r, func(w io.Writer) {
		added := "added"
		if dryRun {
			added = "would be added"
		}
		field(w, "rows", strconv.Itoa(r.Rows))
		field(w, added, strconv.Itoa(r.Added))
		field(w, "there already", strconv.Itoa(r.There))
		field(w, "failed", strconv.Itoa(r.Failed))
		field(w, "new roles", strings.Join(r.NewRoles, " "))
	}); err != nil {
		return err
	}
	if !a.json {
		for _, f := range r.Failures {
			fmt.Fprintf(a.Err, "line %d%s: %s\n", f.Line, inBrackets(f.Username), printable(faultsText(f.Faults)))
		}
		if hidden := r.Failed - len(r.Failures); hidden > 0 {
			fmt.Fprintf(a.Err, "and %d more\n", hidden)
		}
	}
	if err == nil && r.Failed > 0 {
		err = fmt.Errorf("%d of %d rows failed", r.Failed, r.Rows)
	}
	return err
}

func inBrackets(name string) string {
	if name == "" {
		return ""
	}
	return " (" + printable(name) + ")"
}

// faultsText puts the faults of a row into one line.
func faultsText(faults []idp.Fault) string {
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = strings.TrimSpace(f.Field + " " + f.Message)
	}
	return strings.Join(texts, "; ")
}

// printable keeps what somebody wrote into a file or a form from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// open opens a file to read, - for stdin.
func (a *App) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.In), nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, misuse("%v", err)
	}
	return f, nil
}

// fileFormat is the format that was asked for, or that the file's ending says.
func fileFormat(asked, path string) (string, error) {
	switch asked {
	case bulk.FormatCSV, bulk.FormatJSONL:
		return asked, nil
	case "":
	default:
		return "", misuse("--format must be csv or jsonl, not %q", asked)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return bulk.FormatCSV, nil
	case ".jsonl", ".ndjson":
		return bulk.FormatJSONL, nil
	}
	return "", misuse("the ending of %q does not say what it holds; add --format csv or --format jsonl", path)
}

func offerFormats(c *cobra.Command) {
	// It fails only for a flag that there is not.
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{bulk.FormatCSV, bulk.FormatJSONL}, cobra.ShellCompDirectiveNoFileComp))
}
