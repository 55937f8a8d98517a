package sqlstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/idp"
)

// TestNoChangeWithoutItsRecord: when the log cannot be written, nothing is changed.
func TestNoChangeWithoutItsRecord(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		ctx, now := t.Context(), time.Now().UTC()
		users, roles, clients, consents, keys, settings := NewUsers(db), NewRoles(db), NewClients(db), NewConsents(db), NewKeys(db), NewSettings(db)
		role := &idp.Role{ID: uuid.NewString(), Name: "staff", CreatedAt: now, UpdatedAt: now}
		noError(t, roles.CreateRole(ctx, role))
		spare := &idp.Role{ID: uuid.NewString(), Name: "spare", CreatedAt: now, UpdatedAt: now}
		noError(t, roles.CreateRole(ctx, spare))
		u, c, k := newUser(), newClient(), newKey()
		u.Roles, u.FailedAuthCount = []string{role.Name}, 3
		due := now.Add(-time.Hour)
		u.DeleteAt = &due
		noError(t, users.CreateUser(ctx, u))
		noError(t, clients.CreateClient(ctx, c))
		noError(t, keys.AddKey(ctx, k))
		noError(t, consents.AddConsent(ctx, u.ID, c.ID, []string{"openid"}, now))
		noError(t, settings.SaveSettings(ctx, map[string][]byte{"x": []byte("1")}, now, time.Time{}))
		before := everything(t, db)

		_, err := db.write.db.ExecContext(ctx, `ALTER TABLE audit RENAME COLUMN hash TO hash_away`)
		noError(t, err)
		changed := *u
		changed.Name, changed.Roles = "Changed", nil
		other := *c
		other.Name = "Changed"
		named := *role
		named.Description = "Changed"
		for name, change := range map[string]func() error{
			"CreateUser":      func() error { return users.CreateUser(ctx, newUser()) },
			"UpdateUser":      func() error { return users.UpdateUser(ctx, &changed, time.Time{}) },
			"DeleteUser":      func() error { return users.DeleteUser(ctx, u.ID, time.Time{}) },
			"DeleteDueUser":   func() error { return users.DeleteDueUser(ctx, u.ID) },
			"SetPasswordHash": func() error { return users.SetPasswordHash(ctx, u.ID, "x", now, time.Time{}) },
			"RecordSignIn":    func() error { return users.RecordSignIn(ctx, u.ID, now, true) },
			"failed sign-in":  func() error { return users.RecordSignIn(ctx, u.ID, now, false) },
			"Unlock":          func() error { return users.Unlock(ctx, u.ID) },
			"AddUsers":        func() error { _, err := users.AddUsers(ctx, []*idp.User{newUser(), newUser()}); return err },
			"EnsureRole": func() error {
				_, err := roles.EnsureRole(ctx, &idp.Role{ID: uuid.NewString(), Name: "fresh", CreatedAt: now})
				return err
			},
			"CreateRole": func() error {
				return roles.CreateRole(ctx, &idp.Role{ID: uuid.NewString(), Name: "fresh", CreatedAt: now})
			},
			"UpdateRole":    func() error { return roles.UpdateRole(ctx, &named, time.Time{}) },
			"DeleteRole":    func() error { return roles.DeleteRole(ctx, spare.Name) },
			"CreateClient":  func() error { return clients.CreateClient(ctx, newClient()) },
			"UpdateClient":  func() error { return clients.UpdateClient(ctx, &other, time.Time{}) },
			"DeleteClient":  func() error { return clients.DeleteClient(ctx, c.ID) },
			"AddConsent":    func() error { return consents.AddConsent(ctx, u.ID, c.ID, []string{"email"}, now) },
			"RemoveConsent": func() error { return consents.RemoveConsent(ctx, u.ID, c.ID) },
			"AddKey":        func() error { return keys.AddKey(ctx, newKey()) },
			"ScheduleKey":   func() error { return keys.ScheduleKey(ctx, k.KID, now) },
			"RevokeKey":     func() error { return keys.RevokeKey(ctx, k.KID, now) },
			"SaveSettings":  func() error { return settings.SaveSettings(ctx, map[string][]byte{"x": []byte("2")}, now, time.Time{}) },
			"AppendAudit":   func() error { return NewAudit(db).AppendAudit(ctx, new(idp.AuditEvent)) },
		} {
			if err := change(); !errors.Is(err, idp.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrUnavailable", name, err)
			}
		}
		_, err = db.write.db.ExecContext(ctx, `ALTER TABLE audit RENAME COLUMN hash_away TO hash`)
		noError(t, err)
		if after := everything(t, db); after != before {
			t.Errorf("something was changed: before\n%s\nafter\n%s", before, after)
		}
		noError(t, users.UpdateUser(ctx, &changed, time.Time{}))
	})
}

// everything is what the durable tables hold, as text.
func everything(t *testing.T, db *DB) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{"users", "roles", "user_roles", "clients", "consents", "signing_keys", "settings", "audit_head", "audit"} {
		rowsOf(t, db, table, &all)
	}
	return all.String()
}

