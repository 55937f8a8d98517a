package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

// overview is GET /admin.
func (k *Console) overview(c *gin.Context) error {
	ctx, may := c.Request.Context(), web.Person(c).User.Permissions
	p := pages.OverviewPage{Range: c.Query("range")}
	if p.Range != "7d" && p.Range != "30d" {
		p.Range = "24h"
	}
	// A store that does not answer costs its panel, not the page.
	k.countInto(ctx, &p, web.Person(c).User, may.MaySeeAll())
	if n, err := k.Sessions.CountSessions(ctx); err == nil {
		p.Sessions = &n
	}
	if may.MaySeeAll() {
		p.Live = web.RouteAdmin + "/overview/events"
		p.Warnings = k.warnings(ctx, may)
	}
	if may.Admin {
		start, err := k.firstSteps(ctx)
		if err != nil {
			return err
		}
		p.Start = start
	}
	return k.Show(c, http.StatusOK, p)
}

// countInto fills in what the hourly counts tell.
func (k *Console) countInto(ctx context.Context, p *pages.OverviewPage, viewer *idp.User, all bool) {
	length, step := pages.OverviewStep(p.Range)
	// Bars end with the present hour or day, in the zone of the person who looks.
	end := barEnd(k.Now(), step, viewer.Zoneinfo)
	from := end.Add(-length)
	tallies, err := k.Tallies.Tallies(ctx, from.Add(-length), end)
	if err != nil {
		return
	}
	p.Counted = true
	n := int(length / step)
	p.Chart = pages.Chart{
		ID: "sign-ins", Title: "overview.sign_ins_chart", First: "overview.succeeded", Second: "overview.failed",
		Step: step, Zone: viewer.Zoneinfo, Bars: emptyBars(from, step, n),
	}
	tokens := pages.Chart{
		ID: "tokens", Title: "overview.tokens", First: "overview.issued", Step: step, Zone: viewer.Zoneinfo, Bars: emptyBars(from, step, n),
	}
	issued, grants, failing := pages.OverviewCount{}, map[string]int64{}, map[string]int64{}
	for _, t := range tallies {
		if t.Hour.Before(from) {
			before(t, &p.SignIns, &p.Failures, &issued)
			continue
		}
		bar := min(int(t.Hour.Sub(from)/step), n-1)
		switch t.Kind {
		case idp.TallySignIn:
			p.SignIns.N += t.Count
			p.Chart.Bars[bar].First += t.Count
		case idp.TallySignInFailed:
			p.Failures.N += t.Count
			p.Chart.Bars[bar].Second += t.Count
		case idp.TallyToken:
			issued.N += t.Count
			tokens.Bars[bar].First += t.Count
			grants[t.Label] += t.Count
		case idp.TallyClientFailed:
			failing[t.Label] += t.Count
		case idp.TallyClientUse:
		}
	}
	if all {
		p.Tokens, p.TokenChart = &issued, &tokens
		p.Grants = mostFirst(grants, "")
		p.Failing = mostFirst(failing, routeClients+"/")
	}
}

// before counts what belongs to the time before the range: what is usual.
func before(t idp.Tally, signIns, failures, issued *pages.OverviewCount) {
	switch t.Kind {
	case idp.TallySignIn:
		signIns.Before += t.Count
	case idp.TallySignInFailed:
		failures.Before += t.Count
	case idp.TallyToken:
		issued.Before += t.Count
	case idp.TallyClientUse, idp.TallyClientFailed:
	}
}

// barEnd is the end of the bar that now is in. Bars begin on whole steps of
// the day there: noon is noon, and a day is a day.
func barEnd(now time.Time, step time.Duration, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	local := now.In(loc)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, loc)
	into := local.Sub(day)
	return day.Add(into.Truncate(step) + step).UTC()
}

func emptyBars(from time.Time, step time.Duration, n int) []pages.Bar {
	bars := make([]pages.Bar, n)
	for i := range bars {
		bars[i].At = from.Add(time.Duration(i) * step)
	}
	return bars
}

const mostLines = 8

func mostFirst(counts map[string]int64, to string) []pages.OverviewLine {
	var out []pages.OverviewLine
	for label, n := range counts {
		line := pages.OverviewLine{Label: label, N: n}
		if to != "" {
			line.To = to + label
		}
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b pages.OverviewLine) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Label, b.Label))
	})
	return out[:min(len(out), mostLines)]
}

// keyOverdue is how much longer than the rotation asks for a key may sign before it is worth a word.
const keyOverdue = 7 * 24 * time.Hour

// warnings are what needs a look. What cannot be read is left out: the page of
// the thing itself will say so.
func (k *Console) warnings(ctx context.Context, may idp.Permissions) []pages.OverviewWarning {
	var out []pages.OverviewWarning
	if days := k.overdueKeyDays(ctx); days > 0 {
		out = append(out, pages.OverviewWarning{
			Tone: "warn", Text: pages.Counted("overview.warn_keys", days), To: routeKeys, Link: "overview.warn_keys_link",
		})
	}
	if k.Settings.Current().Signup == idp.SignupOpen {
		out = append(out, pages.OverviewWarning{
			Text: pages.Text{Key: "overview.warn_signup"}, To: routeSettings + "#signup", Link: "overview.warn_signup_link",
		})
	}
	admins, err := k.Users.Query(ctx, idp.UserQuery{ListQuery: idp.ListQuery{Limit: 2}, Role: idp.RoleAdmin, Status: idp.UserActive})
	if may.Admin && err == nil && len(admins.Items) == 1 {
		out = append(out, pages.OverviewWarning{
			Text: pages.Text{Key: "overview.warn_one_admin"}, To: routeUsers, Link: "overview.warn_one_admin_link",
		})
	}
	return out
}

// overdueKeyDays is the age of a signing key that should have been rotated, 0 when all is well.
func (k *Console) overdueKeyDays(ctx context.Context) int {
	keys, err := k.Keys.List(ctx)
	if err != nil {
		return 0
	}
	for _, key := range keys {
		if k.isOverdue(key) {
			return int(k.Now().Sub(*key.ActivateAt) / (24 * time.Hour))
		}
	}
	return 0
}

// firstSteps are what a new installation still needs, nil when all is done.
func (k *Console) firstSteps(ctx context.Context) (*pages.OverviewStart, error) {
	people, err := k.Users.Query(ctx, idp.UserQuery{ListQuery: idp.ListQuery{Limit: 2}})
	if err != nil {
		return nil, err
	}
	apps, err := k.Clients.Query(ctx, idp.ClientQuery{ListQuery: idp.ListQuery{Limit: 25, Sort: "-last_used_at"}})
	if err != nil {
		return nil, err
	}
	s := &pages.OverviewStart{User: len(people.Items) > 1}
	for _, a := range apps.Items {
		if a.ID == idp.ClientGatehouse {
			continue
		}
		s.Client = true
		s.SignIn = s.SignIn || a.LastUsedAt != nil
		if s.TestTo == "" {
			s.TestTo = clientRoute(a.ID)
		}
	}
	if s.User && s.Client && s.SignIn {
		return nil, nil //nolint:nilnil // the steps are done
	}
	return s, nil
}
