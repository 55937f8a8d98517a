package oauth

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// encode writes a token whose parts are as given, signed by nobody.
func encode(header, claims string) string {
	return b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims)) + "." + b64.EncodeToString(make([]byte, 64))
}

func (s *system) inspect(text string) *Inspection {
	s.t.Helper()
	in, err := s.p.InspectToken(s.t.Context(), text)
	ok(s.t, err)
	return in
}

func TestInspectALiveToken(t *testing.T) {
	s := newSystem(t)
	ada := s.user("ada", idp.RoleUser)
	out := s.issue(ada, true)
	grant, _ := grantOfJTI(s.claims(out.AccessToken)["jti"].(string))
	signer, err := s.keys.signer(algES256)
	ok(t, err)
	for _, text := range []string{out.AccessToken, "  Bearer " + out.AccessToken + "\n"} {
		in := s.inspect(text)
		if in.Problem != "" || in.Kind != InspectedAccess || !in.Signed || in.KID != signer.KID || in.KeyState != idp.KeyActive ||
			!in.IssuerMatches || in.Expired || in.ClientID != idp.ClientGatehouse || in.UserID != ada.ID || in.GrantID != grant || !in.GrantLives {
			t.Errorf("%+v", in)
		}
		if in.IssuedAt.Unix() != s.now.Unix() || in.ExpiresAt.Sub(*in.IssuedAt) != 10*time.Minute {
			t.Errorf("from %v to %v", in.IssuedAt, in.ExpiresAt)
		}
		var header struct{ Alg, Typ string }
		if err := json.Unmarshal(in.Header, &header); err != nil || header.Alg != "ES256" || header.Typ != "at+jwt" || !strings.Contains(string(in.Claims), grant) {
			t.Errorf("header %s, claims %s", in.Header, in.Claims)
		}
	}
	if in := s.inspect(out.IDToken); in.Problem != "" || in.Kind != InspectedID || in.ClientID != idp.ClientGatehouse || in.UserID != ada.ID || in.GrantID != "" {
		t.Errorf("ID token: %+v", in)
	}
	s.client(idp.Client{ID: "robot", GrantTypes: []string{idp.GrantClientCredentials}, Scopes: []string{"books"}, RequirePKCE: true})
	own, err := s.token("robot", "grant_type", "client_credentials")
	ok(t, err)
	if in := s.inspect(own.AccessToken); in.Problem != "" || in.UserID != "" || in.ClientID != "robot" || !in.GrantLives {
		t.Errorf("a client's own: %+v", in)
	}
}

func TestInspectSaysWhatEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(*testing.T, *system, *Bearer, string)
		want  InspectionProblem
		lives bool
	}{
		"expired": {func(_ *testing.T, s *system, _ *Bearer, _ string) { s.now = s.now.Add(10 * time.Minute) }, ProblemExpired, true},
		"grant revoked": {func(t *testing.T, s *system, b *Bearer, _ string) {
			ok(t, s.stores.Grants.RevokeGrant(t.Context(), b.GrantID))
		}, ProblemGrantEnded, false},
		"token revoked": {func(t *testing.T, s *system, _ *Bearer, token string) {
			ok(t, s.p.Revoke(t.Context(), s.request("-"+idp.ClientGatehouse, "token", token)))
		}, ProblemTokenRevoked, true},
		"client disabled": {func(t *testing.T, s *system, _ *Bearer, _ string) {
			ok(t, s.clients.SetDisabled(t.Context(), idp.ClientGatehouse, true))
		}, ProblemClientDisabled, true},
		"client's tokens revoked": {func(t *testing.T, s *system, _ *Bearer, _ string) {
			time.Sleep(2 * time.Millisecond) // a grant of this very millisecond may live
			ok(t, s.clients.RevokeTokens(t.Context(), idp.ClientGatehouse))
		}, ProblemClientDisabled, true},
		"user disabled": {func(_ *testing.T, s *system, _ *Bearer, _ string) {
			s.change("ada", func(u *idp.User) { u.Status = idp.UserDisabled })
		}, ProblemUserDisabled, true},
		"user deleted": {func(t *testing.T, s *system, b *Bearer, _ string) {
			ok(t, s.stores.Users.DeleteUser(t.Context(), b.User.ID, time.Time{}))
		}, ProblemUserDisabled, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			out := s.issue(s.user("ada", idp.RoleUser), true)
			b, err := s.p.Authenticate(t.Context(), out.AccessToken)
			ok(t, err)
			c.end(t, s, b, out.AccessToken)
			in := s.inspect(out.AccessToken)
			if in.Problem != c.want || in.GrantLives != c.lives || !in.Signed {
				t.Errorf("%+v, want problem %s", in, c.want)
			}
		})
	}
}

