package console

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/web"
)

// maxRows is how many records an export holds at most. Pages that offer one say so.
const maxRows = 200_000

// exportPage is how many records an export reads at once: what it holds in memory.
const exportPage = idp.MaxPage

// exportFlush is how many rows go out together, and exportTime how long they may take.
const (
	exportFlush = 500
	exportTime  = time.Minute
)

// export is a list that is downloaded.
type export struct {
	Name   string   // of the file, without its ending
	Action string   // of the event that says who took it
	Header []string // of a table
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
		return listAgain(c, err)
	}
	k.beginExport(c, e, "csv", "text/csv; charset=utf-8")
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

// beginExport records that a list is taken, and writes the head of the answer.
func (k *Console) beginExport(c *gin.Context, e export, ending, mediaType string) {
	k.Site.Audit.Record(idp.NewEvent(c.Request.Context(), k.Now(), e.Action,
		idp.Target{Kind: "export", ID: e.Name, Name: c.Request.URL.RawQuery}, idp.AuditOK))
	c.Header("Content-Type", mediaType)
	c.Header("Content-Disposition", `attachment; filename="`+e.Name+"-"+k.Now().UTC().Format(time.DateOnly)+"."+ending+`"`)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK)
}

// flush sends what is written, and gives the next part its time: the server's
// own bound is meant for pages.
func flush(c *gin.Context, out *csv.Writer) bool {
	out.Flush()
	if out.Error() != nil {
		return false
	}
	if err := web.KeepWriting(c, exportTime); err != nil {
		return false
	}
	c.Writer.Flush()
	return true
}

// innerFormula is what begins a formula where a spreadsheet cuts cells at a
// semicolon, as many languages have it, or at a tab or a line end.
var innerFormula = regexp.MustCompile(`([;\t\r\n])('*[=+\-@])`)

// safeCells keeps spreadsheets from reading what people typed as formulas.
func safeCells(row []string) []string {
	for i, cell := range row {
		row[i] = innerFormula.ReplaceAllString(cell, "$1'$2")
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[i] = "'" + row[i]
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

// fromStart reads a list from its first page on, whichever page list asks for;
// find answers one page of it.
func fromStart[T any](list *idp.ListQuery, find func() (idp.Page[T], error)) func(after string) (idp.Page[T], error) {
	list.Before, list.Limit = "", exportPage
	return func(after string) (idp.Page[T], error) {
		list.After = after
		return find()
	}
}

// allRows walks a list from page to page, up to maxRows. A last row tells when there were more.
func allRows[T any](read func(after string) (idp.Page[T], error), row func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		after := ""
		for sent := 0; ; {
			page, err := read(after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if sent == maxRows {
					yield([]string{fmt.Sprintf("cut off here: an export holds %d rows at most", maxRows)}, nil)
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

// sendJSON is sendCSV for whole records, as one array. A last member tells when there were more.
func sendJSON[T any](k *Console, c *gin.Context, e export, read func(after string) (idp.Page[T], error)) error {
	page, err := read("")
	if err != nil {
		return listAgain(c, err)
	}
	k.beginExport(c, e, "json", "application/json")
	out := json.NewEncoder(c.Writer)
	separator := "["
	for sent := 0; ; {
		for _, item := range page.Items {
			if _, err := c.Writer.WriteString(separator); err != nil {
				return nil //nolint:nilerr // the reader went away
			}
			if err := out.Encode(item); err != nil {
				return nil //nolint:nilerr // as above
			}
			separator = ","
			sent++
		}
		if page.Next == "" {
			break
		}
		if sent >= maxRows {
			_, _ = fmt.Fprintf(c.Writer, `,{"cut_off": "an export holds %d records at most"}`, maxRows)
			break
		}
		if err := web.KeepWriting(c, exportTime); err != nil {
			panic(http.ErrAbortHandler)
		}
		c.Writer.Flush()
		if page, err = read(page.Next); err != nil {
			web.RecordOf(c).Outcome = "export_broken"
			panic(http.ErrAbortHandler)
		}
	}
	if separator == "[" {
		_, _ = c.Writer.WriteString("[")
	}
	_, _ = c.Writer.WriteString("]\n")
	return nil
}
