package api_test

import (
	"net/http"
	"testing"

	"gatehouse/webtest"
)

// A role that the manager may not give is not given under another spelling either.
func TestManagerGivesNoRoleByAnotherSpelling(t *testing.T) {
	e := webtest.New(t)
	manager := as(t, e, webtest.Manager)
	id := e.FindUser(webtest.User).ID
	for i, spelled := range []string{` Admin`, `Admin `, `\tAdmin`, `\u00a0Admin`, `Auditor\n`, ` Helpdesk`, ` User`} {
		body := `"roles":["` + spelled + `"]`
		manager.patch("/users/"+id, `{`+body+`}`).problem(http.StatusUnprocessableEntity, "invalid", "roles", "roles")
		manager.post("/users", `{"username":"spelled-`+string(rune('a'+i))+`","password":`+quoted+`,`+body+`}`).problem(http.StatusUnprocessableEntity, "invalid", "roles", "roles")
	}
	if u := e.FindUser(webtest.User); u.Permissions.Any() || len(u.Roles) != 1 {
		t.Errorf("%+v", u)
	}
}