func rowsOf(t *testing.T, db *DB, table string, all *strings.Builder) {
	t.Helper()
	rows, err := db.read.db.QueryContext(t.Context(), `SELECT * FROM `+table+` ORDER BY 1`)
	noError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	noError(t, err)
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		noError(t, rows.Scan(row...))
		fmt.Fprint(all, table)
		for _, v := range row {
			fmt.Fprintf(all, " %v", *v.(*any))
		}
		fmt.Fprintln(all)
	}
	noError(t, rows.Err())
}

// TestTamperingIsSeen: whatever is altered in the log behind our back, the chain shows it.
func TestTamperingIsSeen(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		s, ctx := NewAudit(db), t.Context()
		restore := func() {
			for _, statement := range []string{`DELETE FROM audit`, `UPDATE audit_head SET anchor = '', first_seq = 1, last_seq = 0, last_hash = ''`} {
				_, err := db.write.db.ExecContext(ctx, statement)
				noError(t, err)
			}
			for i := range 5 {
				noError(t, s.AppendAudit(ctx, &idp.AuditEvent{
					Time: time.Now(), ActorKind: idp.ActorUser, ActorID: "a", ActorName: "ada", Action: "x.y", Target: idp.Target{Kind: "user", ID: "b", Name: "bob"},
					Result: idp.AuditOK, ClientID: "app", IP: "::1", RequestID: fmt.Sprint(i), Reason: "r", Changes: []idp.Change{{Field: "f"}}, Count: 1,
				}))
			}
		}
		restore()
		if why := broken(t, s); why != "" {
			t.Fatalf("the untouched chain: %s", why)
		}
		statements := []string{
			`DELETE FROM audit WHERE seq = 3`, `DELETE FROM audit WHERE seq = 1`, `DELETE FROM audit WHERE seq = 5`, `DELETE FROM audit`,
			`UPDATE audit SET seq = 9 WHERE seq = 5`, `UPDATE audit_head SET last_seq = 4`, `UPDATE audit_head SET last_hash = ''`,
			`UPDATE audit_head SET first_seq = 2`, `UPDATE audit_head SET anchor = 'x'`,
			`UPDATE audit SET time = (SELECT time FROM audit WHERE seq = 1) WHERE seq = 3`,
			`UPDATE audit SET changes = '[{"field":"g","before":"","after":""}]' WHERE seq = 3`,
			`UPDATE audit SET changes = '[]' WHERE seq = 3`, `UPDATE audit SET count = 2 WHERE seq = 3`,
		}
		for _, column := range []string{
			"actor_kind", "actor_id", "actor_name", "action", "target_kind", "target_id", "target_name", "result", "client_id", "ip", "request_id", "reason", "prev", "hash",
		} {
			statements = append(statements, `UPDATE audit SET `+column+` = 'forged' WHERE seq = 3`)
		}
		for _, statement := range statements {
			restore()
			_, err := db.write.db.ExecContext(ctx, statement)
			noError(t, err)
			if broken(t, s) == "" {
				t.Errorf("nothing is seen of %s", statement)
			}
		}
	})
}

// broken says what is wrong with the chain, or "".
func broken(t *testing.T, s *Audit) string {
	t.Helper()
	head, err := s.AuditHead(t.Context())
	noError(t, err)
	events, err := s.AuditAfter(t.Context(), 0, 1000)
	noError(t, err)
	seq, prev := head.FirstSeq-1, head.Anchor
	for _, e := range events {
		if seq++; e.Seq != seq || e.Prev != prev || !e.Intact() {
			return fmt.Sprint("event ", e.Seq)
		}
		prev = e.Hash
	}
	if head == (idp.AuditHead{}) && len(events) == 0 {
		return ""
	}
	if seq != head.LastSeq || prev != head.LastHash {
		return "the end"
	}
	return ""
}

// TestChainOfTwoProcesses: two pools on one database are as two instances.
func TestChainOfTwoProcesses(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		first, second := open(t, Options{URL: url}), open(t, Options{URL: url})
		done := make(chan error, 2)
		for _, db := range []*DB{first, second} {
			go func() {
				for range 40 {
					if err := NewUsers(db).CreateUser(t.Context(), newUser()); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		noError(t, errors.Join(<-done, <-done))
		if why := broken(t, NewAudit(first)); why != "" {
			t.Error(why)
		}
	})
}

func TestLockedIsWhatTheIndexSays(t *testing.T) {
	if idp.LockedFailures != 10 {
		t.Errorf("the index users_locked and QueryUsers say 10, idp.LockedFailures is %d", idp.LockedFailures)
	}
}

func TestTuples(t *testing.T) {
	for _, c := range []struct {
		rows, width int
		want        string
	}{{1, 1, "($1)"}, {1, 2, "($1, $2)"}, {2, 2, "($1, $2), ($3, $4)"}} {
		if got := tuples(c.rows, c.width); got != c.want {
			t.Errorf("%d rows of %d: %s", c.rows, c.width, got)
		}
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{"": "", "abcd": "abcd", "abcde": "abcd", "abcé": "abc", "éé": "éé", "éééé": "éé", "a€€": "a€"} {
		if got := cut(in, 4); got != want {
			t.Errorf("cut(%q) = %q, want %q", in, got, want)
		}
	}
}
