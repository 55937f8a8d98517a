package bulk_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/bulk"
	"gatehouse/idp"
)

// awkward is text that spreadsheets, CSV and JSON each have ideas about.
func awkward() []string {
	return []string{"=1+1", "+49 30 1234", "-x", "@sum", "'=quoted", "''+twice", "'plain", `a "b", c;d`, "Zoë 例え", `\N`, "<b>", "NULL"}
}

// What an export writes, an import into an empty database takes: all of it.
func TestRoundTrip(t *testing.T) {
	end := time.Date(2131, 12, 31, 23, 59, 59, 123456000, time.UTC)
	for _, format := range []string{bulk.FormatCSV, bulk.FormatJSONL} {
		t.Run(format, func(t *testing.T) {
			from, to := newHouse(t), newHouse(t)
			var people []*idp.User
			for i, text := range awkward() {
				u := &idp.User{
					Username: fmt.Sprintf("user%d", i), Email: fmt.Sprintf("u%d@example.com", i), Roles: []string{"User", "editor"},
					Status: idp.UserDisabled, EmailVerified: i%2 == 0, ExpiresAt: &end, PasswordHash: foreignHashes()["argon2id"],
				}
				for _, claim := range u.Texts() {
					*claim.Value = text
				}
				u.Profile, u.Picture, u.Website, u.Birthdate, u.Zoneinfo = "https://example.com/a?b=c", "", "", "1815-12-10", "Europe/London"
				u.Address.Formatted = text + "\nLondon"
				people = append(people, u)
			}
			if _, err := from.roles.WithRoles(t.Context(), []string{"User", "editor"}, func() error {
				_, errs, err := from.users.CreateMany(t.Context(), people)
				for i, err := range errs {
					if err != nil {
						t.Fatalf("%q: %v", awkward()[i], err)
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}

			var file strings.Builder
			n, err := bulk.Export(t.Context(), from.users, &file, bulk.ExportOptions{Format: format, WithHashes: true})
			if err != nil || n != len(people) {
				t.Fatal(n, err)
			}
			counts(t, to.take(t, file.String(), bulk.ImportOptions{Format: format}), len(people), 0, 0)
			got := to.everybody(t)
			for name, want := range from.everybody(t) {
				have := got[name]
				if have == nil {
					t.Errorf("%s is missing", name)
					continue
				}
				have.ID, have.CreatedAt, have.UpdatedAt = want.ID, want.CreatedAt, want.UpdatedAt
				if a, b := fmt.Sprintf("%+v %v", plain(*have), have.ExpiresAt), fmt.Sprintf("%+v %v", plain(*want), want.ExpiresAt); a != b {
					t.Errorf("came back as\n%s, was\n%s", a, b)
				}
			}
		})
	}
}

// plain is a user without what only prints as an address.
func plain(u idp.User) idp.User {
	u.ExpiresAt = nil
	return u
}

// No cell of an export runs as a formula, and no hash is in it unasked.
func TestExportIsSafe(t *testing.T) {
	h := newHouse(t)
	for i, text := range awkward() {
		u := &idp.User{Username: fmt.Sprintf("user%d", i), Nickname: text, PasswordHash: foreignHashes()["argon2id"]}
		if _, err := h.users.Create(t.Context(), u, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{bulk.FormatCSV, bulk.FormatJSONL} {
		var file strings.Builder
		if _, err := bulk.Export(t.Context(), h.users, &file, bulk.ExportOptions{Format: format}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), "argon2") || strings.Contains(file.String(), "password") {
			t.Errorf("%s holds password hashes", format)
		}
		if format == bulk.FormatJSONL {
			continue
		}
		rows, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
		if err != nil || len(rows) != len(awkward())+1 {
			t.Fatal(len(rows), err)
		}
		for _, cells := range rows {
			for _, cell := range cells {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("the cell %q begins a formula", cell)
				}
			}
		}
	}
}

func TestExportPageByPage(t *testing.T) {
	h := newHouse(t)
	var file strings.Builder
	file.WriteString("username\n")
	for i := range idp.MaxPage + 7 {
		fmt.Fprintf(&file, "user%d\n", i)
	}
	h.take(t, file.String(), bulk.ImportOptions{})
	var out strings.Builder
	var told []int
	n, err := bulk.Export(t.Context(), h.users, &out, bulk.ExportOptions{Format: bulk.FormatCSV, Progress: func(n int) { told = append(told, n) }})
	if err != nil || n != idp.MaxPage+7 || strings.Count(out.String(), "\n") != n+1 || len(told) != 2 || told[1] != n {
		t.Errorf("%d of %d, progress %v, %v", n, idp.MaxPage+7, told, err)
	}
}
