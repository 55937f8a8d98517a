package pages

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/idp"
)

// ClientHead is the top of every page about one client.
type ClientHead struct {
	Client *idp.Client
	Manage bool // the reader may change it; the built-in one can only be turned off and on
}

// To is the address of the client's page, or of one below it.
func (h ClientHead) To(below ...string) string {
	return strings.Join(append([]string{"/admin/clients/" + url.PathEscape(h.Client.ID)}, below...), "/")
}

// BuiltIn reports whether the client is Gatehouse's own.
func (h ClientHead) BuiltIn() bool { return h.Client.ID == idp.ClientGatehouse }

// Edit reports whether the reader may change its settings.
func (h ClientHead) Edit() bool { return h.Manage && !h.BuiltIn() }

// ForPeople reports whether people sign in to it.
func (h ClientHead) ForPeople() bool { return h.Client.MayUse(idp.GrantAuthorizationCode) }

// nameArgs are for messages that call the client by name.
func (h ClientHead) nameArgs() args { return args{"Name": h.Client.DisplayName()} }

func (h ClientHead) title(tab string) text {
	return text{key: "clients.client_title", args: args{
		"Name": h.Client.DisplayName(), "Tab": text{key: "clients.tab." + tab},
	}}
}

// ClientWarning is what is unsafe about a setting, in words, at its field.
type ClientWarning struct {
	Field string
	Text  Text
	// Serious ones may give somebody else the run of this service.
	Serious bool
}

// ClientPage is the settings of a client. It posts the members by their names
// to the client's address, scopes as scope, api_scope and more_scopes; with
// add, the form is only drawn again.
type ClientPage struct {
	ClientHead
	Form     Form
	LogoForm Form
	FormID   string // of the button that duplicates
	Warnings []ClientWarning
	// Current is what the store has now, where somebody else changed it meanwhile.
	Current []Field
}

// WarningsAt are the warnings of a field.
func (p ClientPage) WarningsAt(field string) []ClientWarning {
	return slices.DeleteFunc(slices.Clone(p.Warnings), func(w ClientWarning) bool { return w.Field != field })
}

// Tone is how a warning is shown.
func (w ClientWarning) Tone() string {
	if w.Serious {
		return "bad"
	}
	return "warn"
}

// Scopes are the scopes about people that a client may be given.
func (p ClientPage) Scopes() []Option {
	var out []Option
	for _, scope := range idp.StandardScopes() {
		out = append(out, Option{Value: scope, Label: scope, HelpKey: "clients.scope." + scope})
	}
	return append(out, Option{Value: idp.ScopeAccount, Label: idp.ScopeAccount, HelpKey: "clients.scope." + idp.ScopeAccount})
}

// APIScopes are the scopes of Gatehouse's own API.
func (p ClientPage) APIScopes() []Option { return apiScopes() }

// Grants are the ways to get tokens.
func (p ClientPage) Grants() []Option {
	var out []Option
	for _, g := range idp.GrantTypes() {
		out = append(out, Option{Value: g, Key: "clients.grant." + g, HelpKey: "clients.grant_help." + g})
	}
	return out
}

// AuthMethods are the ways to prove who it is.
func (p ClientPage) AuthMethods() []Option {
	var out []Option
	for _, m := range []string{idp.AuthMethodBasic, idp.AuthMethodPost, idp.AuthMethodNone} {
		out = append(out, Option{Value: m, Key: "clients.auth." + m, HelpKey: "clients.auth_help." + m})
	}
	return out
}

// Algs are what ID tokens can be signed with.
func (p ClientPage) Algs() []Option {
	return []Option{{Key: "clients.alg_default"}, {Value: "ES256", Label: "ES256"}}
}

// ClientSecretsPage shows which secrets live, and a new one this once.
type ClientSecretsPage struct {
	ClientHead
	Secret string
	// Gone says that the address named a secret that was shown before.
	Gone bool
}

// Overlap reports whether two secrets work side by side.
func (p ClientSecretsPage) Overlap() bool { return len(p.Client.Secrets) > 1 }

// Public reports whether the client has no secret at all.
func (p ClientSecretsPage) Public() bool { return p.Client.IsPublic() }

// SnippetChoice is a library that a snippet can be shown for.
type SnippetChoice struct{ ID, Title string }

// Snippet is what to paste: one file or more.
type Snippet struct {
	ID, Title string
	Files     []SnippetFile
	// NeedsRedirect is the redirect URI that the library insists on and that is
	// not registered, "" when nothing is missing.
	NeedsRedirect string
}

// SnippetFile is a text and what its file is called.
type SnippetFile struct{ Name, Text string }

// ClientSnippetsPage is how to connect the application.
type ClientSnippetsPage struct {
	ClientHead
	Choices []SnippetChoice
	Snippet *Snippet // nil shows the settings alone
	// Settings are what every library asks for: message keys and values.
	Settings []Field
}

// Chosen reports whether the choice is the one that is shown.
func (p ClientSnippetsPage) Chosen(id string) bool { return p.Snippet != nil && p.Snippet.ID == id }

// ClientTestPage leads through a real sign-in of the application.
type ClientTestPage struct {
	ClientHead
	// Links are authorization requests, one for each redirect URI.
	Links []TestLink
	// Why is the key of what keeps it from working, "" when nothing does.
	Why string
}

// TestLink is a sign-in that can be tried.
type TestLink struct{ Redirect, To string }

// ClientTokensPage lists what a client was given.
type ClientTokensPage struct {
	ClientHead
	List   ListView
	Grants []GrantRow
}

// GrantRow is one family of tokens.
type GrantRow struct {
	*idp.Grant
	ClientName string
	Username   string // "" for a person who is gone
	Name       string // may be empty
	// Dead says that its tokens do not work although it is not over: its client
	// or its person is off or gone, or all tokens of the client were revoked.
	Dead bool
}

// Scopes are the scopes of the family.
func (g GrantRow) Scopes() []string { return strings.Fields(g.Scope) }

// Person is how the person of the family is called.
func (g GrantRow) Person() string {
	switch {
	case g.Name != "":
		return g.Name
	case g.Username != "":
		return g.Username
	}
	return g.UserID
}

// Ends is when the family ends unless it is used before.
func (g GrantRow) Ends() time.Time {
	if !g.RefreshExpiresAt.IsZero() && g.RefreshExpiresAt.Before(g.ExpiresAt) {
		return g.RefreshExpiresAt
	}
	return g.ExpiresAt
}

// Sort is what the family is: "dead", "code", "refresh" or "access".
func (g GrantRow) Sort() string {
	switch {
	case g.Dead:
		return "dead"
	case g.State == idp.GrantCode:
		return "code"
	case g.Generation > 0:
		return "refresh"
	}
	return "access"
}

func (p ClientPage) describe() description {
	return description{
		template: "admin_client", title: p.title("settings"), failed: p.Form.Failed() || p.LogoForm.Failed(),
	}
}

func (p ClientSecretsPage) describe() description {
	return description{template: "admin_client_secrets", title: p.title("secrets")}
}

func (p ClientSnippetsPage) describe() description {
	return description{template: "admin_client_snippets", title: p.title("connect")}
}

func (p ClientTestPage) describe() description {
	return description{template: "admin_client_test", title: text{key: "clients.test.title", args: p.nameArgs()}}
}

func (p ClientTokensPage) describe() description {
	return description{template: "admin_client_tokens", title: p.title("tokens")}
}
