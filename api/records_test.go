package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
	"gatehouse/webtest"
)

func TestRoles(t *testing.T) { onEach(t, checkRoles) }

func checkRoles(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	made := admin.post("/roles", `{"name":"ops:edit","description":"May publish.","permission":"read"}`).want(http.StatusCreated).object()
	if made["built_in"] != false || made["members"] != 0.0 || made["permission"] != "read" {
		t.Errorf("%v", made)
	}
	u := e.Person("holder", "ops:edit")
	if got := admin.get("/roles/ops:edit").want(http.StatusOK).object(); got["members"] != 1.0 {
		t.Errorf("%v", got)
	}
	if n := len(admin.get("/roles").want(http.StatusOK).list()); n != 5 {
		t.Errorf("%d roles", n)
	}
	holder := as(t, e, "holder")
	holder.get("/settings").want(http.StatusOK)
	changed := admin.patch("/roles/ops:edit", `{"permission":"","description":null}`).want(http.StatusOK).object()
	if changed["permission"] != "" || changed["description"] != "" {
		t.Errorf("%v", changed)
	}
	holder.get("/settings").problem(http.StatusForbidden, "forbidden")
	admin.del("/roles/ops:edit").problem(http.StatusConflict, "in_use")
	admin.patch("/users/"+u.ID, `{"roles":["User"]}`).want(http.StatusOK)
	admin.del("/roles/ops:edit").want(http.StatusNoContent)

	admin.post("/roles", `{"name":"a b","permission":"god","description":1}`).problem(http.StatusUnprocessableEntity, "invalid", "description")
	admin.post("/roles", `{"name":"a b","permission":"god"}`).problem(http.StatusUnprocessableEntity, "invalid", "name", "permission")
	admin.post("/roles", `{"name":"x","id":"1"}`).problem(http.StatusUnprocessableEntity, "invalid", "id")
	admin.post("/roles", `{"name":"Auditor"}`).problem(http.StatusConflict, "taken", "name")
	admin.patch("/roles/Auditor", `{"name":"x"}`).problem(http.StatusUnprocessableEntity, "invalid", "name")
	for _, r := range []*result{admin.patch("/roles/Admin", `{"permission":""}`), admin.del("/roles/Admin"), admin.patch("/roles/User", `{"permission":"admin"}`)} {
		r.problem(http.StatusConflict, "built_in")
	}
	for _, name := range []string{"none", "a%20b", "%00"} {
		admin.get("/roles/"+name).problem(http.StatusNotFound, "not_found")
		admin.patch("/roles/"+name, `{}`).problem(http.StatusNotFound, "not_found")
		admin.del("/roles/"+name).problem(http.StatusNotFound, "not_found")
	}
}

// Nobody takes from themselves what a role of their own permits.
func TestOwnRole(t *testing.T) {
	e := webtest.New(t)
	as(t, e, webtest.Admin).post("/roles", `{"name":"bosses","permission":"admin"}`).want(http.StatusCreated)
	e.Person("boss", "bosses")
	boss := as(t, e, "boss")
	boss.patch("/roles/bosses", `{"permission":"read"}`).problem(http.StatusConflict, "own_account", "permission")
	boss.patch("/roles/bosses", `{"description":"x"}`).want(http.StatusOK)
	boss.patch("/roles/Auditor", `{"permission":"users"}`).want(http.StatusOK)
}

func TestClients(t *testing.T) { onEach(t, checkClients) }

