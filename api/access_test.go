package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/api"
	"gatehouse/idp"
	"gatehouse/webtest"
)

// security is what openapi.yaml says of who may make each call, by "METHOD path".
func security(t *testing.T) map[string][]string {
	t.Helper()
	text, err := api.OpenAPI()
	must(t, err)
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	must(t, json.Unmarshal(text, &doc))
	out := map[string][]string{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op struct{ Security []map[string][]string }
			if method == "parameters" {
				continue
			}
			must(t, json.Unmarshal(raw, &op))
			scopes := []string{}
			for _, one := range op.Security {
				scopes = append(scopes, append(one["bearer"], "any")...)
			}
			out[strings.ToUpper(method)+" "+path] = scopes
		}
	}
	return out
}

// Every call, by everybody, about somebody else: what the description promises
// is what happens, and whoever may not learns nothing of what there is.
func TestWhoMayWhat(t *testing.T) {
	e := webtest.New(t)
	other := e.Person("other", idp.RoleUser)
	people := map[string]*client{
		"nobody": stranger(t, e), webtest.User: as(t, e, webtest.User), webtest.Manager: as(t, e, webtest.Manager),
		webtest.Reader: as(t, e, webtest.Reader), webtest.Admin: as(t, e, webtest.Admin),
	}
	holds := map[string]string{
		webtest.User: idp.ScopeAccount, webtest.Manager: idp.ScopeAPIUsers, webtest.Reader: idp.ScopeAPIRead, webtest.Admin: idp.ScopeAPIAdmin,
	}
	needs := security(t)
	for _, call := range api.Calls() {
		scopes := needs[call.Method+" "+call.Path]
		// What is there and what is not: the answer of whoever may not is the same.
		for _, about := range []string{other.ID, "00000000-0000-4000-8000-000000000000"} {
			path := strings.NewReplacer("{id}", about, "{client}", "none", "{role}", "None", "{sid}", "none?user="+about,
				"{grant}", "none", "{kid}", "none", "{seq}", "999999").Replace(call.Path)
			if strings.Contains(call.Path, "{id}") {
				path, _, _ = strings.Cut(path, "?")
			}
			for name, c := range people {
				if call.ID == "logout" || call.ID == "deleteUser" && name == webtest.Manager || strings.HasSuffix(call.Path, "/rotate") && name == webtest.Admin {
					continue // ends what the others need; tested elsewhere
				}
				// Everybody's token reaches the own record; this one is somebody else's.
				may := slices.Contains(scopes, holds[name]) && holds[name] != idp.ScopeAccount || call.ID == "readMe"
				body := ""
				if call.Method == http.MethodPost || call.Method == http.MethodPatch {
					body = `{"nonsense":true}`
				}
				r := c.do(call.Method, path, body)
				refused := r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
				switch {
				case len(scopes) == 0 && r.Status == http.StatusForbidden:
					t.Errorf("%s as %s: %d %s", call.ID, name, r.Status, r.Body)
				case len(scopes) == 0:
				case name == "nobody":
					r.problem(http.StatusUnauthorized, "unauthenticated")
					if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer ") {
						t.Errorf("%s: no challenge", call.ID)
					}
				case may == refused:
					t.Errorf("%s %s as %s: %d %s", call.Method, path, name, r.Status, r.Body)
				case !may:
					r.problem(http.StatusForbidden, "forbidden")
				}
			}
		}
	}
}

// Nothing but the header Authorization proves who calls.
func TestOnlyTheBearerCounts(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	token := admin.token
	browser := e.As(t, webtest.Admin)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.URL+"/api/v1/users", nil)
	must(t, err)
	if p := browser.Do(r); p.Status != http.StatusUnauthorized {
		t.Errorf("with the cookies of an administrator: %d", p.Status)
	}
	nobody := stranger(t, e)
	for name, h := range map[string][]header{
		"basic":       {{"Authorization", "Basic " + token}},
		"no scheme":   {{"Authorization", token}},
		"another":     {{"X-Subject-Token", token}},
		"broken":      {{"Authorization", "Bearer " + token + "x"}},
		"empty":       {{"Authorization", "Bearer "}},
		"a long one":  {{"Authorization", "Bearer " + strings.Repeat("a", 20_000)}},
		"odd letters": {{"Authorization", "Bearer \xff\xfe"}},
	} {
		if r := nobody.get("/users", h...); r.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, r.Status)
		}
	}
	nobody.get("/users?access_token=" + token).want(http.StatusUnauthorized)
	nobody.get("/users", header{"Authorization", "bearer " + token}).want(http.StatusOK)

	// A token ends with its grant, its person, its client.
	admin.post("/clients/"+idp.ClientGatehouse+"/disable", "").want(http.StatusOK)
	admin.get("/users").problem(http.StatusUnauthorized, "invalid_token")
	stranger(t, e).post("/accounts/login", `{"username":"admin","password":"`+webtest.Password+`"}`).problem(http.StatusForbidden, "access_denied")
}

// A token may do what its scopes say within the roles of its person, as they are now.
func TestRolesBoundTheToken(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	u := e.Person("deputy", idp.RoleAdmin)
	deputy := as(t, e, "deputy")
	deputy.get("/clients").want(http.StatusOK)
	admin.patch("/users/"+u.ID, `{"roles":["User"]}`).want(http.StatusOK)
	for range 3 {
		deputy.get("/clients").problem(http.StatusForbidden, "forbidden")
	}
	deputy.get("/users/me").want(http.StatusOK)
	admin.post("/users/"+u.ID+"/disable", "").want(http.StatusOK)
	deputy.get("/users/me").want(http.StatusUnauthorized)

	// Who asks for what their roles do not allow is in the audit log, once.
	eventually(t, func() bool {
		events := admin.get("/audit?action=permission.refuse&actor=" + u.ID).want(http.StatusOK).list()
		return len(events) == 1 && events[0]["target"].(map[string]any)["id"] == "GET /clients"
	})
}
