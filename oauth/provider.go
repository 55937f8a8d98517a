package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"gatehouse/idp"
)

// PasswordFunc signs a person in with a password, with all the policy of the
// sign-in page. Its error matches ErrBadCredentials when the person may not.
type PasswordFunc func(ctx context.Context, username, password, ip string) (*idp.User, error)

// Options is what a Provider works with. All members are required but Audit and Counter.
type Options struct {
	Issuer string // the iss claim: no trailing slash

	CodeTTL time.Duration // life of an authorization code, at most MaxCodeTTL
	// RefreshGrace is how long a spent refresh token still gets its successor.
	RefreshGrace time.Duration
	// Settings are read at each issue: the lives of tokens and sessions.
	Settings func() idp.Settings

	Clients  idp.ClientStore
	Users    idp.UserStore
	Consents idp.ConsentStore
	Grants   idp.GrantStore
	Sessions idp.SessionStore
	Keys     *Keyring
	Master   MasterKeys
	Password PasswordFunc
	Now      func() time.Time
	// Audit and Counter hear of what no store records by itself; nil for nobody.
	Audit   idp.Recorder
	Counter idp.Counter
}

// MaxCodeTTL is the longest life of an authorization code (2.1 draft §4.1.2 recommends at most 10 minutes; we hold 60 s).
const MaxCodeTTL = time.Minute

// Provider answers the protocol's requests. It is safe for concurrent use.
type Provider struct {
	o        Options
	engine   *engine
	verified *lru.Cache[[sha256.Size]byte, *accessClaims]
	guesses  *guesses
	refusals *refusals
	metadata []byte
}

// New makes a Provider.
func New(o Options) (*Provider, error) {
	if o.CodeTTL <= 0 || o.CodeTTL > MaxCodeTTL {
		return nil, errors.New("code lifetime must be above 0 and at most 60s")
	}
	verified, err := lru.New[[sha256.Size]byte, *accessClaims](verifiedTokens)
	if err != nil {
		return nil, err
	}
	guesses, err := newGuesses(o.Now)
	if err != nil {
		return nil, err
	}
	refusals, err := newRefusals()
	if err != nil {
		return nil, err
	}
	p := &Provider{o: o, verified: verified, guesses: guesses, refusals: refusals}
	p.engine = newEngine(p)
	p.metadata, err = buildMetadata(o.Issuer)
	return p, err
}

// Request is a POST to the token, introspection or revocation endpoint.
type Request struct {
	Form          url.Values // the body's parameters, not the query's
	Authorization string     // the header, "" without one
	IP            string     // of the caller, for throttling and the audit log
	RequestID     string     // for the audit log
}

// ClaimedClient is the client that the request says it comes from, "" when it
// says none that can be read. Nothing is checked: it is for the log.
func (r Request) ClaimedClient() string {
	if id := r.Form.Get("client_id"); id != "" {
		return id
	}
	basic, refused := readBasic(r.Authorization)
	if refused != nil {
		return ""
	}
	return basic.id
}

// checkParams refuses what no endpoint accepts: a parameter sent twice
// (RFC 6749 §3.1, §3.2), and text that is not UTF-8 or holds NUL.
func checkParams(form url.Values) *Error {
	for name, values := range form {
		if len(values) > 1 {
			return refuse(codeInvalidRequest, "the parameter %.40s was sent more than once", name)
		}
		if !isCleanText(name) || !isCleanText(values[0]) {
			return refuse(codeInvalidRequest, "the parameter %.40s is not valid UTF-8 text", name)
		}
	}
	return nil
}

func isCleanText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// scopeList splits a scope parameter, dropping repetitions.
func scopeList(scope string) []string {
	var out []string
	seen := map[string]bool{}
	for s := range strings.SplitSeq(scope, " ") {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func hasScope(scope, name string) bool {
	for s := range strings.SplitSeq(scope, " ") {
		if s == name {
			return true
		}
	}
	return false
}

// JWKS returns the published keys as they are sent, their entity tag, and how
// long they may be cached.
func (p *Provider) JWKS() (body []byte, etag string, maxAge time.Duration) { return p.o.Keys.JWKS() }

// Metadata returns the metadata document as it is sent.
func (p *Provider) Metadata() []byte { return p.metadata }
