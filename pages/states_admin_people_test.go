package pages_test

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
)

// adminPeopleStates are users, roles and sessions in the console.
func adminPeopleStates() []state {
	out := append(usersStates(), userStates()...)
	out = append(out, userAccessStates()...)
	out = append(out, rolesStates()...)
	return append(out, sessionsStates()...)
}

// seeing is a shell of somebody with these permissions.
func seeing(path string, may idp.Permissions) *pages.Shell {
	s := shell(path)
	s.May, s.Name, s.Username = may, "Robin Reader", "robin"
	return s
}

func told(path string, toast pages.Toast) *pages.Shell {
	s := shell(path)
	s.Toast = &toast
	return s
}

const graceID = "0b8c4d5e-6f70-4a81-9b92-a3b4c5d6e7f8"

func grace(change ...func(*idp.User)) *idp.User {
	u := &idp.User{
		ID: graceID, Username: "grace", Email: "grace.hopper@example.com", Name: "Grace Hopper", GivenName: "Grace", FamilyName: "Hopper",
		Roles: []string{"Editor", "User"}, Status: idp.UserActive, EmailVerified: true, PhoneNumber: "+1 555 0100", Zoneinfo: "America/New_York",
		Website: "https://grace.example", Birthdate: "1906-12-09", PasswordHash: "set", Address: idp.Address{Locality: "Arlington", Country: "USA"},
		CreatedAt: noon.AddDate(0, -7, 0), UpdatedAt: noon.AddDate(0, 0, -3), LastLoginAt: new(noon.Add(-2 * time.Hour)),
		LastChangeAt: new(noon.AddDate(0, -2, 0)), FailedAuthAt: new(noon.Add(-3 * time.Hour)), FailedAuthCount: 1,
	}
	for _, c := range change {
		c(u)
	}
	return u
}

func userRows(n int) []pages.UserRow {
	names := []string{
		"Ada Lovelace", "Grace Hopper", "Alan Turing", "Barbara Liskov", "Edsger Dijkstra", "Katherine Johnson", "Margaret Hamilton", "Radia Perlman",
	}
	var out []pages.UserRow
	for i := range n {
		u := &idp.User{
			ID: fmt.Sprint(i), Username: fmt.Sprintf("person%d", i+1), Name: names[i%8], Roles: []string{"User"}, Status: idp.UserActive,
			Email: fmt.Sprintf("person%d@example.com", i+1), LastLoginAt: new(noon.Add(-time.Duration(i) * 7 * time.Hour)),
		}
		switch i {
		case 0:
			u.Roles = []string{"Admin", "User"}
		case 2:
			u.FailedAuthCount = 11
		case 3:
			u.Status = idp.UserDisabled
		case 4:
			u.Email, u.LastLoginAt, u.Name, u.Roles = "", nil, "", nil
		case 5:
			u.ExpiresAt = new(noon.AddDate(0, -1, 0))
		case 6:
			u.DeleteAt = new(noon.AddDate(0, 0, 9))
		}
		out = append(out, pages.UserRow{User: u, State: pages.StateOf(u, noon), Pick: i != 0})
	}
	return out
}

func usersList(query string, n, total int) pages.UsersPage {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	page := idp.Page[pages.UserRow]{Items: userRows(n), Total: total}
	if n > 0 {
		page.First = 1
	}
	if total > n {
		page.Next, page.First = "bmV4dA", 51
		page.Prev = "cHJldg"
	}
	p := pages.UsersPage{
		List: pages.NewListView("/admin/users", q, page), Users: page.Items, Roles: []string{"Admin", "Editor", "Helpdesk", "User"},
		Manage: true, CSV: "/admin/users.csv?" + query, MaxCSV: 200_000,
	}
	if p.List.Sort == "" {
		p.List.Sort = "username"
	}
	return p
}

