package bulk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"gatehouse/account"
	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/settings"
)

// File is roles, clients and settings as they should be. What it does not name
// is left alone, unless pruning is asked for; a list that is not there at all
// is left alone even then.
type File struct {
	Roles    []FileRole                 `json:"roles"`
	Clients  []FileClient               `json:"clients"`
	Settings map[string]json.RawMessage `json:"settings,omitempty"` // durations as text
}

// FileRole is a role, without what the store gives it.
type FileRole struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Permission  idp.Permission `json:"permission,omitempty"`
}

// FileClient is a client with the member names of RFC 7591 §2. A member that
// is left out has its default: that is how the client will be.
type FileClient struct {
	ID                     string   `json:"client_id"`
	Name                   string   `json:"client_name,omitempty"`
	AuthMethod             string   `json:"token_endpoint_auth_method,omitempty"` // default client_secret_basic
	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes             []string `json:"grant_types,omitempty"` // default authorization_code where there is a redirect URI
	Scope                  string   `json:"scope,omitempty"`
	ResourceServer         bool     `json:"resource_server,omitempty"`
	SkipConsent            bool     `json:"skip_consent,omitempty"`
	RequirePKCE            *bool    `json:"require_pkce,omitempty"` // default true
	IDTokenAlg             string   `json:"id_token_signed_response_alg,omitempty"`
	ClientURI              string   `json:"client_uri,omitempty"`
	PolicyURI              string   `json:"policy_uri,omitempty"`
	TosURI                 string   `json:"tos_uri,omitempty"`
	Disabled               bool     `json:"disabled,omitempty"`
	// Secret of a client that is made: "env:NAME" takes it from the environment;
	// without it one is generated. It is never changed and never exported.
	Secret string `json:"client_secret,omitempty"`
}

// Keeper compares files with what there is, and makes it so.
type Keeper struct {
	Roles    *account.Roles
	Clients  *oauth.Clients
	Settings *settings.Service
	// Env looks up what "env:NAME" names; nil is os.LookupEnv.
	Env func(name string) (string, bool)
}

// ParseFile reads YAML, or JSON, which is YAML too. Unknown members are faults,
// and so is a second document, which would be left unread.
func ParseFile(text []byte) (*File, error) {
	f := &File{}
	if begins := documentMark.FindAllIndex(text, 2); len(begins) > 1 || len(begins) == 1 && hasContent(text[:begins[0][0]]) {
		return nil, badFile("the file holds more than one document; a line --- begins another")
	}
	if err := yaml.UnmarshalStrict(text, f); err != nil {
		if unknown := unknownMembers(text); len(unknown) > 0 {
			return nil, &idp.InvalidError{Faults: unknown}
		}
		return nil, badFile("the file cannot be read: %s", withoutJSON.Replace(err.Error()))
	}
	return f, f.check()
}

// withoutJSON takes out of the parser's errors what it makes of YAML on its way.
var withoutJSON = strings.NewReplacer("error unmarshaling JSON: while decoding JSON: json: ", "", "error converting YAML to JSON: ", "")

// unknownMembers finds every member that there is not, and where it stands.
func unknownMembers(text []byte) (faults []idp.Fault) {
	var file map[string]any
	if yaml.Unmarshal(text, &file) != nil {
		return nil
	}
	look := func(place string, v any, known []string) {
		object, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if !slices.Contains(known, name) {
				faults = append(faults, idp.NewFault(place+name, "is unknown"))
			}
		}
	}
	look("", file, memberNames[File]())
	roles, _ := file["roles"].([]any)
	for i, item := range roles {
		look(fmt.Sprintf("roles[%d].", i), item, memberNames[FileRole]())
	}
	clients, _ := file["clients"].([]any)
	for i, item := range clients {
		look(fmt.Sprintf("clients[%d].", i), item, memberNames[FileClient]())
	}
	return faults
}

