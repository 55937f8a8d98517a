package redisstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/idp"
)

// grantFacts is the part of a grant that no script looks at, as JSON.
type grantFacts struct {
	UserID    string           `json:"u,omitempty"`
	SessionID string           `json:"i,omitempty"`
	Scope     string           `json:"p,omitempty"`
	Code      *idp.CodeBinding `json:"c,omitempty"`
	Facts     idp.Facts        `json:"f,omitzero"`
}

const (
	// deniedPrefix begins the name of a field that stands for a denied token.
	deniedPrefix = "d:"
	// pieceSize is the longest value with which Redis keeps a hash in its compact
	// form (hash-max-listpack-value). The JSON is cut into fields of
	// that size, f0, f1, …: in one field it would double the memory of a grant.
	pieceSize = 64
	// maxPieces bounds what is read back; a redirect URI has at most 2,000 bytes.
	maxPieces = 4096
)

// encodeGrant returns the fields and values that the caller decides; the times are the store's.
func encodeGrant(g *idp.Grant) ([]any, error) {
	var state string
	switch g.State {
	case idp.GrantCode:
		state = "c"
	case idp.GrantActive:
		state = "a"
	default:
		return nil, fmt.Errorf("state %q is not one of a grant", g.State)
	}
	f := grantFacts{UserID: g.UserID, SessionID: g.SessionID, Scope: g.Scope, Facts: g.Facts}
	if g.Code != (idp.CodeBinding{}) {
		f.Code = &g.Code
	}
	facts, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	args := []any{"s", state, "c", g.ClientID}
	for piece := range slices.Chunk(facts, pieceSize) {
		args = append(args, "f"+strconv.Itoa(len(args)/2-2), piece)
	}
	if g.Generation > 0 {
		args = append(args, "n", g.Generation)
	}
	if g.Offline() {
		args = append(args, "o", "")
	}
	for _, jti := range g.DeniedTokens {
		args = append(args, deniedPrefix+jti, "")
	}
	return args, nil
}

// decodeGrant reads the reply of HGETALL. ErrNotFound for no record, and for a tombstone.
func decodeGrant(id string, reply any) (*idp.Grant, error) {
	g := &idp.Grant{ID: id}
	var facts pieces
	err := fields(reply, func(name, value string) error {
		if number, ok := strings.CutPrefix(name, "f"); ok {
			return facts.add(number, value)
		}
		return decodeGrantField(g, name, value)
	})
	if err == nil && g.State == "" {
		return nil, idp.ErrNotFound
	}
	if err == nil {
		err = decodeFacts(g, strings.Join(facts, ""))
	}
	if err != nil {
		return nil, fmt.Errorf("read grant: %w", err)
	}
	slices.Sort(g.DeniedTokens)
	return g, nil
}

// pieces is a text in order of its fields, which a reply need not keep.
type pieces []string

func (p *pieces) add(number, value string) error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= maxPieces {
		return fmt.Errorf("no piece has the number %q", number)
	}
	for len(*p) <= n {
		*p = append(*p, "")
	}
	(*p)[n] = value
	return nil
}

func decodeGrantField(g *idp.Grant, name, value string) error {
	switch name {
	case "s":
		switch value {
		case "c":
			g.State = idp.GrantCode
		case "a":
			g.State = idp.GrantActive
		default:
			return fmt.Errorf("unknown state %q", value)
		}
	case "c":
		g.ClientID = value
	case "n", "t", "x", "y", "r":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("field %s is not a number", name)
		}
		decodeGrantNumber(g, name, n)
	default:
		if jti, denied := strings.CutPrefix(name, deniedPrefix); denied {
			g.DeniedTokens = append(g.DeniedTokens, jti)
		}
	}
	return nil
}

func decodeGrantNumber(g *idp.Grant, name string, n int64) {
	switch name {
	case "n":
		g.Generation = n
	case "t":
		g.CreatedAt = fromMicros(n)
	case "x":
		g.ExpiresAt = fromMicros(n)
	case "y":
		g.RefreshExpiresAt = fromMicros(n)
	case "r":
		g.RotatedAt = fromMicros(n)
	}
}

func decodeFacts(g *idp.Grant, text string) error {
	var f grantFacts
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return fmt.Errorf("facts: %w", err)
	}
	g.UserID, g.SessionID, g.Scope, g.Facts = f.UserID, f.SessionID, f.Scope, f.Facts
	if f.Code != nil {
		g.Code = *f.Code
	}
	return nil
}