func usersStates() []state {
	read := usersList("", 8, 8)
	read.Manage = false
	added := pages.NewUserPage{
		Form:  pages.Form{ID: "Zm9ybQ", Action: "/admin/users", Values: url.Values{"how": {"generate"}, "roles": {"User"}}},
		Roles: roleChoices(),
	}
	failed := added
	failed.Form.Values = url.Values{"username": {"ada lovelace"}, "email": {"ada@"}, "how": {"type"}, "roles": {"User"}}
	failed.Form.Faults = []idp.Fault{
		idp.NewFault("username", "must not contain spaces or control characters"),
		idp.NewFault("email", "must be an email address such as ada@example.com"), idp.NewFault("password", "must be at least %d characters", 8),
	}
	done := pages.Toast{Key: "people.toast.bulk.disable", Count: 12}
	return append([]state{
		{name: "users", page: usersList("", 8, 8), shell: shell("/admin/users")},
		{name: "users-paged", page: usersList("sort=-last_login_at&q=e&status=active&role=User", 25, 248), shell: told("/admin/users", done)},
		{name: "users-reader", page: read, shell: seeing("/admin/users", idp.Permissions{Read: true})},
		{name: "users-no-match", page: usersList("q=zz", 0, 0), shell: shell("/admin/users")},
		{name: "user-new", page: added, shell: shell("/admin/users/new")},
		{name: "user-new-faults", page: failed, shell: shell("/admin/users/new")},
	}, usersReviewStates()...)
}

func roleChoices() []pages.Option {
	return []pages.Option{
		{Value: "Admin", Label: "Admin", HelpKey: "people.permission.admin", Disabled: true},
		{Value: "Editor", Label: "Editor", Help: "Writes in the knowledge base"},
		{Value: "Helpdesk", Label: "Helpdesk", HelpKey: "people.permission.users"},
		{Value: "User", Label: "User"},
	}
}

func usersReviewStates() []state {
	review := pages.Review{
		Form:  pages.Form{ID: "Zm9ybQ", Action: "/admin/users/bulk/confirm"},
		Items: []string{"Grace Hopper (grace)", "Alan Turing (alan)", "barbara"}, More: 9, Submit: "people.bulk.disable.submit",
		Consequences: []pages.Text{pages.Counted("people.bulk.disable.what", 12)}, Cancel: "/admin/users",
	}
	disable := pages.UsersReviewPage{
		Act: "disable", Review: review, Back: "/admin/users", Max: 1000,
		Skipped: []pages.Text{pages.Counted("people.skipped.self", 1), pages.Counted("people.skipped.beyond", 3)},
	}
	remove := disable
	remove.Act, remove.Skipped, remove.Review.Final, remove.Review.Reason = "delete", nil, true, true
	remove.Review.Match, remove.Review.Submit = "delete 12", "people.bulk.delete.submit"
	remove.Review.Consequences = []pages.Text{pages.Counted("people.bulk.delete.what", 12)}
	wrong := remove
	wrong.Review.Form.Values = url.Values{"match": {"delete 21"}, "reason": {"left the company"}}
	wrong.Review.Form.Faults = []idp.Fault{idp.NewFault("match", "does not match")}
	return []state{
		{name: "users-review-disable", page: disable, shell: shell("/admin/users/bulk")},
		{name: "users-review-delete", page: remove, shell: shell("/admin/users/bulk")},
		{name: "users-review-wrong", page: wrong, shell: shell("/admin/users/bulk")},
		{name: "users-review-nobody", page: pages.UsersReviewPage{Act: "enable", None: "nobody", Back: "/admin/users", Skipped: disable.Skipped}, shell: shell("/admin/users/bulk")},
		{name: "users-review-too-many", page: pages.UsersReviewPage{Act: "end_sessions", None: "too_many", Back: "/admin/users", Max: 1000}, shell: shell("/admin/users/bulk")},
	}
}

func head(u *idp.User) pages.UserHead {
	return pages.UserHead{User: u, State: pages.StateOf(u, noon), Manage: true}
}

func profileOf(h pages.UserHead) pages.UserPage {
	u := h.User
	v := url.Values{"username": {u.Username}, "email": {u.Email}, "email_verified": {"1"}, "expires_at": {"2027-01-31T18:00"}}
	for _, t := range u.Texts() {
		v.Set(t.Name, *t.Value)
	}
	return pages.UserPage{
		UserHead: h, Zone: "Europe/Paris", Zones: pages.ZoneOptions(u.Zoneinfo), Locales: pages.LocaleOptions(u.Locale),
		Form: pages.Form{ID: "Zm9ybQ", Action: h.To(), Version: "2026-11-21T16:59:05.000001Z", Values: v},
	}
}

