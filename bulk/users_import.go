package bulk

import (
	"context"
	"errors"
	"io"
	"slices"

	"gatehouse/account"
	"gatehouse/idp"
)

// importBatch is how many people go in together.
const importBatch = 500

// Importer adds people from files.
type Importer struct {
	Users *account.Users
	Roles *account.Roles
}

// ImportOptions say how a file is taken.
type ImportOptions struct {
	Format         string // FormatCSV or FormatJSONL
	DryRun         bool   // looks at every row and adds nobody
	AllowPlaintext bool   // takes passwords in plain text, and hashes them
	// Progress is told how many rows have been dealt with, after each batch; nil for nobody.
	Progress func(rows int)
}

// ImportReport is what became of a file.
type ImportReport struct {
	Rows     int          `json:"rows"`
	Added    int          `json:"added"`   // would be added, in a dry run
	There    int          `json:"present"` // were there already, with the same username and email
	Failed   int          `json:"failed"`
	NewRoles []string     `json:"new_roles"` // would be made, in a dry run
	Failures []RowFailure `json:"failures"`  // at most MaxFailures
}

// MaxFailures is how many failed rows a report names; Failed counts all.
const MaxFailures = 1000

// RowFailure is a row that did not go in.
type RowFailure struct {
	Line     int         `json:"line"`
	Username string      `json:"username"`
	Faults   []idp.Fault `json:"errors"`
}

// Run adds the people of a file. Rows that fail are reported, the rest go in,
// and to run the same file again does nothing further. The error is the file's
// (*FileError) or a store's; what the report counts until then is done.
func (i *Importer) Run(ctx context.Context, file io.Reader, o ImportOptions) (ImportReport, error) {
	w := importWork{Importer: i, o: o, seen: map[string]seenRow{}}
	w.report.NewRoles, w.report.Failures = []string{}, []RowFailure{}
	var batch []row
	for one, err := range readPeople(file, o.Format) {
		if err != nil {
			return w.report, errors.Join(w.take(ctx, batch), err)
		}
		batch = append(batch, one)
		if len(batch) == importBatch {
			if err := w.take(ctx, batch); err != nil {
				return w.report, err
			}
			batch = batch[:0]
		}
	}
	return w.report, w.take(ctx, batch)
}

// importWork is one run.
type importWork struct {
	*Importer
	o      ImportOptions
	report ImportReport
	seen   map[string]seenRow // by username and by email, for a dry run
	roles  map[string]bool    // that there are, or would be, for a dry run
}

// seenRow is a row of this file that would have gone in.
type seenRow struct {
	line            int
	username, email string
}

// take deals with a batch: the rows that can be read go in by hash together,
// those with a plain password one by one.
func (w *importWork) take(ctx context.Context, batch []row) error {
	if len(batch) == 0 {
		return nil
	}
	var good []row
	for _, r := range batch {
		if r.person.Password != "" && !w.o.AllowPlaintext {
			r.faults = append(r.faults, idp.NewFault("password", "is in plain text; pass --allow-plaintext to take it and keep a hash of it"))
		}
		if r.person.Password != "" && r.person.PasswordHash != "" {
			r.faults = append(r.faults, idp.NewFault("password", "stands beside password_hash; keep one of them"))
		}
		if len(r.faults) > 0 {
			w.failed(r, r.faults)
			continue
		}
		good = append(good, r)
	}
	if err := w.add(ctx, good); err != nil {
		return err
	}
	w.report.Rows += len(batch)
	if w.o.Progress != nil {
		w.o.Progress(w.report.Rows)
	}
	return nil
}

