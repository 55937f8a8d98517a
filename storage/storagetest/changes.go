package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// Recorded are all stores of one database whose changes are in its audit log.
type Recorded struct {
	Durable
	Keys     idp.KeyStore
	Settings idp.SettingsStore
	Tallies  idp.TallyStore
	Audit    idp.AuditStore
}

// Changes holds the durable stores to their part of the audit log: each change
// leaves one event, by whom the context says, and what changes nothing leaves none.
func Changes(t *testing.T, open func(t *testing.T) Recorded) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, r *recorded)
	}{
		{"users", testUserChanges},
		{"many users", testManyUserChanges},
		{"sign-ins", testSignInEvents},
		{"roles", testRoleChanges},
		{"clients", testClientChanges},
		{"consents", testConsentChanges},
		{"keys", testKeyChanges},
		{"settings", testSettingsChanges},
		{"who and why", testActs},
		{"refused changes", testRefusedChanges},
	} {
		t.Run(s.name, func(t *testing.T) {
			r := &recorded{Recorded: open(t)}
			head, err := r.Audit.AuditHead(t.Context())
			noError(t, err)
			r.seen = head.LastSeq
			s.run(t, r)
			Chain(t, r.Audit, -1)
		})
	}
}

type recorded struct {
	Recorded
	seen int64
}

// since returns the events since the last call.
func (r *recorded) since(t *testing.T) []*idp.AuditEvent {
	t.Helper()
	events, err := r.Audit.AuditAfter(t.Context(), r.seen, 10_000)
	noError(t, err)
	r.seen += int64(len(events))
	return events
}

// left fails unless one event was left since, of that action and target, with
// those changes, each as "field: before → after".
func (r *recorded) left(t *testing.T, action, target string, changes ...string) *idp.AuditEvent {
	t.Helper()
	events := r.since(t)
	if len(events) != 1 {
		t.Fatalf("%d events, want one %s", len(events), action)
	}
	e := events[0]
	var got []string
	for _, c := range e.Changes {
		got = append(got, fmt.Sprintf("%s: %s → %s", c.Field, c.Before, c.After))
	}
	if e.Action != action || e.Target.Kind+" "+e.Target.ID != target || e.Count != 1 {
		t.Fatalf("the event is %s of %s %s, want %s of %s", e.Action, e.Target.Kind, e.Target.ID, action, target)
	}
	if !slices.Equal(got, changes) {
		t.Errorf("%s: changes are\n%s\nwant\n%s", action, strings.Join(got, "\n"), strings.Join(changes, "\n"))
	}
	if time.Since(e.Time).Abs() > time.Minute {
		t.Errorf("%s: the time is %v", action, e.Time)
	}
	return e
}

func (r *recorded) nothing(t *testing.T, after string) {
	t.Helper()
	if events := r.since(t); len(events) > 0 {
		t.Errorf("%s left %d events, the first %+v", after, len(events), *events[0])
	}
}

