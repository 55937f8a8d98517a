package oauth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
)

// line is an event in one line, without its time.
func line(e *idp.AuditEvent) string {
	var changes []string
	for _, c := range e.Changes {
		changes = append(changes, c.Field+"="+c.Before+">"+c.After)
	}
	return fmt.Sprintf("%s %s by %s %s (%s) on %s %s (%s) client %s from %s %s [%s] %s",
		e.Action, e.Result, e.ActorKind, e.ActorID, e.ActorName, e.Target.Kind, e.Target.ID, e.Target.Name,
		e.ClientID, e.IP, e.RequestID, strings.Join(changes, " "), e.Reason)
}

// expect fails unless exactly these events were recorded.
func (s *system) expect(want ...string) {
	s.t.Helper()
	var got []string
	for _, e := range s.heard.take() {
		if e.Count != 1 || e.Time.IsZero() {
			s.t.Errorf("count %d at %v", e.Count, e.Time)
		}
		got = append(got, line(e))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("recorded\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *system) expectCounts(want map[string]int) {
	s.t.Helper()
	s.heard.mu.Lock()
	defer s.heard.mu.Unlock()
	if fmt.Sprint(s.heard.counts) != fmt.Sprint(want) {
		s.t.Errorf("counted %v, want %v", s.heard.counts, want)
	}
}

func TestTokensAreRecorded(t *testing.T) {
	s := newSystem(t)
	ada := s.user("ada", idp.RoleUser)
	s.client(idp.Client{
		ID: "app", Name: "The app", GrantTypes: []string{idp.GrantClientCredentials, idp.GrantPassword, idp.GrantRefreshToken},
		Scopes: []string{"books", idp.ScopeOpenID}, RequirePKCE: true,
	})
	from := " client app from 192.0.2.1 request-1 "

	_, err := s.token("app", "grant_type", "client_credentials")
	ok(t, err)
	s.expect("grant.issue ok by client app (The app) on client app (The app)" + from + "[] ")

	first, err := s.token("app", "grant_type", "password", "username", "ada", "password", "right", "scope", "openid")
	ok(t, err)
	grant, _ := grantOfJTI(s.claims(first.AccessToken)["jti"].(string))
	s.expect("grant.issue ok by user " + ada.ID + " (ada) on grant " + grant + " (The app)" + from + "[grant_type=>password scope=>openid] ")

	// A refresh is no new authorization, a spent token is an event.
	second, err := s.token("app", "grant_type", "refresh_token", "refresh_token", first.RefreshToken)
	ok(t, err)
	s.expect()
	time.Sleep(2 * time.Millisecond) // beyond the grace, which is none
	if _, err := s.token("app", "grant_type", "refresh_token", "refresh_token", first.RefreshToken); err == nil {
		t.Fatal("a spent token works")
	}
	s.expect("grant.replay refused by client app (The app) on grant " + grant + " ()" + from + "[] ")
	if _, err := s.token("app", "grant_type", "refresh_token", "refresh_token", second.RefreshToken); err == nil {
		t.Fatal("its family lives")
	}
	s.expect()
	s.expectCounts(map[string]int{
		"token client_credentials": 1, "token password": 1, "token refresh_token": 1, "client_use app": 3,
	})
}

// code gives the application a code for the person, who signed in with a browser.
func (s *system) code(u *idp.User) string {
	s.t.Helper()
	s.client(idp.Client{
		ID: "app", Name: "The app", GrantTypes: []string{idp.GrantAuthorizationCode}, RedirectURIs: []string{"https://app.example/cb"},
		Scopes: []string{idp.ScopeOpenID},
	})
	session := &idp.Session{
		Digest: "d", ID: "sid", UserID: u.ID, AuthTime: s.now, CreatedAt: s.now, LastSeenAt: s.now,
		IdleExpiresAt: s.now.Add(time.Hour), ExpiresAt: s.now.Add(time.Hour),
	}
	ok(s.t, s.stores.Sessions.CreateSession(s.t.Context(), session, ""))
	request, err := s.p.ParseAuthorize(s.t.Context(), url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {"https://app.example/cb"},
	})
	ok(s.t, err)
	ctx := idp.WithAct(s.t.Context(), idp.Act{Kind: idp.ActorUser, ID: u.ID, Name: u.Username, IP: "2001:db8::1", RequestID: "request-2"})
	answer, err := s.p.Issue(ctx, request, session)
	ok(s.t, err)
	return answer.Params.Get("code")
}

func (s *system) redeem(code string) error {
	_, err := s.token("app", "grant_type", "authorization_code", "code", code, "redirect_uri", "https://app.example/cb")
	return err
}

func TestCodesAreRecorded(t *testing.T) {
	s := newSystem(t)
	ada := s.user("ada", idp.RoleUser)
	code := s.code(ada)
	cred, err := s.p.o.Master.read(code)
	ok(t, err)
	s.expect("grant.issue ok by user " + ada.ID + " (ada) on grant " + cred.grantID +
		" (The app) client app from 2001:db8::1 request-2 [grant_type=>authorization_code scope=>openid] ")
	ok(t, s.redeem(code))
	s.expect()
	if s.redeem(code) == nil {
		t.Fatal("a code works twice")
	}
	s.expect("grant.replay refused by client app (The app) on user " + ada.ID + " () client app from 192.0.2.1 request-1 [grant=" + cred.grantID + ">] ")
	s.expectCounts(map[string]int{"token authorization_code": 1, "client_use app": 1})
}

func TestRevocationsAreRecorded(t *testing.T) {
	s := newSystem(t)
	ada := s.user("ada", idp.RoleUser)
	s.client(idp.Client{
		ID: "app", Name: "The app", GrantTypes: []string{idp.GrantClientCredentials, idp.GrantPassword, idp.GrantRefreshToken},
		Scopes: []string{"books"}, RequirePKCE: true,
	})
	own, err := s.token("app", "grant_type", "client_credentials")
	ok(t, err)
	hers, err := s.token("app", "grant_type", "password", "username", "ada", "password", "right")
	ok(t, err)
	s.heard.take()
	jti := func(token string) string { return s.claims(token)["jti"].(string) }
	grantOf := func(token string) string { id, _ := grantOfJTI(jti(token)); return id }
	by, from := "grant.revoke ok by client app (The app) on ", " client app from 192.0.2.1 request-1 "
	for _, c := range []struct{ token, want string }{
		{"nonsense", ""},
		{own.AccessToken, by + "grant " + grantOf(own.AccessToken) + " ()" + from + "[] "},
		{hers.AccessToken, by + "user " + ada.ID + " ()" + from + "[grant=" + grantOf(hers.AccessToken) + "> token=" + jti(hers.AccessToken) + ">] "},
		{hers.RefreshToken, by + "user " + ada.ID + " ()" + from + "[grant=" + grantOf(hers.AccessToken) + ">] "},
		{hers.RefreshToken, ""},
	} {
		ok(t, s.p.Revoke(t.Context(), s.request("app", "token", c.token)))
		if c.want == "" {
			s.expect()
		} else {
			s.expect(c.want)
		}
	}
	// The API's sign-out is the person's own act.
	out := s.issue(ada, false)
	b, err := s.p.Authenticate(t.Context(), out.AccessToken)
	ok(t, err)
	s.heard.take()
	ctx := idp.WithAct(t.Context(), idp.Act{Kind: idp.ActorUser, ID: ada.ID, Name: "ada", IP: "192.0.2.9", RequestID: "request-3"})
	ok(t, s.p.RevokeBearer(ctx, b))
	s.expect("grant.revoke ok by user " + ada.ID + " (ada) on user " + ada.ID + " (ada) client gatehouse-api from 192.0.2.9 request-3 [grant=" + b.GrantID + ">] ")
}

func TestRefusedClientsAreRecordedOnceAMinute(t *testing.T) {
	s := newSystem(t)
	s.client(idp.Client{ID: "app", Name: "The app", GrantTypes: []string{idp.GrantClientCredentials}, RequirePKCE: true})
	s.client(idp.Client{ID: "off", GrantTypes: []string{idp.GrantClientCredentials}, RequirePKCE: true})
	ok(t, s.clients.SetDisabled(t.Context(), "off", true))
	s.now = s.now.Truncate(time.Minute)
	try := func(id, secret, ip string) {
		t.Helper()
		r := s.request(id, "client_secret", secret, "grant_type", "client_credentials")
		r.IP = ip
		_, err := s.p.Token(t.Context(), r)
		refused(t, err, 401, codeInvalidClient)
	}
	const wrong = "client.sign_in refused by nobody  () on client "
	for range 3 {
		try("app", "wrong", "192.0.2.1")
	}
	s.expect(wrong + "app (The app) client app from 192.0.2.1 request-1 [] wrong secret")
	try("app", "wrong", "192.0.2.2")
	s.expect(wrong + "app (The app) client app from 192.0.2.2 request-1 [] wrong secret")
	try("off", "secret of off", "192.0.2.1")
	s.expect(wrong + "off () client off from 192.0.2.1 request-1 [] the client is disabled")
	// What a stranger types as an ID may be a secret.
	try("hunter2", "x", "192.0.2.1")
	try("hunter3", "x", "192.0.2.1")
	s.expect(wrong + " () client  from 192.0.2.1 request-1 [] unknown client")
	s.now = s.now.Add(time.Minute)
	try("app", "wrong", "192.0.2.1")
	s.expect(wrong + "app (The app) client app from 192.0.2.1 request-1 [] wrong secret")
	s.expectCounts(map[string]int{"client_failed app": 5, "client_failed off": 1})
}

// Of many who present one code at once, one wins, and the log says that it was replayed.
func TestRacingCodesAreRecorded(t *testing.T) {
	s := newSystem(t)
	code := s.code(s.user("ada", idp.RoleUser))
	s.heard.take()
	var group sync.WaitGroup
	var won atomic.Int64
	for range 6 {
		group.Go(func() {
			if s.redeem(code) == nil {
				won.Add(1)
			}
		})
	}
	group.Wait()
	events := s.heard.take()
	if won.Load() != 1 || len(events) == 0 {
		t.Errorf("%d won, %d events", won.Load(), len(events))
	}
	for _, e := range events {
		if e.Action != idp.ActionGrantReplay {
			t.Error(line(e))
		}
	}
}
