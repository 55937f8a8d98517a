package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

// The calls of the two seed systems, as their documents print them and with
// curl itself. What differs: the bearer token, since theirs were open to
// anybody, and the passwords, since ours refuse theirs.

// curl runs a command of the documents and returns the answer.
func curl(t *testing.T, e *webtest.Env, token string, args ...string) *result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	all := []string{"-sS", "-D", "/dev/stderr", "-w", "\n%{http_code}"}
	if token != "" {
		all = append(all, "-H", "Authorization: Bearer "+token)
	}
	for _, a := range args {
		a = strings.Replace(a, "localhost:5000", strings.TrimPrefix(e.URL, "http://"), 1)
		all = append(all, a)
	}
	var out, head bytes.Buffer
	c := exec.CommandContext(ctx, "curl", all...)
	c.Stdout, c.Stderr = &out, &head
	must(t, c.Run())
	i := strings.LastIndexByte(out.String(), '\n')
	r := &result{t: t, call: "curl " + strings.Join(args, " "), Body: out.Bytes()[:i], Header: map[string][]string{}}
	must(t, json.Unmarshal(out.Bytes()[i+1:], &r.Status))
	for line := range strings.Lines(head.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			r.Header.Add(name, value)
		}
	}
	return r
}

const (
	asJSON     = "Content-Type: application/json"
	saeedsOwn  = "pass phrase of saeed"
	saeedsNext = "next phrase of saeed"
)

// AuthService: the commands of its README, in its order.
func TestAuthServiceCalls(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin).token

	// Theirs was open to anybody.
	curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/users").problem(401, "unauthenticated")
	curl(t, e, admin, "-H", asJSON, "localhost:5000/api/v1/users").want(200)
	// Their password is among those that are tried first.
	curl(t, e, admin, "-H", asJSON, "localhost:5000/api/v1/users", "-d", `{"username":"saeed", "password":"123456"}`).want(422)
	saeed := curl(t, e, admin, "-H", asJSON, "localhost:5000/api/v1/users", "-d", `{"username":"saeed", "password":"`+saeedsOwn+`"}`).want(201)
	user := "localhost:5000/api/v1/user/" + saeed.text("id")
	// The same facts on the user, under the same names.
	for _, name := range []string{"id", "username", "roles", "created_at", "expires_at", "last_login_at", "last_change_at", "failed_auth_at", "failed_auth_count", "status"} {
		if _, there := saeed.object()[name]; !there {
			t.Errorf("no %s: %s", name, saeed.Body)
		}
	}
	people := curl(t, e, admin, "-H", asJSON, "localhost:5000/api/v1/users").want(200).list()
	if len(people) != 5 {
		t.Errorf("%d people", len(people))
	}
	if got := curl(t, e, admin, "-H", asJSON, user).want(200).text("username"); got != "saeed" {
		t.Error(got)
	}
	// The token that checks and the person's own record come from the same call as there.
	auth := curl(t, e, "", "-v", "-H", asJSON, "localhost:5000/api/v1/auth", "-d", `{"username":"saeed", "password":"`+saeedsOwn+`"}`).want(201)
	token := auth.Header.Get("X-Subject-Token")
	if strings.Count(token, ".") != 2 {
		t.Fatalf("%v", auth.Header)
	}
	curl(t, e, "", "-H", asJSON, "-H", "X-Subject-Token:"+token, "localhost:5000/api/v1/auth").want(200)
	curl(t, e, token, "-H", asJSON, user).want(200)
	curl(t, e, token, "-H", asJSON, "localhost:5000/api/v1/users").problem(403, "forbidden")

	// A wrong old password is 403, as there.
	curl(t, e, token, "-X", "PATCH", "-H", asJSON, user, "-d", `{"password":"`+saeedsNext+`", "oldpassword":"654321"}`).problem(403, "wrong_password", "oldpassword")
	curl(t, e, token, "-X", "PATCH", "-H", asJSON, user, "-d", `{"password":"test", "oldpassword":"`+saeedsOwn+`"}`).want(422)
	curl(t, e, token, "-X", "PATCH", "-H", asJSON, user, "-d", `{"password":"`+saeedsNext+`", "oldpassword":"`+saeedsOwn+`"}`).want(200)
	curl(t, e, "", "-H", asJSON, "-H", "X-Subject-Token:"+token, "localhost:5000/api/v1/auth").problem(401, "invalid_token")
	curl(t, e, admin, "-X", "PATCH", "-H", asJSON, user, "-d", `{"password":"`+saeedsOwn+`", "oldpassword":"`+saeedsNext+`"}`).want(200)

	curl(t, e, admin, "-X", "DELETE", "-H", asJSON, user).want(204)
	curl(t, e, admin, "-H", asJSON, user).problem(404, "not_found")
	curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/auth", "-d", `{"username":"saeed", "password":"`+saeedsOwn+`"}`).problem(401, "wrong_credentials")
}

