package console

import (
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/web"
)

// MaxRows is how many records an export holds at most. Pages that offer one say so.
const MaxRows = 200_000

// exportPage is how many records an export reads at once: what it holds in memory.
const exportPage = idp.MaxPage

// exportFlush is how many rows go out together, and exportTime how long they may take.
const (
	exportFlush = 500
	exportTime  = time.Minute
)

// export is a table that is downloaded.
type export struct {
	Name   string // of the file, without its ending
	Action string // of the event that says who took it
	Header []string
	// Rows are read as they are sent; an error ends them.
	Rows iter.Seq2[[]string, error]
}

// sendCSV streams a table, row by row, and records that it was taken. An error
// before the first row is an answer like any other; after it the download
// breaks off, so that nobody takes a part for the whole.
func (k *Console) sendCSV(c *gin.Context, e export) error {
	next, stop := iter.Pull2(e.Rows)
	defer stop()
	row, err, more := next()
	if more && err != nil {
		return err
	}
	k.Site.Audit.Record(idp.NewEvent(c.Request.Context(), k.Now(), e.Action,
		idp.Target{Kind: "export", ID: e.Name, Name: c.Request.URL.RawQuery}, idp.AuditOK))
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="`+e.Name+"-"+k.Now().UTC().Format(time.DateOnly)+`.csv"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)

	out := csv.NewWriter(c.Writer)
	_ = out.Write(e.Header) // kept by the writer until Flush
	for sent := 1; more; sent++ {
		_ = out.Write(safeCells(row))
		if sent%exportFlush == 0 && !flush(c, out) {
			return nil // the reader went away
		}
		if row, err, more = next(); err != nil {
			web.RecordOf(c).Outcome = "export_broken"
			panic(http.ErrAbortHandler)
		}
	}
	flush(c, out)
	return nil
}

// flush sends what is written, and gives the next part its time: the server's
// own bound is meant for pages.
func flush(c *gin.Context, out *csv.Writer) bool {
	out.Flush()
	if out.Error() != nil {
		return false
	}
	answer := http.NewResponseController(c.Writer)
	if err := answer.SetWriteDeadline(time.Now().Add(exportTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	c.Writer.Flush()
	return true
}

// safeCells keeps spreadsheets from reading what people typed as formulas.
func safeCells(row []string) []string {
	for i, cell := range row {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[i] = "'" + cell
		}
	}
	return row
}

// cellTime writes a time for a table, "" where there is none.
func cellTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// everything walks a list from page to page, up to MaxRows. A last row tells when there were more.
func everything[T any](read func(after string) (idp.Page[T], error), row func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		after := ""
		for sent := 0; ; {
			page, err := read(after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if sent == MaxRows {
					yield([]string{fmt.Sprintf("cut off here: an export holds %d rows at most", MaxRows)}, nil)
					return
				}
				if !yield(row(item), nil) {
					return
				}
				sent++
			}
			if after = page.Next; after == "" {
				return
			}
		}
	}
}
