package oauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

func TestTokensForAPerson(t *testing.T) {
	s := newSystem(t)
	for name, c := range map[string]struct {
		roles []string
		scope string // beyond what everybody gets
		may   idp.Permissions
	}{
		"ada":    {[]string{idp.RoleUser}, "", idp.Permissions{}},
		"root":   {[]string{idp.RoleAdmin, idp.RoleUser}, " gatehouse:admin", idp.Permissions{Admin: true}},
		"argus":  {[]string{"Auditor"}, " gatehouse:read", idp.Permissions{Read: true}},
		"sam":    {[]string{"Support"}, " gatehouse:users", idp.Permissions{Users: true}},
		"both":   {[]string{"Support", "Auditor"}, " gatehouse:users gatehouse:read", idp.Permissions{Users: true, Read: true}},
		"nobody": {nil, "", idp.Permissions{}},
	} {
		t.Run(name, func(t *testing.T) {
			u := s.user(name, c.roles...)
			out := s.issue(u, false)
			want := "openid profile email roles gatehouse:account" + c.scope
			if out.Scope != want || out.RefreshToken != "" || out.IDToken == "" || out.ExpiresIn != 600 || out.UserID != u.ID {
				t.Errorf("scope %q, want %q; refresh token %q, ID token %q, life %d", out.Scope, want, out.RefreshToken, out.IDToken, out.ExpiresIn)
			}
			b, err := s.p.Authenticate(t.Context(), out.AccessToken)
			ok(t, err)
			if b.User.ID != u.ID || b.Client.ID != idp.ClientGatehouse || b.Permissions != c.may || !b.OwnAccount ||
				b.AuthTime.Unix() != s.now.Unix() || strings.Join(b.Scopes, " ") != want {
				t.Errorf("bearer %+v", b)
			}
		})
	}
	t.Run("facts", func(t *testing.T) {
		out := s.issue(s.user("facts", idp.RoleUser), true)
		for _, token := range []string{out.AccessToken, out.IDToken} {
			c := s.claims(token)
			if amr, _ := c["amr"].([]any); len(amr) != 1 || amr[0] != "pwd" {
				t.Errorf("amr %v", c["amr"])
			}
		}
		if c := s.claims(out.AccessToken); c["auth_time"] != float64(s.now.Unix()) || c["acr"] != "1" || c["client_id"] != idp.ClientGatehouse || c["sid"] != nil {
			t.Errorf("claims %v", c)
		}
		if !hasScope(out.Scope, idp.ScopeOfflineAccess) || out.RefreshToken == "" {
			t.Errorf("scope %q, refresh token %q", out.Scope, out.RefreshToken)
		}
	})
}

// Each way to end a token ends it for the REST API as well, at once.
func TestAuthenticateRefuses(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *system, *Bearer){
		"user disabled": func(_ *testing.T, s *system, _ *Bearer) {
			s.change("ada", func(u *idp.User) { u.Status = idp.UserDisabled })
		},
		"user expired": func(_ *testing.T, s *system, _ *Bearer) {
			s.change("ada", func(u *idp.User) { u.ExpiresAt = new(s.now.Add(-time.Second)) })
		},
		"user deleted": func(t *testing.T, s *system, b *Bearer) {
			ok(t, s.stores.Users.DeleteUser(t.Context(), b.User.ID, time.Time{}))
		},
		"client disabled": func(t *testing.T, s *system, _ *Bearer) {
			ok(t, s.clients.SetDisabled(t.Context(), idp.ClientGatehouse, true))
		},
		"client off and on": func(t *testing.T, s *system, _ *Bearer) {
			ok(t, s.clients.SetDisabled(t.Context(), idp.ClientGatehouse, true))
			ok(t, s.clients.SetDisabled(t.Context(), idp.ClientGatehouse, false))
		},
		"client's tokens revoked": func(t *testing.T, s *system, _ *Bearer) {
			time.Sleep(2 * time.Millisecond) // a grant of this very millisecond may live
			ok(t, s.clients.RevokeTokens(t.Context(), idp.ClientGatehouse))
		},
		"grant revoked":  func(t *testing.T, s *system, b *Bearer) { ok(t, s.stores.Grants.RevokeGrant(t.Context(), b.GrantID)) },
		"bearer revoked": func(t *testing.T, s *system, b *Bearer) { ok(t, s.p.RevokeBearer(t.Context(), b)) },
		"expired":        func(_ *testing.T, s *system, _ *Bearer) { s.now = s.now.Add(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			out := s.issue(s.user("ada", idp.RoleUser), true)
			b, err := s.p.Authenticate(t.Context(), out.AccessToken)
			ok(t, err)
			end(t, s, b)
			_, err = s.p.Authenticate(t.Context(), out.AccessToken)
			refused(t, err, http.StatusUnauthorized, codeInvalidToken)
			var e *Error
			if errors.As(err, &e) && !strings.HasPrefix(e.Challenge, `Bearer realm="gatehouse", error="invalid_token"`) {
				t.Errorf("challenge %q", e.Challenge)
			}
			if name == "expired" {
				return
			}
			_, err = s.p.RefreshForPerson(t.Context(), out.RefreshToken, "", "")
			if err == nil {
				t.Error("the refresh token still works")
			}
		})
	}
	s := newSystem(t)
	_, err := s.p.Authenticate(t.Context(), "")
	refused(t, err, http.StatusUnauthorized, "")
	for _, text := range []string{"x", "a.b.c", strings.Repeat("x", 1<<20), s.issue(s.user("ada"), true).RefreshToken} {
		_, err := s.p.Authenticate(t.Context(), text)
		refused(t, err, http.StatusUnauthorized, codeInvalidToken)
	}
}