func testUserChanges(t *testing.T, r *recorded) {
	a, b := r.makeRole(t), r.makeRole(t)
	r.since(t)
	ctx := t.Context()
	u := newUser()
	u.Name, u.Roles, u.EmailVerified = "Ada", []string{b.Name, a.Name}, true
	noError(t, r.Users.CreateUser(ctx, u))
	names := []string{a.Name, b.Name}
	slices.Sort(names)
	target := "user " + u.ID
	e := r.left(t, idp.ActionUserCreate, target,
		"username:  → "+u.Username, "email:  → "+u.Email, "email_verified: false → true", "name:  → Ada",
		"roles:  → "+strings.Join(names, " "), "status:  → active", "password:  → [set]")
	if e.Target.Name != u.Username || e.Result != idp.AuditOK {
		t.Errorf("the event is %+v", e)
	}
	change := func(f func(u *idp.User)) {
		t.Helper()
		since := u.UpdatedAt
		u.UpdatedAt = since.Add(time.Second)
		f(u)
		noError(t, r.Users.UpdateUser(ctx, u, since))
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 6000, time.FixedZone("x", 3600))
	change(func(u *idp.User) { u.Nickname, u.Address.Country, u.ExpiresAt = "Countess", "UK", &at })
	r.left(t, idp.ActionUserUpdate, target, "nickname:  → Countess", "address.country:  → UK", "expires_at:  → 2030-01-02T02:04:05.000006Z")
	change(func(u *idp.User) { u.Roles = []string{b.Name, a.Name, b.Name} })
	r.nothing(t, "the same roles in another order")
	change(func(u *idp.User) { u.PasswordHash, u.FailedAuthCount = "other", 99 }) // not written
	r.nothing(t, "what an update leaves alone")
	change(func(u *idp.User) { u.Roles = []string{b.Name} })
	r.left(t, idp.ActionUserUpdate, target, "roles: "+strings.Join(names, " ")+" → "+b.Name)
	change(func(u *idp.User) { u.Status = idp.UserDisabled })
	r.left(t, idp.ActionUserDisable, target, "status: active → disabled")
	change(func(u *idp.User) { u.Status = idp.UserActive })
	r.left(t, idp.ActionUserEnable, target, "status: disabled → active")
	change(func(u *idp.User) { u.Status, u.Name = idp.UserDisabled, "" })
	r.left(t, idp.ActionUserUpdate, target, "name: Ada → ", "status: active → disabled")
	change(func(u *idp.User) { u.ExpiresAt, u.DeleteAt = nil, &at })
	r.left(t, idp.ActionUserUpdate, target, "expires_at: 2030-01-02T02:04:05.000006Z → ", "delete_at:  → 2030-01-02T02:04:05.000006Z")

	noError(t, r.Users.SetPasswordHash(ctx, u.ID, "second", u.UpdatedAt, time.Time{}))
	r.left(t, idp.ActionUserPassword, target, "password: [set] → [changed]")
	noError(t, r.Users.RehashPassword(ctx, u.ID, "second", "third"))
	r.nothing(t, "a stronger hash of the same password")
	noError(t, r.Users.SetPasswordHash(ctx, u.ID, "", u.UpdatedAt, time.Time{}))
	r.left(t, idp.ActionUserPassword, target, "password: [set] → [removed]")
	noError(t, r.Users.SetPasswordHash(ctx, u.ID, "fourth", u.UpdatedAt, time.Time{}))
	r.left(t, idp.ActionUserPassword, target, "password:  → [set]")

	noError(t, r.Users.Unlock(ctx, u.ID))
	r.left(t, idp.ActionUserUnlock, target)
	noError(t, r.Users.RecordSignIn(ctx, u.ID, instant(), false))
	r.since(t)
	noError(t, r.Users.Unlock(ctx, u.ID))
	r.left(t, idp.ActionUserUnlock, target, "failed_auth_count: 1 → 0")
	noError(t, r.Users.DeleteUser(ctx, u.ID, time.Time{}))
	if e := r.left(t, idp.ActionUserDelete, target); e.Target.Name != u.Username {
		t.Errorf("deleted is %q", e.Target.Name)
	}
	due := r.makeUser(t, func(u *idp.User) { past := u.CreatedAt.Add(-time.Hour); u.DeleteAt = &past })
	r.since(t)
	noError(t, r.Users.DeleteDueUser(ctx, due.ID))
	r.left(t, idp.ActionUserDelete, "user "+due.ID)
}

func testManyUserChanges(t *testing.T, r *recorded) {
	const many = 320
	us := make([]*idp.User, many)
	for i := range us {
		us[i] = newUser()
	}
	us[7].Username = us[3].Username
	_, err := r.Users.AddUsers(idp.WithAct(t.Context(), idp.Act{Kind: idp.ActorCLI, Name: "root"}), us)
	noError(t, err)
	events := r.since(t)
	if len(events) != many-1 {
		t.Fatalf("%d events of %d users", len(events), many-1)
	}
	for i, e := range events {
		u := us[i]
		if i >= 7 {
			u = us[i+1]
		}
		if e.Action != idp.ActionUserCreate || e.Target.ID != u.ID || e.ActorName != "root" {
			t.Fatalf("event %d is %+v", i, *e)
		}
	}
}

