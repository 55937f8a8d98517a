// Gatehouse is a self-hosted OAuth 2 and OpenID Connect authorization server.
package main

import (
	"context"
	"os"

	"gatehouse/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	app := cli.App{Version: version, Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(app.Run(context.Background(), os.Args[1:]))
}
