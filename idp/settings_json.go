package idp

import (
	"encoding/json"
	"strings"
	"time"
)

// length is a duration that is written in JSON as in the environment: "10m", "336h".
type length time.Duration

// MarshalText writes it as ShortDuration does.
func (l length) MarshalText() ([]byte, error) { return []byte(ShortDuration(time.Duration(l))), nil }

// ShortDuration writes a duration as people type it: 336h, not 336h0m0s.
func ShortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// UnmarshalText reads what time.ParseDuration reads.
func (l *length) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*l = length(d)
	return err
}

// plainSettings has the members of Settings without its methods.
type plainSettings Settings

// settingsJSON gives the durations, which lie deeper in plainSettings, their form in JSON.
type settingsJSON struct {
	*plainSettings
	AccessTokenTTL     *length `json:"access_token_ttl"`
	IDTokenTTL         *length `json:"id_token_ttl"`
	RefreshTokenTTL    *length `json:"refresh_token_ttl"`
	RefreshTokenMaxTTL *length `json:"refresh_token_max_ttl"`
	SessionTTL         *length `json:"session_ttl"`
	SessionMaxTTL      *length `json:"session_max_ttl"`
	AuditRetention     *length `json:"audit_retention"`
}

func (s *Settings) json() settingsJSON {
	return settingsJSON{
		plainSettings:  (*plainSettings)(s),
		AccessTokenTTL: (*length)(&s.AccessTokenTTL), IDTokenTTL: (*length)(&s.IDTokenTTL),
		RefreshTokenTTL: (*length)(&s.RefreshTokenTTL), RefreshTokenMaxTTL: (*length)(&s.RefreshTokenMaxTTL),
		SessionTTL: (*length)(&s.SessionTTL), SessionMaxTTL: (*length)(&s.SessionMaxTTL),
		AuditRetention: (*length)(&s.AuditRetention),
	}
}

// MarshalJSON writes durations as text: "10m", "336h".
func (s Settings) MarshalJSON() ([]byte, error) { return json.Marshal(s.json()) }

// UnmarshalJSON reads what MarshalJSON writes; members that are missing stay as they are.
func (s *Settings) UnmarshalJSON(b []byte) error {
	into := s.json()
	return json.Unmarshal(b, &into)
}
