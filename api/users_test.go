package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const quoted = `"` + webtest.Password + `"`

func TestUserLife(t *testing.T) { onEach(t, checkUserLife) }

func checkUserLife(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	made := admin.post("/users", `{"username":" Ada ","email":"Ada@Example.com","name":"Ada Lovelace","password":`+quoted+`,
		"address":{"country":"GB"},"roles":["User","Auditor"],"expires_at":"2099-01-02T03:04:05+02:00","email_verified":true}`).want(http.StatusCreated)
	ada := made.object()
	id := ada["id"].(string)
	if ada["username"] != "ada" || ada["email"] != "ada@example.com" || ada["expires_at"] != "2099-01-02T01:04:05Z" ||
		fmt.Sprint(ada["roles"]) != "[Auditor User]" || fmt.Sprint(ada["address"]) != "map[country:GB]" {
		t.Errorf("%s", made.Body)
	}
	if got := made.Header.Get("Location"); got != "/api/v1/users/"+id {
		t.Errorf("Location %s", got)
	}
	for _, secret := range []string{"password", "argon2", webtest.Password} {
		if strings.Contains(string(made.Body), secret) {
			t.Errorf("the answer holds %q", secret)
		}
	}
	for _, path := range []string{"/users/", "/user/"} {
		if got := admin.get(path + id).want(http.StatusOK); string(got.Body) != string(made.Body) {
			t.Errorf("%s: %s, was made as %s", path, got.Body, made.Body)
		}
	}

	// RFC 7396: null takes away, an object is merged, a list is replaced, the rest stays.
	changed := admin.patch("/users/"+id, `{"name":null,"address":{"locality":"London"},"roles":["User"],"expires_at":null,"phone_number":"+44 1"}`).want(http.StatusOK).object()
	if changed["name"] != "" || changed["email"] != "ada@example.com" || changed["expires_at"] != nil || changed["phone_number"] != "+44 1" ||
		fmt.Sprint(changed["roles"]) != "[User]" || fmt.Sprint(changed["address"]) != "map[country:GB locality:London]" {
		t.Errorf("%v", changed)
	}
	if changed["email_verified"] != true {
		t.Error("an address that stayed is no longer verified")
	}
	if again := admin.patch("/users/"+id, `{"address":{"country":null}}`).object(); fmt.Sprint(again["address"]) != "map[locality:London]" {
		t.Errorf("%v", again["address"])
	}
	// What was verified was the address of before.
	if v := admin.patch("/users/"+id, `{"email":"new@example.com"}`).object(); v["email_verified"] != false {
		t.Error("a new address is verified")
	}
	if v := admin.patch("/users/"+id, `{"email":"newer@example.com","email_verified":true}`).object(); v["email_verified"] != true {
		t.Error("an administrator could not say that the address is verified")
	}

	person := as(t, e, "ada")
	admin.post("/users/"+id+"/disable", "").want(http.StatusOK)
	person.get("/users/me").want(http.StatusUnauthorized)
	stranger(t, e).post("/accounts/login", `{"username":"ada","password":`+quoted+`}`).problem(http.StatusUnauthorized, "wrong_credentials")
	if s := admin.post("/users/"+id+"/enable", "").want(http.StatusOK).text("status"); s != "active" {
		t.Error(s)
	}
	person = as(t, e, "ada")
	admin.del("/user/" + id).want(http.StatusNoContent)
	person.get("/users/me").want(http.StatusUnauthorized)
	for _, r := range []*result{admin.get("/users/" + id), admin.del("/users/" + id), admin.patch("/users/"+id, `{}`)} {
		r.problem(http.StatusNotFound, "not_found")
	}
}

