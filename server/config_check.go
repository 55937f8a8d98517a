package server

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/static"
	redisstore "gatehouse/storage/redis"
)

// Bounds of what can be set.
const (
	maxTokenTTL  = 24 * time.Hour
	maxAge       = 10 * 365 * 24 * time.Hour
	maxGrantAge  = 400 * 24 * time.Hour // Redis keeps no grant longer
	maxRetention = 100 * 365 * 24 * time.Hour
	maxHashSlots = 1024
	maxTries     = 1_000_000
)

// check adds every fault of the values, alone and together.
func (c *Config) check(withKeys bool, faults *ConfigError) {
	c.checkIssuer(faults)
	c.checkListeners(faults)
	c.checkStores(withKeys, faults)
	c.checkDurations(faults)
	c.checkPeople(faults)
	c.checkBrand(faults)
	if !slices.Contains([]string{"", "json", "text"}, c.LogFormat) {
		faults.add("LOG_FORMAT must be json or text")
	}
}

func (c *Config) checkBrand(faults *ConfigError) {
	for _, l := range []struct{ name, address string }{
		{"GATEHOUSE_HELP_URL", c.HelpURL}, {"GATEHOUSE_PRIVACY_URL", c.PrivacyURL}, {"GATEHOUSE_TERMS_URL", c.TermsURL},
	} {
		u, err := url.Parse(l.address)
		if l.address != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
			faults.add("%s must be an http or https address", l.name)
		}
	}
	if c.ProductName != strings.TrimSpace(c.ProductName) || len([]rune(c.ProductName)) > 60 {
		faults.add("GATEHOUSE_PRODUCT_NAME must be at most 60 characters without space around it")
	}
	if c.BrandAccent != "" {
		if err := checkAccent(c.BrandAccent); err != nil {
			faults.add("GATEHOUSE_BRAND_ACCENT must be a colour such as #3849c6 that can be read: %v", err)
		}
	}
}

func checkAccent(accent string) error {
	_, err := static.CheckAccent(accent)
	return err
}

func (c *Config) checkIssuer(faults *ConfigError) {
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		faults.add("GATEHOUSE_ISSUER must be an absolute address such as https://id.example.com")
		return
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(c.Issuer, "#") || u.User != nil:
		// OIDC Discovery §3: no query, no fragment.
		faults.add("GATEHOUSE_ISSUER must not have a query, a fragment or a user name")
	case u.Path != "":
		faults.add("GATEHOUSE_ISSUER must not have a path or end with a slash: Gatehouse lives at the root of its host")
	case c.Issuer != strings.ToLower(c.Issuer):
		// Clients compare the issuer as a string; browsers send the host in lower case.
		faults.add("GATEHOUSE_ISSUER must be in lower case")
	}
	loopback := idp.IsLoopbackHost(u.Hostname())
	if u.Scheme == "http" && !loopback {
		faults.add("GATEHOUSE_ISSUER must use https (http only for localhost, 127.0.0.1 and [::1])")
	}
	if u.Scheme == "http" && c.ServesTLS() {
		faults.add("GATEHOUSE_ISSUER must use https when GATEHOUSE_TLS_CERT_FILE is set")
	}
	if c.Demo && !loopback {
		faults.add("GATEHOUSE_DEMO is only for an issuer on localhost, 127.0.0.1 or [::1]")
	}
}

func (c *Config) checkListeners(faults *ConfigError) {
	if c.Port != "" && !isPort(c.Port) {
		faults.add("PORT must be a number from 0 to 65535")
	} else if !isListenAddress(c.Listen) {
		faults.add("GATEHOUSE_LISTEN must be host:port, such as 127.0.0.1:8080 or :8080")
	}
	if c.MetricsListen != "" && !isListenAddress(c.MetricsListen) {
		faults.add("GATEHOUSE_METRICS_LISTEN must be host:port, such as 127.0.0.1:9090")
	}
	if c.MetricsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		faults.add("GATEHOUSE_METRICS_LISTEN must differ from GATEHOUSE_LISTEN")
	}
	switch {
	case c.TLSCertFile == "" && c.TLSKeyFile == "":
	case c.TLSCertFile == "" || c.TLSKeyFile == "":
		faults.add("GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE go together; one is missing")
	default:
		if _, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile); err != nil {
			faults.add("GATEHOUSE_TLS_CERT_FILE: %v", err)
		}
	}
}

func (c *Config) checkStores(withKeys bool, faults *ConfigError) {
	badDatabase := databaseFault(c.Database())
	if badDatabase != "" {
		faults.add("DATABASE_URL %s", badDatabase)
	}
	if c.DatabaseMaxConns < 0 || c.DatabaseMaxConns > 10_000 {
		faults.add("GATEHOUSE_DATABASE_MAX_CONNS must be from 0 to 10000")
	}
	if why := redisFault(string(c.RedisURL)); why != "" {
		faults.add("REDIS_URL %s", why)
	}
	if info, err := os.Stat(c.DataDir); err == nil && !info.IsDir() {
		faults.add("GATEHOUSE_DATA_DIR is a file, not a folder")
	}
	if c.MasterKey != "" {
		if _, err := oauth.ParseMasterKeys(string(c.MasterKey)); err != nil {
			faults.add("GATEHOUSE_MASTER_KEY must be 64 hex digits, or several such keys with commas between, newest first")
		}
	} else if withKeys && !c.IsSQLite() && badDatabase == "" {
		faults.add("GATEHOUSE_MASTER_KEY is required with Postgres, the same for every instance; make one with: openssl rand -hex 32")
	}
}

