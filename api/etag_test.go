package api_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestEntityTags(t *testing.T) { onEach(t, checkEntityTags) }

func checkEntityTags(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	user := "/users/" + e.FindUser(webtest.User).ID
	admin.post("/roles", `{"name":"editor"}`).want(http.StatusCreated)
	admin.post("/clients", `{"client_id":"wiki","kind":"machine"}`).want(http.StatusCreated)
	for path, body := range map[string]string{
		user: `{"name":"x"}`, "/roles/editor": `{"description":"x"}`, "/clients/wiki": `{"client_name":"x"}`, "/settings": `{"product_name":"x"}`,
	} {
		t.Run(path, func(t *testing.T) {
			tag := admin.get(path).want(http.StatusOK).Header.Get("ETag")
			if tag == "" {
				t.Fatal("no entity tag")
			}
			for _, have := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
				r := admin.get(path, header{"If-None-Match", have}).want(http.StatusNotModified)
				if len(r.Body) != 0 || r.Header.Get("ETag") != tag {
					t.Errorf("%s: %v %s", have, r.Header, r.Body)
				}
			}
			admin.get(path, header{"If-None-Match", `"other"`}).want(http.StatusOK)
			changed := admin.patch(path, body, header{"If-Match", tag}).want(http.StatusOK).Header.Get("ETag")
			if changed == tag || changed == "" {
				t.Errorf("the entity tag is still %s", changed)
			}
			for _, stale := range []string{tag, `"other"`, "W/" + changed, `"x.y", ` + tag} {
				admin.patch(path, body, header{"If-Match", stale}).problem(http.StatusPreconditionFailed, "changed")
			}
			for _, bad := range []string{"x", `"open`, `"a" "b"`, `W/x`, `"a",b`} {
				admin.patch(path, body, header{"If-Match", bad}).problem(http.StatusBadRequest, "invalid_request")
				admin.get(path, header{"If-None-Match", bad}).problem(http.StatusBadRequest, "invalid_request")
			}
			admin.patch(path, body, header{"If-Match", "*"}).want(http.StatusOK)
			admin.patch(path, body, header{"If-Match", `"other", ` + admin.get(path).Header.Get("ETag")}).want(http.StatusOK)
			admin.patch(path, body).want(http.StatusOK)
			if path == "/settings" {
				return
			}
			admin.del(path, header{"If-Match", tag}).problem(http.StatusPreconditionFailed, "changed")
			admin.get(path).want(http.StatusOK)
			admin.del(path, header{"If-Match", admin.get(path).Header.Get("ETag")}).want(http.StatusNoContent)
		})
	}
}

// A sign-in is shown on the record, so a copy of before is not fresh; but it makes no edit stale.
func TestSignInMakesNoEditStale(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	path := "/users/" + e.FindUser(webtest.User).ID
	before := admin.get(path).want(http.StatusOK)
	as(t, e, webtest.User)
	tag := header{"If-None-Match", before.Header.Get("ETag")}
	eventually(t, func() bool { return admin.get(path, tag).Status == http.StatusOK })
	admin.patch(path, `{"name":"x"}`, header{"If-Match", before.Header.Get("ETag")}).want(http.StatusOK)
}

// Of many who saw the same version one changes it.
func TestOneEditWins(t *testing.T) { onEach(t, checkOneEditWins) }

func checkOneEditWins(t *testing.T, e *webtest.Env) {
	t.Helper()
	e.Person("deputy", idp.RoleAdmin)
	admins := []*client{as(t, e, webtest.Admin), as(t, e, "deputy")}
	path := "/users/" + e.FindUser(webtest.User).ID
	tag := admins[0].get(path).Header.Get("ETag")
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch r := admins[i%2].patch(path, `{"name":"writer `+string(rune('a'+i))+`"}`, header{"If-Match", tag}); r.Status {
			case http.StatusOK:
				won.Add(1)
			case http.StatusPreconditionFailed:
				lost.Add(1)
			default:
				t.Errorf("%d %s", r.Status, r.Body)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}