func checkClients(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	made := admin.post("/clients", `{"client_name":"Wiki","redirect_uris":["https://wiki.example/cb"],"grant_types":["authorization_code","refresh_token"],"scope":"openid profile openid"}`).want(http.StatusCreated)
	client := made.object()
	id, secret := client["client_id"].(string), client["client_secret"].(string)
	if len(secret) < 32 || client["client_secret_expires_at"] != 0.0 || client["require_pkce"] != true || client["scope"] != "openid profile" ||
		client["kind"] != "web" || made.Header.Get("Location") != "/api/v1/clients/"+id {
		t.Errorf("%s", made.Body)
	}
	shown := admin.get("/clients/" + id).want(http.StatusOK)
	if strings.Contains(string(shown.Body), secret) || strings.Contains(string(shown.Body), "client_secret\"") || strings.Contains(string(shown.Body), "digest") {
		t.Errorf("%s", shown.Body)
	}
	changed := admin.patch("/clients/"+id, `{"scope":"openid","redirect_uris":["https://wiki.example/a","https://wiki.example/b"],"client_uri":"https://wiki.example/"}`).want(http.StatusOK).object()
	if changed["scope"] != "openid" || fmt.Sprint(changed["redirect_uris"]) != "[https://wiki.example/a https://wiki.example/b]" || changed["client_name"] != "Wiki" || len(changed["secrets"].([]any)) != 1 {
		t.Errorf("%v", changed)
	}
	rotated := admin.post("/clients/"+id+"/secret", "").want(http.StatusOK).object()
	if rotated["client_secret"] == secret || len(rotated["secrets"].([]any)) != 2 {
		t.Errorf("%v", rotated)
	}
	if again := admin.post("/clients/"+id+"/secret", `{"client_secret":"of my own choice"}`).want(http.StatusOK).text("client_secret"); again != "of my own choice" {
		t.Error(again)
	}
	admin.post("/clients/"+id+"/secret", `{"client_secret":"short"}`).problem(http.StatusUnprocessableEntity, "invalid", "client_secret")
	admin.del("/clients/" + id + "/secret/old").want(http.StatusNoContent)
	if n := len(admin.get("/clients/" + id).object()["secrets"].([]any)); n != 1 {
		t.Errorf("%d secrets", n)
	}
	if v := admin.post("/clients/"+id+"/disable", "").want(http.StatusOK).object(); v["disabled"] != true {
		t.Errorf("%v", v)
	}
	if n := len(admin.get("/clients?disabled=true").list()); n != 1 {
		t.Errorf("%d are disabled", n)
	}
	if v := admin.post("/clients/"+id+"/enable", "").want(http.StatusOK).object(); v["disabled"] != false {
		t.Errorf("%v", v)
	}
	before := admin.get("/clients/" + id).object()["tokens_not_before"]
	admin.post("/clients/"+id+"/revoke-tokens", "").want(http.StatusNoContent)
	if after := admin.get("/clients/" + id).object()["tokens_not_before"]; after == before {
		t.Errorf("tokens of before %v count", before)
	}
	admin.del("/clients/" + id).want(http.StatusNoContent)
	for _, r := range []*result{
		admin.get("/clients/" + id), admin.patch("/clients/"+id, `{}`), admin.del("/clients/" + id), admin.post("/clients/"+id+"/secret", ""),
		admin.post("/clients/"+id+"/disable", ""), admin.post("/clients/"+id+"/revoke-tokens", ""), admin.del("/clients/" + id + "/secret/old"), admin.get("/clients/%00"),
	} {
		r.problem(http.StatusNotFound, "not_found")
	}
}

