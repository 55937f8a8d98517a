package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"gatehouse/idp"
	"gatehouse/oauth"
	"gatehouse/storage"
)

// FindingState says how bad a finding is.
type FindingState string

// The states of findings.
const (
	FindingGood  FindingState = "ok"
	FindingDoubt FindingState = "warn" // it works, but not as it should
	FindingBad   FindingState = "fail" // it stands in the way
)

// Finding is what looking at one part of an installation came to.
type Finding struct {
	What  string       `json:"what"` // "schema", "redis", …
	State FindingState `json:"state"`
	Text  string       `json:"text"` // and what to do
}

// examineTimeout bounds the whole examination.
const examineTimeout = 30 * time.Second

// examination collects findings.
type examination struct {
	cfg   *Config
	found []Finding
	kids  []string // of the signing keys in the database
}

func (e *examination) add(state FindingState, what, format string, args ...any) {
	e.found = append(e.found, Finding{What: what, State: state, Text: fmt.Sprintf(format, args...)})
}

// Examine looks at an installation from below: what it stands on first. It
// changes nothing, and does not look at what stands on something that is bad.
func Examine(ctx context.Context, c *Config) []Finding {
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	e := &examination{cfg: c}
	e.configuration()
	if e.dataDir() && e.schema(ctx) {
		e.stores(ctx)
	}
	e.address(ctx)
	return e.found
}

// configuration has no faults, or Load would have said so; it may have odd sides.
func (e *examination) configuration() {
	w := warnings(e.cfg)
	for _, text := range w {
		e.add(FindingDoubt, "configuration", "%s", text)
	}
	if len(w) == 0 {
		e.add(FindingGood, "configuration", "every variable can be read")
	}
}

// dataDir reports whether the stores can be looked at.
func (e *examination) dataDir() bool {
	if e.cfg.DatabaseURL != "" && e.cfg.MasterKey != "" {
		return true // nothing is kept there
	}
	info, err := os.Stat(e.cfg.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(FindingDoubt, "data folder", "%s is not there yet: the first start makes it. Does GATEHOUSE_DATA_DIR name the server's folder?", e.cfg.DataDir)
		return false
	case err != nil:
		e.add(FindingBad, "data folder", "GATEHOUSE_DATA_DIR: %v", err)
		return false
	case !info.IsDir():
		e.add(FindingBad, "data folder", "GATEHOUSE_DATA_DIR: %s is not a folder", e.cfg.DataDir)
		return false
	case info.Mode().Perm()&0o077 != 0:
		e.add(FindingDoubt, "data folder", "others than its owner may look into %s (mode %#o): chmod 700 it", e.cfg.DataDir, info.Mode().Perm())
	default:
		e.add(FindingGood, "data folder", "%s is the owner's alone", e.cfg.DataDir)
	}
	if LacksDatabase(e.cfg) {
		e.add(FindingDoubt, "database", "there is none yet: the first start makes it")
		return false
	}
	return true
}

// schema reports whether the database answers with a schema that fits.
func (e *examination) schema(ctx context.Context) bool {
	s, err := MigrateStatus(ctx, e.cfg)
	switch {
	case err != nil:
		e.add(FindingBad, "database", "%v: does it run, and is DATABASE_URL or GATEHOUSE_DATA_DIR right?", err)
		return false
	case s.Dirty:
		e.add(FindingBad, "schema", "migration %d stopped half way: restore the backup made before it, or mend the schema by hand and run: gatehouse migrate up", s.Version)
		return false
	case s.Version < s.Latest && e.cfg.IsSQLite():
		e.add(FindingDoubt, "schema", "it is at version %d of %d: the next start brings it up to date; make a backup first", s.Version, s.Latest)
		return false
	case s.Version < s.Latest:
		e.add(FindingBad, "schema", "it is at version %d and this program needs %d: make a backup and run: gatehouse migrate up", s.Version, s.Latest)
		return false
	case s.Version > s.Latest:
		e.add(FindingDoubt, "schema", "it is at version %d, newer than this program's %d: update this instance", s.Version, s.Latest)
	default:
		e.add(FindingGood, "schema", "version %d, up to date", s.Version)
	}
	return true
}

