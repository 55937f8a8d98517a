package server

import (
	"time"

	"gatehouse/idp"
)

// Config is everything that can be set, one field per environment variable.
// .env.example describes each of them. Load fills and checks it.
type Config struct {
	Issuer string `env:"GATEHOUSE_ISSUER" envDefault:"http://localhost:8080"`
	Listen string `env:"GATEHOUSE_LISTEN" envDefault:"127.0.0.1:8080"`
	// Port is the convention of application platforms. It means all
	// interfaces, and gives way to GATEHOUSE_LISTEN.
	Port    string `env:"PORT"`
	DataDir string `env:"GATEHOUSE_DATA_DIR" envDefault:"./data"`

	DatabaseURL      idp.Secret `env:"DATABASE_URL"`
	DatabaseMaxConns int        `env:"GATEHOUSE_DATABASE_MAX_CONNS" envDefault:"0"`
	RedisURL         idp.Secret `env:"REDIS_URL"`
	MasterKey        idp.Secret `env:"GATEHOUSE_MASTER_KEY"`

	TLSCertFile    string   `env:"GATEHOUSE_TLS_CERT_FILE"`
	TLSKeyFile     string   `env:"GATEHOUSE_TLS_KEY_FILE"`
	TrustedProxies Networks `env:"GATEHOUSE_TRUSTED_PROXIES"`
	MetricsListen  string   `env:"GATEHOUSE_METRICS_LISTEN"`

	LogLevel  LogLevel `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string   `env:"LOG_FORMAT"`

	CodeTTL            time.Duration `env:"GATEHOUSE_CODE_TTL" envDefault:"60s"`
	AccessTokenTTL     time.Duration `env:"GATEHOUSE_ACCESS_TOKEN_TTL" envDefault:"10m"`
	IDTokenTTL         time.Duration `env:"GATEHOUSE_ID_TOKEN_TTL" envDefault:"10m"`
	RefreshTokenTTL    time.Duration `env:"GATEHOUSE_REFRESH_TOKEN_TTL" envDefault:"336h"`
	RefreshTokenMaxTTL time.Duration `env:"GATEHOUSE_REFRESH_TOKEN_MAX_TTL" envDefault:"2160h"`
	RefreshGrace       time.Duration `env:"GATEHOUSE_REFRESH_GRACE" envDefault:"10s"`
	SessionTTL         time.Duration `env:"GATEHOUSE_SESSION_TTL" envDefault:"12h"`
	SessionMaxTTL      time.Duration `env:"GATEHOUSE_SESSION_MAX_TTL" envDefault:"168h"`
	KeyRotation        time.Duration `env:"GATEHOUSE_KEY_ROTATION" envDefault:"2160h"`

	Signup            string     `env:"GATEHOUSE_SIGNUP" envDefault:"closed"`
	AdminUsername     string     `env:"GATEHOUSE_ADMIN_USERNAME" envDefault:"admin"`
	AdminEmail        string     `env:"GATEHOUSE_ADMIN_EMAIL"`
	AdminPassword     idp.Secret `env:"GATEHOUSE_ADMIN_PASSWORD"`
	PasswordMinLength int        `env:"GATEHOUSE_PASSWORD_MIN_LENGTH" envDefault:"12"`
	// HashSlots is how many passwords are hashed at once, 20 MB each; 0 means one per processor.
	HashSlots int `env:"GATEHOUSE_HASH_SLOTS" envDefault:"0"`
	// The limits count failed sign-ins within a window.
	SignInAccountLimit int           `env:"GATEHOUSE_SIGNIN_ACCOUNT_LIMIT" envDefault:"10"`
	SignInNetworkLimit int           `env:"GATEHOUSE_SIGNIN_NETWORK_LIMIT" envDefault:"100"`
	SignInWindow       time.Duration `env:"GATEHOUSE_SIGNIN_WINDOW" envDefault:"15m"`

	// AuditRetention is how long the audit log is kept; 0 keeps all of it.
	AuditRetention time.Duration `env:"GATEHOUSE_AUDIT_RETENTION" envDefault:"9600h"`

	ProductName string `env:"GATEHOUSE_PRODUCT_NAME" envDefault:"Gatehouse"`
	BrandAccent string `env:"GATEHOUSE_BRAND_ACCENT"`
	HelpURL     string `env:"GATEHOUSE_HELP_URL"`
	PrivacyURL  string `env:"GATEHOUSE_PRIVACY_URL"`
	TermsURL    string `env:"GATEHOUSE_TERMS_URL"`

	ShutdownDelay   time.Duration `env:"GATEHOUSE_SHUTDOWN_DELAY" envDefault:"0s"`
	ShutdownTimeout time.Duration `env:"GATEHOUSE_SHUTDOWN_TIMEOUT" envDefault:"20s"`

	Demo bool `env:"GATEHOUSE_DEMO" envDefault:"false"`

	// mayMovePort says that neither issuer nor address was chosen by anyone,
	// so the demo may take another port when the usual one is taken.
	mayMovePort bool
	// fixed are the settings that were set, by their JSON names, and by which variable.
	fixed map[string]string
}

// Database returns the URL of the database, the default's when none was set.
func (c *Config) Database() string {
	if c.DatabaseURL != "" {
		return string(c.DatabaseURL)
	}
	return "sqlite:" + c.dataFile("gatehouse.db")
}

// IsSQLite reports whether the database is an embedded one. Gatehouse then
// brings the schema up to date and makes a master key by itself.
func (c *Config) IsSQLite() bool { return hasSQLiteScheme(c.Database()) }

// ServesTLS reports whether Gatehouse speaks https itself.
func (c *Config) ServesTLS() bool { return c.TLSCertFile != "" && c.TLSKeyFile != "" }