func TestInspectWhatWeDidNotSign(t *testing.T) {
	s := newSystem(t)
	out := s.issue(s.user("ada", idp.RoleUser), true)
	kid := s.claimsOf(out.AccessToken, 0)["kid"].(string)
	parts := strings.Split(out.AccessToken, ".")
	foreign, err := sign(fuzzKey(t).access, accessClaims{Issuer: testIssuer, Subject: "root", ClientID: "web", Expires: s.now.Add(time.Hour).Unix()})
	ok(t, err)
	for name, c := range map[string]struct {
		text string
		want InspectionProblem
	}{
		"nothing":                {"", ProblemNotJWT},
		"words":                  {"this is no token", ProblemNotJWT},
		"parts that are no JSON": {"a.b.c", ProblemNotJWT},
		"lists for objects":      {encode(`[]`, `[]`), ProblemNotJWT},
		"five parts":             {"a.b.c.d.e", ProblemNotJWT},
		"too long":               {encode(`{}`, `{"a":"`+strings.Repeat("x", maxJWT)+`"}`), ProblemNotJWT},
		"refresh token":          {out.RefreshToken, ProblemCredential},
		"no kid":                 {encode(`{"alg":"ES256"}`, `{}`), ProblemUnknownKey},
		"kid that is no text":    {encode(`{"alg":"ES256","kid":7}`, `{}`), ProblemUnknownKey},
		"key of its own":         {encode(`{"alg":"ES256","kid":"x","jku":"https://evil.example/keys"}`, `{}`), ProblemUnknownKey},
		"alg none":               {encode(`{"alg":"none","kid":"`+kid+`"}`, `{}`), ProblemBadSignature},
		"alg HS256":              {encode(`{"alg":"HS256","kid":"`+kid+`","typ":"at+jwt"}`, `{}`), ProblemBadSignature},
		"alg of another key":     {encode(`{"alg":"RS256","kid":"`+kid+`","typ":"at+jwt"}`, `{}`), ProblemBadSignature},
		"signature of zeros":     {encode(`{"alg":"ES256","kid":"`+kid+`","typ":"at+jwt"}`, `{}`), ProblemBadSignature},
		"other claims":           {parts[0] + "." + b64.EncodeToString([]byte(`{"sub":"root"}`)) + "." + parts[2], ProblemBadSignature},
		"another server's":       {foreign, ProblemUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			in := s.inspect(c.text)
			if in.Problem != c.want || in.Signed || in.KID != "" || in.ClientID != "" || in.UserID != "" || in.GrantID != "" || in.GrantLives {
				t.Errorf("%+v, want problem %s and nothing said to be true", in, c.want)
			}
			if c.want == ProblemCredential && (in.Header != nil || in.Claims != nil) {
				t.Error("a credential is shown")
			}
		})
	}
}

// claimsOf reads a part of a token.
func (s *system) claimsOf(token string, part int) map[string]any {
	s.t.Helper()
	text, err := b64.DecodeString(strings.Split(token, ".")[part])
	ok(s.t, err)
	var out map[string]any
	ok(s.t, json.Unmarshal(text, &out))
	return out
}

// noGrants is a GrantStore that holds nothing.
type noGrants struct{ idp.GrantStore }

func (noGrants) Grant(context.Context, string) (*idp.Grant, error) { return nil, idp.ErrNotFound }

func FuzzInspectToken(f *testing.F) {
	master := testMaster()
	p := &Provider{o: Options{Issuer: testIssuer, Now: time.Now, Master: master, Grants: noGrants{}}}
	p.o.Keys = &Keyring{o: KeyringOptions{Now: time.Now}}
	key := fuzzKey(f)
	p.o.Keys.state.Store(&keySet{keys: []*ringKey{key}, byKID: map[string]*ringKey{key.KID: key}})
	claims := accessClaims{
		Issuer: testIssuer, Subject: "s", Expires: time.Now().Add(time.Hour).Unix(), JTI: strings.Repeat("a", grantIDLetters) + ".b", ClientID: "c",
	}
	good, err := sign(key.access, claims)
	if err != nil {
		f.Fatal(err)
	}
	refresh, err := master.mint(credential{kind: kindRefresh, grantID: strings.Repeat("a", grantIDLetters), generation: 1})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		good, "Bearer " + good, refresh, "", "..", "a.b.c", encode(`{"kid":"k","alg":"none"}`, `{}`), encode(`{"kid":["k"]}`, "{\"a\":\"\xff\"}"), good + ".x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := p.InspectToken(t.Context(), text)
		if err != nil {
			t.Fatalf("bad input is an error: %v", err)
		}
		if in.Problem == "" || in.Signed && (in.ClientID != "c" || in.UserID != "s" || in.KID != "k") {
			t.Fatalf("more than we signed: %+v", in)
		}
		if _, err := json.Marshal(in); err != nil {
			t.Fatalf("cannot be shown: %v", err)
		}
	})
}
