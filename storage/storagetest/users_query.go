package storagetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// people is a list of users that one role leaves.
func (d Durable) people(t *testing.T, role string) list[idp.User] {
	return list[idp.User]{
		read: func(l idp.ListQuery) (idp.Page[*idp.User], error) {
			return d.Users.QueryUsers(t.Context(), idp.UserQuery{Role: role, ListQuery: l})
		},
		id: func(u *idp.User) string { return u.ID },
	}
}

// makePeople creates n users who hold a role of their own.
func (d Durable) makePeople(t *testing.T, n int, change func(i int, u *idp.User)) (string, []*idp.User) {
	t.Helper()
	role := d.makeRole(t).Name
	us := make([]*idp.User, n)
	for i := range us {
		us[i] = d.makeUser(t, func(u *idp.User) {
			u.Roles = []string{role}
			change(i, u)
		})
	}
	return role, us
}

// sortedBy returns the IDs in the order that less says, IDs where that is the same.
func sortedBy(us []*idp.User, compare func(a, b *idp.User) int) (ids []string) {
	us = slices.SortedFunc(slices.Values(us), func(a, b *idp.User) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
	for _, u := range us {
		ids = append(ids, u.ID)
	}
	return ids
}

func testUserOrders(t *testing.T, d Durable) {
	names := []string{"Zoë", "ada", "Ada", "ÄRGER", "ärger", "", "", "Урок", "урок", "a b", "a-b"}
	role, us := d.makePeople(t, len(names), func(i int, u *idp.User) {
		u.Name = names[i]
		u.CreatedAt = u.CreatedAt.Truncate(time.Second).Add(time.Duration(i%3) * time.Microsecond) // ties
		if i%2 == 0 {
			at := u.CreatedAt.Add(time.Duration(i%4) * time.Hour)
			u.LastLoginAt = &at
		}
		if i%4 == 0 {
			u.Email = ""
		}
	})
	people := d.people(t, role)
	never := time.Unix(0, 0)
	login := func(u *idp.User) time.Time {
		if u.LastLoginAt == nil {
			return never
		}
		return *u.LastLoginAt
	}
	for sort, compare := range map[string]func(a, b *idp.User) int{
		"username":      func(a, b *idp.User) int { return cmp.Compare(a.Username, b.Username) },
		"email":         func(a, b *idp.User) int { return cmp.Compare(a.Email, b.Email) },
		"name":          func(a, b *idp.User) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) },
		"created_at":    func(a, b *idp.User) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"last_login_at": func(a, b *idp.User) int { return login(a).Compare(login(b)) },
	} {
		people.bothWays(t, sort, sortedBy(us, compare))
	}
	people.is(t, "", sortedBy(us, func(a, b *idp.User) int { return cmp.Compare(a.Username, b.Username) }))
	people.refusesSorts(t)
	people.refusesCursors(t)
	for _, item := range people.page(t, idp.ListQuery{}).Items {
		same(t, item, d.readUser(t, item.ID))
	}
	t.Run("a cursor of another order", func(t *testing.T) {
		p := people.page(t, idp.ListQuery{Limit: 1, Sort: "email"})
		_, err := people.read(idp.ListQuery{After: p.Next})
		refused(t, err, "after")
		_, err = people.read(idp.ListQuery{After: p.Next, Sort: "-email"})
		refused(t, err, "after")
	})
	t.Run("nobody", func(t *testing.T) {
		d.people(t, "absent-"+randomID()).is(t, "", nil)
	})
}