// GET /auth checks tokens that this API gave, and no others: an application
// could hand on what it was given.
func TestCheckToken(t *testing.T) {
	e := webtest.New(t)
	login := as(t, e, webtest.User)
	nobody := stranger(t, e)
	good := nobody.get("/auth", header{"X-Subject-Token", login.token}).want(200).object()
	if user := good["user"].(map[string]any); user["username"] != webtest.User || !strings.Contains(good["scope"].(string), idp.ScopeAccount) {
		t.Errorf("%v", good)
	}
	nobody.get("/auth").problem(401, "unauthenticated")
	nobody.get("/auth", header{"X-Subject-Token", login.token + "x"}).problem(401, "invalid_token")
	login.get("/auth").problem(401, "unauthenticated") // who asks is not what is asked about
	e.Person("second", idp.RoleAdmin)
	nobody.get("/auth", header{"X-Subject-Token", machineToken(t, e, idp.ScopeAPIRead).token}).problem(401, "invalid_token")
	login.del("/accounts/logout").want(204)
	nobody.get("/auth", header{"X-Subject-Token", login.token}).problem(401, "invalid_token")
}

// sc-auth: the calls of its documents, in the order of its tests.
func TestScAuthCalls(t *testing.T) {
	e := webtest.New(t)
	payload := `{"username": "test_user", "password": "` + saeedsOwn + `", "email": "test_user@email.com", "name": "test_user"}`
	register := []string{"-X", "POST", "-H", asJSON, "localhost:5000/api/v1/accounts/register", "-d"}
	curl(t, e, "", append(register, payload)...).problem(403, "signup_closed")
	as(t, e, webtest.Admin).patch("/settings", `{"signup":"open"}`).want(200)

	made := curl(t, e, "", append(register, payload)...).want(201).object()
	if u := e.FindUser("test_user"); u.EmailVerified || u.Status != idp.UserActive || !slices.Equal(u.Roles, []string{idp.RoleUser}) || u.Email != "test_user@email.com" || u.ID != made["id"] {
		t.Errorf("%+v", u)
	}
	curl(t, e, "", append(register, payload)...).problem(409, "taken", "username")
	// Whether an address has an account is told to nobody.
	same := curl(t, e, "", append(register, strings.Replace(payload, "test_user", "risen", 1))...).want(201).object()
	if len(same) != len(made) || e.FindUser("risen").Email != "" {
		t.Errorf("%v", same)
	}
	curl(t, e, "", append(register, `{"username": "test_user", "email": "test_user@email.com"}`)...).want(422)
	for _, member := range []string{`"roles":["Admin"]`, `"email_verified":true`, `"status":"active"`, `"expires_at":null`, `"preferred_username":"admin"`} {
		curl(t, e, "", append(register, `{"username":"risen","password":"`+saeedsOwn+`",`+member+`}`)...).problem(422, "invalid", strings.Split(member, `"`)[1])
	}

	bad := curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/accounts/login", "-d", `{"username":"test_user","password":"pass12343"}`)
	bad.problem(401, "wrong_credentials")
	login := curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/accounts/login", "-d", `{"username":"test_user","password":"`+saeedsOwn+`"}`).want(200)
	access, refresh := login.text("access_token"), login.text("refresh_token")
	if login.text("token_type") != "Bearer" || login.object()["expires_in"].(float64) <= 0 {
		t.Errorf("%s", login.Body)
	}
	me := curl(t, e, access, "-H", asJSON, "localhost:5000/api/v1/accounts/me").want(200)
	if me.text("id") != made["id"] {
		t.Errorf("%s", me.Body)
	}
	// Users are for administrators alone.
	curl(t, e, access, "localhost:5000/api/v1/users").problem(403, "forbidden")
	curl(t, e, access, "-H", asJSON, "localhost:5000/api/v1/users", "-d", `{"username":"x"}`).problem(403, "forbidden")

	// The refresh token as the bearer, as there, and in the body. Each is spent.
	again := curl(t, e, refresh, "-X", "POST", "localhost:5000/api/v1/accounts/refresh").want(200)
	last := curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/accounts/refresh", "-d", `{"refresh_token":"`+again.text("refresh_token")+`"}`).want(200)
	curl(t, e, last.text("access_token"), "localhost:5000/api/v1/accounts/me").want(200)
	for name, r := range map[string]*result{
		"an access token": curl(t, e, access, "-X", "POST", "localhost:5000/api/v1/accounts/refresh"),
		"nonsense":        curl(t, e, "", "-H", asJSON, "localhost:5000/api/v1/accounts/refresh", "-d", `{"refresh_token":"x"}`),
	} {
		if r.Status != 401 {
			t.Errorf("refresh with %s: %d %s", name, r.Status, r.Body)
		}
	}
	curl(t, e, "", "-X", "POST", "localhost:5000/api/v1/accounts/refresh").problem(422, "invalid", "refresh_token")
	curl(t, e, refresh, "-H", asJSON, "localhost:5000/api/v1/accounts/refresh", "-d", `{"refresh_token":"x"}`).want(400)

	// Logout revokes: this token, the earlier ones and the refresh token.
	access = last.text("access_token")
	curl(t, e, access, "-X", "DELETE", "localhost:5000/api/v1/accounts/logout").want(204)
	curl(t, e, access, "localhost:5000/api/v1/accounts/me").problem(401, "invalid_token")
	curl(t, e, last.text("refresh_token"), "-X", "POST", "localhost:5000/api/v1/accounts/refresh").problem(401, "invalid_token")
	curl(t, e, access, "-X", "DELETE", "localhost:5000/api/v1/accounts/logout").want(401)
}