func (e *examination) stores(ctx context.Context) {
	stores, err := storage.Open(ctx, storage.Options{DatabaseURL: e.cfg.Database(), RedisURL: string(e.cfg.RedisURL)})
	if err != nil {
		e.add(FindingBad, "stores", "%v: does it run, and is its address right?", err)
		return
	}
	defer func() { _ = stores.Close() }() // nothing was written
	began := time.Now()
	if err := stores.Ping(ctx); err != nil {
		e.add(FindingBad, "stores", "%v", err)
		return
	}
	e.add(FindingGood, "stores", "they answer, in %.2f ms", float64(time.Since(began).Microseconds())/1000)
	switch policy := stores.Evicts(ctx); {
	case policy != "":
		e.add(FindingDoubt, "redis", "it may drop live tokens to make room (maxmemory-policy %s): set it to noeviction", policy)
	case e.cfg.RedisURL != "":
		e.add(FindingGood, "redis", "it drops nothing that lives")
	}
	e.keys(ctx, stores)
	e.people(ctx, stores)
}

// keys opens the signing keys with the master key.
func (e *examination) keys(ctx context.Context, stores *storage.Stores) {
	sealed, err := stores.Keys.Keys(ctx)
	if err != nil {
		e.add(FindingBad, "signing keys", "%v", err)
		return
	}
	for _, k := range sealed {
		e.kids = append(e.kids, k.KID)
	}
	switch lacks := lacksMasterKey(e.cfg); {
	case lacks && len(sealed) > 0:
		e.add(FindingBad, "master key", "%v", errLostMasterKey(e.cfg))
		return
	case lacks:
		e.add(FindingDoubt, "master key", "there is none yet: the first start makes it")
		return
	}
	master, err := masterKeys(e.cfg)
	if err != nil {
		e.add(FindingBad, "master key", "%v", err)
		return
	}
	keys, err := oauth.InspectKeys(ctx, oauth.KeyringOptions{
		Store: stores.Keys, Master: master, RotateEvery: e.cfg.KeyRotation, Settings: idp.DefaultSettings, Now: time.Now,
	})
	if err != nil {
		e.add(FindingBad, "signing keys", "%v", err)
		return
	}
	e.add(FindingGood, "master key", "it opens every signing key")
	oldest := time.Now()
	var signing []string
	for _, k := range keys {
		if k.State == idp.KeyActive {
			signing = append(signing, k.Alg)
			oldest = earlier(oldest, *k.ActivateAt)
		}
	}
	switch age := time.Since(oldest); {
	case len(signing) == 0:
		e.add(FindingDoubt, "signing keys", "none signs yet: the first start makes them")
	case age > e.cfg.KeyRotation+24*time.Hour:
		e.add(FindingDoubt, "signing keys", "one has signed for %d days, though they hand over after %d: does a server run? Else: gatehouse key rotate",
			int(age.Hours()/24), int(e.cfg.KeyRotation.Hours()/24))
	default:
		e.add(FindingGood, "signing keys", "%s sign", strings.Join(signing, " and "))
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// people looks for somebody who can administer.
func (e *examination) people(ctx context.Context, stores *storage.Stores) {
	n, err := stores.Users.CountUsersWithRole(ctx, idp.RoleAdmin)
	switch {
	case err != nil:
		e.add(FindingBad, "administrator", "%v", err)
	case n == 0:
		e.add(FindingDoubt, "administrator", "nobody active has the role %s: gatehouse seed makes the first administrator", idp.RoleAdmin)
	default:
		e.add(FindingGood, "administrator", "somebody active has the role %s", idp.RoleAdmin)
	}
}
