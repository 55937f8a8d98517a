package sqlstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

const crowd = 100_000

// crowded is a database with 100,000 users and as many events: everybody holds
// User, one in a thousand Staff, three Admin; one in a hundred is disabled; names repeat.
func crowded(b *testing.B, url string) *DB {
	db := open(b, Options{URL: url})
	begin := time.Now()
	addCrowd(b, db, crowd)
	fmt.Printf("%s: %d users with as many events went in in %v\n", db.Name(), crowd, time.Since(begin).Round(time.Millisecond))
	if db.Name() == "postgres" { // as autovacuum does within a minute
		_, err := db.write.db.ExecContext(b.Context(), "VACUUM ANALYZE")
		noError(b, err)
	}
	return db
}

// addCrowd adds so many users.
func addCrowd(tb testing.TB, db *DB, size int) {
	for name, p := range map[string]idp.Permission{idp.RoleAdmin: idp.PermissionAdmin, idp.RoleUser: "", "Staff": idp.PermissionRead} {
		noError(tb, NewRoles(db).CreateRole(tb.Context(), &idp.Role{ID: uuid.NewString(), Name: name, Permission: p, CreatedAt: time.Now()}))
	}
	given := []string{"Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Frances", "Ken"}
	family := []string{"Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Ritchie", "Allen", "Thompson"}
	for first := 0; first < size; first += 1000 {
		us := make([]*idp.User, 1000)
		for i := range us {
			n := first + i
			u := newUser()
			g, f := given[rand.IntN(10)], family[rand.IntN(10)]
			u.Username = strings.ToLower(fmt.Sprintf("%c%s%03d.%d", g[0], f, rand.IntN(1000), n))
			u.Email, u.Name, u.GivenName, u.FamilyName = u.Username+"@example.com", fmt.Sprint(g, " ", f, " ", n), g, f
			u.PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
			u.CreatedAt = u.CreatedAt.Add(-time.Duration(n) * time.Minute)
			if n%3 == 0 {
				at := u.CreatedAt.Add(time.Hour)
				u.LastLoginAt = &at
			}
			if n%100 == 0 {
				u.Status = idp.UserDisabled
			}
			if n%500 == 0 {
				u.FailedAuthCount = 12
			}
			u.Roles = []string{idp.RoleUser}
			switch {
			case n%33333 == 0:
				u.Roles = append(u.Roles, idp.RoleAdmin)
			case n%1000 == 7:
				u.Roles = append(u.Roles, "Staff")
			}
			us[i] = u
		}
		errs, err := NewUsers(db).AddUsers(tb.Context(), us)
		noError(tb, err)
		for _, err := range errs {
			noError(tb, err)
		}
	}
}

