package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the source, "" when not known
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *App) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show which version this is", Args: noArgs,
		RunE: do(func(context.Context, []string) error {
			v := versionInfo{Version: a.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Revision = s.Value
					}
				}
			}
			return a.print(v, func(w io.Writer) {
				fmt.Fprintf(w, "gatehouse %s (%s, %s)\n", v.Version, v.Go, v.Platform)
			})
		}),
	}
}
