package pages

import (
	"time"

	"gatehouse/idp"
)

// TokensPage lists families of tokens across people and clients.
type TokensPage struct {
	List   ListView
	Grants []GrantRow
	Manage bool
	// NoSuchUser and NoSuchClient say that a filter names nobody.
	NoSuchUser, NoSuchClient bool
	User, Client             string // as typed
}

// InspectPage takes a token apart that somebody pastes. It posts token to /admin/tokens/inspect.
type InspectPage struct {
	Form   Form
	Result *InspectedToken
	// Gone says that the address names a result that was shown before.
	Gone bool
}

// InspectedToken is what can be said of a token.
type InspectedToken struct {
	Kind    string // "access_token", "id_token", "credential" or "other"
	Problem string // "" when it works
	// Header and Claims are indented JSON, "" when they cannot be read.
	Header, Claims string
	Signed         bool
	KID            string
	KeyState       idp.KeyState
	IssuerMatches  bool
	IssuedAt       *time.Time
	ExpiresAt      *time.Time
	Expired        bool
	ClientID       string
	UserID         string
	Username       string
	GrantID        string
	GrantLives     bool
}

// ReviewPage is the last question before something of the applications' pages is done.
type ReviewPage struct {
	Title  Text
	Up     string // address of the page that it belongs to
	UpName Text
	Review Review
	// Nothing is the key of why there is nothing to do, "" when there is.
	Nothing string
}

func (p TokensPage) describe() description {
	return description{template: "admin_tokens", title: text{key: "tokens.title"}}
}

func (p InspectPage) describe() description {
	return description{template: "admin_inspect", title: text{key: "inspect.title"}, failed: p.Form.Failed()}
}

func (p ReviewPage) describe() description {
	return description{template: "admin_app_review", title: p.Title.text(), failed: p.Review.Form.Failed()}
}

// InspectProblems are the problems that an InspectedToken may have; a test of
// the console holds them to those that are found.
func InspectProblems() []string {
	return []string{
		"not_jwt", "credential", "unknown_key", "bad_signature", "revoked_key", "other_issuer",
		"expired", "retired_key", "grant_ended", "token_revoked", "client_disabled", "user_disabled",
	}
}
