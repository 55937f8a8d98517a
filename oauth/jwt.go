package oauth

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// audience is the aud claim: one string or several (RFC 7519 §4.1.3).
type audience []string

func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*a = make(audience, 1)
		return json.Unmarshal(b, &(*a)[0])
	}
	return json.Unmarshal(b, (*[]string)(a))
}

func (a audience) has(s string) bool { return slices.Contains(a, s) }

// accessClaims is the payload of an access token (RFC 9068 §2.2).
type accessClaims struct {
	Issuer   string    `json:"iss"`
	Subject  string    `json:"sub"`
	Audience audience  `json:"aud"`
	Expires  int64     `json:"exp"`
	IssuedAt int64     `json:"iat"`
	JTI      string    `json:"jti"`
	ClientID string    `json:"client_id"`
	Scope    string    `json:"scope,omitempty"`
	AuthTime int64     `json:"auth_time,omitempty"`
	ACR      string    `json:"acr,omitempty"`
	AMR      []string  `json:"amr,omitempty"`
	SID      string    `json:"sid,omitempty"`
	Roles    *[]string `json:"roles,omitempty"` // present, though empty, when the scope was granted

	signedBy string // kid, of a token that was verified
}

// hintClaims is what we read of an ID token that comes back as a hint.
type hintClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	SID      string   `json:"sid"`
}

// Values of the typ header (RFC 9068 §2.1, RFC 7519 §5.1): a token of one kind
// cannot stand in for one of the other.
const (
	typAccess = "at+jwt"
	typID     = "JWT"
)

const (
	// maxJWT bounds what is parsed at all.
	maxJWT = 16 << 10
	// verifiedTokens bounds the cache of access tokens whose signature was checked.
	verifiedTokens = 8192
)

var errBadToken = errors.New("not a valid token of ours")

func sign(signer jose.Signer, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return jws.CompactSerialize()
}

// open checks a signature and returns the payload and the kid. The key is
// chosen by kid alone, and must not have been revoked.
func (k *Keyring) open(token, typ string) (payload []byte, kid string, err error) {
	jws, err := parseJWS(token)
	if err != nil {
		return nil, "", err
	}
	key := k.verifier(jws.Signatures[0].Protected.KeyID)
	if key == nil {
		return nil, "", errBadToken
	}
	payload, err = key.check(jws, typ)
	return payload, key.KID, err
}

func parseJWS(token string) (*jose.JSONWebSignature, error) {
	if len(token) > maxJWT {
		return nil, errBadToken
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algES256, algRS256})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errBadToken
	}
	return jws, nil
}

// check returns what the key signed. The key decides the algorithm, so neither
// alg confusion nor none gets in (RFC 8725 §3.1).
func (r *ringKey) check(jws *jose.JSONWebSignature, typ string) ([]byte, error) {
	h := jws.Signatures[0].Protected
	if h.KeyID != r.KID || h.Algorithm != r.Alg || h.ExtraHeaders[jose.HeaderType] != typ {
		return nil, errBadToken
	}
	payload, err := jws.Verify(r.public)
	if err != nil {
		return nil, errBadToken
	}
	return payload, nil
}

// verifyAccess returns the claims of an access token that we signed and that
// has not expired. Whether it was revoked only the store knows; ask it each time.
func (p *Provider) verifyAccess(token string) (*accessClaims, error) {
	digest := sha256.Sum256([]byte(token))
	c, known := p.verified.Get(digest)
	if !known {
		payload, kid, err := p.o.Keys.open(token, typAccess)
		if err != nil {
			return nil, err
		}
		c = &accessClaims{signedBy: kid}
		if err := json.Unmarshal(payload, c); err != nil || c.Issuer != p.o.Issuer {
			return nil, errBadToken
		}
		p.verified.Add(digest, c)
	}
	// All that a retired key signed has expired, so what claims to live was made
	// by somebody who got hold of it.
	if !p.o.Now().Before(time.Unix(c.Expires, 0)) || p.o.Keys.isRetired(c.signedBy) {
		return nil, errBadToken
	}
	return c, nil
}

// verifyHint reads an ID token of ours, expired or not (OIDC Core §3.1.2.1,
// RP-Initiated Logout §2).
func (p *Provider) verifyHint(token string) (*hintClaims, error) {
	payload, _, err := p.o.Keys.open(token, typID)
	if err != nil {
		return nil, err
	}
	var c hintClaims
	if err := json.Unmarshal(payload, &c); err != nil || c.Issuer != p.o.Issuer || c.Subject == "" || len(c.Audience) == 0 {
		return nil, errBadToken
	}
	return &c, nil
}
