package sqlstore

import (
	"context"

	"gatehouse/idp"
)

// QuerySessions implements idp.SessionStore.
func (s *Sessions) QuerySessions(ctx context.Context, q idp.SessionQuery) (idp.Page[*idp.Session], error) {
	o := order{name: "ends_at", column: "sessions.ends_at", time: true, descending: true}
	var c conditions
	c.add("sessions.ends_at > @now")
	l := listing[idp.Session]{
		db: s.db, table: "sessions", id: "sessions.id", key: "sessions.digest", columns: sessionColumns, into: sessionInto, parseID: textID,
	}
	return l.page(ctx, "QuerySessions", q.ListQuery, o, c)
}

// CountSessions implements idp.SessionStore.
func (s *Sessions) CountSessions(ctx context.Context) (n int, err error) {
	err = s.db.do(ctx, "CountSessions", func() error {
		return first(ctx, s.db.read, into(&n), `SELECT count(*) FROM sessions WHERE ends_at > @now`)
	})
	return n, err
}

// QueryGrants implements idp.GrantStore.
func (s *Grants) QueryGrants(ctx context.Context, q idp.GrantQuery) (idp.Page[*idp.Grant], error) {
	o := order{name: "expires_at", column: "grants.expires_at", time: true, descending: true}
	var c conditions
	c.add("grants.expires_at > @now AND grants.user_id <> ''")
	if q.UserID != "" {
		c.add("grants.user_id = ?", clean(q.UserID))
	}
	if q.ClientID != "" {
		c.add("grants.client_id = ?", clean(q.ClientID))
	}
	l := listing[idp.Grant]{
		db: s.db, table: "grants", id: "grants.id", columns: grantColumns, into: grantInto, parseID: textID,
	}
	return l.page(ctx, "QueryGrants", q.ListQuery, o, c)
}
