package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/idp"
)

func described(t *testing.T) *document {
	t.Helper()
	text, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := parseDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// The document and the routes are the same calls, for the same callers.
func TestDocumentHoldsTheRoutes(t *testing.T) {
	doc := described(t)
	documented := map[string]bool{}
	for path := range doc.Paths {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			if doc.operation(route{Method: method, Path: path}) != nil {
				documented[method+" "+path] = true
			}
		}
	}
	ids, tags := map[string]bool{}, map[string]bool{}
	for _, tag := range doc.Tags {
		tags[tag.Name] = true
	}
	for _, r := range routes() {
		name := r.Method + " " + r.Path
		if !documented[name] {
			t.Errorf("%s is not in openapi.yaml", name)
			continue
		}
		delete(documented, name)
		op := doc.operation(r)
		if op.OperationID != r.ID || ids[r.ID] {
			t.Errorf("%s is called %s in openapi.yaml, %s in the routes", name, op.OperationID, r.ID)
		}
		ids[r.ID] = true
		if got, want := scopesIn(op), scopesFor(r); !slices.Equal(got, want) {
			t.Errorf("%s: openapi.yaml lets in %v, the routes %v", name, got, want)
		}
		checkParameters(t, name, r, op.Parameters)
		if op.Summary == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] {
			t.Errorf("%s has no summary or no known tag", name)
		}
	}
	for name := range documented {
		t.Errorf("%s is in openapi.yaml, but there is no such route", name)
	}
}

// scopesIn are the scopes of which one suffices by the document.
func scopesIn(op *operation) []string {
	if op.Security == nil {
		return []string{"whatever the document says for all"}
	}
	scopes := []string{}
	for _, one := range op.Security {
		needed := one["bearer"]
		if len(needed) == 0 {
			needed = []string{"any token"}
		}
		scopes = append(scopes, needed...)
	}
	slices.Sort(scopes)
	return scopes
}

// scopesFor are the scopes of which one suffices by the route, found out by trying each.
func scopesFor(r route) []string {
	scopes := []string{}
	switch {
	case r.Access != granted:
		return scopes
	case r.May == nil && r.Is != own:
		return []string{"any token"}
	}
	if r.Is == own {
		scopes = append(scopes, idp.ScopeAccount)
	}
	for scope, p := range map[string]idp.Permissions{
		idp.ScopeAPIUsers: {Users: true}, idp.ScopeAPIRead: {Read: true}, idp.ScopeAPIAdmin: {Admin: true},
	} {
		if r.May != nil && r.May(p) {
			scopes = append(scopes, scope)
		}
	}
	slices.Sort(scopes)
	return scopes
}

func checkParameters(t *testing.T, name string, r route, params []parameter) {
	t.Helper()
	var query, path []string
	headers := map[string]bool{}
	for _, p := range params {
		switch p.In {
		case "query":
			query = append(query, p.Name)
		case "path":
			path = append(path, p.Name)
		case "header":
			headers[p.Name] = true
		}
	}
	want := slices.Sorted(slices.Values(r.Query))
	slices.Sort(query)
	if !slices.Equal(query, want) {
		t.Errorf("%s: openapi.yaml has the parameters %v, the route %v", name, query, want)
	}
	for _, part := range path {
		if !strings.Contains(r.Path, "{"+part+"}") {
			t.Errorf("%s: there is no {%s} in the path", name, part)
		}
	}
	if strings.Count(r.Path, "{") != len(path) {
		t.Errorf("%s: openapi.yaml describes %v of the path", name, path)
	}
	if headers[headerOnce] != (r.Is == once) {
		t.Errorf("%s: takes an %s: %v in openapi.yaml, %v in the route", name, headerOnce, headers[headerOnce], r.Is == once)
	}
	if headers["If-Match"] && r.Method == http.MethodGet || headers["If-None-Match"] && r.Method != http.MethodGet {
		t.Errorf("%s: the precondition does not fit the method", name)
	}
}
