package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"gatehouse/server"
)

// print writes a result: value as JSON, or what text writes.
func (a *App) print(value any, text func(w io.Writer)) error {
	if a.json {
		e := json.NewEncoder(a.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// row writes a line of a table.
func row(w io.Writer, cells ...string) {
	for i, c := range cells {
		if c == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// field writes a line of a record, left out when there is nothing to say.
func field(w io.Writer, name, value string) {
	if value != "" {
		fmt.Fprintf(w, "%s:\t%s\n", name, value)
	}
}

// confirm asks before something that cannot be undone. Where nobody can
// answer, the command itself was the decision.
func (a *App) confirm(yes bool, question string) error {
	if yes || !server.IsTerminal(a.In) {
		return nil
	}
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(a.In).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errNotConfirmed
	}
	return nil
}

const maxStdinSecret = 4096

// readSecret reads a secret from stdin; one trailing newline is not part of it.
func (a *App) readSecret(flag string) (string, error) {
	in := io.LimitReader(a.In, maxStdinSecret+1)
	read := io.ReadAll
	if server.IsTerminal(a.In) {
		fmt.Fprintf(a.Err, "%s: type it and press Enter (it is shown): ", flag)
		read = func(r io.Reader) ([]byte, error) { return bufio.NewReader(r).ReadBytes('\n') }
	}
	b, err := read(in)
	if errors.Is(err, io.EOF) { // Ctrl-D instead of Enter
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("read stdin: %w", err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case text == "":
		return "", misuse("%s: stdin is empty", flag)
	case len(text) > maxStdinSecret:
		return "", misuse("%s: longer than %d bytes", flag, maxStdinSecret)
	}
	return text, nil
}