func TestClientFaults(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	for body, fields := range map[string]string{
		`{"client_id":"a b","token_endpoint_auth_method":"x"}`:                            "client_id token_endpoint_auth_method",
		`{"redirect_uris":["http://wiki.example/cb"]}`:                                    "redirect_uris",
		`{"redirect_uris":"https://wiki.example/cb","scope":["openid"],"require_pkce":1}`: "redirect_uris require_pkce scope",
		`{"kind":"toaster"}`:        "kind",
		`{"client_secret":1}`:       "client_secret",
		`{"client_secret":"short"}`: "client_secret",
		`{"token_endpoint_auth_method":"none","client_secret":"a secret of mine"}`:        "client_secret",
		`{"disabled":true,"client_id_issued_at":1,"secrets":[],"tokens_not_before":null}`: "client_id_issued_at disabled secrets tokens_not_before",
		`{"kind":"spa","redirect_uris":["https://a.example/"],"require_pkce":false}`:      "require_pkce",
		`{"grant_types":["implicit"]}`: "grant_types",
		`{"kind":"web"}`:               "redirect_uris",
		`{"client_id":"x","client_uri":"javascript:alert(1)","policy_uri":"ftp://x","tos_uri":"https://ok.example"}`: "client_uri policy_uri",
	} {
		admin.post("/clients", body).problem(http.StatusUnprocessableEntity, "invalid", strings.Fields(fields)...)
	}
	admin.post("/clients", `{"client_id":"gatehouse-api","kind":"machine"}`).problem(http.StatusConflict, "taken", "client_id")
	for _, r := range []*result{
		admin.patch("/clients/gatehouse-api", `{"scope":""}`), admin.del("/clients/gatehouse-api"), admin.post("/clients/gatehouse-api/secret", ""),
		admin.del("/clients/gatehouse-api", header{"If-Match", "*"}),
	} {
		r.problem(http.StatusConflict, "built_in")
	}
	for _, kind := range idp.ClientKinds() {
		body := `{"kind":"` + string(kind) + `","client_id":"` + string(kind) + `"`
		switch kind {
		case idp.ClientWeb, idp.ClientSPA:
			body += `,"redirect_uris":["https://app.example/cb"]`
		case idp.ClientNative:
			body += `,"redirect_uris":["com.example.app:/cb"]`
		case idp.ClientMachine, idp.ClientResource:
		}
		if got := admin.post("/clients", body+"}").want(http.StatusCreated).text("kind"); got != string(kind) {
			t.Errorf("made as %s, is %s", kind, got)
		}
		if n := len(admin.get("/clients?kind=" + string(kind)).list()); n == 0 {
			t.Errorf("no %s is listed", kind)
		}
	}
	// A public client that becomes confidential needs a secret; the other way round it forgets its own.
	v := admin.patch("/clients/web", `{"token_endpoint_auth_method":"none"}`).want(http.StatusOK).object()
	if len(v["secrets"].([]any)) != 0 {
		t.Errorf("%v", v)
	}
	admin.post("/clients/web/secret", "").problem(http.StatusUnprocessableEntity, "invalid", "client_secret")
	for query, field := range map[string]string{"kind=x": "kind", "disabled=x": "disabled", "sort=secret": "sort", "limit=1000": "limit"} {
		admin.get("/clients?"+query).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
}

func TestSessionsGrantsApps(t *testing.T) { onEach(t, checkSessionsGrantsApps) }

func checkSessionsGrantsApps(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin, me := as(t, e, webtest.Admin), as(t, e, webtest.User)
	id := e.FindUser(webtest.User).ID
	browsers := []*webtest.Browser{e.As(t, webtest.User), e.As(t, webtest.User), e.As(t, webtest.User)}
	e.As(t, webtest.Reader)
	mine := me.get("/users/me/sessions").want(http.StatusOK).list()
	if len(mine) != 3 || mine[0]["user_id"] != id || len(admin.get("/sessions").want(http.StatusOK).list()) != 4 {
		t.Fatalf("%v", mine)
	}
	if r := me.get("/users/me/sessions"); strings.Contains(string(r.Body), "igest") {
		t.Errorf("%s", r.Body)
	}
	sid := func(i int) string { return mine[i]["id"].(string) }
	me.del("/users/me/sessions/" + sid(0)).want(http.StatusNoContent)
	me.del("/users/me/sessions/"+sid(0)).problem(http.StatusNotFound, "not_found")
	admin.del("/sessions/" + sid(1) + "?user=" + id).want(http.StatusNoContent)
	admin.del("/sessions/"+sid(1)+"?user="+id).problem(http.StatusNotFound, "not_found")
	admin.del("/sessions/"+sid(2)).problem(http.StatusUnprocessableEntity, "invalid", "user")
	admin.del("/sessions/"+sid(2)+"?user=user").problem(http.StatusUnprocessableEntity, "invalid", "user")
	admin.del("/sessions/"+sid(2)+"?user=00000000-0000-4000-8000-000000000000").problem(http.StatusNotFound, "not_found")
	if n := len(me.get("/users/me/sessions").list()); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	me.del("/users/me/sessions").want(http.StatusNoContent)
	for i, b := range browsers {
		if p := b.Get("/account"); p.Path() != "/login" {
			t.Errorf("browser %d is at %s", i, p.Path())
		}
	}
	admin.del("/users/" + id + "/sessions").want(http.StatusNoContent)

	// Grants: one's own, by id; somebody else's and none at all look the same.
	grants := me.get("/users/me/grants").want(http.StatusOK).list()
	if len(grants) != 1 || grants[0]["user_id"] != id || grants[0]["client_id"] != idp.ClientGatehouse {
		t.Fatalf("%v", grants)
	}
	foreign := admin.get("/grants?user=" + e.FindUser(webtest.Admin).ID).want(http.StatusOK).list()[0]["id"].(string)
	for _, grant := range []string{foreign, "none", strings.Repeat("x", 32)} {
		me.del("/grants/"+grant).problem(http.StatusForbidden, "forbidden")
	}
	admin.del("/grants/none").problem(http.StatusNotFound, "not_found")
	manager := as(t, e, webtest.Manager)
	manager.del("/grants/"+foreign).problem(http.StatusForbidden, "forbidden")
	as(t, e, webtest.Reader).del("/grants/"+foreign).problem(http.StatusForbidden, "forbidden")
	if n := len(admin.get("/grants?client=none").list()); n != 0 {
		t.Errorf("%d grants of a client that is not", n)
	}
	second := as(t, e, webtest.User)
	manager.del("/grants/" + grants[0]["id"].(string)).want(http.StatusNoContent)
	me.get("/users/me").want(http.StatusUnauthorized)

	apps := second.get("/users/me/apps").want(http.StatusOK).list()
	if len(apps) != 1 || apps[0]["client_id"] != idp.ClientGatehouse {
		t.Fatalf("%v", apps)
	}
	second.del("/users/me/apps/none").problem(http.StatusNotFound, "not_found")
	second.del("/users/me/apps/" + idp.ClientGatehouse).want(http.StatusNoContent)
	second.get("/users/me").want(http.StatusUnauthorized)
}

func TestKeys(t *testing.T) {
	e := webtest.New(t)
	admin := as(t, e, webtest.Admin)
	before := admin.get("/keys").want(http.StatusOK).list()
	if len(before) < 2 {
		t.Fatalf("%v", before)
	}
	after := admin.post("/keys/rotate", "").want(http.StatusOK).list()
	if len(after) <= len(before) {
		t.Errorf("%d keys, %d before", len(after), len(before))
	}
	admin.post("/keys/rotate", `{"now":true}`).problem(http.StatusUnprocessableEntity, "invalid", "now")
	admin.post("/keys/none/revoke", "").problem(http.StatusNotFound, "not_found")
	var rsa string
	for _, k := range before {
		if k["alg"] == "RS256" && k["state"] == "active" { // the token of this test is signed with the other
			rsa = k["kid"].(string)
		}
	}
	for _, k := range admin.post("/keys/"+rsa+"/revoke", "").want(http.StatusOK).list() {
		if k["kid"] == rsa && (k["state"] != "retired" || k["revoked_at"] == nil) {
			t.Errorf("%v", k)
		}
	}
}

func TestAudit(t *testing.T) { onEach(t, checkAudit) }

func checkAudit(t *testing.T, e *webtest.Env) {
	t.Helper()
	admin := as(t, e, webtest.Admin)
	id := e.FindUser(webtest.User).ID
	admin.patch("/users/"+id, `{"name":"Changed","password":"violet77"}`).want(http.StatusUnprocessableEntity)
	done := admin.patch("/users/"+id, `{"name":"Changed"}`).want(http.StatusOK)
	event := admin.get("/audit?action=user.update&target=" + id).want(http.StatusOK).list()[0]
	if event["actor_name"] != webtest.Admin || event["client_id"] != idp.ClientGatehouse || event["ip"] != "127.0.0.1" ||
		event["request_id"] != done.Header.Get("X-Request-Id") || !strings.Contains(fmt.Sprint(event["changes"]), "after:Changed") {
		t.Errorf("%v", event)
	}
	one := admin.get(fmt.Sprintf("/audit/%.0f", event["seq"])).want(http.StatusOK).object()
	if one["hash"] != event["hash"] {
		t.Errorf("%v", one)
	}
	head := admin.get("/audit/head").want(http.StatusOK).object()
	report := admin.get("/audit/verify").want(http.StatusOK).object()
	if report["intact"] != true || report["checked"].(float64) < head["last_seq"].(float64) {
		t.Errorf("%v, %v", report, head)
	}
	if n := len(admin.get("/audit?person=" + id + "&action=user.&result=ok&from=2020-01-01T00:00:00Z&to=2999-01-01T00:00:00Z&q=user").list()); n < 2 {
		t.Errorf("%d events", n)
	}
	if n := len(admin.get("/audit?from=2999-01-01T00:00:00Z").list()); n != 0 {
		t.Errorf("%d events of the future", n)
	}
	first := admin.get("/audit?limit=2").want(http.StatusOK)
	second := admin.get(linkTo(t, e, first, "next")).want(http.StatusOK)
	last, next := first.list()[1], second.list()[0] // by time; what is recorded in the background has a later number
	if last["seq"] == next["seq"] || last["time"].(string) < next["time"].(string) {
		t.Errorf("%v follows %v", next, last)
	}
	for query, field := range map[string]string{"result=x": "result", "from=yesterday": "from", "to=1": "to"} {
		admin.get("/audit?"+query).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	for _, seq := range []string{"0", "-1", "x", "99999999999999999999", "1e3"} {
		admin.get("/audit/"+seq).problem(http.StatusNotFound, "not_found")
	}
}

// Who may see the log cannot have it walked from end to end many times at once.
func TestOneWalkOverTheLogAtATime(t *testing.T) {
	e := webtest.New(t)
	reader := as(t, e, webtest.Reader)
	events := make([]*idp.AuditEvent, 10_000)
	for i := range events {
		events[i] = &idp.AuditEvent{Time: time.Now(), ActorKind: idp.ActorSystem, Action: idp.ActionKeyCreate, Result: idp.AuditOK, Count: 1}
	}
	must(t, e.Stores.Audit.AppendAudit(t.Context(), events...))
	var done, refused atomic.Int64
	for range 10 { // where the machine has little time, calls may come one after the other
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				switch r := reader.get("/audit/verify"); r.Status {
				case http.StatusOK:
					done.Add(1)
				case http.StatusConflict:
					r.problem(http.StatusConflict, "still_running")
					refused.Add(1)
				default:
					t.Errorf("%d %s", r.Status, r.Body)
				}
			})
		}
		if wg.Wait(); refused.Load() > 0 {
			break
		}
	}
	if done.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d walks, %d refused", done.Load(), refused.Load())
	}
}

