package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"gatehouse/idp"
	"gatehouse/testenv"
)

// verbs are calls of every store, reads and writes, by name.
func verbs(ctx context.Context, db *DB) map[string]func() error {
	users, grants, sessions, interactions := NewUsers(db), NewGrants(db), NewSessions(db), NewInteractions(db)
	roles, consents, clients, keys, throttles := NewRoles(db), NewConsents(db), NewClients(db), NewKeys(db), NewThrottles(db)
	audit, tallies, settings, images, notes := NewAudit(db), NewTallies(db), NewSettings(db), NewImages(db), NewNotes(db)
	now, id := time.Now(), uuid.NewString()
	return map[string]func() error{
		"Ping":               func() error { return db.Ping(ctx) },
		"Purge":              func() error { _, err := db.Purge(ctx); return err },
		"CreateUser":         func() error { return users.CreateUser(ctx, newUser()) },
		"User":               func() error { _, err := users.User(ctx, id); return err },
		"UserByLogin":        func() error { _, err := users.UserByLogin(ctx, "ada"); return err },
		"UpdateUser":         func() error { return users.UpdateUser(ctx, newUser(), now) },
		"SetPasswordHash":    func() error { return users.SetPasswordHash(ctx, id, "x", now, time.Time{}) },
		"RehashPassword":     func() error { return users.RehashPassword(ctx, id, "x", "y") },
		"RecordSignIn":       func() error { return users.RecordSignIn(ctx, id, now, true) },
		"DeleteUser":         func() error { return users.DeleteUser(ctx, id, time.Time{}) },
		"ListUsers":          func() error { _, err := users.ListUsers(ctx, "", 1); return err },
		"CountUsersWithRole": func() error { _, err := users.CountUsersWithRole(ctx, "Admin"); return err },
		"EnsureRole": func() error {
			_, err := roles.EnsureRole(ctx, &idp.Role{ID: id, Name: "r", CreatedAt: now})
			return err
		},
		"ListRoles":           func() error { _, err := roles.ListRoles(ctx); return err },
		"DeleteRole":          func() error { return roles.DeleteRole(ctx, "absent") },
		"Consent":             func() error { _, err := consents.Consent(ctx, id, "c"); return err },
		"AddConsent":          func() error { return consents.AddConsent(ctx, id, "c", nil, now) },
		"RemoveConsent":       func() error { return consents.RemoveConsent(ctx, id, "c") },
		"ListConsents":        func() error { _, err := consents.ListConsents(ctx, id); return err },
		"CountConsents":       func() error { _, err := consents.CountConsents(ctx, "c"); return err },
		"CreateClient":        func() error { return clients.CreateClient(ctx, newClient()) },
		"Client":              func() error { _, err := clients.Client(ctx, "c"); return err },
		"UpdateClient":        func() error { return clients.UpdateClient(ctx, newClient(), now) },
		"DeleteClient":        func() error { return clients.DeleteClient(ctx, "c") },
		"ListClients":         func() error { _, err := clients.ListClients(ctx, "", 1); return err },
		"Keys":                func() error { _, err := keys.Keys(ctx); return err },
		"AddKey":              func() error { return keys.AddKey(ctx, newKey()) },
		"ScheduleKey":         func() error { return keys.ScheduleKey(ctx, "k", now) },
		"ResealKey":           func() error { return keys.ResealKey(ctx, "k", "m", nil, "n") },
		"WipeKey":             func() error { return keys.WipeKey(ctx, "k") },
		"CreateGrant":         func() error { return grants.CreateGrant(ctx, newGrant(0), time.Hour, 0) },
		"Grant":               func() error { _, err := grants.Grant(ctx, "g"); return err },
		"RedeemCode":          func() error { return grants.RedeemCode(ctx, idp.Redemption{GrantID: "g"}) },
		"RotateRefresh":       func() error { _, err := grants.RotateRefresh(ctx, idp.Rotation{GrantID: "g"}); return err },
		"DenyToken":           func() error { return grants.DenyToken(ctx, "g", "j") },
		"RevokeGrant":         func() error { return grants.RevokeGrant(ctx, "g") },
		"RevokeSession":       func() error { return grants.RevokeSession(ctx, "s") },
		"RevokeUser":          func() error { return grants.RevokeUser(ctx, "u", "") },
		"ListUserGrants":      func() error { _, err := grants.ListUserGrants(ctx, "u"); return err },
		"CreateSession":       func() error { return sessions.CreateSession(ctx, newSession(), "") },
		"CreateSession again": func() error { return sessions.CreateSession(ctx, newSession(), "old") },
		"Session":             func() error { _, err := sessions.Session(ctx, "d"); return err },
		"TouchSession":        func() error { return sessions.TouchSession(ctx, "d", now, now) },
		"DeleteSession":       func() error { return sessions.DeleteSession(ctx, "d") },
		"ListSessions":        func() error { _, err := sessions.ListSessions(ctx, "u"); return err },
		"DeleteUserSessions":  func() error { _, err := sessions.DeleteUserSessions(ctx, "u", ""); return err },
		"CreateInteraction":   func() error { return interactions.CreateInteraction(ctx, newInteraction()) },
		"Interaction":         func() error { _, err := interactions.Interaction(ctx, "i"); return err },
		"UpdateInteraction":   func() error { return interactions.UpdateInteraction(ctx, newInteraction()) },
		"Try": func() error {
			_, err := throttles.Try(ctx, idp.Attempt{Key: "k", Limit: 1, Window: time.Minute})
			return err
		},
		"QueryUsers":    func() error { _, err := users.QueryUsers(ctx, idp.UserQuery{}); return err },
		"AddUsers":      func() error { _, err := users.AddUsers(ctx, []*idp.User{newUser()}); return err },
		"Unlock":        func() error { return users.Unlock(ctx, id) },
		"DueUsers":      func() error { _, err := users.DueUsers(ctx, 1); return err },
		"DeleteDueUser": func() error { return users.DeleteDueUser(ctx, id) },
		"CreateRole":    func() error { return roles.CreateRole(ctx, &idp.Role{ID: uuid.NewString(), Name: id, CreatedAt: now}) },
		"UpdateRole":    func() error { return roles.UpdateRole(ctx, &idp.Role{Name: "r"}, now) },
		"Role":          func() error { _, err := roles.Role(ctx, "r"); return err },
		"CountMembers":  func() error { _, err := roles.CountMembers(ctx); return err },
		"QueryClients":  func() error { _, err := clients.QueryClients(ctx, idp.ClientQuery{}); return err },
		"RevokeKey":     func() error { return keys.RevokeKey(ctx, "k", now) },
		"QueryGrants":   func() error { _, err := grants.QueryGrants(ctx, idp.GrantQuery{}); return err },
		"QuerySessions": func() error { _, err := sessions.QuerySessions(ctx, idp.SessionQuery{}); return err },
		"CountSessions": func() error { _, err := sessions.CountSessions(ctx); return err },
		"AppendAudit":   func() error { return audit.AppendAudit(ctx, new(idp.AuditEvent)) },
		"QueryAudit":    func() error { _, err := audit.QueryAudit(ctx, idp.AuditQuery{}); return err },
		"AuditEvent":    func() error { _, err := audit.AuditEvent(ctx, 1); return err },
		"AuditAfter":    func() error { _, err := audit.AuditAfter(ctx, 0, 1); return err },
		"AuditHead":     func() error { _, err := audit.AuditHead(ctx); return err },
		"PurgeAudit":    func() error { _, err := audit.PurgeAudit(ctx, now, 1); return err },
		"AddTallies":    func() error { return tallies.AddTallies(ctx, now, []idp.Tally{{Hour: now, Kind: "x", Count: 1}}) },
		"Tallies":       func() error { _, err := tallies.Tallies(ctx, now, now); return err },
		"PurgeTallies":  func() error { _, err := tallies.PurgeTallies(ctx, now); return err },
		"Settings":      func() error { _, err := settings.Settings(ctx); return err },
		"SaveSettings":  func() error { return settings.SaveSettings(ctx, map[string][]byte{"x": []byte("1")}, now, now) },
		"PutImage":      func() error { return images.PutImage(ctx, &idp.Image{ID: id}) },
		"Image":         func() error { _, err := images.Image(ctx, "i"); return err },
		"PutNote":       func() error { return notes.PutNote(ctx, id, nil, time.Hour) },
		"AddNote":       func() error { _, _, err := notes.AddNote(ctx, id, nil, time.Hour); return err },
		"Note":          func() error { _, err := notes.Note(ctx, "n"); return err },
		"TakeNote":      func() error { _, err := notes.TakeNote(ctx, "n"); return err },
		"DropNote":      func() error { return notes.DropNote(ctx, "n") },
		"Forgive":       func() error { return throttles.Forgive(ctx, "k") },
		"Clear":         func() error { return throttles.Clear(ctx, "k") },
	}
}

