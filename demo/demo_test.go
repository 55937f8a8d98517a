package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/pages"
)

func TestVisitorsAreBoundedAndExpire(t *testing.T) {
	now := time.Now()
	vs := newVisitors(func() time.Time { return now })
	first := vs.add()
	if vs.get(first.id) != first || vs.get("") != nil || vs.get("unknown") != nil {
		t.Fatal("a visitor is not found, or somebody is who never was")
	}
	now = now.Add(visitorTTL)
	if vs.get(first.id) != nil {
		t.Error("a visitor outlives the hour")
	}
	old := vs.add()
	for range maxVisitors {
		vs.add()
	}
	if vs.get(old.id) != nil || vs.byID.Len() != maxVisitors {
		t.Errorf("%d visitors are kept", vs.byID.Len())
	}
}

func TestRenameEndsTheOldHandle(t *testing.T) {
	vs := newVisitors(time.Now)
	v := vs.add()
	before := v.id
	after := vs.rename(v)
	if after == before || vs.get(before) != nil || vs.get(after) != v {
		t.Error("the old handle works, or the new one does not")
	}
}

func TestAnAnswerCountsOnce(t *testing.T) {
	v := &visitor{pending: []pending{{state: "a"}, {state: "b"}}}
	if p, ok := v.take("a"); !ok || p.state != "a" {
		t.Fatal("not found")
	}
	if _, ok := v.take("a"); ok {
		t.Error("found twice")
	}
	if _, ok := v.take(""); ok {
		t.Error("an empty state fits")
	}
	if _, ok := v.take("b"); !ok {
		t.Error("the other one is lost")
	}
}

func TestIssuerOutOfReachIsSaidPlainly(t *testing.T) {
	renderer, err := pages.New(pages.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	h := New(Options{Issuer: gone.URL, ClientID: "demo", Pages: renderer})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/login", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/demo" {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
	}
	r := httptest.NewRequest(http.MethodGet, "/demo", nil)
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "discovery at") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
