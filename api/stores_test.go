package api_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/api"
	"gatehouse/storage"
	"gatehouse/testenv"
	"gatehouse/webtest"
)

// onEach runs a test on SQLite, and on Postgres with Redis.
func onEach(t *testing.T, test func(*testing.T, *webtest.Env)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, webtest.New(t)) })
	t.Run("Postgres and Redis", func(t *testing.T) {
		test(t, webtest.New(t, "DATABASE_URL="+migrated(t, testenv.Postgres(t)), "REDIS_URL="+testenv.Redis(t)))
	})
}

// migrated brings a database to the present schema.
func migrated(t *testing.T, databaseURL string) string {
	t.Helper()
	schema, err := storage.Migrator(databaseURL)
	must(t, err)
	must(t, schema.Up(t.Context()))
	return databaseURL
}

// While a store does not answer, nothing is done, nobody is let in, and it is
// said as it is.
func TestStoresAway(t *testing.T) {
	database, redis := testenv.PostgresServer(t), testenv.RedisServer(t)
	e := webtest.New(t, "DATABASE_URL="+migrated(t, database.URL), "REDIS_URL="+redis.URL)
	admin := as(t, e, webtest.Admin)
	id := e.FindUser(webtest.User).ID
	for name, away := range map[string]*testenv.Server{"Redis": redis, "Postgres": database} {
		away.Stop()
		for _, call := range api.Calls() {
			path := strings.NewReplacer("{id}", id, "{client}", "gatehouse-api", "{role}", "Auditor", "{sid}", "x",
				"{grant}", "x", "{kid}", "x", "{seq}", "1").Replace(call.Path)
			if call.ID == "endSession" {
				path += "?user=" + id
			}
			r := admin.do(call.Method, path, map[string]string{
				http.MethodPost: `{"username":"admin","password":` + quoted + `}`, http.MethodPatch: `{"name":"x"}`,
			}[call.Method], header{"X-Subject-Token", admin.token}, header{"Idempotency-Key", "k"})
			switch {
			case r.Status == http.StatusServiceUnavailable:
				if r.Header.Get("Retry-After") == "" {
					t.Errorf("%s away, %s: no Retry-After", name, call.ID)
				}
			case r.Status >= 500:
				t.Errorf("%s away, %s: %d %s", name, call.ID, r.Status, r.Body)
			case r.Status < 400 && (call.Method != http.MethodGet || name == "Redis"):
				t.Errorf("%s away, %s was done: %d %s", name, call.ID, r.Status, r.Body)
			}
			if strings.Contains(string(r.Body), "connection") || strings.Contains(string(r.Body), "dial") {
				t.Errorf("%s away, %s tells of what is inside: %s", name, call.ID, r.Body)
			}
		}
		away.Start()
		eventually(t, func() bool { return admin.get("/users/"+id).Status == http.StatusOK })
	}
	if u := e.FindUser(webtest.User); u.Name != "User" {
		t.Errorf("%+v", u)
	}
}
