package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/webtest"
)

// A body costs no more than its length, however deep it goes.
func TestDeepBodyIsRefused(t *testing.T) {
	e := webtest.New(t)
	me := as(t, e, webtest.User)
	at := time.Now()
	for _, open := range []string{`{"a":`, `[`} {
		end := map[byte]string{'{': "}", '[': "]"}[open[0]]
		body := `{"address":` + strings.Repeat(open, 9000) + `1` + strings.Repeat(end, 9000) + `}`
		me.patch("/users/me", body).problem(http.StatusBadRequest, "invalid_request")
	}
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("two calls took %s", took)
	}
	me.patch("/users/me", `{"name":"{{{{{{{{{{[[[[[\"{{{[[[[\\"}`).want(http.StatusOK)
	me.patch("/users/me", `{"address":{"country":"DE","locality":null}}`).want(http.StatusOK)
}
