package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
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
		Issuer string `json:"issuer"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, maxMetadata)).Decode(&metadata)
	switch {
	case res.StatusCode != http.StatusOK || err != nil:
		e.add(FindingBad, what, "%s does not answer with metadata (%s): something else listens there, or a proxy keeps the path away", req.URL, res.Status)
		return
	case metadata.Issuer != e.cfg.Issuer: // RFC 8414 §3.3: clients refuse it
		e.add(FindingBad, what, "%s says that its issuer is %q, not %q: applications refuse that; GATEHOUSE_ISSUER must be the same everywhere", req.URL, metadata.Issuer, e.cfg.Issuer)
		return
	}
	e.add(FindingGood, what, "%s answers with its metadata", e.cfg.Issuer)
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		if off := time.Since(at).Abs(); off > clockTolerance {
			e.add(FindingDoubt, "clock", "the server's clock and this machine's are %s apart: tokens may be refused", off.Round(time.Second))
		}
	}
}
