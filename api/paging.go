package api

import (
	"net/url"
	"strconv"

	"gatehouse/idp"
)

const (
	defaultLimit = 50
	maxLimit     = 100
)

// page reads what every list takes.
func (c *call) page() (idp.ListQuery, error) {
	q := idp.ListQuery{
		Text: c.query.Get("q"), Sort: c.query.Get("sort"),
		After: c.query.Get("after"), Before: c.query.Get("before"), Limit: defaultLimit,
	}
	var faults []idp.Fault
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			faults = append(faults, fault("limit", "must be from 1 to %d", maxLimit))
		}
		q.Limit = n
	}
	if q.After != "" && q.Before != "" {
		faults = append(faults, fault("before", "cannot be sent together with after"))
	}
	return q, invalid(faults...)
}

// flag reads a parameter that is true or false; nil when it was not sent.
func (c *call) flag(name string) (*bool, error) {
	if !c.query.Has(name) {
		return nil, nil //nolint:nilnil // most lists are not filtered
	}
	v, err := strconv.ParseBool(c.query.Get(name))
	if err != nil {
		return nil, invalid(fault(name, "must be true or false"))
	}
	return &v, nil
}

// listed answers with a page of a list: the records as view shows them, the
// neighbours in Link (RFC 8288), the count in X-Total-Count where it is known.
func listed[T, V any](a *API, c *call, p idp.Page[T], view func(T) V) *answer {
	body := make([]V, len(p.Items))
	for i, item := range p.Items {
		body[i] = view(item)
	}
	w := shown(body)
	for _, n := range []struct{ rel, param, cursor string }{{"next", "after", p.Next}, {"prev", "before", p.Prev}} {
		if n.cursor != "" {
			w.links = append(w.links, "<"+a.neighbour(c, n.param, n.cursor)+`>; rel="`+n.rel+`"`)
		}
	}
	if p.Total >= 0 && !p.More {
		w.headers = map[string]string{"X-Total-Count": strconv.Itoa(p.Total)}
	}
	return w
}

// neighbour is the address of the same list, going on at the cursor.
func (a *API) neighbour(c *call, param, cursor string) string {
	q := url.Values{}
	for name, values := range c.query {
		if name != "after" && name != "before" {
			q[name] = values
		}
	}
	q.Set(param, cursor)
	return a.Issuer + c.gin.Request.URL.EscapedPath() + "?" + q.Encode()
}
