package api_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/idp"
	"gatehouse/webtest"
)

const newPassword = "a louder gate by the sea"

func login(c *client, username, password string) *result {
	c.t.Helper()
	return c.post("/accounts/login", `{"username":"`+username+`","password":"`+password+`"}`)
}

func TestOwnPassword(t *testing.T) {
	e := webtest.New(t)
	me := as(t, e, webtest.User)
	other := as(t, e, webtest.User)
	for name, c := range map[string]struct {
		body, code string
		status     int
		fields     []string
	}{
		"without the old":   {`{"password":"` + newPassword + `"}`, "invalid", 422, []string{"oldpassword"}},
		"with a wrong old":  {`{"password":"` + newPassword + `","oldpassword":"nope"}`, "wrong_password", 403, []string{"oldpassword"}},
		"with an empty old": {`{"password":"` + newPassword + `","oldpassword":""}`, "wrong_password", 403, []string{"oldpassword"}},
		"a weak one":        {`{"password":"violet77","oldpassword":` + quoted + `}`, "invalid", 422, []string{"password"}},
		"without the new":   {`{"oldpassword":` + quoted + `}`, "invalid", 422, []string{"password"}},
		"among others":      {`{"password":"` + newPassword + `","oldpassword":` + quoted + `,"name":"x"}`, "invalid", 422, []string{"name"}},
		"of another type":   {`{"password":1,"oldpassword":` + quoted + `}`, "invalid", 422, []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) { me.patch("/users/me", c.body).problem(c.status, c.code, c.fields...) })
	}
	login(stranger(t, e), webtest.User, webtest.Password).want(http.StatusOK)
	me.patch("/users/me", `{"password":"`+newPassword+`","oldpassword":`+quoted+`}`).want(http.StatusOK)
	// All that was open is over.
	me.get("/users/me").want(http.StatusUnauthorized)
	other.get("/users/me").want(http.StatusUnauthorized)
	login(stranger(t, e), webtest.User, webtest.Password).problem(http.StatusUnauthorized, "wrong_credentials")
	login(stranger(t, e), webtest.User, newPassword).want(http.StatusOK)
	if text := e.Log.String(); strings.Contains(text, newPassword) || strings.Contains(text, webtest.Password) {
		t.Error("a password is in the log")
	}
}

func TestPasswordByOthers(t *testing.T) {
	e := webtest.New(t)
	id := e.FindUser(webtest.User).ID
	manager, admin := as(t, e, webtest.Manager), as(t, e, webtest.Admin)
	person := as(t, e, webtest.User)
	admin.patch("/users/"+id, `{"password":"violet77"}`).want(http.StatusOK) // assigned: 8 characters will do
	person.get("/users/me").want(http.StatusUnauthorized)
	login(stranger(t, e), webtest.User, "violet77").want(http.StatusOK)
	manager.patch("/users/"+id, `{"password":"`+newPassword+`"}`).want(http.StatusOK)
	// The old one need not be sent; if it is, it must be right.
	admin.patch("/users/"+id, `{"password":"violet88","oldpassword":"violet77"}`).problem(http.StatusForbidden, "wrong_password", "oldpassword")
	admin.patch("/users/"+id, `{"password":"violet88","oldpassword":"`+newPassword+`"}`).want(http.StatusOK)
	login(stranger(t, e), webtest.User, "violet88").want(http.StatusOK)
	admin.patch("/users/"+id, `{"password":"short"}`).problem(http.StatusUnprocessableEntity, "invalid", "password")
	// The own one is always proved.
	admin.patch("/users/me", `{"password":"`+newPassword+`"}`).problem(http.StatusUnprocessableEntity, "invalid", "oldpassword")
	as(t, e, webtest.Reader).patch("/users/"+id, `{"password":"`+newPassword+`"}`).problem(http.StatusForbidden, "forbidden")
}

// Guesses at a password are limited as on the sign-in page, whatever door they come through.
func TestGuessesAreThrottled(t *testing.T) {
	e := webtest.New(t, "GATEHOUSE_SIGNIN_ACCOUNT_LIMIT=4")
	me := as(t, e, webtest.User)
	for range 2 {
		me.patch("/users/me", `{"password":"`+newPassword+`","oldpassword":"nope"}`).problem(http.StatusForbidden, "wrong_password")
		login(stranger(t, e), webtest.User, "nope").problem(http.StatusUnauthorized, "wrong_credentials")
	}
	for name, r := range map[string]*result{
		"old password": me.patch("/users/me", `{"password":"`+newPassword+`","oldpassword":`+quoted+`}`),
		"login":        login(stranger(t, e), webtest.User, webtest.Password),
		"auth":         stranger(t, e).post("/auth", `{"username":"user","password":`+quoted+`}`),
	} {
		r.problem(http.StatusTooManyRequests, "too_many_tries")
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
	// Somebody who does not exist is throttled no less.
	for range 4 {
		login(stranger(t, e), "nobody", "nope").problem(http.StatusUnauthorized, "wrong_credentials")
	}
	login(stranger(t, e), "nobody", "nope").problem(http.StatusTooManyRequests, "too_many_tries")

	admin := as(t, e, webtest.Admin)
	admin.post("/users/"+e.FindUser(webtest.User).ID+"/unlock", "").want(http.StatusOK)
	login(stranger(t, e), webtest.User, webtest.Password).want(http.StatusOK)
}

// One answer to an unknown person, a wrong password, a disabled and an expired account.
func TestRefusedSignInsLookAlike(t *testing.T) {
	e := webtest.New(t)
	disabled, expired := e.Person("disabled", idp.RoleUser), e.Person("expired", idp.RoleUser)
	admin := as(t, e, webtest.Admin)
	admin.post("/users/"+disabled.ID+"/disable", "").want(http.StatusOK)
	admin.patch("/users/"+expired.ID, `{"expires_at":"2020-01-01T00:00:00Z"}`).want(http.StatusOK)
	for _, path := range []string{"/accounts/login", "/auth"} {
		var first string
		for _, body := range []string{
			`{"username":"user","password":"nope"}`, `{"username":"nobody","password":"nope"}`, `{"username":"","password":""}`, `{}`,
			`{"username":"disabled","password":` + quoted + `}`, `{"username":"expired","password":` + quoted + `}`, `{"username":"a\u0000b","password":"x"}`,
		} {
			r := stranger(t, e).post(path, body).problem(http.StatusUnauthorized, "wrong_credentials")
			text, _, _ := strings.Cut(string(r.Body), `"instance"`)
			if first == "" {
				first = text
			}
			if text != first {
				t.Errorf("%s %s: %s, not %s", path, body, text, first)
			}
		}
	}
}
