package sqlstore

import (
	"context"
	"slices"

	"gatehouse/idp"
)

const (
	// addChunk is how many users one statement inserts. SQLite finds each parameter by
	// a walk over those before it, so that long statements cost the square of their length.
	addChunk = 20
	// addTries bounds how often an addition starts again because a role went away.
	addTries = 3
)

// AddUsers implements idp.UserStore. One user that cannot be stored is refused
// with an *idp.InvalidError, *idp.ConflictError as CreateUser would; the others go in.
func (s *Users) AddUsers(ctx context.Context, us []*idp.User) ([]error, error) {
	var errs []error
	err := s.db.do(ctx, "AddUsers", func() (err error) {
		for range addTries {
			errs = make([]error, len(us))
			a := addition{Users: s, ids: map[string]bool{}}
			err = s.db.write.transact(ctx, func(tx runner) error { return a.run(ctx, tx, us, errs) })
			if err == nil || s.db.dialect.explain(err) != faultForeignKey {
				break
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return errs, nil
}

// addition is the work of one AddUsers.
type addition struct {
	*Users
	roles  map[string]string // name to ID
	ids    map[string]bool   // of all users so far
	events []*idp.AuditEvent
}

func (a *addition) run(ctx context.Context, tx runner, us []*idp.User, errs []error) error {
	a.roles = map[string]string{}
	_, err := each(ctx, tx, func(scan func(...any) error) error {
		var id, name string
		err := scan(&id, &name)
		a.roles[name] = id
		return err
	}, `SELECT id, name FROM roles`)
	if err != nil {
		return err
	}
	for begin := 0; begin < len(us); begin += addChunk {
		end := min(begin+addChunk, len(us))
		if err := a.chunk(ctx, tx, us[begin:end], errs[begin:end]); err != nil {
			return err
		}
	}
	return a.db.record(ctx, tx, a.events...)
}

// chunk inserts what can be of some users, with one statement.
func (a *addition) chunk(ctx context.Context, tx runner, us []*idp.User, errs []error) error {
	var args []any
	var tried []int // their places
	for i, u := range us {
		if errs[i] = a.check(u); errs[i] == nil {
			a.ids[u.ID] = true
			tried = append(tried, i)
			args = append(args, a.values(u)...)
		}
	}
	if len(tried) == 0 {
		return nil
	}
	added := map[string]bool{}
	_, err := each(ctx, tx, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		added[id] = true
		return err
	}, userInsert+tuples(len(tried), userWidth)+` ON CONFLICT DO NOTHING RETURNING id`, args...)
	if err != nil {
		return err
	}
	var members [][]any
	var refused []int
	for _, i := range tried {
		u := us[i]
		if !added[u.ID] {
			refused = append(refused, i)
			continue
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(u.Roles))) {
			members = append(members, []any{u.ID, a.roles[name]})
		}
		a.events = append(a.events, userCreated(ctx, u))
	}
	err = insertMany(ctx, tx, `INSERT INTO user_roles (user_id, role_id) VALUES `, 2, addChunk, members, func(m []any) []any { return m })
	if err != nil {
		return err
	}
	return a.explainRefused(ctx, tx, us, refused, errs)
}

// check says why a user cannot even be tried: the statement is of many, and one that fails fails all.
func (a *addition) check(u *idp.User) error {
	switch {
	case !isID(u.ID):
		return invalid("id", "must be a UUID in lower case")
	case a.ids[u.ID]:
		return &idp.ConflictError{Field: "id"}
	case u.Status != idp.UserActive && u.Status != idp.UserDisabled:
		return invalid("status", "must be active or disabled")
	}
	missing := new(idp.InvalidError)
	for _, text := range append(u.Texts(), idp.NamedText{Name: "username", Value: &u.Username},
		idp.NamedText{Name: "email", Value: &u.Email}, idp.NamedText{Name: "password", Value: &u.PasswordHash}) {
		if !storable(*text.Value) {
			return invalid(text.Name, "must not contain control characters")
		}
	}
	for _, name := range u.Roles {
		if a.roles[name] == "" {
			missing.Faults = append(missing.Faults, noRole(name).Faults...)
		}
	}
	if len(missing.Faults) > 0 {
		return missing
	}
	return nil
}

// explainRefused finds out what is taken of the users that the database left out.
func (a *addition) explainRefused(ctx context.Context, tx runner, us []*idp.User, refused []int, errs []error) error {
	if len(refused) == 0 {
		return nil
	}
	var texts []any
	for _, i := range refused {
		texts = append(texts, us[i].Username)
		if us[i].Email != "" {
			texts = append(texts, us[i].Email)
		}
	}
	usernames, emails := map[string]bool{}, map[string]bool{}
	list := tuples(1, len(texts))
	_, err := each(ctx, tx, func(scan func(...any) error) error {
		var username, email string
		err := scan(&username, &email)
		usernames[username], emails[email] = true, true
		return err
	}, `SELECT username, email FROM users WHERE username IN `+list+` OR email IN `+list, texts...)
	if err != nil {
		return err
	}
	for _, i := range refused {
		field := "id"
		switch u := us[i]; {
		case usernames[u.Username]:
			field = "username"
		case u.Email != "" && emails[u.Email]:
			field = "email"
		}
		errs[i] = &idp.ConflictError{Field: field}
	}
	return nil
}
