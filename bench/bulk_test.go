package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/account"
	"gatehouse/bulk"
	"gatehouse/idp"
	"gatehouse/storage"
	"gatehouse/testenv"
)

// The rooms of the product by themselves, with many records: how long an import
// takes, whether an export's memory stays flat, and what the lists cost.
// GATEHOUSE_BENCH_ROWS is how many people and events there are.

const defaultRows = 100_000

func rows(b *testing.B) int {
	text := os.Getenv("GATEHOUSE_BENCH_ROWS")
	if text == "" {
		return defaultRows
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatal("GATEHOUSE_BENCH_ROWS must be a number")
	}
	return n
}

// crowd is the stores and rooms that bulk works with.
type crowd struct {
	*storage.Stores
	users *account.Users
	roles *account.Roles
}

func openCrowd(b *testing.B, url string) *crowd {
	b.Helper()
	m, err := storage.Migrator(url)
	if err == nil {
		err = m.Up(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	s, err := storage.Open(b.Context(), storage.Options{DatabaseURL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return &crowd{
		Stores: s,
		users: account.NewUsers(account.UsersOptions{
			Users: s.Users, Roles: s.Roles, Sessions: s.Sessions, Grants: s.Grants, Settings: idp.DefaultSettings,
			Passwords: account.NewPasswords(account.DefaultHashParams(), 2, nil),
		}),
		roles: account.NewRoles(account.RolesOptions{Roles: s.Roles}),
	}
}

// onDatabases runs a benchmark on each; url gives a new database.
func onDatabases(b *testing.B, run func(b *testing.B, url func() string)) {
	b.Run("sqlite", func(b *testing.B) {
		run(b, func() string { return "sqlite:" + filepath.Join(b.TempDir(), "bench.db") })
	})
	b.Run("postgres", func(b *testing.B) { run(b, func() string { return testenv.Postgres(b) }) })
}

// BenchmarkImport adds people with ready hashes to an empty database, and writes them out again.
func BenchmarkImport(b *testing.B) {
	n := rows(b)
	var file strings.Builder
	file.WriteString("username,email,name,roles,password_hash\n")
	for i := range n {
		fmt.Fprintf(&file, "user%d,user%d@example.com,User %d,User,$2b$12$EPSNB4a8aQ06hbEz4ZZFeeo8XN0KF083EFKVfwcxcMpqzv2MRwm7a\n", i, i, i)
	}
	onDatabases(b, func(b *testing.B, url func() string) {
		for b.Loop() {
			b.StopTimer()
			c := openCrowd(b, url())
			b.StartTimer()
			begin := time.Now()
			importer := bulk.Importer{Users: c.users, Roles: c.roles}
			report, err := importer.Run(b.Context(), strings.NewReader(file.String()), bulk.ImportOptions{Format: bulk.FormatCSV})
			if err != nil || report.Added != n {
				b.Fatal(report.Added, report.Failures, err)
			}
			b.ReportMetric(time.Since(begin).Seconds(), "import-s")
			exportFlat(b, c, n)
		}
	})
}

// exportFlat reports the live memory after a tenth of an export and at its end.
func exportFlat(b *testing.B, c *crowd, n int) {
	begin := time.Now()
	tenth, most := uint64(0), uint64(0)
	o := bulk.ExportOptions{Format: bulk.FormatCSV, Progress: func(done int) {
		if done%(n/10) != 0 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if tenth == 0 {
			tenth = m.HeapAlloc
		}
		most = max(most, m.HeapAlloc)
	}}
	if done, err := bulk.Export(b.Context(), c.users, io.Discard, o); err != nil || done != n {
		b.Fatal(done, err)
	}
	b.ReportMetric(time.Since(begin).Seconds(), "export-s")
	b.ReportMetric(float64(tenth)/1e6, "heap-MB-first-tenth")
	b.ReportMetric(float64(most)/1e6, "heap-MB-most")
}

// deepPage is which page the lists are turned to.
const deepPage = 1000

// BenchmarkLists asks the stores for pages of fifty, as the console does.
func BenchmarkLists(b *testing.B) {
	n := rows(b)
	onDatabases(b, func(b *testing.B, url func() string) {
		c := openCrowd(b, url())
		f := bulk.Filler{Users: c.Users, Roles: c.roles, Audit: c.Audit, Now: time.Now, Random: rand.New(rand.NewPCG(1, 2))}
		begin := time.Now()
		if _, err := f.People(b.Context(), n, nil); err != nil {
			b.Fatal(err)
		}
		people := time.Since(begin)
		if _, err := f.Events(b.Context(), n, nil); err != nil {
			b.Fatal(err)
		}
		b.Logf("made up %d people in %s, %d events in %s", n, people.Round(time.Second/10), n, (time.Since(begin) - people).Round(time.Second/10))

		for name, q := range userQueries() {
			list := func(ctx context.Context, l idp.ListQuery) (string, error) {
				q := q
				q.After, q.Limit = l.After, l.Limit
				page, err := c.Users.QueryUsers(ctx, q)
				return page.Next, err
			}
			b.Run("users/"+name, func(b *testing.B) { pages(b, list) })
		}
		for name, q := range auditQueries() {
			list := func(ctx context.Context, l idp.ListQuery) (string, error) {
				q := q
				q.After, q.Limit = l.After, l.Limit
				page, err := c.Audit.QueryAudit(ctx, q)
				return page.Next, err
			}
			b.Run("audit/"+name, func(b *testing.B) { pages(b, list) })
		}
	})
}

func userQueries() map[string]idp.UserQuery {
	text := func(s string) idp.UserQuery { return idp.UserQuery{ListQuery: idp.ListQuery{Text: s}} }
	sort := func(s string) idp.UserQuery { return idp.UserQuery{ListQuery: idp.ListQuery{Sort: s}} }
	return map[string]idp.UserQuery{
		"all": {}, "email": sort("email"), "name": sort("name"), "created": sort("-created_at"), "signed-in": sort("-last_login_at"),
		"disabled": {Status: idp.UserDisabled}, "locked": {Locked: true}, "role": {Role: "editor"},
		"search-many": text("lovelace"), "search-few": text("ada.turing.00"), "search-none": text("nobody at all"), "search-short": text("a"),
	}
}

func auditQueries() map[string]idp.AuditQuery {
	return map[string]idp.AuditQuery{
		"all": {}, "action": {Action: idp.ActionSignIn}, "actions": {Action: "user."}, "refused": {Result: idp.AuditRefused},
		"day": {From: time.Now().AddDate(0, 0, -10).Unix(), To: time.Now().AddDate(0, 0, -9).Unix()}, "client": {ClientID: "shop"},
		"search-many": {ListQuery: idp.ListQuery{Text: "lovelace"}}, "search-none": {ListQuery: idp.ListQuery{Text: "nobody at all"}},
	}
}

// pages times the first page, and the deep one where the list goes so far.
func pages(b *testing.B, list func(context.Context, idp.ListQuery) (next string, err error)) {
	deep := ""
	for range deepPage - 1 {
		next, err := list(b.Context(), idp.ListQuery{After: deep, Limit: 50})
		if err != nil {
			b.Fatal(err)
		}
		if deep = next; deep == "" {
			break
		}
	}
	for name, after := range map[string]string{"page1": "", "page1000": deep} {
		if name == "page1000" && deep == "" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if _, err := list(b.Context(), idp.ListQuery{After: after, Limit: 50}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1e3, "p95-ms")
		})
	}
}