func testSignInEvents(t *testing.T, r *recorded) {
	u := r.makeUser(t, nil)
	r.since(t)
	act := idp.Act{Kind: idp.ActorUser, ID: "somebody", Name: "else", ClientID: "app", IP: "192.0.2.1", RequestID: "r1"}
	ctx := idp.WithAct(t.Context(), act)
	noError(t, r.Users.RecordSignIn(ctx, u.ID, instant(), true))
	e := r.left(t, idp.ActionSignIn, "user "+u.ID)
	if e.Result != idp.AuditOK || e.ActorKind != idp.ActorUser || e.ActorID != u.ID || e.ActorName != u.Username ||
		e.IP != act.IP || e.RequestID != act.RequestID || e.ClientID != act.ClientID {
		t.Errorf("a sign-in is %+v", *e)
	}
	noError(t, r.Users.RecordSignIn(ctx, u.ID, instant(), false))
	e = r.left(t, idp.ActionSignIn, "user "+u.ID)
	if e.Result != idp.AuditRefused || e.ActorKind != idp.ActorNobody || e.ActorID != "" || e.ActorName != "" || e.IP != act.IP {
		t.Errorf("a refused sign-in is %+v", *e)
	}
	noError(t, r.Users.RecordSignIn(ctx, uuid.NewString(), instant(), false))
	r.nothing(t, "a sign-in of nobody")
}

func testRoleChanges(t *testing.T, r *recorded) {
	ctx := t.Context()
	role := &idp.Role{ID: uuid.NewString(), Name: "role-" + randomID(), CreatedAt: instant(), UpdatedAt: instant()}
	for range 2 {
		_, err := r.Roles.EnsureRole(ctx, role)
		noError(t, err)
	}
	r.left(t, idp.ActionRoleCreate, "role "+role.ID, "name:  → "+role.Name)
	other := &idp.Role{ID: uuid.NewString(), Name: "role-" + randomID(), Description: "Reads", Permission: idp.PermissionRead, CreatedAt: instant()}
	noError(t, r.Roles.CreateRole(ctx, other))
	r.left(t, idp.ActionRoleCreate, "role "+other.ID, "name:  → "+other.Name, "description:  → Reads", "permission:  → read")
	other.Permission, other.Description, other.UpdatedAt = idp.PermissionAdmin, "All", instant()
	noError(t, r.Roles.UpdateRole(ctx, other, time.Time{}))
	r.left(t, idp.ActionRoleUpdate, "role "+other.ID, "description: Reads → All", "permission: read → admin")
	noError(t, r.Roles.UpdateRole(ctx, other, time.Time{}))
	r.nothing(t, "the same again")
	noError(t, r.Roles.DeleteRole(ctx, other.Name))
	r.left(t, idp.ActionRoleDelete, "role "+other.ID, "name: "+other.Name+" → ", "description: All → ", "permission: admin → ")
}

func testClientChanges(t *testing.T, r *recorded) {
	ctx := t.Context()
	c := newClient()
	secrets := c.Secrets
	c.Name, c.Disabled, c.Secrets, c.TokensNotBefore = "App", false, nil, nil
	noError(t, r.Clients.CreateClient(ctx, c))
	target := "client " + c.ID
	e := r.left(t, idp.ActionClientCreate, target,
		"client_name:  → App", "token_endpoint_auth_method:  → client_secret_basic",
		"redirect_uris:  → https://app.example.com/callback?a=1&b=%20 com.example.app:/cb", "post_logout_redirect_uris:  → https://app.example.com/",
		"grant_types:  → refresh_token authorization_code", "scope:  → openid books:read", "resource_server: false → true",
		"skip_consent: false → true", "require_pkce: false → true", "id_token_signed_response_alg:  → ES256",
		"client_uri:  → https://app.example.com", "policy_uri:  → https://app.example.com/policy", "tos_uri:  → https://app.example.com/tos")
	if e.Target.Name != "App" {
		t.Errorf("the target is %+v", e.Target)
	}
	change := func(f func(*idp.Client)) {
		t.Helper()
		since := c.UpdatedAt
		c.UpdatedAt = since.Add(time.Second)
		f(c)
		noError(t, r.Clients.UpdateClient(ctx, c, since))
	}
	change(func(c *idp.Client) { c.Secrets = secrets[1:] })
	r.left(t, idp.ActionClientSecret, target, "client_secret:  → [set]")
	change(func(c *idp.Client) { c.Secrets = secrets })
	r.left(t, idp.ActionClientSecret, target, "client_secret: [set] → [changed]")
	change(func(c *idp.Client) { c.Secrets = secrets[:1] })
	r.left(t, idp.ActionClientSecret, target, "client_secret: [set] → [removed]")
	change(func(*idp.Client) {})
	r.nothing(t, "the same client")
	change(func(c *idp.Client) { c.Disabled = true })
	r.left(t, idp.ActionClientDisable, target, "disabled: false → true")
	change(func(c *idp.Client) { c.Disabled = false })
	r.left(t, idp.ActionClientEnable, target, "disabled: true → false")
	change(func(c *idp.Client) { c.Disabled, c.Logo, c.Secrets = true, "logo", nil })
	r.left(t, idp.ActionClientUpdate, target, "logo:  → logo", "disabled: false → true", "client_secret: [set] → [removed]")
	at := instant()
	change(func(c *idp.Client) { c.TokensNotBefore = &at })
	r.left(t, idp.ActionClientUpdate, target, "tokens_not_before:  → "+at.Format(time.RFC3339Nano))
	noError(t, r.Tallies.AddTallies(ctx, instant(), []idp.Tally{{Hour: instant(), Kind: idp.TallyClientUse, Label: c.ID, Count: 1}}))
	r.nothing(t, "a use")
	noError(t, r.Clients.DeleteClient(ctx, c.ID))
	if e := r.since(t); len(e) != 1 || e[0].Action != idp.ActionClientDelete || len(e[0].Changes) == 0 {
		t.Errorf("a deletion left %+v", e)
	}
	for _, e := range Chain(t, r.Audit, -1) {
		for _, c := range e.Changes {
			for _, s := range secrets {
				if strings.Contains(c.Before+c.After, s.Digest) {
					t.Fatalf("the log holds the digest of a secret: %+v", c)
				}
			}
		}
	}
}