func userStates() []state {
	to := "/admin/users/" + graceID
	plain, own, last, beyond := head(grace()), head(grace()), head(grace()), head(grace())
	own.Kept, last.Kept, beyond.Manage, beyond.Beyond = "self", "last_admin", false, true
	read := head(grace(func(u *idp.User) { u.Address.Formatted = "1 Navy Yard\nArlington" }))
	read.Manage = false
	locked := head(grace(func(u *idp.User) { u.FailedAuthCount, u.DeleteAt = 12, new(noon.AddDate(0, 0, 9)) }))
	disabled := head(grace(func(u *idp.User) { u.Status = idp.UserDisabled }))
	ownPage := profileOf(own)
	ownPage.Own = true
	failed, changed := profileOf(plain), profileOf(plain)
	failed.Form.Values.Set("birthdate", "9 December 1906")
	failed.Form.Faults = []idp.Fault{
		idp.NewFault("birthdate", "must look like 1815-12-10, or 1815 for the year alone"),
		idp.NewFault("expires_at", "must be a date and a time such as 2030-12-31T17:00"),
	}
	changed.Form.Notice, changed.Current = pages.NoticeChanged, map[string]string{"email": "grace@example.org", "nickname": ""}
	undo := pages.Toast{Key: "people.toast.disabled", Args: map[string]string{"Name": "Grace Hopper"}, Undo: &pages.Undo{Action: to + "/enable"}}
	return []state{
		{name: "user", page: profileOf(plain), shell: shell(to)},
		{name: "user-own", page: ownPage, shell: shell(to)},
		{name: "user-last-admin", page: profileOf(last), shell: shell(to)},
		{name: "user-disabled", page: profileOf(disabled), shell: told(to, undo)},
		{name: "user-locked", page: profileOf(locked), shell: shell(to)},
		{name: "user-faults", page: failed, shell: shell(to)},
		{name: "user-changed", page: changed, shell: shell(to)},
		{name: "user-reader", page: pages.UserPage{UserHead: read}, shell: seeing(to, idp.Permissions{Read: true})},
		{name: "user-beyond", page: pages.UserPage{UserHead: beyond}, shell: seeing(to, idp.Permissions{Users: true})},
		{name: "user-delete", page: deletePage(plain, ""), shell: shell(to + "/delete")},
		{name: "user-delete-wrong", page: deletePage(plain, "Grace"), shell: shell(to + "/delete")},
		{name: "user-delete-self", page: pages.UserDeletePage{UserHead: own}, shell: shell(to + "/delete")},
	}
}

func deletePage(h pages.UserHead, typed string) pages.UserDeletePage {
	r := pages.Review{
		Form: pages.Form{ID: "Zm9ybQ", Action: h.To("delete")}, Final: true, Match: "grace", Reason: true, Submit: "people.delete.submit", Cancel: h.To(),
		Consequences: []pages.Text{
			pages.Counted("people.delete.apps", 6), pages.Counted("people.delete.sessions", 1), {Key: "people.delete.record"}, {Key: "people.delete.log"},
		},
	}
	if typed != "" {
		r.Form.Values, r.Form.Faults = url.Values{"match": {typed}}, []idp.Fault{idp.NewFault("match", "does not match")}
	}
	return pages.UserDeletePage{UserHead: h, Review: r}
}

func userSessionsOf(h pages.UserHead, n int) pages.UserSessionsPage {
	p := pages.UserSessionsPage{UserHead: h}
	for i, agent := range []string{firefoxOnWindows, safariOnIPhone, "curl/8.5"}[:n] {
		s := &idp.Session{ID: fmt.Sprint(i), UserID: h.User.ID, UserAgent: agent, IP: "192.0.2.7", CreatedAt: noon.Add(-time.Hour), LastSeenAt: noon}
		row := pages.AdminSessionRow{Session: s, End: h.Manage}
		if i == 0 {
			row.Apps = []string{"Grafana", "Knowledge base"}
		}
		p.Sessions = append(p.Sessions, row)
	}
	return p
}

