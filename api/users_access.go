package api

import (
	"time"

	"gatehouse/account"
	"gatehouse/idp"
)

// sessionView is a browser session without what it is stored under.
type sessionView struct {
	ID            string    `json:"id"`
	UserID        string    `json:"user_id"`
	IP            string    `json:"ip"`
	UserAgent     string    `json:"user_agent"`
	AuthTime      time.Time `json:"auth_time"`
	AMR           []string  `json:"amr"`
	Remember      bool      `json:"remember"`
	CreatedAt     time.Time `json:"created_at"`
	LastSeenAt    time.Time `json:"last_seen_at"`
	IdleExpiresAt time.Time `json:"idle_expires_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

func viewSession(s *idp.Session) sessionView {
	return sessionView{
		ID: s.ID, UserID: s.UserID, IP: s.IP, UserAgent: s.UserAgent, AuthTime: s.AuthTime.UTC(), AMR: list(s.AMR), Remember: s.Remember,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, IdleExpiresAt: s.IdleExpiresAt, ExpiresAt: s.ExpiresAt,
	}
}

// grantView is a grant without what its code is bound to. The id names it; it is not a token.
type grantView struct {
	ID               string         `json:"id"`
	ClientID         string         `json:"client_id"`
	UserID           *string        `json:"user_id"`
	SessionID        *string        `json:"session_id"`
	Scope            string         `json:"scope"`
	State            idp.GrantState `json:"state"`
	Offline          bool           `json:"offline"`
	CreatedAt        time.Time      `json:"created_at"`
	RotatedAt        *time.Time     `json:"rotated_at"`
	RefreshExpiresAt *time.Time     `json:"refresh_expires_at"`
	ExpiresAt        time.Time      `json:"expires_at"`
}

func viewGrant(g *idp.Grant) grantView {
	return grantView{
		ID: g.ID, ClientID: g.ClientID, UserID: optional(g.UserID), SessionID: optional(g.SessionID), Scope: g.Scope, State: g.State,
		Offline: g.Offline(), CreatedAt: g.CreatedAt, RotatedAt: moment(g.RotatedAt),
		RefreshExpiresAt: moment(g.RefreshExpiresAt), ExpiresAt: g.ExpiresAt,
	}
}

// appView is an application that a person gave access.
type appView struct {
	ClientID   string     `json:"client_id"`
	ClientName string     `json:"client_name"`
	Scopes     []string   `json:"scopes"`
	Since      *time.Time `json:"since"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Grants     int        `json:"grants"`
}

func viewApp(a account.App) appView {
	return appView{
		ClientID: a.Client.ID, ClientName: a.Client.Name, Scopes: list(a.Scopes),
		Since: moment(a.Since), LastUsedAt: moment(a.LastUsed), Grants: a.Grants,
	}
}

// list is a list that is never null in JSON.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// moment is a time that is null in JSON when there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// optional is a text that is null in JSON when it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a *API) listUserSessions(c *call) (*answer, error) {
	u, err := a.findUser(c)
	if err != nil {
		return nil, err
	}
	sessions, err := a.Access.Sessions(c.ctx(), u.ID)
	if err != nil {
		return nil, err
	}
	return shown(views(sessions, viewSession)), nil
}

func views[T, V any](all []T, view func(T) V) []V {
	out := make([]V, len(all))
	for i, one := range all {
		out[i] = view(one)
	}
	return out
}

func (a *API) endUserSessions(c *call) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if _, err := a.Access.EndSessions(c.ctx(), u.ID, ""); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) endUserSession(c *call) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if err := a.Access.EndSession(c.ctx(), u.ID, c.param("sid")); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) listUserGrants(c *call) (*answer, error) {
	u, err := a.findUser(c)
	if err != nil {
		return nil, err
	}
	return a.grants(c, u.ID, c.query.Get("client"))
}

func (a *API) listUserApps(c *call) (*answer, error) {
	u, err := a.findUser(c)
	if err != nil {
		return nil, err
	}
	apps, err := a.Access.Apps(c.ctx(), u.ID)
	if err != nil {
		return nil, err
	}
	return shown(views(apps, viewApp)), nil
}

func (a *API) removeUserApp(c *call) (*answer, error) {
	u, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if err := a.Access.RemoveApp(c.ctx(), u.ID, c.param("client")); err != nil {
		return nil, err
	}
	return nothing(), nil
}