// What a role loses, a token loses; what a role gains, it does not.
func TestPermissionsFollowTheRoles(t *testing.T) {
	s := newSystem(t)
	s.user("root", idp.RoleAdmin)
	out := s.issue(s.user("ada", "Support", "Auditor"), false)
	may := func() idp.Permissions {
		t.Helper()
		b, err := s.p.Authenticate(t.Context(), out.AccessToken)
		ok(t, err)
		return b.Permissions
	}
	s.change("ada", func(u *idp.User) { u.Roles = []string{"Auditor"} })
	if got := may(); got != (idp.Permissions{Read: true}) {
		t.Errorf("after losing a role: %+v", got)
	}
	s.change("ada", func(u *idp.User) { u.Roles = []string{idp.RoleAdmin} })
	if got := may(); got != (idp.Permissions{Users: true, Read: true}) {
		t.Errorf("as an administrator with a lesser token: %+v", got)
	}
	s.change("ada", func(u *idp.User) { u.Roles = nil })
	if got := may(); got.Any() {
		t.Errorf("without roles: %+v", got)
	}
}

// A client's own token may do what it was registered for and asked for by name.
func TestAuthenticateAClientItself(t *testing.T) {
	s := newSystem(t)
	s.client(idp.Client{
		ID: "robot", GrantTypes: []string{idp.GrantClientCredentials, idp.GrantPassword}, RequirePKCE: true,
		Scopes: []string{"books", idp.ScopeAPIRead, idp.ScopeAPIUsers, idp.ScopeAccount, idp.ScopeOpenID},
	})
	bearer := func(pairs ...string) *Bearer {
		t.Helper()
		out, err := s.token("robot", pairs...)
		ok(t, err)
		b, err := s.p.Authenticate(t.Context(), out.AccessToken)
		ok(t, err)
		return b
	}
	b := bearer("grant_type", "client_credentials", "scope", "gatehouse:read gatehouse:account openid")
	if b.User != nil || b.OwnAccount || b.Permissions != (idp.Permissions{Read: true}) || !b.AuthTime.IsZero() || !slices.Equal(b.Scopes, []string{idp.ScopeAPIRead}) {
		t.Errorf("%+v", b)
	}
	if b := bearer("grant_type", "client_credentials"); b.Permissions.Any() || !slices.Equal(b.Scopes, []string{"books"}) {
		t.Errorf("unasked it gets %v", b.Scopes)
	}
	_, err := s.token("robot", "grant_type", "client_credentials", "scope", "gatehouse:admin")
	refused(t, err, http.StatusBadRequest, codeInvalidScope)
	// With a person behind it, both have to allow it.
	s.user("ada", idp.RoleUser)
	if b := bearer("grant_type", "password", "username", "ada", "password", "right", "scope", "gatehouse:read gatehouse:account"); b.Permissions.Any() || !b.OwnAccount {
		t.Errorf("a plain person's: %+v", b)
	}
	if b := bearer("grant_type", "password", "username", "ada", "password", "right", "scope", "gatehouse:read"); b.OwnAccount {
		t.Error("the own account without its scope")
	}
	// A scope that the client lost is lost in its tokens.
	out, err := s.token("robot", "grant_type", "client_credentials", "scope", "gatehouse:read gatehouse:users")
	ok(t, err)
	_, err = s.clients.Update(t.Context(), "robot", func(c *idp.Client) error { c.Scopes = []string{idp.ScopeAPIUsers}; return nil })
	ok(t, err)
	b, err = s.p.Authenticate(t.Context(), out.AccessToken)
	ok(t, err)
	if b.Permissions != (idp.Permissions{Users: true}) {
		t.Errorf("after losing a scope: %+v", b)
	}
}