func testConsentChanges(t *testing.T, r *recorded) {
	u, c := r.makeUser(t, nil), r.makeClient(t, nil)
	r.since(t)
	ctx := t.Context()
	noError(t, r.Consents.AddConsent(ctx, u.ID, c.ID, []string{"openid"}, instant()))
	e := r.left(t, idp.ActionConsentGive, "consent "+u.ID, "scope:  → openid")
	if e.ClientID != c.ID || e.Target.Name != u.Username {
		t.Errorf("the event is %+v", *e)
	}
	noError(t, r.Consents.AddConsent(ctx, u.ID, c.ID, []string{"openid"}, instant()))
	r.nothing(t, "what was allowed before")
	noError(t, r.Consents.AddConsent(ctx, u.ID, c.ID, []string{"email"}, instant()))
	r.left(t, idp.ActionConsentGive, "consent "+u.ID, "scope: openid → email openid")
	noError(t, r.Consents.RemoveConsent(ctx, u.ID, c.ID))
	if e := r.left(t, idp.ActionConsentRemove, "consent "+u.ID, "scope: email openid → "); e.ClientID != c.ID {
		t.Errorf("the event is %+v", *e)
	}
}

func testKeyChanges(t *testing.T, r *recorded) {
	ctx := t.Context()
	k := makeKey(t, r.Keys, nil)
	r.left(t, idp.ActionKeyCreate, "key "+k.KID, "alg:  → ES256", "predecessor:  → "+k.Predecessor)
	at := instant()
	noError(t, r.Keys.ScheduleKey(ctx, k.KID, at))
	r.left(t, idp.ActionKeyActivate, "key "+k.KID, "activate_at:  → "+at.Format(time.RFC3339Nano))
	noError(t, r.Keys.ResealKey(ctx, k.KID, k.SealedBy, []byte("x"), "m2"))
	r.nothing(t, "another seal")
	for range 2 {
		noError(t, r.Keys.RevokeKey(ctx, k.KID, at))
	}
	r.left(t, idp.ActionKeyRevoke, "key "+k.KID, "revoked_at:  → "+at.Format(time.RFC3339Nano))
	noError(t, r.Keys.WipeKey(ctx, k.KID))
	r.nothing(t, "a wiped key")
}

