package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/idp"
)

// clientCredentials is what a request says of the client that sends it.
type clientCredentials struct {
	id, secret string
	method     string // one of idp.AuthMethod…
}

// errGuessing tells the log why even the right secret is refused.
var errGuessing = errors.New("client secret is being guessed")

// authenticateClient finds the client that sends a request and checks who it is.
func (p *Provider) authenticateClient(ctx context.Context, r Request) (*idp.Client, error) {
	cred, refused := readClientCredentials(r)
	if refused != nil {
		return nil, refused
	}
	client, err := p.o.Clients.Client(ctx, cred.id)
	if err != nil && !errors.Is(err, idp.ErrNotFound) {
		return nil, err
	}
	// An unknown client costs the same comparison as a known one.
	var known idp.Client
	if client != nil {
		known = *client
	}
	matches := secretMatches(&known, cred.secret)
	who := guesserOf(cred.id, r.IP)
	switch {
	case client == nil:
		p.refusedClient(nil, r, refusedUnknown)
		return nil, invalidClient(cred.method, "client authentication failed")
	case client.Disabled:
		p.refusedClient(client, r, refusedDisabled)
		return nil, invalidClient(cred.method, "client authentication failed")
	case client.AuthMethod != cred.method:
		p.refusedClient(client, r, refusedMethod)
		return nil, invalidClient(cred.method, "this client is registered for %s", client.AuthMethod)
	case client.IsPublic():
		return client, nil
	case p.guesses.exhausted(who):
		p.refusedClient(client, r, refusedGuessing)
		return nil, invalidClient(cred.method, "too many wrong secrets for this client; wait and try again").because(errGuessing)
	case !matches:
		p.guesses.wrong(who)
		p.refusedClient(client, r, refusedSecret)
		return nil, invalidClient(cred.method, "client authentication failed")
	}
	return client, nil
}

// invalidClient is 401, with a challenge when the client used the header (RFC 6749 §5.2).
func invalidClient(method, format string, args ...any) *Error {
	e := refuse(codeInvalidClient, format, args...)
	e.Status = http.StatusUnauthorized
	if method == idp.AuthMethodBasic {
		e.Challenge = `Basic realm="gatehouse", charset="UTF-8"`
	}
	return e
}

// readClientCredentials tells the authentication method from the request (RFC 6749 §2.3).
func readClientCredentials(r Request) (clientCredentials, *Error) {
	id, hasSecret := r.Form.Get("client_id"), r.Form.Has("client_secret")
	if r.Authorization != "" {
		basic, refused := readBasic(r.Authorization)
		switch {
		case refused != nil:
			return clientCredentials{}, refused
		case hasSecret: // RFC 6749 §2.3: not more than one method
			return clientCredentials{}, refuse(codeInvalidRequest, "use one way of client authentication, not the header and client_secret")
		case id != "" && id != basic.id:
			return clientCredentials{}, refuse(codeInvalidRequest, "client_id differs from the Authorization header")
		}
		return basic, nil
	}
	switch {
	case id == "":
		return clientCredentials{}, invalidClient(idp.AuthMethodBasic, "client authentication is missing")
	case hasSecret:
		return clientCredentials{id: id, secret: r.Form.Get("client_secret"), method: idp.AuthMethodPost}, nil
	}
	return clientCredentials{id: id, method: idp.AuthMethodNone}, nil
}

// readBasic parses the header; id and secret are form-encoded before base64 (RFC 6749 §2.3.1).
func readBasic(header string) (clientCredentials, *Error) {
	broken := invalidClient(idp.AuthMethodBasic, "the Authorization header is not a valid Basic one")
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return clientCredentials{}, broken
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return clientCredentials{}, broken
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return clientCredentials{}, broken
	}
	c := clientCredentials{method: idp.AuthMethodBasic}
	if c.id, err = url.QueryUnescape(id); err != nil {
		return clientCredentials{}, broken
	}
	if c.secret, err = url.QueryUnescape(secret); err != nil {
		return clientCredentials{}, broken
	}
	if c.id == "" || !isCleanText(c.id) || !isCleanText(c.secret) {
		return clientCredentials{}, broken
	}
	return c, nil
}

// secretMatches compares in constant time over all live secrets.
func secretMatches(c *idp.Client, secret string) bool {
	digest := []byte(secretDigest(secret))
	found := 0
	for i := range idp.MaxClientSecrets {
		var want []byte
		if i < len(c.Secrets) {
			want = []byte(c.Secrets[i].Digest)
		}
		found |= subtle.ConstantTimeCompare(digest, want)
	}
	return found == 1 && secret != ""
}

func secretDigest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