func TestUserFaults(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	id := e.FindUser(webtest.User).ID
	for name, c := range map[string]struct {
		body   string
		fields []string
	}{
		"nothing":       {`{}`, []string{"username"}},
		"several":       {`{"username":"a b","email":"x","roles":["None"],"status":"gone","birthdate":"soon"}`, []string{"username", "email", "birthdate", "status", "roles"}},
		"types":         {`{"username":1,"roles":"User","email_verified":"yes","expires_at":"soon","address":"here","name":[]}`, []string{"address", "email_verified", "expires_at", "name", "roles", "username"}},
		"unknown":       {`{"username":"a","nickame":"x"}`, []string{"nickame"}},
		"other letters": {`{"username":"a","ROLES":["Admin"]}`, []string{"ROLES"}},
		"read only":     {`{"username":"a","id":"1","created_at":"2031-12-31T12:00:00Z","failed_auth_count":3,"password_hash":"x"}`, []string{"created_at", "failed_auth_count", "id", "password_hash"}},
		"weak password": {`{"username":"a","password":"violet7"}`, []string{"password"}},
		"long password": {`{"username":"a","password":"` + strings.Repeat("x", 5000) + `"}`, []string{"password"}},
		"no text":       {`{"username":"a","password":null}`, []string{"password"}},
		"part unknown":  {`{"username":"a","address":{"planet":"Earth"}}`, []string{"address"}},
		"NUL":           {`{"username":"a\u0000"}`, []string{"username"}},
	} {
		t.Run(name, func(t *testing.T) {
			admin.post("/users", c.body).problem(http.StatusUnprocessableEntity, "invalid", c.fields...)
		})
	}
	for name, c := range map[string]struct {
		body   string
		header header
		status int
	}{
		"no object":   {`[]`, header{"Content-Type", "application/json"}, 400},
		"broken":      {`{"username":`, header{"Content-Type", "application/json"}, 400},
		"two objects": {`{} {}`, header{"Content-Type", "application/json"}, 400},
		"twice":       {`{"name":"a","name":"b"}`, header{"Content-Type", "application/json"}, 400},
		"not UTF-8":   {"{\"name\":\"\xff\"}", header{"Content-Type", "application/json"}, 400},
		"a form":      {`name=x`, header{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"compressed":  {`{}`, header{"Content-Encoding", "gzip"}, 415},
		"too large":   {`{"name":"` + strings.Repeat("x", 300<<10) + `"}`, header{"Content-Type", "application/json"}, 413},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []*result{admin.post("/users", c.body, c.header), admin.patch("/users/"+id, c.body, c.header)} {
				if r.Status != c.status || r.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%d %s", r.Status, r.Body)
				}
			}
		})
	}
	admin.post("/users", `{"username":"user"}`).problem(http.StatusConflict, "taken", "username")
	admin.post("/users", `{"username":"new","email":"user@example.com"}`).problem(http.StatusConflict, "taken", "email")
	for _, path := range []string{"/users/x", "/users/user", "/users/" + strings.ToUpper(id), "/users/%00", "/users/urn:uuid:" + id, "/users/" + strings.Repeat("a", 5000)} {
		admin.get(path).problem(http.StatusNotFound, "not_found")
	}
	admin.patch("/users/"+id, `{"name":"x"}`, header{"Content-Type", "application/merge-patch+json"}).want(http.StatusOK)
	admin.do(http.MethodPut, "/users/"+id, `{}`).problem(http.StatusMethodNotAllowed, "invalid_request")
}

func TestUserList(t *testing.T) { onEach(t, checkUserList) }

