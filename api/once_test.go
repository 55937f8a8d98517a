package api_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func once(key string) header { return header{"Idempotency-Key", key} }

func TestOnce(t *testing.T) { onEach(t, checkOnce) }

func checkOnce(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	for path, body := range map[string]string{
		"/users": `{"username":"once"}`, "/roles": `{"name":"once"}`, "/clients": `{"client_id":"web","kind":"web","redirect_uris":["https://a.example/cb"]}`,
		"/clients/once/secret": `{}`, "/keys/rotate": ``,
	} {
		if path == "/clients/once/secret" {
			admin.post("/clients", `{"client_id":"once","kind":"machine"}`, once("before"))
		}
		key := once("key-of-" + strings.ReplaceAll(path, "/", "-"))
		first := admin.post(path, body, key)
		if first.Status >= 300 {
			t.Fatalf("%s: %d %s", path, first.Status, first.Body)
		}
		again := admin.post(path, body, header{"Idempotency-Key", `"` + key.value + `"`}).want(first.Status)
		if string(again.Body) != string(first.Body) || again.Header.Get("ETag") != first.Header.Get("ETag") || again.Header.Get("Location") != first.Header.Get("Location") {
			t.Errorf("%s: %s, the first time %s", path, again.Body, first.Body)
		}
		admin.post(path, `{"name":"other"}`, key).problem(http.StatusUnprocessableEntity, "key_reused")
	}
	if n := len(admin.get("/clients/once").object()["secrets"].([]any)); n > 2 {
		t.Errorf("%d secrets", n)
	}
	// A key is its caller's alone.
	e.Person("deputy", idp.RoleAdmin)
	as(t, e, "deputy").post("/users", `{"username":"another"}`, once("key-of--users")).want(http.StatusCreated)
}

// What was refused can be mended and sent again under the same key.
func TestOnceAfterRefusal(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	admin.post("/users", `{"username":"a b"}`, once("k")).problem(http.StatusUnprocessableEntity, "invalid", "username")
	admin.post("/users", `{"username":"ab"}`, once("k")).want(http.StatusCreated)
	for _, bad := range []string{`"`, `"open`, "a b", strings.Repeat("k", 129), "k\tk", `a"b`, `""`, "ä"} {
		admin.post("/users", `{"username":"c"}`, once(bad)).problem(http.StatusBadRequest, "invalid_request")
	}
	// It is done once even when what was made is gone since.
	must(t, e.Admin.Users.Delete(t.Context(), "ab"))
	admin.post("/users", `{"username":"ab"}`, once("k")).want(http.StatusCreated)
	if _, err := e.Stores.Users.UserByLogin(t.Context(), "ab"); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("it was made again: %v", err)
	}
}

// Of many at once one is done; the others wait or get its answer.
func TestOnceAtTheSameTime(t *testing.T) { onEach(t, checkOnceAtTheSameTime) }

func checkOnceAtTheSameTime(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	var made, told atomic.Int64
	var secrets sync.Map
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			switch r := admin.post("/clients", `{"kind":"machine","client_name":"Robot"}`, once("robot")); r.Status {
			case http.StatusCreated:
				made.Add(1)
				secrets.Store(r.text("client_secret"), true)
			case http.StatusConflict:
				r.problem(http.StatusConflict, "still_running")
				told.Add(1)
			default:
				t.Errorf("%d %s", r.Status, r.Body)
			}
		})
	}
	wg.Wait()
	different := 0
	secrets.Range(func(any, any) bool { different++; return true })
	if made.Load() == 0 || different != 1 {
		t.Errorf("%d answers with %d secrets", made.Load(), different)
	}
	if n := len(admin.get("/clients?q=Robot").list()); n != 1 {
		t.Errorf("%d robots", n)
	}
}
