package server

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const testMasterKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// faultsOf returns what Load has against an environment.
func faultsOf(t *testing.T, environ ...string) []string {
	t.Helper()
	_, err := Load(environ)
	if err == nil {
		return nil
	}
	var config *ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("Load: %T %v, want *ConfigError", err, err)
	}
	return config.Faults
}

func TestDefaultsNeedNothing(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Issuer != "http://localhost:8080" || c.Listen != "127.0.0.1:8080" || c.Demo {
		t.Errorf("issuer %s, listen %s, demo %v", c.Issuer, c.Listen, c.Demo)
	}
	if got := c.Database(); got != "sqlite:data/gatehouse.db" || !c.IsSQLite() {
		t.Errorf("database %s", got)
	}
	if c.CodeTTL != time.Minute || c.AccessTokenTTL != 10*time.Minute || c.IDTokenTTL != 10*time.Minute ||
		c.RefreshTokenTTL != 336*time.Hour || c.RefreshTokenMaxTTL != 2160*time.Hour || c.RefreshGrace != 10*time.Second ||
		c.SessionTTL != 12*time.Hour || c.SessionMaxTTL != 168*time.Hour || c.KeyRotation != 2160*time.Hour {
		t.Errorf("lives differ from what is documented: %+v", c)
	}
}

func TestListenAddress(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"PORT means all interfaces", []string{"PORT=9000"}, ":9000"},
		{"LISTEN goes before PORT", []string{"PORT=9000", "GATEHOUSE_LISTEN=127.0.0.1:7000"}, "127.0.0.1:7000"},
		{"empty counts as not set", []string{"PORT=", "GATEHOUSE_LISTEN="}, "127.0.0.1:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := Load(c.env)
			if err != nil {
				t.Fatal(err)
			}
			if config.Listen != c.want {
				t.Errorf("listens on %q, want %q", config.Listen, c.want)
			}
		})
	}
}

func TestConfigFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, env, want string }{
		{"unknown name", "GATEHOUSE_ISUER=https://id.example.com", "GATEHOUSE_ISUER is unknown; did you mean GATEHOUSE_ISSUER?"},
		{"unknown name, far from all", "GATEHOUSE_FROBNICATION=1", "GATEHOUSE_FROBNICATION is unknown"},
		{"unknown port", "GATEHOUSE_PORT=9000", "GATEHOUSE_PORT is unknown"},
		{"_FILE of what is no secret", "GATEHOUSE_ISSUER_FILE=/x", "GATEHOUSE_ISSUER_FILE is unknown; did you mean GATEHOUSE_ISSUER?"},
		{"administrator, short password", "GATEHOUSE_ADMIN_PASSWORD=short", "GATEHOUSE_ADMIN_PASSWORD: password: must be at least 8 characters"},
		{"administrator, the name as password", "GATEHOUSE_ADMIN_PASSWORD=admin-1234", "GATEHOUSE_ADMIN_PASSWORD: password: must not be the username"},
		{"issuer, relative", "GATEHOUSE_ISSUER=id.example.com", "absolute address"},
		{"issuer, scheme", "GATEHOUSE_ISSUER=ftp://id.example.com", "absolute address"},
		{"issuer, slash", "GATEHOUSE_ISSUER=https://id.example.com/", "must not have a path or end with a slash"},
		{"issuer, path", "GATEHOUSE_ISSUER=https://id.example.com/auth", "must not have a path"},
		{"issuer, query", "GATEHOUSE_ISSUER=https://id.example.com?x=1", "must not have a query"},
		{"issuer, empty query", "GATEHOUSE_ISSUER=https://id.example.com?", "must not have a query"},
		{"issuer, fragment", "GATEHOUSE_ISSUER=https://id.example.com#x", "fragment"},
		{"issuer, empty fragment", "GATEHOUSE_ISSUER=https://id.example.com#", "fragment"},
		{"issuer, user", "GATEHOUSE_ISSUER=https://u:p@id.example.com", "user name"},
		{"issuer, capitals", "GATEHOUSE_ISSUER=https://ID.example.com", "lower case"},
		{"issuer, http away from loopback", "GATEHOUSE_ISSUER=http://id.example.com", "must use https"},
		{"issuer, not quite loopback", "GATEHOUSE_ISSUER=http://localhost.example.com", "must use https"},
		{"listen", "GATEHOUSE_LISTEN=8080", "GATEHOUSE_LISTEN must be host:port"},
		{"listen, port", "GATEHOUSE_LISTEN=:http-alt", "GATEHOUSE_LISTEN must be host:port"},
		{"PORT", "PORT=http", "PORT must be a number"},
		{"metrics", "GATEHOUSE_METRICS_LISTEN=9090", "GATEHOUSE_METRICS_LISTEN must be host:port"},
		{"metrics on the public address", "GATEHOUSE_METRICS_LISTEN=127.0.0.1:8080", "must differ"},
		{"certificate without key", "GATEHOUSE_TLS_CERT_FILE=" + file, "go together"},
		{"key without certificate", "GATEHOUSE_TLS_KEY_FILE=" + file, "go together"},
		{"proxies", "GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8,proxy", `"proxy" is none`},
		{"database", "DATABASE_URL=mysql://x/y", "DATABASE_URL must begin with"},
		{"database in memory", "DATABASE_URL=sqlite::memory:", "must name a file"},
		{"redis", "REDIS_URL=localhost:6379", "REDIS_URL must begin with"},
		{"data folder is a file", "GATEHOUSE_DATA_DIR=" + file, "is a file"},
		{"master key", "GATEHOUSE_MASTER_KEY=abc", "64 hex digits"},
		{"level", "LOG_LEVEL=loud", "LOG_LEVEL must be debug, info, warn or error"},
		{"format", "LOG_FORMAT=xml", "LOG_FORMAT must be json or text"},
		{"duration", "GATEHOUSE_CODE_TTL=60", "GATEHOUSE_CODE_TTL must be a duration"},
		{"duration, zero", "GATEHOUSE_ACCESS_TOKEN_TTL=0s", "GATEHOUSE_ACCESS_TOKEN_TTL must be from 1s"},
		{"duration, negative", "GATEHOUSE_SESSION_TTL=-1h", "GATEHOUSE_SESSION_TTL must be from 1s"},
		{"code too long", "GATEHOUSE_CODE_TTL=61s", "GATEHOUSE_CODE_TTL must be from 1s to 1m"},
		{"refresh idle beyond absolute", "GATEHOUSE_REFRESH_TOKEN_TTL=3000h", "must not be longer than GATEHOUSE_REFRESH_TOKEN_MAX_TTL"},
		{"session idle beyond absolute", "GATEHOUSE_SESSION_TTL=200h", "must not be longer than GATEHOUSE_SESSION_MAX_TTL"},
		{"number", "GATEHOUSE_HASH_SLOTS=many", "GATEHOUSE_HASH_SLOTS must be a whole number"},
		{"bool", "GATEHOUSE_DEMO=perhaps", "GATEHOUSE_DEMO must be true or false"},
		{"signup", "GATEHOUSE_SIGNUP=maybe", "GATEHOUSE_SIGNUP must be closed or open"},
		{"password length", "GATEHOUSE_PASSWORD_MIN_LENGTH=4", "from 8 to 128"},
		{"administrator's name", "GATEHOUSE_ADMIN_USERNAME=a b", "GATEHOUSE_ADMIN_USERNAME"},
		{"limit", "GATEHOUSE_SIGNIN_ACCOUNT_LIMIT=0", "must be from 1"},
		{"link", "GATEHOUSE_HELP_URL=javascript:alert(1)", "GATEHOUSE_HELP_URL must be an http or https address"},
		{"accent that is no colour", "GATEHOUSE_BRAND_ACCENT=red", "GATEHOUSE_BRAND_ACCENT must be a colour"},
		{"accent that cannot be read", "GATEHOUSE_BRAND_ACCENT=#fff8e7", "GATEHOUSE_BRAND_ACCENT must be a colour"},
		{"retention under a day", "GATEHOUSE_AUDIT_RETENTION=1h", "GATEHOUSE_AUDIT_RETENTION must be from 24h"},
		{"retention below nothing", "GATEHOUSE_AUDIT_RETENTION=-1s", "GATEHOUSE_AUDIT_RETENTION must be from 24h"},
		{"secret file is missing", "GATEHOUSE_MASTER_KEY_FILE=/does/not/exist", "GATEHOUSE_MASTER_KEY_FILE: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := faultsOf(t, c.env)
			if len(faults) != 1 || !strings.Contains(faults[0], c.want) {
				t.Errorf("faults %q, want one with %q", faults, c.want)
			}
		})
	}
}

