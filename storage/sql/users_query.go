package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/idp"
)

// userOrders are what users may be sorted by; each has an index.
var userOrders = []order{
	{name: "username", column: "u.username"},
	{name: "email", column: "u.email"},
	{name: "name", column: "u.name_key"},
	{name: "created_at", column: "u.created_at", time: true},
	{name: "last_login_at", column: "coalesce(u.last_login_at, @never)", time: true},
}

// QueryUsers implements idp.UserStore.
func (s *Users) QueryUsers(ctx context.Context, q idp.UserQuery) (idp.Page[*idp.User], error) {
	o, err := orderOf(q.Sort, "username", userOrders)
	if err != nil {
		return idp.Page[*idp.User]{}, err
	}
	var c conditions
	if q.Text != "" || q.Status != "" || q.Role != "" {
		c.along = "users_scan" // it holds all that is looked at, and little else
	}
	switch text := strings.TrimSpace(clean(q.Text)); {
	case isID(strings.ToLower(text)):
		c.add("u.id = ?", strings.ToLower(text))
		c.along = ""
	case text != "":
		c.contains(&s.db.dialect, "u.search", text)
	}
	if q.Status != "" {
		c.add("u.status = ?", clean(string(q.Status)))
	}
	if q.Locked {
		c.add("u.failed_auth_count >= 10") // as the index says; a test holds it to idp.LockedFailures
		c.along = "users_locked"
	}
	if q.Role != "" {
		c.add(fmt.Sprintf(s.db.dialect.contains, "u.role_list"), s.db.dialect.part("\n"+clean(q.Role)+"\n"))
	}
	l := listing[idp.User]{
		db: s.db, table: "users u", id: "u.id", columns: userColumns + ", " + userRoles, into: userInto, parseID: uuidID,
	}
	return l.page(ctx, "QueryUsers", q.ListQuery, o, c)
}
