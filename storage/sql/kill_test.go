package sqlstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/idp"
)

// childVariable makes the test binary the child that is killed: "writes URL" or "migrates FOLDER".
const childVariable = "GATEHOUSE_TEST_CHILD"

func TestMain(m *testing.M) {
	job, argument, _ := strings.Cut(os.Getenv(childVariable), " ")
	switch job {
	case "":
		os.Exit(m.Run())
	case "writes":
		fatal(writeForEver(argument))
	case "migrates":
		fatal(migrateForEver(argument))
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// writeForEver creates users, clients and keys and says so after each.
func writeForEver(url string) error {
	ctx := context.Background()
	db, err := Open(ctx, Options{URL: url})
	if err != nil {
		return err
	}
	for {
		u, c, k := newUser(), newClient(), newKey()
		if err := NewUsers(db).CreateUser(ctx, u); err != nil {
			return err
		}
		fmt.Println("user", u.ID)
		if err := NewClients(db).CreateClient(ctx, c); err != nil {
			return err
		}
		fmt.Println("client", c.ID)
		if err := NewKeys(db).AddKey(ctx, k); err != nil {
			return err
		}
		fmt.Println("key", k.KID)
	}
}

// migrateForEver brings one new database after the other up.
func migrateForEver(folder string) error {
	for n := 0; ; n++ {
		path := filepath.Join(folder, fmt.Sprint(n, ".db"))
		fmt.Println("migrating", path)
		m, err := NewMigrator("sqlite:" + path)
		if err != nil {
			return err
		}
		if err := m.Up(context.Background()); err != nil {
			return err
		}
	}
}

// killed runs the child, kills it at a random moment after its first words, and
// returns what it said, by kind.
func killed(t *testing.T, job string) map[string][]string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+job)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	noError(t, err)
	noError(t, child.Start())
	said := map[string][]string{}
	lines := bufio.NewScanner(out)
	for first := true; lines.Scan(); first = false {
		if first {
			time.AfterFunc(time.Duration(rand.Int64N(int64(150*time.Millisecond))), func() { _ = child.Process.Kill() })
		}
		kind, value, _ := strings.Cut(lines.Text(), " ")
		said[kind] = append(said[kind], value)
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child was not killed: %v", err)
	}
	return said
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	onEachURL(t, func(t *testing.T, url string) {
		db := open(t, Options{URL: url})
		total := 0
		for range 6 {
			said := killed(t, "writes "+url)
			for _, id := range said["user"] {
				_, err := NewUsers(db).User(t.Context(), id)
				noError(t, err)
			}
			for _, id := range said["client"] {
				_, err := NewClients(db).Client(t.Context(), id)
				noError(t, err)
			}
			stored := map[string]bool{}
			keys, err := NewKeys(db).Keys(t.Context())
			noError(t, err)
			for _, k := range keys {
				stored[k.KID] = true
			}
			for _, kid := range said["key"] {
				if !stored[kid] {
					t.Errorf("key %s was acknowledged and is gone", kid)
				}
			}
			total += len(said["user"]) + len(said["client"]) + len(said["key"])
		}
		if total < 20 {
			t.Errorf("only %d records were written: the test shows little", total)
		}
		if db.Name() == "sqlite" {
			var verdict string
			noError(t, first(t.Context(), db.read, into(&verdict), `PRAGMA integrity_check`))
			if verdict != "ok" {
				t.Errorf("the database is damaged: %s", verdict)
			}
		}
	})
}

func TestKillDuringMigration(t *testing.T) {
	t.Parallel()
	for range 6 {
		said := killed(t, "migrates "+t.TempDir())
		path := said["migrating"][len(said["migrating"])-1] // the one that was cut off
		db := open(t, Options{URL: "sqlite:" + path})
		u := newUser()
		noError(t, NewUsers(db).CreateUser(t.Context(), u))
		migrator(t, "sqlite:"+path).isLatest(t)
		if _, err := NewGrants(db).Grant(t.Context(), "g"); !isError(err, idp.ErrNotFound) {
			t.Error(err)
		}
	}
}