func TestConfigFaultsOfCombinations(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want string // "" for none
	}{
		{"demo away from loopback", []string{"GATEHOUSE_DEMO=true", "GATEHOUSE_ISSUER=https://id.example.com"}, "GATEHOUSE_DEMO is only for"},
		{"demo on loopback", []string{"GATEHOUSE_DEMO=true", "GATEHOUSE_ISSUER=http://127.0.0.1:9000"}, ""},
		{"Postgres without a master key", []string{"DATABASE_URL=postgres://localhost/x"}, "GATEHOUSE_MASTER_KEY is required with Postgres"},
		{"Postgres with one", []string{"DATABASE_URL=postgres://localhost/x", "GATEHOUSE_MASTER_KEY=" + testMasterKey}, ""},
		{"two master keys", []string{"GATEHOUSE_MASTER_KEY=" + testMasterKey + "," + strings.Repeat("ab", 32)}, ""},
		{"value and file", []string{"REDIS_URL=redis://x", "REDIS_URL_FILE=/x"}, "both set"},
		{"Kubernetes' own variables", []string{
			"GATEHOUSE_SERVICE_HOST=10.0.0.1", "GATEHOUSE_SERVICE_PORT_HTTP=80", "GATEHOUSE_PORT=tcp://10.0.0.1:80",
			"GATEHOUSE_PORT_80_TCP=tcp://10.0.0.1:80", "GATEHOUSE_PORT_80_TCP_PROTO=tcp", "GATEHOUSE_DB_SERVICE_HOST=10.0.0.2",
		}, ""},
		{"variables of tests", []string{"GATEHOUSE_TEST_REQUIRE_SERVICES=1"}, ""},
		{"networks and addresses", []string{"GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1,fd00::/8"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := faultsOf(t, c.env...)
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("faults %q, want none", faults)
			case c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], c.want)):
				t.Errorf("faults %q, want one with %q", faults, c.want)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	faults := faultsOf(t, "GATEHOUSE_ISSUER=nowhere", "GATEHOUSE_CODE_TTL=soon", "GATEHOUSE_NOPE_NOPE=1",
		"LOG_LEVEL=loud", "GATEHOUSE_SESSION_TTL=200h")
	if len(faults) != 5 {
		t.Errorf("%d faults, want 5: %q", len(faults), faults)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	for _, name := range secretNames() {
		t.Run(name, func(t *testing.T) {
			value := map[string]string{
				"DATABASE_URL": "sqlite:/x/y.db", "REDIS_URL": "redis://x", "GATEHOUSE_MASTER_KEY": testMasterKey,
				"GATEHOUSE_ADMIN_PASSWORD": "from the file, with trailing space ",
			}[name]
			if value == "" {
				t.Fatal("this test knows no value for it")
			}
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load([]string{name + "_FILE=" + path})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{
				"DATABASE_URL": string(c.DatabaseURL), "REDIS_URL": string(c.RedisURL),
				"GATEHOUSE_MASTER_KEY": string(c.MasterKey), "GATEHOUSE_ADMIN_PASSWORD": string(c.AdminPassword),
			}[name]
			if got != value {
				t.Errorf("%q, want what the file holds without its newline: %q", got, value)
			}
		})
	}
}