func testUserFilters(t *testing.T, d Durable) {
	tag := strings.ToLower(randomID())
	role, us := d.makePeople(t, 8, func(i int, u *idp.User) {
		u.Username = fmt.Sprintf("%s-%d", tag, i)
		u.Name = []string{"Grace Hopper", "100% Ada_L\\o", "Çelik ЁЖ"}[i%3] + " " + tag
		u.Email = fmt.Sprintf("%d.%s@mail.example", i, tag)
		if i%2 == 1 {
			u.Status = idp.UserDisabled
		}
		u.FailedAuthCount = []int{0, idp.LockedFailures - 1, idp.LockedFailures, 100}[i%4]
	})
	pick := func(places ...int) (ids []string) {
		for _, i := range places {
			ids = append(ids, us[i].ID)
		}
		return ids
	}
	for name, c := range map[string]struct {
		q    idp.UserQuery
		want []string
	}{
		"all":                   {idp.UserQuery{}, pick(0, 1, 2, 3, 4, 5, 6, 7)},
		"active":                {idp.UserQuery{Status: idp.UserActive}, pick(0, 2, 4, 6)},
		"disabled":              {idp.UserQuery{Status: idp.UserDisabled}, pick(1, 3, 5, 7)},
		"no such status":        {idp.UserQuery{Status: "x\x00"}, nil},
		"locked":                {idp.UserQuery{Locked: true}, pick(2, 3, 6, 7)},
		"locked and disabled":   {idp.UserQuery{Locked: true, Status: idp.UserDisabled}, pick(3, 7)},
		"part of a name":        {text("race hop"), pick(0, 3, 6)},
		"in any case":           {text("GRACE"), pick(0, 3, 6)},
		"in any case, anywhere": {text("çelik ёж"), pick(2, 5)},
		"upper, anywhere":       {text("ÇELIK ЁЖ"), pick(2, 5)},
		"part of a username":    {text(tag + "-4"), pick(4)},
		"part of an email":      {text("5." + tag + "@mail"), pick(5)},
		"the whole ID":          {text(us[3].ID), pick(3)},
		"the ID in upper case":  {text(strings.ToUpper(us[3].ID)), pick(3)},
		"another's ID":          {text(uuid.NewString()), nil},
		"space around":          {text("  grace "), pick(0, 3, 6)},
		"one letter":            {text("ç"), pick(2, 5)},
		"percent":               {text("100% ada"), pick(1, 4, 7)},
		"percent alone":         {text("%"), pick(1, 4, 7)},
		"underscore":            {text("ada_l"), pick(1, 4, 7)},
		"no wildcard":           {text("gr_ce"), nil},
		"backslash":             {text(`a_l\o`), pick(1, 4, 7)},
		"not across members":    {text(tag + "-0\n0." + tag + "x"), nil},
		"quotes":                {text(`'"`), nil},
		"NUL":                   {text("grace\x00"), nil},
		"endless":               {text(strings.Repeat("grace", 2000)), nil},
		"text and status":       {idp.UserQuery{ListQuery: idp.ListQuery{Text: "grace"}, Status: idp.UserDisabled}, pick(3)},
	} {
		t.Run(name, func(t *testing.T) {
			l := list[idp.User]{
				read: func(lq idp.ListQuery) (idp.Page[*idp.User], error) {
					q := c.q
					lq.Text = q.Text
					q.ListQuery, q.Role = lq, role
					return d.Users.QueryUsers(t.Context(), q)
				},
				id: func(u *idp.User) string { return u.ID },
			}
			l.bothWays(t, "username", c.want)
		})
	}
	t.Run("without a role", func(t *testing.T) {
		q := text(tag)
		l := list[idp.User]{
			read: func(lq idp.ListQuery) (idp.Page[*idp.User], error) {
				lq.Text = tag
				q.ListQuery = lq
				return d.Users.QueryUsers(t.Context(), q)
			},
			id: func(u *idp.User) string { return u.ID },
		}
		l.bothWays(t, "username", pick(0, 1, 2, 3, 4, 5, 6, 7))
	})
	t.Run("what changed is found by its new text", func(t *testing.T) {
		u := us[0].Clone()
		u.Name, u.Username, u.UpdatedAt = "Neue "+tag, tag+"-neu", u.UpdatedAt.Add(time.Second)
		noError(t, d.Users.UpdateUser(t.Context(), u, time.Time{}))
		if p, err := d.Users.QueryUsers(t.Context(), text("neue "+tag)); err != nil || len(p.Items) != 1 || p.Items[0].ID != u.ID {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := d.Users.QueryUsers(t.Context(), text("hopper "+tag)); err != nil || len(p.Items) != 2 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

func text(s string) idp.UserQuery { return idp.UserQuery{ListQuery: idp.ListQuery{Text: s}} }

// testUserListMoves: a list that is paged through while users come and go skips none and repeats none.
func testUserListMoves(t *testing.T, d Durable) {
	tag := strings.ToLower(randomID())
	name := func(n int) string { return fmt.Sprintf("%s-%03d", tag, n) }
	role, us := d.makePeople(t, 20, func(i int, u *idp.User) { u.Username = name(10 * i) })
	people := d.people(t, role)
	usernames := func(p idp.Page[*idp.User]) (names []string) {
		for _, u := range p.Items {
			names = append(names, strings.TrimPrefix(u.Username, tag+"-"))
		}
		return names
	}
	first := people.page(t, idp.ListQuery{Limit: 5})
	second := people.page(t, idp.ListQuery{Limit: 5, After: first.Next})
	noError(t, d.Users.DeleteUser(t.Context(), us[4].ID, time.Time{})) // the edge of the first page
	noError(t, d.Users.DeleteUser(t.Context(), us[5].ID, time.Time{})) // and of the second
	d.makeUser(t, func(u *idp.User) { u.Username, u.Roles = name(41), []string{role} })
	d.makeUser(t, func(u *idp.User) { u.Username, u.Roles = name(5), []string{role} })
	if got := usernames(people.page(t, idp.ListQuery{Limit: 5, After: first.Next})); !slices.Equal(got, []string{"041", "060", "070", "080", "090"}) {
		t.Errorf("after the first page comes %q", got)
	}
	if got := usernames(people.page(t, idp.ListQuery{Limit: 5, Before: second.Prev})); !slices.Equal(got, []string{"005", "010", "020", "030", "041"}) {
		t.Errorf("before the second page comes %q", got)
	}
	last := people.page(t, idp.ListQuery{Limit: 5, After: second.Next})
	for _, u := range us[6:] {
		noError(t, d.Users.DeleteUser(t.Context(), u.ID, time.Time{}))
	}
	if p := people.page(t, idp.ListQuery{Limit: 5, After: last.Next}); len(p.Items) != 0 || p.First != 0 {
		t.Errorf("after the end comes %+v", p)
	}
}

func testUserCount(t *testing.T, d Durable) {
	role, us := d.makePeople(t, 7, func(int, *idp.User) {})
	people := d.people(t, role)
	p := people.page(t, idp.ListQuery{Limit: 2})
	if p.Total != 7 || p.More {
		t.Errorf("%d, more %t, want 7", p.Total, p.More)
	}
	noError(t, d.Users.DeleteUser(t.Context(), us[0].ID, time.Time{}))
	if p = people.page(t, idp.ListQuery{Limit: 2, After: p.Next}); p.Total != 6 {
		t.Errorf("%d, want 6", p.Total)
	}
	members, err := d.Roles.CountMembers(t.Context())
	if noError(t, err); members[role] != 6 {
		t.Errorf("the role has %d members, want 6", members[role])
	}
}
