package pages

import (
	"slices"
	"time"

	"gatehouse/idp"
)

// OverviewPage is the first page of the console: what went on, and what needs a look.
type OverviewPage struct {
	Range string // "24h", "7d" or "30d"
	// Counted is false when the counts did not come: their panels say so.
	Counted  bool
	SignIns  OverviewCount
	Failures OverviewCount
	Chart    Chart
	// Tokens, TokenChart, Grants and Failing are for those who may see everything; nil otherwise.
	Tokens     *OverviewCount
	TokenChart *Chart
	Grants     []OverviewLine // tokens by grant type, most first
	Failing    []OverviewLine // clients that failed to sign in, most first
	// Sessions are the active ones; nil when they could not be counted.
	Sessions *int
	Warnings []OverviewWarning
	Start    *OverviewStart // the first steps; nil when they are done
	Live     string         // address of the live events, "" for none
}

// OverviewCount is a number beside what is usual: the same length of time before.
type OverviewCount struct {
	N, Before int64
}

// Unusual reports whether there are twice as many as usual, or more, and enough to matter.
func (c OverviewCount) Unusual() bool { return c.Before > 0 && c.N >= 20 && c.N >= 2*c.Before }

// Times is how many times the usual, to a tenth.
func (c OverviewCount) Times() float64 { return float64(c.N*10/max(c.Before, 1)) / 10 }

// OverviewLine is one line of a short list of counts.
type OverviewLine struct {
	Label string
	To    string // "" is no link
	N     int64
}

// Key is the key of the words for a grant type, "" where the line is about something else.
func (l OverviewLine) Key() string {
	if slices.Contains(idp.GrantTypes(), l.Label) {
		return "overview.grant." + l.Label
	}
	return ""
}

// OverviewWarning is something that needs a look.
type OverviewWarning struct {
	Tone string // as of the part notice_bar
	Text Text
	To   string
	Link string // key of the link's words
}

// OverviewStart is the list of first steps on a new installation.
type OverviewStart struct {
	User, Client, SignIn bool   // done
	TestTo               string // where to try the sign-in; "" while there is no client
}

func (p OverviewPage) describe() description {
	return description{template: "overview", title: text{key: "nav.overview"}}
}

// OverviewStep is how long a range is, and each bar of it.
func OverviewStep(kind string) (length, step time.Duration) {
	switch kind {
	case "7d":
		return 7 * 24 * time.Hour, 6 * time.Hour
	case "30d":
		return 30 * 24 * time.Hour, 24 * time.Hour
	}
	return 24 * time.Hour, time.Hour
}
