package pages_test

import (
	"net/url"
	"time"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/static"
)

func overview(change func(*pages.OverviewPage)) pages.OverviewPage {
	n := 317
	signIns, tokens := showcaseChart(24), tokensChart()
	signIns.Title, signIns.First, signIns.Second = "overview.sign_ins_chart", "overview.succeeded", "overview.failed"
	tokens.Title, tokens.First = "overview.tokens", "overview.issued"
	p := pages.OverviewPage{
		Range: "24h", Counted: true, SignIns: pages.OverviewCount{N: 1807, Before: 1790}, Failures: pages.OverviewCount{N: 152, Before: 72},
		Chart: signIns, Tokens: &pages.OverviewCount{N: 8214, Before: 8000}, TokenChart: &tokens, Sessions: &n,
		Grants: []pages.OverviewLine{
			{Label: "refresh_token", N: 5120}, {Label: "client_credentials", N: 2011}, {Label: "authorization_code", N: 1083},
		},
		Failing: []pages.OverviewLine{{Label: "grafana", To: "/admin/clients/grafana", N: 41}, {Label: "nightly-report", To: "/admin/clients/nightly-report", N: 3}},
		Live:    "/admin/overview/events",
	}
	change(&p)
	return p
}

func recordsStates() []state {
	empty := overview(func(p *pages.OverviewPage) {
		p.SignIns, p.Failures, p.Tokens, p.Grants, p.Failing = pages.OverviewCount{}, pages.OverviewCount{}, &pages.OverviewCount{}, nil, nil
		p.Chart.Bars, p.TokenChart = nil, nil
		p.Start = &pages.OverviewStart{User: true}
	})
	warned := overview(func(p *pages.OverviewPage) {
		p.Warnings = []pages.OverviewWarning{
			{Tone: "warn", Text: pages.Counted("overview.warn_keys", 120), To: "/admin/keys", Link: "overview.warn_keys_link"},
			{Text: pages.Text{Key: "overview.warn_signup"}, To: "/admin/settings#signup", Link: "overview.warn_signup_link"},
			{Text: pages.Text{Key: "overview.warn_one_admin"}, To: "/admin/users", Link: "overview.warn_one_admin_link"},
		}
		p.Start = &pages.OverviewStart{User: true, Client: true, TestTo: "/admin/clients/grafana"}
		p.Sessions = nil
	})
	manager := shell("/admin")
	manager.May = idp.Permissions{Users: true}
	return append([]state{
		{name: "overview", page: overview(func(*pages.OverviewPage) {}), shell: shell("/admin"), open: true},
		{name: "overview-new", page: empty, shell: shell("/admin")},
		{name: "overview-warnings", page: warned, shell: shell("/admin")},
		{name: "overview-manager", page: overview(func(p *pages.OverviewPage) { p.Tokens, p.TokenChart, p.Live = nil, nil, "" }), shell: manager},
		{name: "overview-failed", page: overview(func(p *pages.OverviewPage) { p.Counted = false }), shell: shell("/admin")},
	}, append(auditStates(), settingsStates()...)...)
}

func auditEvents() []*idp.AuditEvent {
	ada := "0b8c4d5e-6f70-4a81-9b92-a3b4c5d6e7f8"
	events := []*idp.AuditEvent{
		{ActorKind: idp.ActorUser, ActorID: ada, ActorName: "ada", Action: idp.ActionUserUpdate, Target: idp.Target{Kind: "user", ID: "1", Name: "grace"}, Result: idp.AuditOK, IP: "192.0.2.7", Reason: "moved to another team", Changes: []idp.Change{
			{Field: "email", Before: "grace@example.com", After: "hopper@example.com"}, {Field: "name", Before: "", After: "Grace Hopper"},
		}},
		{ActorKind: idp.ActorNobody, Action: idp.ActionSignIn, Target: idp.Target{Kind: "user"}, Result: idp.AuditRefused, IP: "2001:db8:85a3::8a2e:370:7334"},
		{ActorKind: idp.ActorClient, ActorID: "nightly-report", Action: idp.ActionGrantIssue, Target: idp.Target{Kind: "grant", ID: "client_credentials"}, Result: idp.AuditOK, Count: 1204, ClientID: "nightly-report"},
		{ActorKind: idp.ActorSystem, Action: idp.ActionKeyActivate, Target: idp.Target{Kind: "key", ID: "nQm3mGdO1x0"}, Result: idp.AuditOK},
		{ActorKind: idp.ActorCLI, ActorName: "root", Action: idp.ActionClientSecret, Target: idp.Target{Kind: "client", ID: "grafana", Name: "Grafana"}, Result: idp.AuditOK},
	}
	prev := ""
	for i, e := range events {
		e.Seq, e.Time, e.RequestID = int64(i+41), noon.Add(time.Duration(i)*time.Minute), "6XQ2N4VLZ3"
		e.Count = max(e.Count, 1)
		e.Seal(prev)
		prev = e.Hash
	}
	return events
}

