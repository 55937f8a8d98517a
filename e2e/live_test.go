package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/idp"
)

// resource turns an app into one that acts for itself and checks the tokens of others.
func resource(c *idp.Client) { machine(c); c.ResourceServer = true }

func TestM8_RevokedKeyVouchesForNothing(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m)
			a, user := s.newApp(t, resource), s.newUser(t)
			personal := s.newBrowser(t).tokens(s.newApp(t, nil), user.Username, "scope", "openid")
			own := s.token(t, a, clientCredentials()).want(t, http.StatusOK, "").str("access_token")
			stolen, _ := headerOf(t, own)["kid"].(string)
			published := func() bool {
				for _, k := range s.json(t, "/.well-known/jwks.json").json["keys"].([]any) {
					if k.(map[string]any)["kid"] == stolen {
						return true
					}
				}
				return false
			}
			if !published() || !s.active(t, a, own) {
				t.Fatal("the key is not in use")
			}
			// By another process, as the command line is.
			if err := s.keyring(t).Revoke(t.Context(), stolen); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the end of the tokens", func() bool { return !s.active(t, a, own) })
			if published() {
				t.Error("it is still published")
			}
			s.userinfo(t, personal.str("access_token")).want(t, http.StatusUnauthorized, "invalid_token")
			next := s.token(t, a, clientCredentials()).want(t, http.StatusOK, "").str("access_token")
			if !s.active(t, a, next) || headerOf(t, next)["kid"] == stolen {
				t.Error("the next key does not sign")
			}
		})
	}
}

func TestM9_LivesChangeWhileRunning(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m)
			a := s.newApp(t, resource)
			life := func() any { return s.token(t, a, clientCredentials()).want(t, http.StatusOK, "").json["expires_in"] }
			if life() != 600.0 {
				t.Fatal("not the default")
			}
			// By another process.
			err := s.admin.Settings.Save(t.Context(), map[string]json.RawMessage{"access_token_ttl": json.RawMessage(`"2m"`)}, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "the change", func() bool { return life() == 120.0 })
		})
	}
}

// What the protocol does is in the audit log, which can be verified, when the program ends.
func TestProtocolIsInTheAuditLog(t *testing.T) {
	for _, m := range allModes {
		t.Run(string(m), func(t *testing.T) {
			s := startSystem(t, m)
			web, a, user := s.newApp(t, nil), s.newApp(t, resource), s.newUser(t)
			first := s.newBrowser(t).tokens(web, user.Username, "scope", "openid offline_access")
			for range 3 {
				s.token(t, a, clientCredentials()).want(t, http.StatusOK, "")
			}
			wrong := a
			wrong.secret = "wrong wrong wrong"
			s.token(t, wrong, clientCredentials()).want(t, http.StatusUnauthorized, "invalid_client")
			s.post(t, web, "/oauth2/revoke", url.Values{"token": {first.str("refresh_token")}}).want(t, http.StatusOK, "")
			if err := s.main.Close(); err != nil {
				t.Fatal(err)
			}
			find := func(q idp.AuditQuery) []*idp.AuditEvent {
				t.Helper()
				page, err := s.stores.Audit.QueryAudit(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				return page.Items
			}
			given := find(idp.AuditQuery{Action: idp.ActionGrantIssue, ClientID: web.ID})
			if len(given) != 1 || given[0].ActorID != user.ID || given[0].ActorName != user.Username || given[0].IP == "" || given[0].RequestID == "" {
				t.Errorf("the person's: %+v", given)
			}
			own := 0
			for _, e := range find(idp.AuditQuery{Action: idp.ActionGrantIssue, ActorID: a.ID}) {
				own += e.Count
			}
			if own != 3 {
				t.Errorf("%d machine tokens", own)
			}
			if got := find(idp.AuditQuery{Action: idp.ActionClientAuth, ClientID: a.ID}); len(got) != 1 || got[0].Result != idp.AuditRefused {
				t.Errorf("the wrong secret: %+v", got)
			}
			if got := find(idp.AuditQuery{Action: idp.ActionGrantRevoke, PersonID: user.ID}); len(got) != 1 || got[0].ClientID != web.ID {
				t.Errorf("the revocation: %+v", got)
			}
			if got := find(idp.AuditQuery{Action: idp.ActionConsentGive, ActorID: user.ID}); len(got) != 1 {
				t.Errorf("the consent: %+v", got)
			}
			all, err := s.stores.Audit.AuditAfter(t.Context(), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			prev := ""
			for _, e := range all {
				if e.Prev != prev || !e.Intact() {
					t.Fatalf("the chain is broken at %+v", e)
				}
				prev = e.Hash
			}
		})
	}
}
