package server

import (
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"
)

// logs are the two loggers of the process. Both write to the same place in the
// same form.
type logs struct {
	*slog.Logger
	// always writes at every level: what is shown once must not be lost.
	always *slog.Logger
	text   bool // rather for people than for programs
}

// newLogs makes the loggers: LOG_FORMAT's form, or text when w is a terminal
// and JSON otherwise.
func newLogs(w io.Writer, c *Config) logs {
	text := c.LogFormat == "text" || c.LogFormat == "" && IsTerminal(w)
	handler := func(level slog.Level) slog.Handler {
		o := &slog.HandlerOptions{Level: level}
		if text {
			return slog.NewTextHandler(w, o)
		}
		return slog.NewJSONHandler(w, o)
	}
	return logs{slog.New(handler(c.LogLevel.Level)), slog.New(handler(slog.LevelDebug)), text}
}

// IsTerminal reports whether somebody can read or type at the other end of a
// reader or writer.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