// What a person's tokens may do over the API is what their roles permit.
func TestLoginCarriesTheRoles(t *testing.T) {
	e := webtest.New(t)
	for person, scope := range map[string]string{
		webtest.User: "", webtest.Manager: idp.ScopeAPIUsers, webtest.Reader: idp.ScopeAPIRead, webtest.Admin: idp.ScopeAPIAdmin,
	} {
		granted := strings.Fields(login(stranger(t, e), person, webtest.Password).want(200).text("scope"))
		for _, one := range []string{idp.ScopeAPIUsers, idp.ScopeAPIRead, idp.ScopeAPIAdmin} {
			if has := strings.Contains(" "+strings.Join(granted, " ")+" ", " "+one+" "); has != (one == scope) {
				t.Errorf("%s: %s is granted: %v", person, one, has)
			}
		}
	}
}

// Registrations from one network are few.
func TestRegistrationsAreLimited(t *testing.T) {
	e := webtest.New(t)
	as(t, e, webtest.Admin).patch("/settings", `{"signup":"open"}`).want(200)
	nobody := stranger(t, e)
	for i := range 20 {
		nobody.post("/accounts/register", fmt.Sprintf(`{"username":"new-%d","password":"%s"}`, i, saeedsOwn)).want(201)
	}
	r := nobody.post("/accounts/register", `{"username":"one-more","password":"`+saeedsOwn+`"}`).problem(429, "too_many_tries")
	if r.Header.Get("Retry-After") == "" {
		t.Errorf("%v", r.Header)
	}
}