func (w *importWork) add(ctx context.Context, rows []row) error {
	if w.o.DryRun {
		return w.check(ctx, rows)
	}
	var names []string
	for _, r := range rows {
		for _, name := range r.person.Roles {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	held := map[string]bool{}
	made, err := w.Roles.WithRoles(ctx, names, func() error { return w.create(ctx, rows, held) })
	for _, name := range made {
		if held[name] {
			w.report.NewRoles = append(w.report.NewRoles, name)
			continue
		}
		// It was made for rows that did not go in.
		var taken *idp.ConflictError
		if gone := w.Roles.Delete(ctx, name); !errors.As(gone, &taken) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// create adds to held the roles of those who went in.
func (w *importWork) create(ctx context.Context, rows []row, held map[string]bool) error {
	hold := func(u *idp.User) {
		for _, name := range u.Roles {
			held[name] = true
		}
	}
	var hashed []row
	for _, r := range rows {
		if r.person.Password == "" {
			hashed = append(hashed, r)
			continue
		}
		// Looked for first: a password costs a hash even when nobody is added.
		there, err := w.isThere(ctx, &r.person.User)
		if err == nil && !there {
			if _, err = w.Users.Create(ctx, &r.person.User, r.person.Password); err == nil {
				hold(&r.person.User)
			}
		}
		if err := w.outcome(ctx, r, there, err); err != nil {
			return err
		}
	}
	if len(hashed) == 0 {
		return nil
	}
	users := make([]*idp.User, len(hashed))
	for i := range hashed {
		users[i] = &hashed[i].person.User
	}
	_, errs, err := w.Users.CreateMany(ctx, users)
	if err != nil {
		return err
	}
	for i, r := range hashed {
		if errs[i] == nil {
			hold(users[i])
		}
		if err := w.outcome(ctx, r, false, errs[i]); err != nil {
			return err
		}
	}
	return nil
}

// check is create for a dry run.
func (w *importWork) check(ctx context.Context, rows []row) error {
	users := make([]*idp.User, len(rows))
	passwords := make([]string, len(rows))
	for i := range rows {
		users[i], passwords[i] = &rows[i].person.User, rows[i].person.Password
	}
	errs, err := w.Users.CheckMany(ctx, users, passwords)
	if err != nil {
		return err
	}
	for i, r := range rows {
		there := false
		if errs[i] == nil {
			there, errs[i] = w.meet(r)
		}
		if errs[i] == nil && !there {
			if err := w.wouldMake(ctx, r.person.Roles); err != nil {
				return err
			}
		}
		if err := w.outcome(ctx, r, there, errs[i]); err != nil {
			return err
		}
	}
	return nil
}

// wouldMake notes the roles that there are not yet, so that a misspelt one is seen.
func (w *importWork) wouldMake(ctx context.Context, roles []string) error {
	if w.roles == nil {
		stored, err := w.Roles.List(ctx)
		if err != nil {
			return err
		}
		w.roles = map[string]bool{idp.RoleUser: true, idp.RoleAdmin: true} // made without being asked for
		for _, r := range stored {
			w.roles[r.Name] = true
		}
	}
	for _, name := range roles {
		if !w.roles[name] {
			w.roles[name] = true
			w.report.NewRoles = append(w.report.NewRoles, name)
		}
	}
	return nil
}

// meet compares a good row with those before it, as the database would.
func (w *importWork) meet(r row) (there bool, fault error) {
	one := seenRow{r.line, idp.NormalizeLogin(r.person.Username), idp.NormalizeLogin(r.person.Email)}
	for _, login := range []struct{ field, key string }{{"username", "u " + one.username}, {"email", "e " + one.email}} {
		before, met := w.seen[login.key]
		switch {
		case !met:
		case before.username == one.username && before.email == one.email:
			return true, nil
		default:
			return false, &idp.InvalidError{Faults: []idp.Fault{idp.NewFault(login.field, "stands on line %d too, for another person", before.line)}}
		}
	}
	w.seen["u "+one.username] = one
	if one.email != "" {
		w.seen["e "+one.email] = one
	}
	return false, nil
}

// outcome counts what became of a row. A failure of a store comes back.
func (w *importWork) outcome(ctx context.Context, r row, there bool, err error) error {
	var invalid *idp.InvalidError
	var taken *idp.ConflictError
	switch {
	case there:
		w.report.There++
	case err == nil:
		w.report.Added++
	case errors.As(err, &invalid):
		w.failed(r, invalid.Faults)
	case errors.As(err, &taken):
		there, err := w.isThere(ctx, &r.person.User)
		switch {
		case err != nil:
			return err
		case there:
			w.report.There++
		default:
			w.failed(r, []idp.Fault{idp.NewFault(taken.Field, "belongs to another user")})
		}
	default:
		return err
	}
	return nil
}

// isThere reports whether the person is a user already: the same username and email.
func (w *importWork) isThere(ctx context.Context, u *idp.User) (bool, error) {
	found, err := w.Users.Find(ctx, u.Username)
	if errors.Is(err, idp.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return found.Username == idp.NormalizeLogin(u.Username) && found.Email == idp.NormalizeLogin(u.Email), nil
}

func (w *importWork) failed(r row, faults []idp.Fault) {
	w.report.Failed++
	if len(w.report.Failures) < MaxFailures {
		w.report.Failures = append(w.report.Failures, RowFailure{Line: r.line, Username: r.person.Username, Faults: faults})
	}
}