func userAccessStates() []state {
	to := "/admin/users/" + graceID
	h, own, read, never := head(grace()), head(grace()), head(grace()), head(grace(func(u *idp.User) {
		u.PasswordHash, u.LastLoginAt, u.FailedAuthAt, u.LastChangeAt, u.FailedAuthCount = "", nil, nil, nil, 0
	}))
	own.Kept, read.Manage = "self", false
	roles := pages.UserRolesPage{
		UserHead: h, Roles: roleChoices(), Names: h.User.Roles, Held: []pages.Field{{Name: "roles", Value: "Admin"}},
		Form: pages.Form{ID: "Zm9ybQ", Action: to + "/roles", Version: "2026-11-21T16:59:05Z", Values: url.Values{"roles": {"Editor", "User"}}},
	}
	ownRoles, readRoles, badRoles := roles, roles, roles
	ownRoles.UserHead, readRoles.UserHead = own, read
	badRoles.Form.Faults = []idp.Fault{idp.NewFault("roles", "there is no role %s", "Writer")}
	security := pages.UserSecurityPage{
		UserHead: h, HasPassword: true, Form: pages.Form{ID: "Zm9ybQ", Action: to + "/password", Values: url.Values{"how": {"generate"}}},
	}
	secret, bad, ownSecurity, noPassword := security, security, security, security
	secret.Secret, ownSecurity.UserHead, ownSecurity.Own = "tacit-marble-fjord-quince-92", own, true
	bad.Form.Values, bad.Form.Faults = url.Values{"how": {"type"}}, []idp.Fault{idp.NewFault("password", "must be at least %d characters", 8)}
	noPassword.UserHead, noPassword.HasPassword = never, false
	ownSessions := userSessionsOf(own, 2)
	ownSessions.Sessions[0].Own, ownSessions.Sessions[0].End, ownSessions.Own = true, false, true
	apps := pages.UserAppsPage{UserHead: h, Apps: []pages.UserApp{
		{ClientID: "grafana", Name: "Grafana", Scopes: []string{"openid", "profile", "email"}, Since: noon.AddDate(0, -3, 0), LastUsed: noon, To: "/admin/clients/grafana"},
		{ClientID: "kb", Name: "Knowledge base", Scopes: []string{"openid"}, Since: noon.AddDate(0, 0, -3), LastUsed: noon.AddDate(0, 0, -1)},
	}}
	return append([]state{
		{name: "user-roles", page: roles, shell: shell(to + "/roles")},
		{name: "user-roles-own", page: ownRoles, shell: shell(to + "/roles")},
		{name: "user-roles-reader", page: readRoles, shell: seeing(to+"/roles", idp.Permissions{Read: true})},
		{name: "user-roles-manager", page: roles, shell: seeing(to+"/roles", idp.Permissions{Users: true})},
		{name: "user-roles-faults", page: badRoles, shell: shell(to + "/roles")},
		{name: "user-security", page: security, shell: shell(to + "/security")},
		{name: "user-security-secret", page: secret, shell: shell(to + "/security")},
		{name: "user-security-faults", page: bad, shell: shell(to + "/security")},
		{name: "user-security-own", page: ownSecurity, shell: shell(to + "/security")},
		{name: "user-security-none", page: noPassword, shell: shell(to + "/security")},
		{name: "user-sessions", page: userSessionsOf(h, 3), shell: shell(to + "/sessions")},
		{name: "user-sessions-own", page: ownSessions, shell: shell(to + "/sessions")},
		{name: "user-sessions-none", page: userSessionsOf(h, 0), shell: shell(to + "/sessions")},
		{name: "user-apps", page: apps, shell: shell(to + "/apps")},
		{name: "user-apps-none", page: pages.UserAppsPage{UserHead: h}, shell: shell(to + "/apps")},
	}, userActivityStates(h, to+"/activity")...)
}

func userActivityStates(h pages.UserHead, path string) []state {
	var events []pages.UserEvent
	for i, action := range []string{idp.ActionSignIn, idp.ActionUserUpdate, idp.ActionGrantIssue, idp.ActionUserPassword, "other.thing"} {
		e := &idp.AuditEvent{
			Seq: int64(900 - i), Time: noon.Add(-time.Duration(i) * time.Hour), Action: action, ActorKind: idp.ActorUser, ActorName: "grace",
			Result: idp.AuditOK, IP: "2001:db8::7",
		}
		if i == 0 {
			e.ActorKind, e.ActorName, e.Result = idp.ActorNobody, "", idp.AuditRefused
		}
		events = append(events, pages.UserEvent{AuditEvent: e})
	}
	list := pages.NewListView(path, url.Values{}, idp.Page[pages.UserEvent]{Items: events, First: 1, Total: 5})
	none := pages.NewListView(path, url.Values{}, idp.Page[pages.UserEvent]{})
	return []state{
		{name: "user-activity", page: pages.UserActivityPage{UserHead: h, List: list, Events: events, Link: true}, shell: shell(path)},
		{name: "user-activity-narrow", page: pages.UserActivityPage{UserHead: h, List: list, Events: events, Narrow: true}, shell: seeing(path, idp.Permissions{Users: true})},
		{name: "user-activity-none", page: pages.UserActivityPage{UserHead: h, List: none}, shell: shell(path)},
	}
}

func roleRows() []pages.RoleRow {
	return []pages.RoleRow{
		{Role: &idp.Role{Name: "Admin", Permission: idp.PermissionAdmin}, Members: 2},
		{Role: &idp.Role{Name: "Auditor", Permission: idp.PermissionRead, Description: "Reads the audit log once a quarter"}, Members: 1},
		{Role: &idp.Role{Name: "Editor", Description: "Writes in the knowledge base"}, Members: 31},
		{Role: &idp.Role{Name: "Helpdesk", Permission: idp.PermissionUsers}},
		{Role: &idp.Role{Name: "User"}, Members: 1204},
	}
}

