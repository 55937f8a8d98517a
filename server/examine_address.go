package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	addressTimeout = 5 * time.Second
	// clockTolerance is how far clocks may be apart before tokens are refused for it.
	clockTolerance = 30 * time.Second
	maxMetadata    = 1 << 20
)

// address asks for the metadata at the public address, as applications do.
func (e *examination) address(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, addressTimeout)
	defer cancel()
	const what = "public address"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.cfg.Issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		e.add(FindingBad, what, "GATEHOUSE_ISSUER: %v", err)
		return
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		e.add(FindingDoubt, what, "%v: does the server run, and does its name lead to it from here?", err)
		return
	}
	defer res.Body.Close()
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, maxMetadata)).Decode(&metadata)
	switch {
	case res.StatusCode != http.StatusOK || err != nil:
		e.add(FindingBad, what, "%s does not answer with metadata (%s): something else listens there, or a proxy keeps the path away", req.URL, res.Status)
		return
	case metadata.Issuer != e.cfg.Issuer: // RFC 8414 §3.3: clients refuse it
		e.add(FindingBad, what, "%s says that its issuer is %q, not %q: applications refuse that; GATEHOUSE_ISSUER must be the same everywhere", req.URL, metadata.Issuer, e.cfg.Issuer)
		return
	case e.anothers(ctx, metadata.JWKSURI):
		e.add(FindingBad, what, "another installation answers at %s: none of the keys that it publishes is in this database; give this command the environment of the server", e.cfg.Issuer)
		return
	}
	e.add(FindingGood, what, "%s answers with its metadata", e.cfg.Issuer)
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		if off := time.Since(at).Abs(); off > clockTolerance {
			e.add(FindingDoubt, "clock", "the server's clock and this machine's are %s apart: tokens may be refused", off.Round(time.Second))
		}
	}
}

// anothers reports whether the keys that are published are of other stores.
func (e *examination) anothers(ctx context.Context, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var published struct {
		Keys []struct {
			KID string `json:"kid"`
		} `json:"keys"`
	}
	if json.NewDecoder(io.LimitReader(res.Body, maxMetadata)).Decode(&published) != nil || len(e.kids) == 0 {
		return false // nothing to compare
	}
	for _, k := range published.Keys {
		if slices.Contains(e.kids, k.KID) {
			return false
		}
	}
	return len(published.Keys) > 0
}