// memberNames are the names that the fields of a struct have in JSON.
func memberNames[T any]() (names []string) {
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// documentMark is what begins a document of YAML.
var documentMark = regexp.MustCompile(`(?m)^---(?:[ \t\r]|$)`)

// hasContent reports whether there is more than comments and space.
func hasContent(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}

// check finds what is wrong with the file by itself.
func (f *File) check() error {
	all := &idp.InvalidError{}
	roles, clients := map[string]bool{}, map[string]bool{}
	for i, r := range f.Roles {
		role := r.role()
		at := fmt.Sprintf("roles[%d].", i)
		all.Faults = append(all.Faults, under(at, role.Validate())...)
		switch {
		case role.BuiltIn():
			all.Faults = append(all.Faults, idp.NewFault(at+"name", "is built in; leave it out"))
		case roles[r.Name]:
			all.Faults = append(all.Faults, idp.NewFault(at+"name", "is there twice"))
		}
		roles[r.Name] = true
	}
	for i, c := range f.Clients {
		client := c.client()
		at := fmt.Sprintf("clients[%d].", i)
		all.Faults = append(all.Faults, under(at, client.Validate())...)
		switch {
		case c.ID == idp.ClientGatehouse:
			all.Faults = append(all.Faults, idp.NewFault(at+"client_id", "is built in; leave it out"))
		case clients[c.ID]:
			all.Faults = append(all.Faults, idp.NewFault(at+"client_id", "is there twice"))
		case c.Secret != "" && !strings.HasPrefix(c.Secret, "env:"):
			all.Faults = append(all.Faults, idp.NewFault(at+"client_secret", "must not stand in the file; write env:NAME and set the variable"))
		}
		clients[c.ID] = true
	}
	if len(all.Faults) > 0 {
		return all
	}
	return nil
}

// under puts the place before the fields of an error's faults.
func under(place string, err error) []idp.Fault {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	out := slices.Clone(invalid.Faults)
	for i := range out {
		out[i].Field = place + out[i].Field
	}
	return out
}

func (r FileRole) role() *idp.Role {
	return &idp.Role{Name: r.Name, Description: r.Description, Permission: r.Permission}
}

func roleInFile(r *idp.Role) FileRole {
	return FileRole{Name: r.Name, Description: r.Description, Permission: r.Permission}
}

// client is the record, with defaults.
func (c FileClient) client() *idp.Client {
	n := &idp.Client{ID: c.ID}
	c.apply(n)
	return n
}

// apply gives a client what the file says of it.
func (c FileClient) apply(n *idp.Client) {
	n.Name, n.AuthMethod = c.Name, cmp.Or(c.AuthMethod, idp.AuthMethodBasic)
	n.RedirectURIs, n.PostLogoutRedirectURIs = c.RedirectURIs, c.PostLogoutRedirectURIs
	n.GrantTypes, n.Scopes = c.GrantTypes, strings.Fields(c.Scope)
	if len(n.GrantTypes) == 0 && len(n.RedirectURIs) > 0 {
		n.GrantTypes = []string{idp.GrantAuthorizationCode}
	}
	n.ResourceServer, n.SkipConsent, n.RequirePKCE = c.ResourceServer, c.SkipConsent, c.RequirePKCE == nil || *c.RequirePKCE
	n.IDTokenAlg, n.ClientURI, n.PolicyURI, n.TosURI = c.IDTokenAlg, c.ClientURI, c.PolicyURI, c.TosURI
}

func clientInFile(c *idp.Client) FileClient {
	f := FileClient{
		ID: c.ID, Name: c.Name, AuthMethod: c.AuthMethod, RedirectURIs: c.RedirectURIs,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, GrantTypes: c.GrantTypes, Scope: strings.Join(c.Scopes, " "),
		ResourceServer: c.ResourceServer, SkipConsent: c.SkipConsent, IDTokenAlg: c.IDTokenAlg,
		ClientURI: c.ClientURI, PolicyURI: c.PolicyURI, TosURI: c.TosURI, Disabled: c.Disabled,
	}
	if !c.RequirePKCE {
		f.RequirePKCE = new(bool)
	}
	return f
}

// YAML is the file's text.
func (f *File) YAML() ([]byte, error) { return yaml.Marshal(f) }

// Export returns what there is as a file: roles and clients but the built-in
// ones, and the settings that the environment does not fix. It holds no secret.
func (k *Keeper) Export(ctx context.Context) (*File, error) {
	f := &File{Roles: []FileRole{}, Clients: []FileClient{}, Settings: map[string]json.RawMessage{}}
	roles, err := k.Roles.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		if !r.BuiltIn() {
			f.Roles = append(f.Roles, roleInFile(r.Role))
		}
	}
	clients, err := k.clients(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range clients {
		f.Clients = append(f.Clients, clientInFile(c))
	}
	if err := k.Settings.Load(ctx); err != nil {
		return nil, err
	}
	for name, value := range settings.Encode(k.Settings.Current()) {
		if k.Settings.FixedBy(name) == "" && name != "logo" { // a logo is a picture of this installation
			f.Settings[name] = value
		}
	}
	return f, nil
}

// clients returns every client but the built-in one, by ID.
func (k *Keeper) clients(ctx context.Context) ([]*idp.Client, error) {
	var all []*idp.Client
	q := idp.ClientQuery{ListQuery: idp.ListQuery{Sort: "client_id", Limit: idp.MaxPage}}
	for {
		page, err := k.Clients.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Items {
			if c.ID != idp.ClientGatehouse {
				all = append(all, c)
			}
		}
		if q.After = page.Next; q.After == "" {
			return all, nil
		}
	}
}

func (k *Keeper) lookup(name string) (string, bool) {
	if k.Env != nil {
		return k.Env(name)
	}
	return os.LookupEnv(name)
}
