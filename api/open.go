package api

import (
	"github.com/google/uuid"

	"gatehouse/idp"
)

func (a *API) listSessions(c *call) (*answer, error) {
	list, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := a.Sessions.QuerySessions(c.ctx(), idp.SessionQuery{ListQuery: list})
	if err != nil {
		return nil, err
	}
	return listed(a, c, p, viewSession), nil
}

// endSession ends anybody's session. It is found by its person, so the
// person's ID comes along; lists have both.
func (a *API) endSession(c *call) (*answer, error) {
	id := c.query.Get("user")
	if uuid.Validate(id) != nil {
		return nil, invalid(fault("user", "must be the user_id of the session"))
	}
	u, err := a.Users.Find(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	if err := a.mayChange(c, u); err != nil {
		return nil, err
	}
	if err := a.Access.EndSession(c.ctx(), u.ID, c.param("sid")); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) listGrants(c *call) (*answer, error) {
	return a.grants(c, c.query.Get("user"), c.query.Get("client"))
}

func (a *API) grants(c *call, userID, clientID string) (*answer, error) {
	list, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := a.Grants.QueryGrants(c.ctx(), idp.GrantQuery{ListQuery: list, UserID: userID, ClientID: clientID})
	if err != nil {
		return nil, err
	}
	return listed(a, c, p, viewGrant), nil
}

// revokeGrant ends a grant of one's own, or of somebody whom the token may
// manage. A client's own grant is for administrators.
func (a *API) revokeGrant(c *call) (*answer, error) {
	g, err := a.Grants.Grant(c.ctx(), c.param("grant"))
	if err == nil {
		err = a.mayRevoke(c, g)
	}
	if err != nil {
		if !c.may.MayManageUsers() && isAbsent(err) {
			return nil, a.deny(c) // as for one of somebody else's
		}
		return nil, err
	}
	if err := a.Access.RevokeGrant(c.ctx(), g.ID); err != nil {
		return nil, err
	}
	return nothing(), nil
}

func (a *API) mayRevoke(c *call, g *idp.Grant) error {
	switch {
	case c.own && g.UserID != "" && c.isSelf(g.UserID), c.may.Admin:
		return nil
	case g.UserID == "" || !c.may.MayManageUsers():
		return a.deny(c)
	}
	u, err := a.Users.Find(c.ctx(), g.UserID)
	if err != nil {
		return err
	}
	return a.mayChange(c, u)
}
