package pages

import (
	"fmt"
	"slices"
)

// text is a message of the catalogue with its arguments.
type text struct {
	key  string
	args args
	// count chooses the plural form and is the argument Count, where counted.
	count   int
	counted bool
}

// args are a message's arguments: strings, or texts to put in.
type args map[string]any

// newText reads the arguments of the template functions: a key, then names and values.
func newText(key string, pairs []any) (text, error) {
	t := text{key: key, args: args{}}
	if len(pairs)%2 != 0 {
		return t, fmt.Errorf("message %s: an argument without a value", key)
	}
	for pair := range slices.Chunk(pairs, 2) {
		name, ok := pair[0].(string)
		if !ok {
			return t, fmt.Errorf("message %s: %v is not a name", key, pair[0])
		}
		t.args[name] = pair[1]
	}
	return t, nil
}

func knownKind(k ErrorKind) bool { return slices.Contains(errorKinds(), k) }

// errorText returns the part ("title", "text", "todo") of a kind's words.
func errorText(p ErrorPage, part string) text {
	kind := p.Kind
	if !knownKind(kind) {
		kind = ErrorServer
	}
	t := text{key: "error." + string(kind) + "." + part, args: args{"App": text{key: "app.unnamed"}}}
	if p.App != nil && p.App.Name != "" {
		t.args["App"] = p.App.Name
	}
	return t
}

// plainScopes are the scopes that have words of their own in the catalogues.
func plainScopes() []string {
	return []string{
		"openid", "profile", "email", "phone", "address", "offline_access", "roles",
		"gatehouse:account", "gatehouse:users", "gatehouse:read", "gatehouse:admin",
	}
}

// scopeText returns the part ("title", "text") of a scope's words.
func scopeText(l ScopeLine, part string) text {
	if slices.Contains(plainScopes(), l.Name) {
		return text{key: "scope." + l.Name + "." + part}
	}
	return text{key: "scope.custom." + part, args: args{"Scope": l.Name}}
}
