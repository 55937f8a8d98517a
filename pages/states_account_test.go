package pages_test

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
)

const (
	firefoxOnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safariOnIPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

// accountStates are the account pages and registration.
func accountStates() []state {
	out := append(accountHomeStates(), profileStates()...)
	out = append(out, accessStates()...)
	out = append(out, activityStates()...)
	out = append(out, dataStates()...)
	return append(out, registerStates()...)
}

func accountHomeStates() []state {
	home := pages.AccountPage{
		Name: "Ada Lovelace", Username: "ada", Email: "ada@example.com", Roles: []string{"Admin", "User"},
		SignedInAt: noon, LastSignIn: noon, PasswordSet: noon.AddDate(0, -4, 0), Sessions: 3, DemoTo: "/demo",
	}
	warned := home
	warned.DeleteAt, warned.ExpiresAt, warned.Failed, warned.Email, warned.AuditFailed = noon.AddDate(0, 0, 14), noon.AddDate(0, 1, 0), 12, "", true
	return []state{
		{name: "account", page: home, shell: accountShell("/account")},
		{name: "account-bare", page: pages.AccountPage{Username: "grace", Sessions: 1}, shell: &pages.Shell{Area: pages.AreaAccount, Path: "/account", Username: "grace"}},
		{name: "account-warned", page: warned, shell: toasted("/account", pages.Toast{Key: pages.ToastDeletion, Tone: "warn"})},
		{name: "account-kept", page: home, shell: toasted("/account", pages.Toast{Key: pages.ToastKept})},
		{name: "account-welcome", page: home, shell: toasted("/account", pages.Toast{Key: pages.ToastWelcome})},
	}
}

func toasted(path string, toast pages.Toast) *pages.Shell {
	s := accountShell(path)
	s.Toast = &toast
	return s
}

func profileStates() []state {
	profile := func(faults ...idp.Fault) pages.ProfilePage {
		return pages.ProfilePage{
			Form: pages.Form{
				ID: "Zm9ybQ", Action: "/account/profile", Version: "1795280345000000", Faults: faults,
				Values: url.Values{
					"name": {"Ada Lovelace"}, "given_name": {"Ada"}, "family_name": {"Lovelace"}, "locale": {"en-GB"}, "zoneinfo": {"Europe/London"},
					"website": {"https://ada.example"}, "birthdate": {"1815-12-10"}, "address.country": {"United Kingdom"},
				},
			},
			Theme:    pages.Form{Action: "/account/theme", Values: url.Values{"theme": {"dark"}}},
			Username: "ada", Email: "ada@example.com",
			Zones: pages.ZoneOptions("Europe/London"), Locales: pages.LocaleOptions("en-GB"),
		}
	}
	changed := profile()
	changed.Form.Notice, changed.Email = pages.NoticeChanged, ""
	password := func(faults ...idp.Fault) pages.PasswordPage {
		return pages.PasswordPage{
			Form: pages.Form{ID: "Zm9ybQ", Action: "/account/password", Values: url.Values{"end_others": {"1"}}, Faults: faults}, Username: "ada", MinLength: 12,
		}
	}
	at := "/account/profile"
	return []state{
		{name: "account-profile", page: profile(), shell: accountShell(at)},
		{name: "account-profile-faults", page: profile(
			idp.NewFault("website", "must be an http or https address"),
			idp.NewFault("birthdate", "must look like 1815-12-10, or 1815 for the year alone"),
			idp.NewFault("address.country", "must be at most %d characters", 500),
		), shell: accountShell(at)},
		{name: "account-profile-changed", page: changed, shell: accountShell(at)},
		{name: "account-profile-saved", page: profile(), shell: toasted(at, pages.Toast{Key: pages.ToastProfileSaved})},
		{name: "account-theme-saved", page: profile(), shell: toasted(at, pages.Toast{Key: pages.ToastThemeSaved})},
		{name: "account-password", page: password(), shell: accountShell("/account/password")},
		{name: "account-password-faults", page: password(
			idp.NewFault("current_password", "does not match; check it and try again"),
			idp.NewFault("new_password", "must be at least %d characters", 12),
			idp.NewFault("new_password", "is among the passwords that are tried first; choose another"),
		), shell: accountShell("/account/password")},
		{name: "account-password-changed", page: password(), shell: toasted("/account", pages.Toast{Key: pages.ToastPasswordChanged})},
		{name: "account-password-ended", page: password(), shell: toasted("/account", pages.Toast{Key: pages.ToastPasswordAndEnded})},
	}
}

func accessStates() []state {
	rows := []pages.SessionRow{
		{ID: "c2lkMQ", UserAgent: firefoxOnWindows, IP: "2001:db8:85a3::8a2e:370:7334", Here: true, Started: noon, LastSeen: noon},
		{ID: "c2lkMg", UserAgent: safariOnIPhone, IP: "192.0.2.17", Started: noon.AddDate(0, 0, -3), LastSeen: noon.Add(-2 * time.Hour)},
		{ID: "c2lkMw", Started: noon.AddDate(0, 0, -6), LastSeen: noon.AddDate(0, 0, -5)},
	}
	apps := []pages.AppRow{
		{ID: "grafana", Name: "Grafana", URI: "https://grafana.example.com/", Scopes: scopes(), Since: noon.AddDate(-1, 0, 0), LastUsed: noon},
		{ID: "notes", Name: "Notes", Since: noon.AddDate(0, 0, -1), LastUsed: noon.AddDate(0, 0, -1), Disabled: true},
	}
	at := "/account/sessions"
	return []state{
		{name: "account-sessions", page: pages.SessionsPage{Rows: rows}, shell: accountShell(at)},
		{name: "account-sessions-one", page: pages.SessionsPage{Rows: rows[:1]}, shell: toasted(at, pages.Toast{Key: pages.ToastSessionsEnded})},
		{name: "account-sessions-ended", page: pages.SessionsPage{Rows: rows[:2]}, shell: toasted(at, pages.Toast{Key: pages.ToastSessionEnded})},
		{name: "account-sessions-none", page: pages.SessionsPage{Rows: rows[:1]}, shell: toasted(at, pages.Toast{Key: pages.ToastNoSessions})},
		{name: "account-apps", page: pages.AppsPage{Apps: apps}, shell: accountShell("/account/apps")},
		{name: "account-apps-none", page: pages.AppsPage{}, shell: toasted("/account/apps", pages.Toast{Key: pages.ToastAppRemoved, Args: map[string]string{"App": "Grafana"}})},
		{name: "account-apps-remove", page: pages.NewRemoveAppPage("grafana", "Grafana", true), shell: accountShell("/account/apps/grafana/remove")},
	}
}

func activityStates() []state {
	var rows []pages.ActivityRow
	for i, action := range []string{
		idp.ActionSignIn, idp.ActionSessionEnd, idp.ActionUserUpdate, idp.ActionUserPassword, idp.ActionUserUnlock, idp.ActionUsersExport,
		idp.ActionConsentGive, idp.ActionConsentRemove, idp.ActionGrantIssue, idp.ActionGrantRevoke, idp.ActionUserCreate,
	} {
		rows = append(rows, pages.ActivityRow{At: noon.Add(-time.Duration(i) * 5 * time.Hour), Action: action, By: pages.BySelf, IP: fmt.Sprintf("192.0.2.%d", i)})
	}
	rows[4].By, rows[4].IP = pages.ByAdmin, ""
	rows[6].App, rows[8].App = "Grafana", "Grafana"
	rows = append(
		rows,
		pages.ActivityRow{At: noon, Action: idp.ActionSignIn, Refused: true, By: pages.ByStranger, IP: "203.0.113.9", Count: 3},
		pages.ActivityRow{At: noon, Action: idp.ActionGrantReplay, Refused: true, By: pages.ByApp, App: "Grafana"},
		pages.ActivityRow{At: noon, Action: idp.ActionUserDisable, By: pages.BySystem},
		pages.ActivityRow{At: noon, Action: idp.ActionRoleCreate, By: pages.BySelf, Subject: "Auditor", IP: "192.0.2.1"},
	)
	at := "/account/activity"
	list := func(query string, total int) pages.ListView {
		q, err := url.ParseQuery(query)
		if err != nil {
			panic(err)
		}
		p := idp.Page[pages.ActivityRow]{Total: total}
		if total > 0 {
			p.Items, p.First, p.Next, p.Prev = rows, 51, "bmV4dA", "cHJldg"
		}
		return pages.NewListView(at, q, p)
	}
	return []state{
		{name: "account-activity", page: pages.ActivityPage{List: list("", 248), Days: 90, Rows: rows}, shell: accountShell(at)},
		{name: "account-activity-no-match", page: pages.ActivityPage{List: list("type=grant.", 0), Type: "grant.", Days: 90}, shell: accountShell(at)},
		{name: "account-activity-none", page: pages.ActivityPage{List: list("", 0), Days: 90}, shell: accountShell(at)},
	}
}

func dataStates() []state {
	deletion := pages.DeleteAccountPage{
		Form: pages.Form{ID: "Zm9ybQ", Action: "/account/data/delete"}, Username: "ada", DeleteAt: noon.AddDate(0, 0, 14), WaitDays: 14, Apps: 2, Sessions: 3,
	}
	wrong := deletion
	wrong.Form.Values, wrong.Form.Faults = url.Values{"match": {"grace"}}, []idp.Fault{idp.NewFault("match", "does not match")}
	return []state{
		{name: "account-data", page: pages.DataPage{WaitDays: 14}, shell: accountShell("/account/data")},
		{name: "account-data-pending", page: pages.DataPage{WaitDays: 14, DeleteAt: noon.AddDate(0, 0, 14)}, shell: accountShell("/account/data")},
		{name: "account-data-last-admin", page: pages.DataPage{WaitDays: 14, LastAdmin: true}, shell: accountShell("/account/data")},
		{name: "account-delete", page: deletion, shell: accountShell("/account/data/delete")},
		{name: "account-delete-wrong", page: wrong, shell: accountShell("/account/data/delete")},
	}
}

func registerStates() []state {
	register := func(faults ...idp.Fault) pages.RegisterPage {
		return pages.RegisterPage{
			Form: pages.Form{ID: "Zm9ybQ", Action: "/register", Faults: faults, Values: url.Values{"name": {"Ada Lovelace"}, "username": {"ada"}}},
			CSRF: "Y3NyZg", Back: "/register", MinLength: 12, LoginTo: "/login",
		}
	}
	empty, stale := register(), register()
	empty.Form.Values = nil
	stale.Form.Notice = pages.NoticeStaleForm
	return []state{
		{name: "register", page: empty},
		{name: "register-faults", page: register(idp.NewFault("username", "is taken; choose another"), idp.NewFault("new_password", "must be at least %d characters", 12))},
		{name: "register-throttled", page: register(idp.NewFault("", "too many accounts were made from your network; wait %s, then try again", time.Hour))},
		{name: "register-stale", page: stale},
		{name: "login-sign-up", page: login(func(p *pages.LoginPage) { p.RegisterTo = "/register?next=%2Flogin%3Fflow%3DZmxvdw" })},
	}
}
