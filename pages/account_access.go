package pages

import "time"

// SessionsPage lists where the person is signed in. It posts sid to
// /account/sessions/end, and nothing to /account/sessions/end-others.
type SessionsPage struct {
	Rows []SessionRow // this device first
}

// SessionRow is a browser that is signed in.
type SessionRow struct {
	ID        string // public sid
	UserAgent string
	IP        string
	Here      bool // this browser
	Started   time.Time
	LastSeen  time.Time
}

func (p SessionsPage) describe() description {
	return description{template: "account_sessions", title: text{key: "account.sessions_title"}}
}

// Others reports whether the person is signed in anywhere else.
func (p SessionsPage) Others() bool { return len(p.Rows) > 1 }

// AppsPage lists the applications that have access to the account.
type AppsPage struct{ Apps []AppRow }

// AppRow is an application that may act for the person.
type AppRow struct {
	ID, Name string
	URI      string // http(s) address from the registration, or ""
	Scopes   []ScopeLine
	Since    time.Time
	LastUsed time.Time
	Disabled bool // an administrator has switched it off
}

func (p AppsPage) describe() description {
	return description{template: "account_apps", title: text{key: "nav.connected"}}
}

// RemoveAppPage asks before access is taken from an application.
type RemoveAppPage struct {
	Name   string
	Review Review
}

func (p RemoveAppPage) describe() description {
	return description{template: "account_remove_app", title: text{key: "account.remove_title", args: args{"App": p.Name}}}
}

// NewRemoveAppPage is the page about the application of that ID and name; asks
// says that it has to ask for consent when the person signs in to it again.
func NewRemoveAppPage(id, name string, asks bool) RemoveAppPage {
	p := RemoveAppPage{Name: name, Review: Review{
		Form:   Form{Action: "/account/apps/" + id + "/remove"},
		Submit: "account.remove_submit", Cancel: "/account/apps",
		Consequences: []Text{
			{Key: "account.remove_stops", Args: map[string]string{"App": name}},
			{Key: "account.remove_data"},
		},
	}}
	if asks {
		p.Review.Consequences = append(p.Review.Consequences, Text{Key: "account.remove_again"})
	}
	return p
}
