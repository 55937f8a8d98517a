package console

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/web"
)

// listQuery reads the parameters that every list takes.
func listQuery(v url.Values) idp.ListQuery {
	q := idp.ListQuery{
		Text: strings.TrimSpace(v.Get("q")), Sort: v.Get("sort"),
		After: v.Get("after"), Before: v.Get("before"), Limit: 50,
	}
	switch n, _ := strconv.Atoi(v.Get("n")); n { // 0 for what is no number
	case 25, 50, 100:
		q.Limit = n
	}
	return q
}

// listAgain leads from an address with a broken cursor or an unknown order to
// the beginning of the same list. Any other error comes back.
func listAgain(c *gin.Context, err error) error {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	query, kept := c.Request.URL.Query(), url.Values{}
	for name, values := range query {
		switch name {
		case "sort", "after", "before":
		default:
			kept[name] = values
		}
	}
	if len(kept) == len(query) {
		return web.BadInput("the list cannot be shown so")
	}
	web.SeeOther(c, withQuery(c.Request.URL.Path, kept))
	return nil
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// keep returns the named parameters that say something.
func keep(v url.Values, names ...string) url.Values {
	out := url.Values{}
	for _, name := range names {
		if v.Get(name) != "" {
			out.Set(name, v.Get(name))
		}
	}
	return out
}
