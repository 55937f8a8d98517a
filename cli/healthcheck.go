package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/server"
)

const healthTimeout = 4 * time.Second

func (a *App) healthcheck() *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on this machine whether it answers; exit 0 if it does",
		Args:  noArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			config, err := server.LoadForStores(a.Environ)
			if err != nil {
				return err
			}
			url, err := healthURL(config)
			if err != nil {
				return err
			}
			if err := askHealth(ctx, url); err != nil {
				return err
			}
			return a.print(map[string]string{"status": "ok"}, func(w io.Writer) { fmt.Fprintln(w, "ok") })
		}),
	}
}

// healthURL is where the server listens, seen from this machine.
func healthURL(c *server.Config) (string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", fmt.Errorf("GATEHOUSE_LISTEN: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // both families
	}
	scheme := "http"
	if c.ServesTLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/healthz", nil
}

func askHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// The certificate names the public host, not this address. Nothing secret is sent.
	t := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}} //nolint:gosec // see above
	res, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s; GATEHOUSE_LISTEN or PORT says where to ask", url, res.Status)
	}
	return nil
}