func checkUserList(t *testing.T, e *webtest.Env) {
	t.Helper()
	e.People(120)
	reader := as(t, e, webtest.Reader)
	var seen []string
	path := "/users?limit=50"
	for pages := 0; path != ""; pages++ {
		if pages > 5 {
			t.Fatal("the pages do not end")
		}
		r := reader.get(path).want(http.StatusOK)
		for _, u := range r.list() {
			seen = append(seen, u["username"].(string))
		}
		if n := r.Header.Get("X-Total-Count"); n != "124" {
			t.Errorf("X-Total-Count %s", n)
		}
		path = linkTo(t, e, r, "next")
		if path == "" && linkTo(t, e, r, "prev") == "" {
			t.Error("the last page has no way back")
		}
	}
	if len(seen) != 124 || seen[0] != "admin" || !isSorted(seen) {
		t.Errorf("%d people, the first is %s", len(seen), seen[0])
	}
	for query, want := range map[string]int{
		"q=user-00001&limit=100": 10, "q=PERSON&limit=100": 100, "role=Auditor": 1, "status=disabled": 0,
		"status=active&limit=7": 7, "locked=true": 0, "sort=-created_at&limit=1": 1, "": 50,
	} {
		if got := len(reader.get("/users?" + query).list()); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=x": "limit", "status=gone": "status", "locked=x": "locked", "locked=false": "locked",
		"sort=password": "sort", "after=x": "after", "before=x": "before", "stauts=active": "stauts",
	} {
		reader.get("/users?"+query).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	reader.get("/users?q=%ff").want(http.StatusBadRequest)
	reader.get("/users?status=active&status=disabled").problem(http.StatusUnprocessableEntity, "invalid", "status")
}

func isSorted(texts []string) bool {
	for i := 1; i < len(texts); i++ {
		if texts[i] < texts[i-1] {
			return false
		}
	}
	return true
}

// linkTo is the path and query of a neighbour in the header Link, "" for none.
func linkTo(t *testing.T, e *webtest.Env, r *result, rel string) string {
	t.Helper()
	for one := range strings.SplitSeq(r.Header.Get("Link"), ", ") {
		address, found := strings.CutSuffix(one, `>; rel="`+rel+`"`)
		if !found {
			continue
		}
		u, err := url.Parse(strings.TrimPrefix(address, "<"))
		must(t, err)
		if u.Scheme+"://"+u.Host != e.URL {
			t.Errorf("Link leads to %s", u)
		}
		return strings.TrimPrefix(u.RequestURI(), "/api/v1")
	}
	return ""
}

// People reach their own record and no more of it than is theirs to say.
func TestOwnRecord(t *testing.T) {
	e := webtest.New(t)
	me := as(t, e, webtest.User)
	id := e.FindUser(webtest.User).ID
	for _, path := range []string{"/users/me", "/users/" + id, "/user/me", "/accounts/me"} {
		if got := me.get(path).want(http.StatusOK).text("id"); got != id {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := me.patch("/users/me", `{"name":"Me","locale":"de","address":{"country":"DE"},"phone_number":"1"}`).want(http.StatusOK).text("name"); got != "Me" {
		t.Error(got)
	}
	for _, body := range []string{
		`{"username":"x"}`, `{"preferred_username":"admin"}`, `{"email":"x@example.com"}`, `{"email_verified":true}`, `{"phone_number_verified":true}`,
		`{"roles":["Admin"]}`, `{"roles":["User"]}`, `{"status":"active"}`, `{"expires_at":null}`, `{"name":"x","status":"disabled"}`,
	} {
		me.patch("/users/me", body).problem(http.StatusForbidden, "forbidden")
	}
	if u := e.FindUser(webtest.User); u.Name != "Me" || len(u.Roles) != 1 || u.Status != idp.UserActive {
		t.Errorf("%+v", u)
	}
	for _, path := range []string{"/users/me/disable", "/users/me/enable", "/users/me/unlock"} {
		me.post(path, "").problem(http.StatusForbidden, "forbidden")
	}
	// A verified number that its owner changes is verified no more.
	as(t, e, webtest.Admin).patch("/users/"+id, `{"phone_number_verified":true}`).want(http.StatusOK)
	if v := me.patch("/users/me", `{"phone_number":"2"}`).want(http.StatusOK).object()["phone_number_verified"]; v != false {
		t.Error("a new number is verified")
	}
	// To leave takes time, in which one may change one's mind.
	gone := me.del("/users/me").want(http.StatusAccepted).text("delete_at")
	at, err := time.Parse(time.RFC3339, gone)
	must(t, err)
	if until := time.Until(at); until < 13*24*time.Hour || until > 15*24*time.Hour {
		t.Errorf("deleted at %s", gone)
	}
	me.get("/users/me").want(http.StatusOK)
}

// Nobody deletes, disables or demotes themselves, and the last administrator stays.
func TestNobodyTurnsOnThemselves(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	id := e.FindUser(webtest.Admin).ID
	for name, r := range map[string]*result{
		"delete":         admin.del("/users/me"),
		"delete by id":   admin.del("/user/" + id),
		"disable":        admin.post("/users/me/disable", ""),
		"status":         admin.patch("/users/me", `{"status":"disabled"}`),
		"expire":         admin.patch("/users/me", `{"expires_at":"2099-01-01T00:00:00Z"}`),
		"demote":         admin.patch("/users/me", `{"roles":["User"]}`),
		"demote to less": admin.patch("/users/me", `{"roles":["Auditor","Helpdesk"]}`),
	} {
		if r.Status != http.StatusConflict {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	if u := e.FindUser(webtest.Admin); !u.HasRole(idp.RoleAdmin) || u.Status != idp.UserActive || u.ExpiresAt != nil || u.DeleteAt != nil {
		t.Errorf("%+v", u)
	}
	admin.patch("/users/me", `{"roles":["Admin","Auditor"],"name":"Root"}`).want(http.StatusOK)
	manager := as(t, e, webtest.Manager)
	manager.del("/users/me").problem(http.StatusConflict, "own_account")

	// With two of them each can end the other, but not both.
	second := e.Person("second", idp.RoleAdmin)
	other := as(t, e, "second")
	other.patch("/users/"+id, `{"roles":["User"]}`).want(http.StatusOK)
	e.Person("third", idp.RoleUser)
	admin.del("/users/"+second.ID).problem(http.StatusForbidden, "forbidden")
	machine := machineToken(t, e, idp.ScopeAPIAdmin)
	for name, r := range map[string]*result{
		"delete":  machine.del("/users/" + second.ID),
		"disable": machine.post("/users/"+second.ID+"/disable", ""),
		"demote":  machine.patch("/users/"+second.ID, `{"roles":[]}`),
		"expire":  machine.patch("/users/"+second.ID, `{"expires_at":"2020-01-01T00:00:00Z"}`),
	} {
		if r.Status != http.StatusConflict {
			t.Errorf("last administrator, %s: %d %s", name, r.Status, r.Body)
		}
		r.problem(http.StatusConflict, "last_admin")
	}
	other.get("/clients").want(http.StatusOK)
}

// machineToken is a client's own token.
func machineToken(t *testing.T, e *webtest.Env, scope string) *client {
	t.Helper()
	made := as(t, e, "second").post("/clients", `{"kind":"machine","scope":"`+scope+`"}`).want(http.StatusCreated).object()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/oauth2/token", strings.NewReader(form.Encode()))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(made["client_id"].(string), made["client_secret"].(string))
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	c := stranger(t, e)
	r := &result{t: t, call: "token", Status: res.StatusCode}
	r.Body = readAll(t, res)
	c.token = r.want(http.StatusOK).text("access_token")
	return c
}

// Whoever manages people reaches only those without a permission, and gives only roles without one.
func TestManagerReach(t *testing.T) {
	e := webtest.New(t)
	manager := as(t, e, webtest.Manager)
	user, admin := e.FindUser(webtest.User), e.FindUser(webtest.Admin)
	as(t, e, webtest.Admin).post("/roles", `{"name":"editor"}`).want(http.StatusCreated)
	for _, above := range []string{admin.ID, e.FindUser(webtest.Reader).ID, e.Person("peer", "Helpdesk").ID} {
		for name, r := range map[string]*result{
			"change":   manager.patch("/users/"+above, `{"name":"x"}`),
			"password": manager.patch("/users/"+above, `{"password":"another quiet gate"}`),
			"disable":  manager.post("/users/"+above+"/disable", ""),
			"unlock":   manager.post("/users/"+above+"/unlock", ""),
			"delete":   manager.del("/users/" + above),
			"sessions": manager.del("/users/" + above + "/sessions"),
			"session":  manager.del("/users/" + above + "/sessions/x"),
			"app":      manager.del("/users/" + above + "/apps/x"),
			"by sid":   manager.del("/sessions/x?user=" + above),
		} {
			if r.Status != http.StatusForbidden {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
		}
	}
	for _, roles := range []string{`["Admin"]`, `["Auditor"]`, `["Helpdesk"]`, `["User","Admin"]`} {
		manager.patch("/users/"+user.ID, `{"roles":`+roles+`}`).problem(http.StatusForbidden, "forbidden", "roles")
		manager.post("/users", `{"username":"riser","roles":`+roles+`}`).problem(http.StatusForbidden, "forbidden", "roles")
	}
	manager.patch("/users/"+user.ID, `{"roles":["User","editor"]}`).want(http.StatusOK)
	manager.patch("/users/"+user.ID, `{"roles":["editor"],"email":"x@example.com"}`).want(http.StatusOK)
	manager.patch("/users/"+user.ID, `{"roles":["none"]}`).problem(http.StatusUnprocessableEntity, "invalid", "roles")
	made := manager.post("/users", `{"username":"new","roles":["editor"]}`).want(http.StatusCreated).text("id")
	manager.del("/users/" + made).want(http.StatusNoContent)
	// On the own record a manager is a person like any other.
	manager.patch("/users/me", `{"roles":["Admin"]}`).problem(http.StatusForbidden, "forbidden", "roles")
	manager.patch("/users/me", `{"name":"Me"}`).want(http.StatusOK)
	if u := e.FindUser(webtest.Admin); u.Name != admin.Name || u.Status != idp.UserActive {
		t.Errorf("%+v", u)
	}
}
