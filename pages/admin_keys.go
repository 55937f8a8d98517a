package pages

import (
	"time"

	"gatehouse/idp"
)

// KeysPage lists the signing keys.
type KeysPage struct {
	Keys   []KeyRow
	JWKS   string // address of the published keys
	Manage bool
	// Overdue says that a key that signs is older than it should be.
	Overdue bool
	// Every is the age at which keys hand over.
	Every time.Duration
}

// KeyRow is one signing key. Times that are not known are zero.
type KeyRow struct {
	KID, Alg                                    string
	State                                       idp.KeyState
	CreatedAt, ActivateAt, RetiresAt, TakenBack time.Time
}

// Standing is the state in one word: as idp.KeyState, or "revoked".
func (k KeyRow) Standing() string {
	if !k.TakenBack.IsZero() {
		return "revoked"
	}
	return string(k.State)
}

// Tone is how a badge shows the state.
func (k KeyRow) Tone() string {
	switch k.Standing() {
	case string(idp.KeyActive):
		return "ok"
	case string(idp.KeyNext):
		return "accent"
	case "revoked":
		return "bad"
	}
	return ""
}

// Published reports whether the key is in the JWKS.
func (k KeyRow) Published() bool { return k.TakenBack.IsZero() && k.State != idp.KeyRetired }

func (p KeysPage) describe() description {
	return description{template: "admin_keys", title: text{key: "keys.title"}}
}

// Standings are the states of keys, for the page's explanations.
func (p KeysPage) Standings() []string {
	return []string{"next", "active", "retiring", "retired", "revoked"}
}
