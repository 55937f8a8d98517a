package server_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "gatehouse"

// rule says what the files of a room may import of ours, and which of the
// guarded libraries. Tests may import more: testRule.
type rule struct {
	rooms     []string
	libraries []string
}

// rules is the whole import rule: imports point inward, from server to idp.
var rules = map[string]rule{
	".":                   {rooms: []string{"cli"}},
	"cli":                 {rooms: []string{"server", "idp", "oauth", "account", "audit", "settings", "bulk"}, libraries: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"}},
	"idp":                 {},
	"oauth":               {rooms: []string{"idp"}, libraries: []string{"github.com/go-oauth2/oauth2", "github.com/go-jose/go-jose"}},
	"account":             {rooms: []string{"idp"}, libraries: []string{"golang.org/x/crypto"}},
	"static":              {},
	"audit":               {rooms: []string{"idp"}},
	"settings":            {rooms: []string{"idp"}},
	"pages":               {rooms: []string{"idp", "static"}},
	"demo":                {rooms: []string{"pages", "static"}, libraries: []string{"golang.org/x/oauth2", "github.com/coreos/go-oidc"}},
	"web":                 {rooms: []string{"idp", "oauth", "account", "pages", "static"}, libraries: []string{"github.com/gin-gonic/gin", "github.com/gin-contrib", "github.com/gorilla"}},
	"handlers":            {rooms: []string{"idp", "oauth", "account", "pages", "static", "web"}, libraries: []string{"github.com/gin-gonic/gin"}},
	"console":             {rooms: []string{"idp", "oauth", "account", "audit", "settings", "pages", "static", "web"}, libraries: []string{"github.com/gin-gonic/gin"}},
	"selfservice":         {rooms: []string{"idp", "oauth", "account", "settings", "pages", "web"}, libraries: []string{"github.com/gin-gonic/gin"}},
	"api":                 {rooms: []string{"idp", "oauth", "account", "audit", "settings", "pages", "web"}, libraries: []string{"github.com/gin-gonic/gin"}},
	"bulk":                {rooms: []string{"idp", "oauth", "account", "audit", "settings"}},
	"migrations":          {},
	"migrations/postgres": {},
	"migrations/sqlite":   {},
	"storage":             {rooms: []string{"idp", "storage/sql", "storage/redis"}},
	"storage/keyset":      {rooms: []string{"idp"}},
	"storage/sql": {
		rooms:     []string{"idp", "storage/keyset", "migrations", "migrations/postgres", "migrations/sqlite"},
		libraries: []string{"database/sql", "github.com/lib/pq", "modernc.org/sqlite", "github.com/golang-migrate/migrate"},
	},
	"storage/redis":       {rooms: []string{"idp", "storage/keyset"}, libraries: []string{"github.com/redis/go-redis"}},
	"storage/storagetest": {rooms: []string{"idp"}},
	"server": {
		rooms: []string{
			"idp", "oauth", "account", "audit", "settings", "pages", "static", "web", "handlers", "console", "selfservice", "api", "demo", "storage", "storage/sql", "storage/redis",
		},
		libraries: []string{"github.com/gin-gonic/gin", "github.com/prometheus/client_golang", "github.com/caarlos0/env"},
	},
	// For tests alone: testenv starts servers, e2e and bench hold nothing but tests.
	"testenv": {libraries: []string{"database/sql", "github.com/lib/pq", "github.com/redis/go-redis", "github.com/chromedp"}},
	"webtest": {rooms: []string{"idp", "server", "storage"}},
	"e2e":     {},
	"bench":   {},
}

// guarded are the libraries that only some rooms may use.
var guarded = []string{
	"github.com/gin-gonic/gin", "github.com/gin-contrib", "github.com/gorilla",
	"github.com/go-oauth2/oauth2", "github.com/go-jose/go-jose", "golang.org/x/crypto",
	"database/sql", "github.com/lib/pq", "modernc.org/sqlite", "github.com/golang-migrate/migrate",
	"github.com/redis/go-redis", "github.com/prometheus/client_golang", "github.com/caarlos0/env",
	"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/oauth2", "github.com/coreos/go-oidc",
	"github.com/chromedp",
}

// forTests are the rooms that no file of the product may import.
var forTests = []string{"testenv", "webtest", "storage/storagetest", "e2e", "bench"}

// checkImport says why a room may not import a path, or "".
func checkImport(room, imported string, isTest bool) string {
	r, known := rules[room]
	if !known {
		return "there is no rule for this room; add one to rules"
	}
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		switch {
		case isTest || ours == room || slices.Contains(r.rooms, ours):
			return ""
		case slices.Contains(forTests, ours):
			return "is for tests"
		}
		return "is not a room that it may import"
	}
	for _, library := range guarded {
		within := imported == library || strings.HasPrefix(imported, library+"/")
		if within && !isTest && !slices.Contains(r.libraries, library) {
			return "is a library of other rooms"
		}
	}
	return ""
}

func TestImports(t *testing.T) {
	rooms := map[string]bool{}
	for file, imports := range sources(t) {
		room := path.Dir(file)
		rooms[room] = true
		for _, imported := range imports {
			if why := checkImport(room, imported, strings.HasSuffix(file, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", file, imported, why)
			}
		}
		if _, known := rules[room]; !known {
			t.Errorf("%s: there is no rule for the room %s; add one to rules", file, room)
		}
	}
	for room := range rules {
		if room != "migrations/postgres" && room != "migrations/sqlite" && room != "bench" && !rooms[room] {
			t.Errorf("there is a rule for %s, but no such room", room)
		}
	}
	// Every room says what it is for.
	for room := range rooms {
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(room), "doc.go")); err != nil && room != "." && !strings.HasPrefix(room, "migrations") {
			t.Errorf("room %s has no doc.go", room)
		}
	}
}

// The rule itself refuses what it is there to refuse.
func TestImportRuleRefuses(t *testing.T) {
	for _, c := range []struct {
		room, imported string
		refused        bool
	}{
		{"idp", "gatehouse/oauth", true},
		{"oauth", "gatehouse/idp", false},
		{"oauth", "gatehouse/account", true},
		{"oauth", "github.com/gin-gonic/gin", true},
		{"handlers", "github.com/gin-gonic/gin/binding", false},
		{"handlers", "gatehouse/storage/sql", true},
		{"handlers", "database/sql", true},
		{"handlers", "database/sql/driver", true},
		{"account", "github.com/go-oauth2/oauth2/v4/manage", true},
		{"storage/sql", "gatehouse/storage/redis", true},
		{"server", "gatehouse/testenv", true},
		{"cli", "gatehouse/handlers", true},
		{"somewhere/new", "fmt", true},
	} {
		if got := checkImport(c.room, c.imported, false) != ""; got != c.refused {
			t.Errorf("%s imports %s: refused %v, want %v", c.room, c.imported, got, c.refused)
		}
	}
}

// sources returns every Go file of the module with what it imports.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != ".." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "data" || name == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel("..", file)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imported)
		}
		found[filepath.ToSlash(relative)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 50 {
		t.Fatalf("only %d files found", len(found))
	}
	return found
}