// BenchmarkLists shows what the lists take with 100,000 users and events: run it
// with -benchtime 1x, since it measures by itself.
func BenchmarkLists(b *testing.B) {
	for _, backend := range backends {
		b.Run(backend.name, func(b *testing.B) {
			db := crowded(b, backend.url(b))
			users, audit := NewUsers(db), NewAudit(db)
			someone, err := users.ListUsers(b.Context(), uuid.NewString(), 1)
			noError(b, err)
			deep := func(read func(q idp.ListQuery) (next string, err error), q idp.ListQuery) idp.ListQuery {
				q.Limit = idp.MaxPage
				for range 100 { // page 1,000 of 50
					next, err := read(q)
					noError(b, err)
					q.After = next
				}
				q.Limit = 50
				return q
			}
			userPage := func(q idp.UserQuery) func(idp.ListQuery) (string, error) {
				return func(l idp.ListQuery) (string, error) {
					l.Text = q.Text
					q.ListQuery = l
					p, err := users.QueryUsers(b.Context(), q)
					return p.Next, err
				}
			}
			eventPage := func(q idp.AuditQuery) func(idp.ListQuery) (string, error) {
				return func(l idp.ListQuery) (string, error) {
					l.Text = q.Text
					q.ListQuery = l
					p, err := audit.QueryAudit(b.Context(), q)
					return p.Next, err
				}
			}
			measure := func(name string, read func(idp.ListQuery) (string, error), q idp.ListQuery) {
				var took []time.Duration
				for range 20 {
					begin := time.Now()
					_, err := read(q)
					noError(b, err)
					took = append(took, time.Since(begin))
				}
				slices.Sort(took)
				ms := func(i int) float64 { return took[i].Seconds() * 1000 }
				fmt.Printf("%-8s %-50s least %6.1f   p50 %6.1f   p95 %6.1f ms\n", db.Name(), name, ms(0), ms(9), ms(18))
			}
			for _, sort := range []string{"username", "-username", "email", "name", "created_at", "-last_login_at"} {
				measure("users by "+sort, userPage(idp.UserQuery{}), idp.ListQuery{Sort: sort})
				measure("users by "+sort+", page 1000", userPage(idp.UserQuery{}), deep(userPage(idp.UserQuery{}), idp.ListQuery{Sort: sort}))
			}
			for name, q := range map[string]idp.UserQuery{
				"disabled": {Status: idp.UserDisabled}, "active": {Status: idp.UserActive}, "locked": {Locked: true},
				"role User": {Role: idp.RoleUser}, "role Staff": {Role: "Staff"}, "role Admin": {Role: idp.RoleAdmin}, "role absent": {Role: "x"},
				"text everywhere": textQuery("example.com"), "text 10 %": textQuery("lovelace"), "text one": textQuery(someone[0].Username[4:]),
				"text none": textQuery("zzzyx"), "text two letters": textQuery("zz"), "text two common letters": textQuery("ad"),
				"text ID": textQuery(someone[0].ID), "text and disabled": {Status: idp.UserDisabled, ListQuery: idp.ListQuery{Text: "turing"}},
				"text and role": {Role: "Staff", ListQuery: idp.ListQuery{Text: "turing"}}, "text and role User": {Role: idp.RoleUser, ListQuery: idp.ListQuery{Text: "turing"}},
				"text none and role User": {Role: idp.RoleUser, ListQuery: idp.ListQuery{Text: "zzzyx"}},
			} {
				for _, sort := range []string{"username", "-created_at", "name"} {
					measure("users, "+name+", by "+sort, userPage(q), idp.ListQuery{Sort: sort})
				}
			}
			hour := time.Now().Unix()
			for name, q := range map[string]idp.AuditQuery{
				"all": {}, "actor absent": {ActorID: uuid.NewString()}, "target": {TargetID: someone[0].ID}, "person": {PersonID: someone[0].ID},
				"action": {Action: idp.ActionUserCreate}, "action absent": {Action: "x.y"}, "prefix": {Action: "user."}, "prefix absent": {Action: "key."},
				"refused": {Result: idp.AuditRefused}, "ok": {Result: idp.AuditOK}, "client absent": {ClientID: "x"},
				"today": {From: hour - 3600}, "long ago": {To: hour - 7200},
				"text everywhere": {ListQuery: idp.ListQuery{Text: "a"}}, "text 10 %": {ListQuery: idp.ListQuery{Text: "lovelace"}},
				"text one": {ListQuery: idp.ListQuery{Text: someone[0].Username}}, "text none": {ListQuery: idp.ListQuery{Text: "zzzyx"}},
				"text two letters": {ListQuery: idp.ListQuery{Text: "zz"}}, "text and action": {Action: "user.", ListQuery: idp.ListQuery{Text: "turing"}},
			} {
				measure("events, "+name, eventPage(q), idp.ListQuery{})
			}
			measure("events, page 1000", eventPage(idp.AuditQuery{}), deep(eventPage(idp.AuditQuery{}), idp.ListQuery{}))
			begin := time.Now()
			_, err = NewRoles(db).CountMembers(b.Context())
			noError(b, err)
			fmt.Printf("%s: CountMembers %v\n", db.Name(), time.Since(begin))
		})
	}
}

func textQuery(s string) idp.UserQuery { return idp.UserQuery{ListQuery: idp.ListQuery{Text: s}} }
