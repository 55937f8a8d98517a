package bench

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// connections is how many requests are under way at any time.
const connections = 32

// spread calls do for each i below n, from as many workers as there are connections.
func spread(n int, do func(worker, i int) error) error {
	var next atomic.Int64
	var workers errgroup.Group
	for worker := range min(n, connections) {
		workers.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := do(worker, i); err != nil {
					next.Store(int64(n)) // the others need not go on
					return err
				}
			}
		})
	}
	return workers.Wait()
}

var browser = &http.Client{
	Transport:     &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// client is an application that both sides know.
type client struct{ id, secret string }

var (
	application = client{"application", strings.Repeat("secret-", 6)} // its ID tokens are RS256
	quick       = client{"quick", strings.Repeat("secret-", 6)}       // its ID tokens are ES256
)

// post sends a form as the client and returns the body of the answer.
func (p *process) post(c client, path string, form url.Values) ([]byte, error) {
	req, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.id, c.secret)
	_, body, err := send(req, http.StatusOK)
	return body, err
}

// get reads a page; header is a name and a value, or nothing.
func (p *process) get(path string, want int, header ...string) (http.Header, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, nil, err
	}
	if len(header) == 2 {
		req.Header.Set(header[0], header[1])
	}
	return send(req, want)
}

func send(req *http.Request, want int) (http.Header, []byte, error) {
	res, err := browser.Do(req)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, nil, err
	}
	if res.StatusCode != want {
		return nil, nil, fmt.Errorf("%s: status %d: %.300s", req.URL.Path, res.StatusCode, body)
	}
	return res.Header, body, nil
}