func testSettingsChanges(t *testing.T, r *recorded) {
	ctx := t.Context()
	name := "name_" + randomID()
	noError(t, r.Settings.SaveSettings(ctx, values(name, `"a"`, "z"+name, `1`), instant(), time.Time{}))
	r.left(t, idp.ActionSettingsUpdate, "settings settings", name+`:  → "a"`, "z"+name+":  → 1")
	noError(t, r.Settings.SaveSettings(ctx, values(name, ` "a" `), instant(), time.Time{}))
	r.nothing(t, "the same value")
	noError(t, r.Settings.SaveSettings(ctx, map[string][]byte{name: nil}, instant(), time.Time{}))
	r.left(t, idp.ActionSettingsUpdate, "settings settings", name+`: "a" → `)
}

func testActs(t *testing.T, r *recorded) {
	make := func(act *idp.Act) *idp.AuditEvent {
		ctx := t.Context()
		if act != nil {
			ctx = idp.WithAct(ctx, *act)
		}
		noError(t, r.Users.CreateUser(ctx, newUser()))
		return r.since(t)[0]
	}
	if e := make(nil); e.ActorKind != idp.ActorSystem || e.ActorID+e.ActorName+e.IP+e.RequestID+e.Reason+e.ClientID != "" {
		t.Errorf("without an act: %+v", *e)
	}
	act := idp.Act{Kind: idp.ActorUser, ID: "id", Name: "root", ClientID: "api", IP: "2001:db8::1", RequestID: "r7", Reason: "asked for"}
	e := make(&act)
	if got := (idp.Act{Kind: e.ActorKind, ID: e.ActorID, Name: e.ActorName, ClientID: e.ClientID, IP: e.IP, RequestID: e.RequestID, Reason: e.Reason}); got != act {
		t.Errorf("the act reads %+v, want %+v", got, act)
	}
}

// testRefusedChanges: what was not done is not recorded as done.
func testRefusedChanges(t *testing.T, r *recorded) {
	u, c, role := r.makeUser(t, nil), r.makeClient(t, nil), r.makeRole(t)
	k := makeKey(t, r.Keys, nil)
	r.since(t)
	ctx, early := t.Context(), u.UpdatedAt.Add(-time.Hour)
	gone := newUser()
	twin := newUser()
	twin.Username = u.Username
	lost := newUser()
	lost.Roles = []string{"absent-" + randomID()}
	for name, err := range map[string]error{
		"CreateUser taken":     r.Users.CreateUser(ctx, twin),
		"CreateUser role":      r.Users.CreateUser(ctx, lost),
		"UpdateUser stale":     r.Users.UpdateUser(ctx, u, early),
		"UpdateUser absent":    r.Users.UpdateUser(ctx, gone, time.Time{}),
		"DeleteUser absent":    r.Users.DeleteUser(ctx, gone.ID, time.Time{}),
		"DeleteDueUser":        r.Users.DeleteDueUser(ctx, u.ID),
		"SetPasswordHash":      r.Users.SetPasswordHash(ctx, gone.ID, "x", instant(), time.Time{}),
		"Unlock":               r.Users.Unlock(ctx, gone.ID),
		"CreateRole taken":     r.Roles.CreateRole(ctx, &idp.Role{ID: uuid.NewString(), Name: role.Name, CreatedAt: instant()}),
		"UpdateRole stale":     r.Roles.UpdateRole(ctx, role, early),
		"UpdateRole absent":    r.Roles.UpdateRole(ctx, &idp.Role{Name: "absent"}, time.Time{}),
		"DeleteRole absent":    r.Roles.DeleteRole(ctx, "absent-"+randomID()),
		"CreateClient taken":   r.Clients.CreateClient(ctx, c),
		"UpdateClient stale":   r.Clients.UpdateClient(ctx, c, early),
		"DeleteClient absent":  r.Clients.DeleteClient(ctx, "absent"),
		"AddConsent absent":    r.Consents.AddConsent(ctx, gone.ID, c.ID, []string{"x"}, instant()),
		"RemoveConsent absent": r.Consents.RemoveConsent(ctx, u.ID, c.ID),
		"AddKey taken":         r.Keys.AddKey(ctx, k),
		"ScheduleKey absent":   r.Keys.ScheduleKey(ctx, "absent", instant()),
		"RevokeKey absent":     r.Keys.RevokeKey(ctx, "absent", instant()),
		"SaveSettings stale":   r.Settings.SaveSettings(ctx, values("n", "1"), instant(), early),
	} {
		if err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
	r.nothing(t, "refusals")
}
