package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"

	"gatehouse/idp"
)

func names(m map[string]any) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestK1_IDTokenHoldsWhatIsDue(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		got := s.newBrowser(t).tokens(a, user.Username, "scope", "openid profile email phone address roles", "nonce", "n-0S6", "acr_values", "1")
		id := claimsOf(t, got.str("id_token"))
		want := []string{"acr", "amr", "at_hash", "aud", "exp", "iat", "iss", "nonce", "sid", "sub"}
		if !slices.Equal(names(id), want) {
			t.Errorf("claims are %v, want %v", names(id), want)
		}
		if id["iss"] != s.issuer || id["sub"] != user.ID || id["aud"] != a.ID || id["nonce"] != "n-0S6" {
			t.Errorf("claims are %v", id)
		}
		if life := id["exp"].(float64) - id["iat"].(float64); life != 600 {
			t.Errorf("it lives %v s", life)
		}
	})
}

func TestK2_ClaimsHaveTheirTypes(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a := s.newApp(t, nil)
		scope := "openid profile email phone address"
		full := s.userinfo(t, s.newBrowser(t).tokens(a, s.sharedUser(t).Username, "scope", scope).str("access_token")).want(t, 200, "").json
		for _, name := range []string{"email_verified", "phone_number_verified"} {
			if full[name] != true {
				t.Errorf("%s is %v (%T)", name, full[name], full[name])
			}
		}
		if at, ok := full["updated_at"].(float64); !ok || at != math.Trunc(at) || at < 1e9 {
			t.Errorf("updated_at is %v", full["updated_at"])
		}
		bare, err := s.admin.Users.Create(t.Context(), &idp.User{Username: unique("bare")}, password)
		if err != nil {
			t.Fatal(err)
		}
		info := s.userinfo(t, s.newBrowser(t).tokens(a, bare.Username, "scope", scope).str("access_token")).want(t, 200, "").json
		if want := []string{"preferred_username", "sub", "updated_at"}; !slices.Equal(names(info), want) {
			t.Errorf("a person without data has %v", info)
		}
	})
}

func TestK3_AccessTokenClaims(t *testing.T) {
	eachMode(t, func(t *testing.T, s *system) {
		a, user := s.newApp(t, nil), s.sharedUser(t)
		got := s.newBrowser(t).tokens(a, user.Username, "scope", "openid roles reports:read")
		c := claimsOf(t, got.str("access_token"))
		want := []string{"acr", "amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "roles", "scope", "sid", "sub"}
		if !slices.Equal(names(c), want) {
			t.Errorf("claims are %v, want %v", names(c), want)
		}
		if c["iss"] != s.issuer || c["sub"] != user.ID || c["client_id"] != a.ID || c["scope"] != "openid roles reports:read" || c["aud"] == nil {
			t.Errorf("claims are %v", c)
		}
		if roles, _ := json.Marshal(c["roles"]); string(roles) != `["User"]` {
			t.Errorf("roles are %s", roles)
		}
		plain := claimsOf(t, s.newBrowser(t).tokens(a, user.Username).str("access_token"))
		if _, ok := plain["roles"]; ok {
			t.Error("roles are there though not granted")
		}
		m := claimsOf(t, s.token(t, s.newApp(t, machine), clientCredentials()).want(t, 200, "").str("access_token"))
		if want := []string{"aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"}; !slices.Equal(names(m), want) {
			t.Errorf("a client's own token has %v", names(m))
		}
	})
}

func TestK4_NothingUsableIsStored(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m)
			a, user := s.newApp(t, nil), s.newUser(t)
			b := s.newBrowser(t)
			// A hand-over that waits behind /continue, an open code, live tokens, a session.
			waiting := b.authorize(authorization(a))
			if !waiting.is("/login") {
				t.Fatal("no sign-in page")
			}
			got := b.tokens(a, user.Username)
			code := b.code(a, user.Username)
			secrets := map[string]string{
				"code": code, "access token": got.str("access_token"), "refresh token": got.str("refresh_token"),
				"ID token": got.str("id_token"), "client secret": a.secret, "password": password,
				"used code's MAC": code[len(code)-40:], "refresh token's MAC": got.str("refresh_token")[50:],
			}
			at, err := url.Parse(s.issuer)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range b.client.Jar.Cookies(at) {
				if len(c.Value) > 20 {
					secrets["cookie "+c.Name] = c.Value
				}
			}
			if len(secrets) < 9 {
				t.Errorf("the session's cookie was not looked at: %d values", len(secrets))
			}
			stored := s.dump(t)
			if !strings.Contains(stored, user.ID) || !strings.Contains(stored, a.ID) {
				t.Fatal("the dump does not hold what it should")
			}
			for name, secret := range secrets {
				if strings.Contains(stored, secret) {
					t.Errorf("the %s lies in the store", name)
				}
				if strings.Contains(s.log.String(), secret) {
					t.Errorf("the %s lies in the log", name)
				}
			}
		})
	}
}

// setting is a variable of the system's environment.
func (s *system) setting(name string) string {
	for _, e := range slices.Backward(s.env) {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// dump returns everything that the system's stores hold, as text.
func (s *system) dump(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	if redisURL := s.setting("REDIS_URL"); redisURL != "" {
		dumpRedis(t, &out, redisURL)
	}
	if databaseURL := s.setting("DATABASE_URL"); databaseURL != "" {
		dumpSQL(t, &out, "postgres", databaseURL, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
		return out.String()
	}
	dir := s.setting("GATEHOUSE_DATA_DIR")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil && !strings.Contains(name, "master") {
			out.Write(b)
		}
		if strings.HasSuffix(name, ".db") {
			dumpSQL(t, &out, "sqlite", name, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
		}
	}
	return out.String()
}

func dumpSQL(t *testing.T, out *strings.Builder, driver, source, tables string) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range texts(t, db, tables) {
		query := fmt.Sprintf("SELECT x::text FROM %q AS x", table)
		if driver == "sqlite" {
			columns := texts(t, db, fmt.Sprintf("SELECT name FROM pragma_table_info('%s')", table))
			for i, c := range columns {
				columns[i] = "coalesce(cast(\"" + c + "\" AS text), '')"
			}
			query = fmt.Sprintf("SELECT %s FROM %q", strings.Join(columns, " || ' ' || "), table)
		}
		for _, row := range texts(t, db, query) {
			out.WriteString(row + "\n")
		}
	}
}

func texts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func dumpRedis(t *testing.T, out *strings.Builder, redisURL string) {
	t.Helper()
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	defer c.Close()
	found := 0
	for it := c.Scan(t.Context(), 0, "*", 1000).Iterator(); it.Next(t.Context()); found++ {
		key := it.Val()
		var value any
		switch kind := c.Type(t.Context(), key).Val(); kind {
		case "hash":
			value = c.HGetAll(t.Context(), key).Val()
		case "zset":
			value = c.ZRangeWithScores(t.Context(), key, 0, -1).Val()
		case "set":
			value = c.SMembers(t.Context(), key).Val()
		case "string":
			value = c.Get(t.Context(), key).Val()
		default:
			t.Fatalf("key %s is a %s: teach this test to read it", key, kind)
		}
		fmt.Fprintln(out, key, value)
	}
	if found == 0 {
		t.Error("Redis is empty")
	}
}