func TestSettings(t *testing.T) {
	e := webtest.New(t, "GATEHOUSE_ACCESS_TOKEN_TTL=15m")
	admin := as(t, e, webtest.Admin)
	before := admin.get("/settings").want(http.StatusOK).object()
	if before["access_token_ttl"] != "15m" || !strings.Contains(fmt.Sprint(before["fixed"]), "access_token_ttl:the variable GATEHOUSE_ACCESS_TOKEN_TTL") || before["updated_at"] != nil {
		t.Errorf("%v", before)
	}
	never := admin.get("/settings").Header.Get("ETag")
	after := admin.patch("/settings", `{"product_name":"Door","session_ttl":"2h","password_min_length":14}`).want(http.StatusOK).object()
	if after["product_name"] != "Door" || after["session_ttl"] != "2h" || after["password_min_length"] != 14.0 || after["updated_at"] == nil {
		t.Errorf("%v", after)
	}
	admin.do("PATCH", "/settings", `{"product_name":"Gate"}`, header{"If-Match", never}).problem(http.StatusPreconditionFailed, "changed")
	if back := admin.patch("/settings", `{"product_name":null}`).want(http.StatusOK).object(); back["product_name"] != "Gatehouse" || back["session_ttl"] != "2h" {
		t.Errorf("%v", back)
	}
	admin.patch("/settings", `{"access_token_ttl":"5m"}`).problem(http.StatusUnprocessableEntity, "invalid", "access_token_ttl")
	admin.patch("/settings", `{"session_ttl":"1s","signup":"ajar","product_name":""}`).problem(http.StatusUnprocessableEntity, "invalid", "session_ttl", "signup", "product_name")
	admin.patch("/settings", `{"fixed":{},"updated_at":null,"prodcut_name":"x"}`).problem(http.StatusUnprocessableEntity, "invalid", "fixed", "prodcut_name", "updated_at")
}
