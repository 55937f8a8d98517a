package account

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
)

// App is an application that may act for a person: by consent, by live grants
// or by both.
type App struct {
	Client *idp.Client
	Scopes []string // allowed or granted, sorted
	Since  time.Time
	// LastUsed is when a grant began or was refreshed last; the time of consent when there is none.
	LastUsed time.Time
	Grants   int // live
}

// Apps returns the applications that may act for the user, by name.
func (s *Access) Apps(ctx context.Context, userID string) ([]App, error) {
	consents, err := s.o.Consents.ListConsents(ctx, userID)
	if err != nil {
		return nil, err
	}
	grants, err := s.o.Grants.ListUserGrants(ctx, userID)
	if err != nil {
		return nil, err
	}
	found := appFinder{clients: s.o.Clients, apps: map[string]*App{}}
	for _, c := range consents {
		app, err := found.app(ctx, c.ClientID)
		if err != nil {
			return nil, err
		}
		if app != nil {
			app.add(c.Scopes, c.GrantedAt, c.UpdatedAt)
		}
	}
	for _, g := range grants {
		app, err := found.app(ctx, g.ClientID)
		if err != nil {
			return nil, err
		}
		if app == nil || g.State != idp.GrantActive || app.Client.HasRevoked(g) {
			continue
		}
		app.Grants++
		app.add(strings.Fields(g.Scope), g.CreatedAt, latest(g.CreatedAt, g.RotatedAt))
	}
	return found.list(), nil
}

// appFinder gathers what belongs to one client.
type appFinder struct {
	clients idp.ClientStore
	apps    map[string]*App // nil for a client that is gone
}

func (f *appFinder) app(ctx context.Context, clientID string) (*App, error) {
	if app, known := f.apps[clientID]; known {
		return app, nil
	}
	client, err := f.clients.Client(ctx, clientID)
	switch {
	case errors.Is(err, idp.ErrNotFound):
		f.apps[clientID] = nil
	case err != nil:
		return nil, err
	default:
		f.apps[clientID] = &App{Client: client}
	}
	return f.apps[clientID], nil
}

func (f *appFinder) list() []App {
	list := []App{}
	for _, app := range f.apps {
		if app != nil && !app.Since.IsZero() {
			slices.Sort(app.Scopes)
			app.Scopes = slices.Compact(app.Scopes)
			list = append(list, *app)
		}
	}
	slices.SortFunc(list, func(a, b App) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.Client.DisplayName()), strings.ToLower(b.Client.DisplayName())),
			strings.Compare(a.Client.ID, b.Client.ID))
	})
	return list
}

func (a *App) add(scopes []string, since, used time.Time) {
	a.Scopes = append(a.Scopes, scopes...)
	if a.Since.IsZero() || since.Before(a.Since) {
		a.Since = since
	}
	a.LastUsed = latest(a.LastUsed, used)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// RemoveApp takes the user's consent away from the client and ends every grant
// of the two. idp.ErrNotFound when there was neither.
func (s *Access) RemoveApp(ctx context.Context, userID, clientID string) error {
	if clientID == "" { // to the store it would mean every client
		return idp.ErrNotFound
	}
	grants, err := s.o.Grants.ListUserGrants(ctx, userID)
	if err != nil {
		return err
	}
	n := 0
	for _, g := range grants {
		if g.ClientID == clientID {
			n++
		}
	}
	if err := s.o.Grants.RevokeUser(ctx, userID, clientID); err != nil {
		return err
	}
	consent := s.o.Consents.RemoveConsent(ctx, userID, clientID)
	if consent != nil && !errors.Is(consent, idp.ErrNotFound) {
		return consent
	}
	if err := s.o.Grants.RevokeUser(ctx, userID, clientID); err != nil {
		return err
	}
	if n == 0 {
		return consent
	}
	s.record(ctx, idp.ActionGrantRevoke, s.person(ctx, userID), clientID,
		idp.Change{Field: "grants", Before: strconv.Itoa(n), After: "0"})
	return nil
}
