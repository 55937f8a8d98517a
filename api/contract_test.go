package api_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"gatehouse/api"
)

// description is openapi.yaml, read and validated once.
var description = sync.OnceValues(func() (routers.Router, error) {
	text, err := api.OpenAPI()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc) // validates it too
})

// judge holds what goes over the wire against openapi.yaml.
type judge struct {
	t      testing.TB
	router routers.Router
}

func newJudge(t testing.TB) *judge {
	t.Helper()
	router, err := description()
	must(t, err)
	return &judge{t, router}
}

// answer checks an answer, and of a call that was done the request too. A call
// that is not in the document can only have been refused.
func (j *judge) answer(r *http.Request, body string, res *http.Response, text []byte) {
	j.t.Helper()
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(strings.NewReader(body))
	sent.URL.Scheme, sent.URL.Host = "", ""
	route, params, err := j.router.FindRoute(sent)
	if err != nil {
		if res.StatusCode < http.StatusBadRequest {
			j.t.Errorf("%s %s: %d, but openapi.yaml has no such call: %v", r.Method, r.URL.Path, res.StatusCode, err)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: sent, PathParams: params, Route: route, QueryParams: r.URL.Query(),
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if res.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			j.t.Errorf("%s %s was done, but openapi.yaml does not allow it: %v", r.Method, r.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(text)), Options: in.Options,
	}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		j.t.Errorf("%s %s: the answer %d is not as openapi.yaml says: %v\n%s", r.Method, r.URL.Path, res.StatusCode, err, text)
	}
}

// The judge bites.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		media, answer      string
		bad                bool
	}{
		"a good answer":          {"GET", "/api/v1/roles", "", 200, "application/json", `[]`, false},
		"a member too many":      {"GET", "/api/v1/audit/head", "", 200, "application/json", `{"anchor":"","first_seq":1,"last_seq":1,"last_hash":"","x":1}`, true},
		"a member too few":       {"GET", "/api/v1/audit/head", "", 200, "application/json", `{"anchor":"","first_seq":1,"last_seq":1}`, true},
		"another type":           {"GET", "/api/v1/audit/head", "", 200, "application/json", `{"anchor":"","first_seq":"1","last_seq":1,"last_hash":""}`, true},
		"an error without code":  {"GET", "/api/v1/roles", "", 404, "application/problem+json", `{"type":"about:blank","title":"x","status":404}`, true},
		"an unknown call":        {"GET", "/api/v1/rolls", "", 200, "application/json", `[]`, true},
		"a body too much":        {"POST", "/api/v1/roles", `{"name":"a","x":1}`, 201, "application/json", ``, true},
		"a call that is refused": {"GET", "/api/v1/rolls", "", 404, "application/problem+json", `{}`, false},
	} {
		inner := &quiet{TB: t}
		j := newJudge(t)
		j.t = inner
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://id.example.com"+c.path, strings.NewReader(c.body))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		j.answer(r, c.body, &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.media}}}, []byte(c.answer))
		if inner.failed != c.bad {
			t.Errorf("%s: failed %v", name, inner.failed)
		}
	}
}

// quiet notes that a check failed without failing the test.
type quiet struct {
	testing.TB
	failed bool
}

func (q *quiet) Errorf(string, ...any) { q.failed = true }
