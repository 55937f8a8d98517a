package idp

import "time"

// GrantState is where a grant stands.
type GrantState string

// The states of a grant. A revoked or expired grant is absent.
const (
	GrantCode   GrantState = "code"   // its authorization code has not been redeemed
	GrantActive GrantState = "active" // its tokens live
)

// Grant is everything that came from one authorization: one record, one id,
// carried in the code, in the refresh tokens and in the access tokens' jti. No
// token is stored; deleting the record ends all of them at once.
type Grant struct {
	ID        string // 24 random bytes, base64url without padding (32 characters)
	State     GrantState
	ClientID  string
	UserID    string // empty for client_credentials
	SessionID string // public sid of the browser session, empty without one
	Scope     string // granted, space-separated; never changes
	// Generation is the refresh token that is current: 0 when none was issued,
	// 1 for the first, one more at each rotation.
	Generation int64
	RotatedAt  time.Time // when Generation was reached; zero before the first rotation
	CreatedAt  time.Time // by the store's clock
	// ExpiresAt is the absolute end of the record. For GrantCode it is the end of the code.
	ExpiresAt time.Time
	// RefreshExpiresAt is the idle end of the current refresh token; zero when there is none.
	RefreshExpiresAt time.Time
	// Code holds what the code was bound to; the store keeps it as it is.
	Code CodeBinding
	// Facts is what the tokens will say, fixed at authorization.
	Facts Facts
	// DeniedTokens holds the jti of access tokens that were revoked one by one.
	DeniedTokens []string
}

// Offline reports whether the grant outlives the browser session (OIDC Core §11).
func (g *Grant) Offline() bool { return g.Facts.Offline }

// CodeBinding is what an authorization code is bound to (RFC 6749 §4.1.3, RFC 7636 §4.4).
type CodeBinding struct {
	RedirectURI   string `json:"redirect_uri,omitempty"`
	CodeChallenge string `json:"code_challenge,omitempty"` // S256, always
}

// Facts are the circumstances of an authorization that its tokens repeat.
type Facts struct {
	Offline bool   `json:"offline,omitempty"` // offline_access was granted, or there is no browser session
	Nonce   string `json:"nonce,omitempty"`
	// AuthTime is when the person signed in, Unix seconds; 0 without a person.
	AuthTime int64    `json:"auth_time,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	// WantAuthTime and WantACR say that the ID token must carry the claim (OIDC Core §2).
	WantAuthTime bool `json:"want_auth_time,omitempty"`
	WantACR      bool `json:"want_acr,omitempty"`
	// IDTokenClaims and UserinfoClaims are the names that the claims parameter asked for (OIDC Core §5.5).
	IDTokenClaims  []string `json:"id_token_claims,omitempty"`
	UserinfoClaims []string `json:"userinfo_claims,omitempty"`
	// SessionEnd is the absolute end of the browser session, Unix seconds; 0
	// when the grant is not tied to one.
	SessionEnd int64 `json:"session_end,omitempty"`
}
