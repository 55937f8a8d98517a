package bulk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse/idp"
)

// Formats of files of people.
const (
	FormatCSV   = "csv"
	FormatJSONL = "jsonl"
)

// maxLine is the longest JSON line, in bytes.
const maxLine = 1 << 20

// row is one person of a file, with what could not be read of it.
type row struct {
	line   int
	person person
	faults []idp.Fault
}

// FileError is a file that cannot be read at all.
type FileError struct{ Text string }

func (e *FileError) Error() string { return e.Text }

func badFile(format string, args ...any) error { return &FileError{fmt.Sprintf(format, args...)} }

// readPeople reads a file row by row. An error ends it; it matches *FileError
// when the file is at fault.
func readPeople(r io.Reader, format string) iter.Seq2[row, error] {
	if format == FormatJSONL {
		return readJSONL(r)
	}
	return readCSV(r)
}

func readCSV(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		in := csv.NewReader(skipMark(r))
		in.ReuseRecord = true
		head, err := in.Read()
		if errors.Is(err, io.EOF) {
			yield(row{}, badFile("the file is empty; its first line must name the columns"))
			return
		}
		if err != nil {
			yield(row{}, csvFault(err))
			return
		}
		cols, err := csvColumns(head)
		if err != nil {
			yield(row{}, err)
			return
		}
		for {
			cells, err := in.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			wrongCount := errors.Is(err, csv.ErrFieldCount)
			if err != nil && !wrongCount {
				yield(row{}, csvFault(err))
				return
			}
			one := row{}
			one.line, _ = in.FieldPos(0)
			if wrongCount {
				one.faults = []idp.Fault{idp.NewFault("", "has %d cells, and the first line names %d", len(cells), len(cols))}
			} else {
				one.fill(cols, cells)
			}
			if !yield(one, nil) {
				return
			}
		}
	}
}

// csvFault words what the parser says. A quote out of place ends the file: what
// follows it could be the rest of a cell that reads like a person.
func csvFault(err error) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return err
	}
	return badFile("line %d: %v; nothing from there on was read", at.Line, at.Err)
}

// skipMark leaves out the byte order mark that spreadsheets write.
func skipMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // they are there
	}
	return b
}

// csvColumns finds the columns that the first line names; nil for one to leave out.
func csvColumns(head []string) ([]*column, error) {
	known := map[string]*column{}
	all := columns()
	for i := range all {
		known[all[i].name] = &all[i]
	}
	for other, name := range otherNames() {
		known[other] = known[name]
	}
	out := make([]*column, len(head))
	seen := map[*column]bool{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		c := known[name]
		switch {
		case c == nil && !isIgnored(name):
			return nil, badFile("the column %q is unknown; rename it, or take it out", head[i])
		case c != nil && seen[c]:
			return nil, badFile("the column %q is there twice", head[i])
		}
		out[i], seen[c] = c, true
	}
	if !seen[known["username"]] {
		return nil, badFile("there is no column username")
	}
	return out, nil
}

func (r *row) fill(cols []*column, cells []string) {
	for i, text := range cells {
		if cols[i] == nil {
			continue
		}
		if cols[i].write != nil { // a password was never guarded by an export
			text = unguard(text)
		}
		if f := cols[i].read(&r.person, text); f != nil {
			r.faults = append(r.faults, *f)
		}
	}
}

// formulaStarts are the first characters that make a spreadsheet read a cell as a formula.
const formulaStarts = "=+-@\t\r"

// guard keeps a spreadsheet from reading a cell as a formula; unguard takes it
// off again. A cell that looks guarded already gets another quote, so that
// every text comes back as it was.
func guard(cell string) string {
	if looksLikeFormula(cell) {
		cell = "'" + cell
	}
	return innerFormula.ReplaceAllString(cell, "$1'$2")
}

func unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && looksLikeFormula(cell) {
		cell = cell[1:]
	}
	return guardedInside.ReplaceAllString(cell, "$1$2")
}

// What begins a formula where a spreadsheet cuts cells at a semicolon, as many
// languages have it, or at a tab or a line end; and the same when guarded.
var (
	innerFormula  = regexp.MustCompile(`([;\t\r\n])('*[=+\-@])`)
	guardedInside = regexp.MustCompile(`([;\t\r\n])'('*[=+\-@])`)
)

// looksLikeFormula leaves quotes in front out of account.
func looksLikeFormula(cell string) bool {
	text := strings.TrimLeft(cell, "'")
	return text != "" && strings.ContainsRune(formulaStarts, rune(text[0]))
}

func readJSONL(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		lines := bufio.NewScanner(skipMark(r))
		lines.Buffer(make([]byte, 64<<10), maxLine)
		for n := 1; lines.Scan(); n++ {
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			if !yield(readLine(n, text), nil) {
				return
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(row{}, badFile("a line is longer than %d bytes", maxLine))
		case err != nil:
			yield(row{}, err)
		}
	}
}

// readLine reads one JSON object. Members are those of the columns; the
// address may be an object, the roles an array.
func readLine(n int, text []byte) row {
	one := row{line: n}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		one.faults = []idp.Fault{idp.NewFault("", "is not a JSON object")}
		return one
	}
	flatten(members)
	one.faults = rename(members)
	all := columns()
	for i := range all {
		c := &all[i]
		value, there := members[c.name]
		delete(members, c.name)
		if !there {
			continue
		}
		text, ok := plainText(value)
		if !ok {
			one.faults = append(one.faults, idp.NewFault(c.name, "has the wrong type"))
			continue
		}
		if f := c.read(&one.person, text); f != nil {
			one.faults = append(one.faults, *f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !isIgnored(name) {
			one.faults = append(one.faults, idp.NewFault(name, "is unknown"))
		}
	}
	return one
}

// rename gives members that go by another name the one of their column.
func rename(members map[string]json.RawMessage) (faults []idp.Fault) {
	for other, name := range otherNames() {
		value, there := members[other]
		if !there {
			continue
		}
		if _, twice := members[name]; twice {
			faults = append(faults, idp.NewFault(other, "stands beside %s; keep one of them", name))
		}
		delete(members, other)
		members[name] = value
	}
	return faults
}

// flatten turns {"address": {"country": …}} into "address.country".
func flatten(members map[string]json.RawMessage) {
	var parts map[string]json.RawMessage
	if json.Unmarshal(members["address"], &parts) != nil {
		return // it stays, and is told as unknown
	}
	delete(members, "address")
	for name, value := range parts {
		members["address."+name] = value
	}
}

// plainText is a JSON value as a cell would hold it.
func plainText(value json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case []any:
		words := make([]string, len(v))
		for i, w := range v {
			text, ok := w.(string)
			if !ok || strings.ContainsFunc(text, betweenRoles) { // one name must not be read as two
				return "", false
			}
			words[i] = text
		}
		return strings.Join(words, " "), true
	}
	return "", false
}