func (c *Config) checkDurations(faults *ConfigError) {
	within := func(name string, d, low, high time.Duration) {
		if d < low || d > high {
			faults.add("%s must be from %s to %s", name, idp.ShortDuration(low), idp.ShortDuration(high))
		}
	}
	within("GATEHOUSE_CODE_TTL", c.CodeTTL, time.Second, oauth.MaxCodeTTL)
	within("GATEHOUSE_ACCESS_TOKEN_TTL", c.AccessTokenTTL, time.Second, maxTokenTTL)
	within("GATEHOUSE_ID_TOKEN_TTL", c.IDTokenTTL, time.Second, maxTokenTTL)
	within("GATEHOUSE_REFRESH_TOKEN_TTL", c.RefreshTokenTTL, time.Second, maxAge)
	within("GATEHOUSE_REFRESH_TOKEN_MAX_TTL", c.RefreshTokenMaxTTL, time.Second, maxGrantAge)
	within("GATEHOUSE_REFRESH_GRACE", c.RefreshGrace, 0, 5*time.Minute)
	within("GATEHOUSE_SESSION_TTL", c.SessionTTL, time.Second, maxAge)
	within("GATEHOUSE_SESSION_MAX_TTL", c.SessionMaxTTL, time.Second, maxAge)
	if c.AuditRetention != 0 { // 0 keeps all
		within("GATEHOUSE_AUDIT_RETENTION", c.AuditRetention, 24*time.Hour, maxRetention)
	}
	within("GATEHOUSE_KEY_ROTATION", c.KeyRotation, time.Hour, maxAge)
	within("GATEHOUSE_SIGNIN_WINDOW", c.SignInWindow, time.Second, 24*time.Hour)
	within("GATEHOUSE_SHUTDOWN_DELAY", c.ShutdownDelay, 0, 10*time.Minute)
	within("GATEHOUSE_SHUTDOWN_TIMEOUT", c.ShutdownTimeout, time.Second, 10*time.Minute)

	atMost := func(small string, a time.Duration, large string, b time.Duration) {
		if a > b {
			faults.add("%s (%s) must not be longer than %s (%s)", small, idp.ShortDuration(a), large, idp.ShortDuration(b))
		}
	}
	atMost("GATEHOUSE_REFRESH_TOKEN_TTL", c.RefreshTokenTTL, "GATEHOUSE_REFRESH_TOKEN_MAX_TTL", c.RefreshTokenMaxTTL)
	atMost("GATEHOUSE_REFRESH_GRACE", c.RefreshGrace, "GATEHOUSE_REFRESH_TOKEN_TTL", c.RefreshTokenTTL)
	atMost("GATEHOUSE_SESSION_TTL", c.SessionTTL, "GATEHOUSE_SESSION_MAX_TTL", c.SessionMaxTTL)
	atMost("GATEHOUSE_ACCESS_TOKEN_TTL", c.AccessTokenTTL, "GATEHOUSE_REFRESH_TOKEN_MAX_TTL", c.RefreshTokenMaxTTL)
}

func (c *Config) checkPeople(faults *ConfigError) {
	if c.Signup != "closed" && c.Signup != "open" {
		faults.add("GATEHOUSE_SIGNUP must be closed or open")
	}
	if c.PasswordMinLength < 8 || c.PasswordMinLength > 128 {
		faults.add("GATEHOUSE_PASSWORD_MIN_LENGTH must be from 8 to 128")
	}
	if c.HashSlots < 0 || c.HashSlots > maxHashSlots {
		faults.add("GATEHOUSE_HASH_SLOTS must be from 0 to %d", maxHashSlots)
	}
	admin := idp.User{Username: c.AdminUsername, Email: c.AdminEmail}
	admin.Normalize()
	if err := admin.Validate(); err != nil {
		faults.add("GATEHOUSE_ADMIN_USERNAME, GATEHOUSE_ADMIN_EMAIL: %v", err)
	}
	if c.AdminPassword != "" {
		if err := (account.Policy{}).CheckAssigned(string(c.AdminPassword), &admin); err != nil {
			faults.add("GATEHOUSE_ADMIN_PASSWORD: %v", err)
		}
	}
	if c.SignInAccountLimit < 1 || c.SignInNetworkLimit < 1 || c.SignInAccountLimit > maxTries || c.SignInNetworkLimit > maxTries {
		faults.add("GATEHOUSE_SIGNIN_ACCOUNT_LIMIT and GATEHOUSE_SIGNIN_NETWORK_LIMIT must be from 1 to %d", maxTries)
	}
}

func hasSQLiteScheme(database string) bool { return strings.HasPrefix(database, "sqlite:") }

func databaseFault(database string) string {
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		if path == "" || strings.Contains(path, ":memory:") || strings.ContainsAny(path, "\x00") {
			return "must name a file, as sqlite:/var/lib/gatehouse/gatehouse.db"
		}
		return ""
	}
	u, err := url.Parse(database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "must begin with postgres:// or sqlite:"
	}
	return ""
}

func redisFault(redis string) string {
	if redis == "" {
		return ""
	}
	_, err := redisstore.ParseURL(redis)
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), redisstore.ErrURL.Error()+" ")
}

func isListenAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && isPort(port)
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// dataFile is the path of a file in the data folder.
func (c *Config) dataFile(name string) string { return filepath.Join(c.DataDir, name) }