func TestLogHidesSecrets(t *testing.T) {
	c, err := Load([]string{
		"DATABASE_URL=postgres://gatehouse:hunter2@db.example:5432/main?password=hunter2",
		"REDIS_URL=rediss://:hunter2@redis.example:6379/0", "GATEHOUSE_MASTER_KEY=" + testMasterKey,
		"GATEHOUSE_ADMIN_PASSWORD=hunter2 hunter2",
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("configuration", "env", c)
	text := out.String()
	for _, secret := range []string{"hunter2", testMasterKey} {
		if strings.Contains(text, secret) {
			t.Errorf("the log shows %q: %s", secret, text)
		}
	}
	for _, useful := range []string{"db.example:5432", "redis.example:6379", `"GATEHOUSE_ISSUER":"http://localhost:8080"`, `"GATEHOUSE_REFRESH_TOKEN_MAX_TTL":"2160h"`} {
		if !strings.Contains(text, useful) {
			t.Errorf("the log lacks %s: %s", useful, text)
		}
	}
}

// A log for people tells what was chosen, and not all that could be.
func TestLogForPeopleIsShort(t *testing.T) {
	c, err := Load([]string{"GATEHOUSE_CODE_TTL=30s", "GATEHOUSE_ADMIN_PASSWORD=hunter2 hunter2", "GATEHOUSE_SESSION_TTL=12h"})
	if err != nil {
		t.Fatal(err)
	}
	text := c.chosen().String()
	if !strings.Contains(text, "GATEHOUSE_CODE_TTL=30s") || !strings.Contains(text, "GATEHOUSE_ADMIN_PASSWORD") ||
		strings.Contains(text, "hunter2") || strings.Contains(text, "GATEHOUSE_SESSION_TTL") || strings.Contains(text, "GATEHOUSE_ISSUER") {
		t.Error(text)
	}
}

// An error about a secret says nothing of it either.
func TestFaultsHideSecrets(t *testing.T) {
	faults := faultsOf(t, "DATABASE_URL=oracle://u:hunter2@x", "REDIS_URL=hunter2", "GATEHOUSE_MASTER_KEY=hunter2")
	if len(faults) != 3 || strings.Contains(strings.Join(faults, " "), "hunter2") {
		t.Errorf("faults: %q", faults)
	}
}

var exampleLine = regexp.MustCompile(`(?m)^(#?)([A-Z][A-Z0-9_]+)=(.*)$`)

// .env.example names every variable; what it sets is the default.
func TestEnvExample(t *testing.T) {
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var set, named []string
	for _, m := range exampleLine.FindAllStringSubmatch(string(text), -1) {
		named = append(named, m[2])
		if m[1] == "" {
			set = append(set, m[2]+"="+m[3])
		}
	}
	for name := range variables() {
		if !slices.Contains(named, name) {
			t.Errorf(".env.example lacks %s", name)
		}
	}
	for _, name := range named {
		if !slices.Contains(knownNames(), name) {
			t.Errorf(".env.example names %s, which there is not", name)
		}
	}
	got, err := Load(set)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	got.mayMovePort = want.mayMovePort // the example sets the issuer
	if configText(got) != configText(want) {
		t.Errorf(".env.example sets something else than the defaults:\n%s\n%s", configText(got), configText(want))
	}
}

func configText(c *Config) string { return c.LogValue().String() }

func FuzzLoad(f *testing.F) {
	f.Add("GATEHOUSE_ISSUER", "https://id.example.com", "GATEHOUSE_CODE_TTL", "60s")
	f.Add("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/8,::1", "DATABASE_URL", "postgres://u:p@h/d")
	f.Add("PORT", "8080", "REDIS_URL", "redis+sentinel://a:1,b:2/main/0")
	f.Add("GATEHOUSE_MASTER_KEY", testMasterKey, "LOG_LEVEL", "INFO+1")
	f.Add("GATEHOUSE_ADMIN_USERNAME", "\x00", "GATEHOUSE_ACCENT", "=")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		if strings.HasSuffix(name1, "_FILE") || strings.HasSuffix(name2, "_FILE") {
			return // would read files of the machine
		}
		c, err := Load([]string{name1 + "=" + value1, name2 + "=" + value2})
		if (c == nil) == (err == nil) {
			t.Fatalf("neither or both of configuration and error: %v", err)
		}
		if err != nil {
			return
		}
		// What was accepted can be shown, and is safe to start with.
		_ = c.LogValue().String()
		if c.CodeTTL <= 0 || c.CodeTTL > time.Minute || c.AccessTokenTTL <= 0 || c.RefreshTokenTTL > c.RefreshTokenMaxTTL {
			t.Errorf("accepted lives: %+v", c)
		}
		if !strings.HasPrefix(c.Issuer, "https://") && !strings.HasPrefix(c.Issuer, "http://localhost") &&
			!strings.HasPrefix(c.Issuer, "http://127.") && !strings.HasPrefix(c.Issuer, "http://[") {
			t.Errorf("accepted issuer %q", c.Issuer)
		}
	})
}
