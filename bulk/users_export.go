package bulk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"

	"gatehouse/account"
	"gatehouse/idp"
)

// ExportOptions say what goes into a file of people.
type ExportOptions struct {
	Format string // FormatCSV or FormatJSONL
	// WithHashes writes the password hashes too: whoever has the file can try to guess the passwords.
	WithHashes bool
	Progress   func(rows int) // nil for nobody
}

// Export writes all users, in the form that an import takes, page by page, and
// returns how many.
func Export(ctx context.Context, users *account.Users, to io.Writer, o ExportOptions) (int, error) {
	write, flush := peopleWriter(to, o)
	q := idp.UserQuery{ListQuery: idp.ListQuery{Limit: idp.MaxPage, Sort: "username"}}
	for n := 0; ; {
		page, err := users.Query(ctx, q)
		if err != nil {
			return n, err
		}
		for _, u := range page.Items {
			if err := write(u); err != nil {
				return n, err
			}
			n++
		}
		if o.Progress != nil {
			o.Progress(n)
		}
		if q.After = page.Next; q.After == "" {
			return n, flush()
		}
	}
}

// peopleWriter returns what writes one user, and what ends the file.
func peopleWriter(to io.Writer, o ExportOptions) (write func(*idp.User) error, flush func() error) {
	var cols []column
	for _, c := range columns() {
		if c.write != nil && (o.WithHashes || c.name != "password_hash") {
			cols = append(cols, c)
		}
	}
	if o.Format == FormatJSONL {
		out := json.NewEncoder(to)
		out.SetEscapeHTML(false)
		return func(u *idp.User) error { return out.Encode(jsonPerson(u, o.WithHashes)) }, func() error { return nil }
	}
	out := csv.NewWriter(to)
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.name
	}
	_ = out.Write(head) // told by Flush
	cells := make([]string, len(cols))
	write = func(u *idp.User) error {
		for i, c := range cols {
			cells[i] = guard(c.write(u))
		}
		return out.Write(cells)
	}
	return write, func() error { out.Flush(); return out.Error() }
}

// jsonPerson is the user's JSON, with the hash where it is wanted.
func jsonPerson(u *idp.User, withHash bool) any {
	v := struct {
		*idp.User
		PasswordHash string `json:"password_hash,omitempty"`
	}{User: u}
	if withHash {
		v.PasswordHash = u.PasswordHash
	}
	return v
}
