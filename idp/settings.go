package idp

import (
	"context"
	"regexp"
	"time"
)

// Settings are what an administrator may change while Gatehouse runs. What the
// environment sets is fixed and wins over what is stored.
type Settings struct {
	AccessTokenTTL     time.Duration `json:"access_token_ttl"`
	IDTokenTTL         time.Duration `json:"id_token_ttl"`
	RefreshTokenTTL    time.Duration `json:"refresh_token_ttl"`     // idle
	RefreshTokenMaxTTL time.Duration `json:"refresh_token_max_ttl"` // absolute
	SessionTTL         time.Duration `json:"session_ttl"`           // idle
	SessionMaxTTL      time.Duration `json:"session_max_ttl"`       // absolute

	PasswordMinLength int    `json:"password_min_length"` // of one that a person chooses
	Signup            string `json:"signup"`              // SignupClosed or SignupOpen

	ProductName string `json:"product_name"`
	Accent      string `json:"accent"` // "#rrggbb" for the light theme, "" is ours; the dark one is derived
	Logo        string `json:"logo"`   // ID of an Image, "" is ours

	AuditRetention time.Duration `json:"audit_retention"` // 0 keeps all
}

// Whether strangers may register.
const (
	SignupClosed = "closed"
	SignupOpen   = "open"
)

// DefaultSettings are those of a new installation.
func DefaultSettings() Settings {
	return Settings{
		AccessTokenTTL: 10 * time.Minute, IDTokenTTL: 10 * time.Minute,
		RefreshTokenTTL: 336 * time.Hour, RefreshTokenMaxTTL: 2160 * time.Hour,
		SessionTTL: 12 * time.Hour, SessionMaxTTL: 168 * time.Hour,
		PasswordMinLength: 12, Signup: SignupClosed, ProductName: "Gatehouse",
		AuditRetention: 400 * 24 * time.Hour,
	}
}

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Validate reports every fault, by the JSON names, or nil. Whether the accent
// can be read on its grounds is for the room that knows the colours.
func (s *Settings) Validate() error {
	var f faults
	for _, d := range []struct {
		field       string
		value       time.Duration
		least, most time.Duration
	}{
		{"access_token_ttl", s.AccessTokenTTL, time.Minute, 24 * time.Hour},
		{"id_token_ttl", s.IDTokenTTL, time.Minute, 24 * time.Hour},
		{"refresh_token_ttl", s.RefreshTokenTTL, time.Minute, 8760 * time.Hour},
		{"refresh_token_max_ttl", s.RefreshTokenMaxTTL, time.Minute, 8760 * time.Hour},
		{"session_ttl", s.SessionTTL, time.Minute, 8760 * time.Hour},
		{"session_max_ttl", s.SessionMaxTTL, time.Minute, 8760 * time.Hour},
	} {
		if d.value < d.least || d.value > d.most {
			f.add(d.field, "must be from %s to %s", d.least, d.most)
		}
	}
	if s.RefreshTokenTTL > s.RefreshTokenMaxTTL {
		f.add("refresh_token_ttl", "must not be longer than the absolute life")
	}
	if s.SessionTTL > s.SessionMaxTTL {
		f.add("session_ttl", "must not be longer than the absolute life")
	}
	if s.PasswordMinLength < 8 || s.PasswordMinLength > 128 { // NIST SP 800-63B §5.1.1.2
		f.add("password_min_length", "must be from %d to %d", 8, 128)
	}
	if s.Signup != SignupClosed && s.Signup != SignupOpen {
		f.add("signup", "must be closed or open")
	}
	if s.ProductName == "" {
		f.add("product_name", "is required")
	}
	checkText(&f, "product_name", s.ProductName, 60)
	if s.Accent != "" && !accentForm.MatchString(s.Accent) {
		f.add("accent", "must be a colour such as #3849c6")
	}
	if s.AuditRetention != 0 && s.AuditRetention < 24*time.Hour {
		f.add("audit_retention", "must be at least a day, or 0 to keep everything")
	}
	return f.err()
}

// StoredSettings is the record of the settings that were saved; a nil member
// was never saved, so the default is in force.
type StoredSettings struct {
	// Values are the members by their JSON names, each a JSON value.
	Values    map[string][]byte
	UpdatedAt time.Time // zero when nothing was ever saved
}

// NeverSaved is the version of settings that were never saved.
func NeverSaved() time.Time { return time.Unix(0, 0).UTC() }

// SettingsStore keeps the settings.
type SettingsStore interface {
	// Settings returns what was saved; nothing saved is no error.
	Settings(ctx context.Context) (*StoredSettings, error)
	// SaveSettings writes the values (a nil one goes back to the default) and keeps the others, if the
	// stored UpdatedAt equals ifUnchangedSince (ErrStale otherwise; NeverSaved when nothing was; zero skips the check).
	SaveSettings(ctx context.Context, values map[string][]byte, at, ifUnchangedSince time.Time) error
}

// Image is a small picture: a logo.
type Image struct {
	ID   string // SHA-256 of Data, hex
	Type string // "image/png" or "image/jpeg"
	Data []byte // at most MaxImage bytes
}

// MaxImage is the largest picture kept, in bytes.
const MaxImage = 128 << 10

// ImageStore keeps pictures. They are never changed.
type ImageStore interface {
	// PutImage inserts the picture; no error when it is there.
	PutImage(ctx context.Context, i *Image) error
	// Image returns the picture, or ErrNotFound.
	Image(ctx context.Context, id string) (*Image, error)
}

// NoteStore keeps short-lived notes: what a refused form held, what a page
// shows once, that a form or a call was done. Values may be personal; whoever
// puts secrets in seals them first.
type NoteStore interface {
	// PutNote writes a note, over one of the same key.
	PutNote(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// AddNote writes a note unless there is one; of any number of callers one
	// gets true, the others false and the value that stands.
	AddNote(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, standing []byte, err error)
	// Note returns a note, or ErrNotFound.
	Note(ctx context.Context, key string) ([]byte, error)
	// TakeNote returns a note and removes it: of any number of callers one gets it, the others ErrNotFound.
	TakeNote(ctx context.Context, key string) ([]byte, error)
	// DropNote removes a note. No error when absent.
	DropNote(ctx context.Context, key string) error
}