func TestIssueToPersonRefuses(t *testing.T) {
	s := newSystem(t)
	u := s.user("ada", idp.RoleUser)
	for name, change := range map[string]func(*idp.User){
		"disabled meanwhile":         func(u *idp.User) { u.Status = idp.UserDisabled },
		"renamed meanwhile":          func(u *idp.User) { u.Username = "eve" },
		"expired in the same moment": func(u *idp.User) { u.ExpiresAt = new(s.now) },
	} {
		s.change("ada", change)
		_, err := s.p.IssueToPerson(t.Context(), u, "", "", true)
		refused(t, err, http.StatusBadRequest, codeInvalidGrant)
		grants, err := s.stores.Grants.ListUserGrants(t.Context(), u.ID)
		ok(t, err)
		if len(grants) > 0 {
			t.Errorf("%s: a grant is left", name)
		}
		now, err := s.stores.Users.User(t.Context(), u.ID)
		ok(t, err)
		now.Username, now.Status, now.ExpiresAt = "ada", idp.UserActive, nil
		ok(t, s.stores.Users.UpdateUser(t.Context(), now, time.Time{}))
	}
	before := s.person("ada")
	ok(t, s.stores.Users.SetPasswordHash(t.Context(), u.ID, "x", s.now, time.Time{}))
	_, err := s.p.IssueToPerson(t.Context(), before, "", "", false)
	refused(t, err, http.StatusBadRequest, codeInvalidGrant)

	ok(t, s.clients.SetDisabled(t.Context(), idp.ClientGatehouse, true))
	_, err = s.p.IssueToPerson(t.Context(), s.person("ada"), "", "", false)
	refused(t, err, http.StatusForbidden, codeAccessDenied)
	_, err = s.p.RefreshForPerson(t.Context(), "x", "", "")
	refused(t, err, http.StatusForbidden, codeAccessDenied)
}

func TestRefreshForPerson(t *testing.T) {
	s := newSystem(t)
	first := s.issue(s.user("ada", "Auditor"), true)
	second, err := s.p.RefreshForPerson(t.Context(), first.RefreshToken, "", "")
	ok(t, err)
	if second.RefreshToken == "" || second.RefreshToken == first.RefreshToken || second.Scope != first.Scope {
		t.Errorf("%+v", second)
	}
	if _, err := s.p.Authenticate(t.Context(), second.AccessToken); err != nil {
		t.Error(err)
	}
	// A spent one ends the family.
	time.Sleep(2 * time.Millisecond) // beyond the grace, which is none
	_, err = s.p.RefreshForPerson(t.Context(), first.RefreshToken, "", "")
	refused(t, err, http.StatusBadRequest, codeInvalidGrant)
	_, err = s.p.RefreshForPerson(t.Context(), second.RefreshToken, "", "")
	refused(t, err, http.StatusBadRequest, codeInvalidGrant)
	_, err = s.p.Authenticate(t.Context(), second.AccessToken)
	refused(t, err, http.StatusUnauthorized, codeInvalidToken)

	// Another client's refresh token is none of ours, and the other way round.
	s.client(idp.Client{ID: "web", GrantTypes: []string{idp.GrantPassword, idp.GrantRefreshToken}, Scopes: []string{idp.ScopeAPIAdmin}, RequirePKCE: true})
	other, err := s.token("web", "grant_type", "password", "username", "ada", "password", "right")
	ok(t, err)
	_, err = s.p.RefreshForPerson(t.Context(), other.RefreshToken, "", "")
	refused(t, err, http.StatusBadRequest, codeInvalidGrant)
	if _, err = s.token("web", "grant_type", "refresh_token", "refresh_token", other.RefreshToken); err != nil {
		t.Errorf("it was spent for its own client: %v", err)
	}
	_, err = s.token("web", "grant_type", "refresh_token", "refresh_token", s.issue(s.person("ada"), true).RefreshToken)
	refused(t, err, http.StatusBadRequest, codeInvalidGrant)
	for _, text := range []string{"", "x", first.AccessToken} {
		_, err := s.p.RefreshForPerson(t.Context(), text, "", "")
		refused(t, err, http.StatusBadRequest, codeInvalidGrant)
	}
}

// The built-in client serves the two calls and nothing else.
func TestGatehouseClientIsForNothingElse(t *testing.T) {
	s := newSystem(t)
	out := s.issue(s.user("ada", idp.RoleUser), true)
	for _, grant := range idp.GrantTypes() {
		_, err := s.token("-"+idp.ClientGatehouse, "grant_type", grant, "refresh_token", out.RefreshToken, "username", "ada", "password", "right", "code", "x")
		refused(t, err, http.StatusBadRequest, codeUnauthorizedClient)
	}
	_, err := s.token(idp.ClientGatehouse, "grant_type", "client_credentials")
	refused(t, err, http.StatusUnauthorized, codeInvalidClient)
	_, err = s.p.ParseAuthorize(t.Context(), map[string][]string{
		"client_id": {idp.ClientGatehouse}, "response_type": {"code"}, "redirect_uri": {"http://127.0.0.1/cb"}, "scope": {"openid"},
	})
	if page := (*PageError)(nil); !errors.As(err, &page) {
		t.Errorf("the authorization endpoint says %v", err)
	}
	// Others introspect and its holder revokes, as for any client.
	s.client(idp.Client{ID: "resource", ResourceServer: true, RequirePKCE: true})
	body, err := s.p.Introspect(t.Context(), s.request("resource", "token", out.AccessToken))
	if err != nil || !strings.Contains(string(body), `"active":true`) {
		t.Errorf("introspection: %s, %v", body, err)
	}
	ok(t, s.p.Revoke(t.Context(), s.request("-"+idp.ClientGatehouse, "token", out.RefreshToken)))
	_, err = s.p.Authenticate(t.Context(), out.AccessToken)
	refused(t, err, http.StatusUnauthorized, codeInvalidToken)
}