func auditStates() []state {
	events := auditEvents()
	list := func(query string, rows []*idp.AuditEvent) pages.AuditPage {
		q, _ := url.ParseQuery(query)
		p := idp.Page[*idp.AuditEvent]{Items: rows, Total: len(rows)}
		if len(rows) > 0 {
			p.First, p.Total, p.More, p.Next = 1, idp.MaxCount, true, "bmV4dA"
		}
		return pages.AuditPage{List: pages.NewListView("/admin/audit", q, p), Rows: rows, Live: "/admin/audit/events", First: 1, Last: 100_000}
	}
	broken := *events[0]
	broken.ActorName = "eve"
	return []state{
		{name: "audit", page: list("action=user.update&from=2026-11-01", events), shell: shell("/admin/audit")},
		{name: "audit-none", page: pages.AuditPage{List: pages.NewListView("/admin/audit", nil, idp.Page[int]{})}, shell: shell("/admin/audit")},
		{name: "audit-no-match", page: list("q=zz", nil), shell: shell("/admin/audit")},
		{name: "audit-event", page: pages.AuditEventPage{Event: events[0], Intact: true}, shell: shell("/admin/audit/41")},
		{name: "audit-event-plain", page: pages.AuditEventPage{Event: events[1], Intact: true}, shell: shell("/admin/audit/42")},
		{name: "audit-event-broken", page: pages.AuditEventPage{Event: &broken}, shell: shell("/admin/audit/41")},
	}
}

func settings(change func(*pages.SettingsPage)) pages.SettingsPage {
	values := url.Values{
		"access_token_ttl": {"10m"}, "id_token_ttl": {"10m"}, "refresh_token_ttl": {"336h"}, "refresh_token_max_ttl": {"2160h"},
		"session_ttl": {"12h"}, "session_max_ttl": {"168h"}, "password_min_length": {"12"}, "signup": {"closed"},
		"product_name": {"Acme ID"}, "accent": {"#0b6e4f"}, "audit_retention_days": {"400"},
	}
	form := func(section string) pages.Form {
		return pages.Form{ID: "Zm9ybQ", Action: "/admin/settings/" + section, Version: "2026-11-21T16:59:05Z", Values: values}
	}
	report, err := static.CheckAccent("#0b6e4f")
	if err != nil {
		panic(err)
	}
	p := pages.SettingsPage{
		Lifetimes: form("lifetimes"), Passwords: form("passwords"), Signup: form("signup"), Branding: form("branding"), Audit: form("audit"),
		Fixed:  map[string]string{"session_ttl": "the variable GATEHOUSE_SESSION_TTL"},
		Saved:  idp.DefaultSettings(),
		Accent: &pages.AccentCheck{Colour: "#0b6e4f", Pairs: report.Pairs, OK: true},
	}
	change(&p)
	return p
}

func settingsStates() []state {
	poor, _ := static.CheckAccent("#ffd400")
	reader := shell("/admin/settings")
	reader.May = idp.Permissions{Read: true}
	return []state{
		{name: "settings", page: settings(func(*pages.SettingsPage) {}), shell: shell("/admin/settings")},
		{name: "settings-reader", page: settings(func(p *pages.SettingsPage) { p.Accent = nil }), shell: reader},
		{name: "settings-faults", page: settings(func(p *pages.SettingsPage) {
			p.Lifetimes.Faults = []idp.Fault{idp.NewFault("access_token_ttl", "must be from %s to %s", time.Minute, 24*time.Hour)}
		}), shell: shell("/admin/settings")},
		{name: "settings-poor-accent", page: settings(func(p *pages.SettingsPage) {
			p.Accent = &pages.AccentCheck{Colour: "#ffd400"}
			if poor != nil {
				p.Accent.Pairs = poor.Pairs
			}
			p.Branding.Faults = []idp.Fault{idp.NewFault("accent", "must be a colour such as #3849c6")}
		}), shell: shell("/admin/settings")},
	}
}
