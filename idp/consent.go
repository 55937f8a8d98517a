package idp

import "time"

// Consent remembers what a person allowed a client to have.
type Consent struct {
	UserID    string    `json:"user_id"`
	ClientID  string    `json:"client_id"`
	Scopes    []string  `json:"scopes"`     // sorted
	GrantedAt time.Time `json:"granted_at"` // first time
	UpdatedAt time.Time `json:"updated_at"`
}