func allUnavailable(t *testing.T, db *DB) {
	t.Helper()
	for name, call := range verbs(t.Context(), db) {
		if err := call(); !errors.Is(err, idp.ErrUnavailable) || errors.Is(err, idp.ErrNotFound) {
			t.Errorf("%s: %v, want ErrUnavailable and nothing else", name, err)
		}
	}
}

func noneUnavailable(t *testing.T, db *DB) {
	t.Helper()
	for name, call := range verbs(t.Context(), db) {
		if err := call(); errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := testenv.PostgresServer(t)
	db := open(t, Options{URL: server.URL, MaxConns: 4})
	noneUnavailable(t, db)
	for name, end := range map[string]func(){"stopped": server.Stop, "killed": server.Kill} {
		end()
		allUnavailable(t, db)
		server.Start()
		// The pool may still hold dead connections; each fails at most once.
		end := time.Now().Add(5 * time.Second)
		for db.Ping(t.Context()) != nil && time.Now().Before(end) {
			time.Sleep(10 * time.Millisecond)
		}
		noneUnavailable(t, db)
		if t.Failed() {
			t.Fatalf("when the server was %s", name)
		}
	}
}

func TestPostgresThatHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept() // and never a word
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() }) // which holds it: one that is collected is closed
		}
	}()
	d := patientDialer{limit: waitAWhile}
	for name, dial := range map[string]func() (net.Conn, error){
		"Dial":        func() (net.Conn, error) { return d.Dial("tcp", l.Addr().String()) },
		"DialTimeout": func() (net.Conn, error) { return d.DialTimeout("tcp", l.Addr().String(), time.Second) },
		"DialContext": func() (net.Conn, error) { return d.DialContext(t.Context(), "tcp", l.Addr().String()) },
	} {
		c, err := dial()
		noError(t, err)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: reading gives %v", name, err)
		}
		noError(t, c.Close())
	}
	begin := time.Now()
	_, err = Open(t.Context(), Options{
		URL: "postgres://ada:secret@" + l.Addr().String() + "/db?sslmode=disable",
		wrap: func(c driver.Connector) driver.Connector {
			c.(*pq.Connector).Dialer(d)
			return c
		},
	})
	if !errors.Is(err, idp.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestClosedDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, db *DB) {
		noError(t, db.Close())
		allUnavailable(t, db)
	})
}

func TestSQLiteLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	url := backends[0].url(t)
	db, other := open(t, Options{URL: url}), open(t, Options{URL: url})
	if _, err := db.write.db.ExecContext(t.Context(), `PRAGMA busy_timeout = 50`); err != nil {
		t.Fatal(err)
	}
	begun, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := other.write.transact(t.Context(), func(runner) error {
			close(begun)
			<-release
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	u := newUser()
	if err := NewUsers(db).CreateUser(t.Context(), u); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("a write while another process writes: %v", err)
	}
	if err := NewGrants(db).CreateGrant(t.Context(), newGrant(1), time.Hour, 0); !errors.Is(err, idp.ErrUnavailable) {
		t.Errorf("a write while another process writes: %v", err)
	}
	if _, err := NewUsers(db).User(t.Context(), u.ID); !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("a read while another process writes: %v", err)
	}
	close(release)
	wg.Wait()
	noError(t, NewUsers(db).CreateUser(t.Context(), u))
}

func TestSQLiteFileThatCannotBeUsed(t *testing.T) {
	t.Run("not a database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.db")
		noError(t, os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600))
		if _, err := Open(t.Context(), Options{URL: "sqlite:" + path}); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a folder", func(t *testing.T) {
		if _, err := Open(t.Context(), Options{URL: "sqlite:" + t.TempDir()}); err == nil {
			t.Error("a folder was opened")
		}
	})
	t.Run("no schema", func(t *testing.T) {
		db, err := Open(t.Context(), Options{URL: backends[0].url(t)})
		noError(t, err)
		defer db.Close()
		if _, err := NewUsers(db).User(t.Context(), uuid.NewString()); !errors.Is(err, idp.ErrUnavailable) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestOpenRefusesURLs(t *testing.T) {
	for _, url := range []string{
		"", "mysql://ada:secret@h/db", "postgres", "sqlite:", "sqlite::memory:", "sqlite://", "redis://:secret@h",
		"postgres://ada:secret@h:port/db", "postgres://ada:secret@h/db?sslmode=secret", "postgres://ada:secret@[/db", "postgres://ada:se%cret@h/db",
	} {
		if db, err := Open(t.Context(), Options{URL: url}); err == nil {
			db.Close()
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "cret@") {
			t.Errorf("%q: the error repeats it: %v", url, err)
		}
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "x.db")
	db := open(t, Options{URL: "sqlite:" + path})
	noError(t, NewUsers(db).CreateUser(t.Context(), newUser()))
	files, err := filepath.Glob(path + "*")
	noError(t, err)
	for _, name := range files {
		info, err := os.Stat(name)
		noError(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
	if len(files) < 3 { // the database, its log, its index, the lock
		t.Errorf("the files are %q", files)
	}
}

func TestDeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	db := open(t, Options{URL: backends[1].url(t)})
	keys := []*idp.SigningKey{newKey(), newKey()}
	for _, k := range keys {
		noError(t, NewKeys(db).AddKey(t.Context(), k))
	}
	var tries atomic.Int64
	var both, wg sync.WaitGroup
	both.Add(2)
	for i := range keys {
		first := true
		wg.Go(func() {
			err := NewKeys(db).db.do(t.Context(), "cross", func() error {
				tries.Add(1)
				return db.write.transact(t.Context(), func(tx runner) error {
					const touch = `UPDATE signing_keys SET sealed_by = 'x' WHERE kid = $1`
					if _, err := tx.exec(t.Context(), touch, keys[i].KID); err != nil {
						return err
					}
					if first { // each holds one row and then wants the other's
						first = false
						both.Done()
						both.Wait()
					}
					_, err := tx.exec(t.Context(), touch, keys[1-i].KID)
					return err
				})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := tries.Load(); n != 3 {
		t.Errorf("%d tries, want 3: one of two fell victim once", n)
	}
}

func TestObserveIsToldOfEveryVerb(t *testing.T) {
	type call struct{ store, op string }
	seen := map[call]error{}
	db := open(t, Options{URL: backends[0].url(t), Observe: func(store, op string, d time.Duration, err error) {
		if d < 0 || d > time.Minute {
			t.Errorf("%s.%s took %v", store, op, d)
		}
		seen[call{store, op}] = err
	}})
	for _, verb := range verbs(t.Context(), db) {
		_ = verb()
	}
	for _, want := range []call{{"users", "CreateUser"}, {"grants", "RotateRefresh"}, {"throttles", "Try"}, {"sqlite", "Ping"}, {"keys", "AddKey"}} {
		if _, ok := seen[want]; !ok {
			t.Errorf("nothing was heard of %v", want)
		}
	}
	if err := seen[call{"clients", "Client"}]; !errors.Is(err, idp.ErrNotFound) {
		t.Errorf("the error of a client that is absent is told as %v", err)
	}
}
