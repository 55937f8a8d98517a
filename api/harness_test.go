package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/webtest"
)

// client calls the API over HTTP. Every answer is held against the document.
type client struct {
	t     testing.TB
	env   *webtest.Env
	judge *judge
	token string // "" calls as a stranger
}

// stranger calls without a token.
func stranger(t testing.TB, e *webtest.Env) *client {
	t.Helper()
	return &client{t: t, env: e, judge: newJudge(t)}
}

// as signs a person in over the API.
func as(t testing.TB, e *webtest.Env, username string) *client {
	t.Helper()
	c := stranger(t, e)
	r := c.post("/accounts/login", `{"username":"`+username+`","password":"`+webtest.Password+`"}`)
	r.want(http.StatusOK)
	c.token = r.text("access_token")
	return c
}

// result is an answer.
type result struct {
	t      testing.TB
	call   string
	Status int
	Header http.Header
	Body   []byte
}

// header is one of a request.
type header struct{ name, value string }

func (c *client) do(method, path, body string, headers ...header) *result {
	c.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = c.env.URL + "/api/v1" + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	must(c.t, err)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		if h.value == "" {
			r.Header.Del(h.name)
			continue
		}
		r.Header.Set(h.name, h.value)
	}
	res, err := http.DefaultClient.Do(r)
	must(c.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(c.t, err)
	c.judge.answer(r, body, res, text)
	out := &result{t: c.t, call: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: text}
	return out
}

func (c *client) get(path string, headers ...header) *result {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", headers...)
}

func (c *client) post(path, body string, headers ...header) *result {
	c.t.Helper()
	return c.do(http.MethodPost, path, body, headers...)
}

func (c *client) patch(path, body string, headers ...header) *result {
	c.t.Helper()
	return c.do(http.MethodPatch, path, body, headers...)
}

func (c *client) del(path string, headers ...header) *result {
	c.t.Helper()
	return c.do(http.MethodDelete, path, "", headers...)
}

// want stops the test at another status.
func (r *result) want(status int) *result {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: %d, want %d: %s", r.call, r.Status, status, r.Body)
	}
	return r
}

// problem checks a problem document: its status, its code, and the members that it names.
func (r *result) problem(status int, code string, members ...string) *result {
	r.t.Helper()
	r.want(status)
	var p struct {
		Status int
		Code   string
		Title  string
		Errors []struct{ Field, Message string }
	}
	must(r.t, json.Unmarshal(r.Body, &p))
	var named []string
	for _, e := range p.Errors {
		named = append(named, e.Field)
	}
	if r.Header.Get("Content-Type") != "application/problem+json" || p.Status != status || p.Code != code || p.Title == "" {
		r.t.Errorf("%s: %s, want %d %s", r.call, r.Body, status, code)
	}
	if len(members) > 0 && strings.Join(named, " ") != strings.Join(members, " ") {
		r.t.Errorf("%s: names %v, want %v", r.call, named, members)
	}
	return r
}

// json reads the answer into a value.
func (r *result) json(into any) {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.Body))
	if err := d.Decode(into); err != nil {
		r.t.Fatalf("%s: %v: %s", r.call, err, r.Body)
	}
}

// object is the answer as an object.
func (r *result) object() map[string]any {
	r.t.Helper()
	m := map[string]any{}
	r.json(&m)
	return m
}

// list is the answer as a list of objects.
func (r *result) list() []map[string]any {
	r.t.Helper()
	var l []map[string]any
	r.json(&l)
	return l
}

// text is a member of the answer.
func (r *result) text(member string) string {
	r.t.Helper()
	s, ok := r.object()[member].(string)
	if !ok {
		r.t.Fatalf("%s: no text %s: %s", r.call, member, r.Body)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readAll(t testing.TB, res *http.Response) []byte {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	return text
}

// eventually waits for what is written in the background.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	for range 100 {
		if holds() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it did not come to that")
}
