package account

import (
	"context"
	"errors"
	"slices"

	"gatehouse/idp"
)

// AppsBySession returns the names of the applications that hold live grants
// under the user's browser sessions, sorted, by the session's public ID.
func (s *Access) AppsBySession(ctx context.Context, userID string) (map[string][]string, error) {
	grants, err := s.o.Grants.ListUserGrants(ctx, userID)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, g := range grants {
		if g.SessionID == "" || g.State != idp.GrantActive {
			continue
		}
		client, err := s.o.Clients.Client(ctx, g.ClientID)
		switch {
		case errors.Is(err, idp.ErrNotFound):
		case err != nil:
			return nil, err
		case !client.HasRevoked(g):
			found[g.SessionID] = append(found[g.SessionID], client.DisplayName())
		}
	}
	for sid, names := range found {
		slices.Sort(names)
		found[sid] = slices.Compact(names)
	}
	return found, nil
}