func rolesStates() []state {
	rows := roleRows()
	form := pages.Form{
		ID: "Zm9ybQ", Action: "/admin/roles/Editor", Version: "2026-11-21T16:59:05Z",
		Values: url.Values{"description": {"Writes in the knowledge base"}, "permission": {""}},
	}
	holders := []*idp.User{grace(), grace(func(u *idp.User) { u.Name = "Alan Turing" })}
	added := pages.NewRolePage{Form: pages.Form{ID: "Zm9ybQ", Action: "/admin/roles", Values: url.Values{"permission": {""}}}}
	failed := added
	failed.Form.Values = url.Values{"name": {"a b"}, "permission": {"users"}}
	failed.Form.Faults = []idp.Fault{idp.NewFault("name", "must be 1 to 64 letters, digits or . _ : - and start with a letter or digit")}
	free := pages.RoleDeletePage{Role: rows[3], Review: pages.Review{
		Form: pages.Form{ID: "Zm9ybQ", Action: "/admin/roles/Helpdesk/delete"}, Final: true, Match: "Helpdesk", Reason: true,
		Submit: "people.role.delete_submit", Cancel: "/admin/roles/Helpdesk", Consequences: []pages.Text{{Key: "people.role.delete_what"}},
	}}
	reader := seeing("/admin/roles", idp.Permissions{Read: true})
	return []state{
		{name: "roles", page: pages.RolesPage{Roles: rows, Manage: true}, shell: shell("/admin/roles")},
		{name: "roles-reader", page: pages.RolesPage{Roles: rows}, shell: reader},
		{name: "role", page: pages.RolePage{Role: rows[2], Manage: true, Form: form, Holders: holders}, shell: shell("/admin/roles/Editor")},
		{name: "role-built-in", page: pages.RolePage{Role: rows[0], Holders: holders}, shell: shell("/admin/roles/Admin")},
		{name: "role-reader", page: pages.RolePage{Role: rows[3]}, shell: reader},
		{name: "role-new", page: added, shell: shell("/admin/roles/new")},
		{name: "role-new-faults", page: failed, shell: shell("/admin/roles/new")},
		{name: "role-delete", page: free, shell: shell("/admin/roles/Helpdesk/delete")},
		{name: "role-delete-held", page: pages.RoleDeletePage{Role: rows[2], Holders: holders}, shell: shell("/admin/roles/Editor/delete")},
		{name: "role-delete-built-in", page: pages.RoleDeletePage{Role: rows[0]}, shell: shell("/admin/roles/Admin/delete")},
	}
}

func sessionsStates() []state {
	rows := userSessionsOf(head(grace()), 3).Sessions
	for i := range rows {
		rows[i].User = grace()
	}
	rows[0].Own, rows[0].End = true, false
	list := pages.NewListView("/admin/sessions", url.Values{}, idp.Page[pages.AdminSessionRow]{Items: rows, Total: -1, Next: "bmV4dA"})
	read := pages.AdminSessionsPage{List: list, Sessions: rows}
	read.List.PickOnly = true
	manage := read
	manage.Manage = true
	review := pages.AdminSessionsReviewPage{
		Back: "/admin/sessions", Skipped: []pages.Text{pages.Counted("people.skipped.own_session", 1), pages.Counted("people.skipped.gone_session", 2)},
		Review: pages.Review{
			Form: pages.Form{ID: "Zm9ybQ", Action: "/admin/sessions/end"}, Items: []string{"Grace Hopper (grace), 192.0.2.7"},
			Consequences: []pages.Text{pages.Counted("people.sessions.what", 1)}, Submit: "people.sessions.end", Cancel: "/admin/sessions",
		},
	}
	return []state{
		{name: "sessions", page: manage, shell: shell("/admin/sessions")},
		{name: "sessions-reader", page: read, shell: seeing("/admin/sessions", idp.Permissions{Read: true})},
		{name: "sessions-none", page: pages.AdminSessionsPage{}, shell: shell("/admin/sessions")},
		{name: "sessions-review", page: review, shell: shell("/admin/sessions/end")},
		{name: "sessions-review-none", page: pages.AdminSessionsReviewPage{None: true, Back: "/admin/sessions"}, shell: shell("/admin/sessions/end")},
	}
}
