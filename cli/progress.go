package cli

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"gatehouse/server"
)

// progressEvery is how many rows there are between two lines of progress.
const progressEvery = 10_000

// progress shows on stderr how far long work is: a bar for who looks at it,
// else a line now and then, nothing beside JSON. total is -1 where it is not
// known. done takes the bar away again.
func (a *App) progress(what string, total int) (tell func(rows int), done func()) {
	switch {
	case a.json:
		return func(int) {}, func() {}
	case !server.IsTerminal(a.Err):
		told := 0
		return func(rows int) {
			if rows/progressEvery > told {
				told = rows / progressEvery
				fmt.Fprintf(a.Err, "%s: %d rows\n", what, rows)
			}
		}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	// What a bar cannot draw is no reason to stop.
	return func(rows int) { _ = bar.Set(rows) }, func() { _ = bar.Finish() }
}
