package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/server"
)

// exported is the JSON of an export into a file.
type exported struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
}

func (a *App) userExport() *cobra.Command {
	var o bulk.ExportOptions
	var to string
	c := &cobra.Command{
		Use: "export", Short: "Write all people to a file that import takes",
		Long: `Write all people to stdout, or to a file that only you may read, in the form
that gatehouse user import takes. Cells that a spreadsheet would run as formulas
have a ' in front; import takes it off again. The audit log tells of the export.`,
		Example: "  gatehouse user export -o people.csv\n  gatehouse user export --with-password-hashes -o people.jsonl",
		Args:    noArgs,
	}
	c.Flags().StringVar(&o.Format, "format", "", "csv or jsonl (default: by the ending of --output, else csv; jsonl with --json)")
	c.Flags().StringVarP(&to, "output", "o", "", "the `file` to write; readable by you alone (default: stdout)")
	c.Flags().BoolVar(&o.WithHashes, "with-password-hashes", false, "write the password hashes too: whoever has the file can try to guess the passwords")
	offerFormats(c)
	c.RunE = a.withAdmin(server.LoadForStores, func(ctx context.Context, admin *server.Admin, _ []string) error {
		if err := notEmpty(c.Flags(), "output"); err != nil {
			return err
		}
		var err error
		if o.Format, err = a.exportFormat(o.Format, to); err != nil {
			return err
		}
		if to == "" {
			_, err := a.exportTo(ctx, admin, a.Out, o)
			return err
		}
		rows := 0
		if err := writePrivate(to, func(w io.Writer) (err error) { rows, err = a.exportTo(ctx, admin, w, o); return err }); err != nil {
			return err
		}
		return a.print(exported{to, rows}, func(w io.Writer) { fmt.Fprintf(w, "%d people are in %s\n", rows, to) })
	})
	return c
}

func (a *App) exportFormat(asked, to string) (string, error) {
	switch {
	case asked == "" && to == "" && !a.json:
		return bulk.FormatCSV, nil
	case to == "" && a.json && asked != bulk.FormatCSV:
		to = "-.jsonl"
	case to == "" && a.json:
		return "", misuse("--json prints JSON, not csv; leave one of them out, or name a file with --output")
	}
	return fileFormat(asked, to)
}

// exportTo writes down first who takes the data out: what cannot be recorded does not happen.
func (a *App) exportTo(ctx context.Context, admin *server.Admin, to io.Writer, o bulk.ExportOptions) (rows int, err error) {
	e := idp.NewEvent(ctx, time.Now(), idp.ActionUsersExport, idp.Target{Kind: "user"}, idp.AuditOK)
	e.Changes = []idp.Change{{Field: "password_hashes", After: strconv.FormatBool(o.WithHashes)}}
	if err := admin.Audit.AppendAudit(ctx, e); err != nil {
		return 0, err
	}
	tell, done := a.progress("export", -1)
	defer done()
	o.Progress = tell
	return bulk.Export(ctx, admin.Users, to, o)
}

// writePrivate writes a file that its owner alone may read (mode 0600). It is
// there whole or not at all.
func writePrivate(path string, write func(io.Writer) error) (err error) {
	path = filepath.Clean(path)
	f, err := os.CreateTemp(filepath.Dir(path), ".gatehouse-*")
	if err != nil {
		return misuse("%v", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	out := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(out), out.Flush()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	_ = f.Close() // synced
	return nil
}
