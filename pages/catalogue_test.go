package pages

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// untranslated are the areas that German and Arabic still lack: English is shown there.
func untranslated() []string {
	return nil
}

// keyForm is what a key looks like in templates and code. One that ends in a
// dot is put together: every key that begins so counts as used.
var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_:]+)*\.[a-z0-9_:]*$`)

// literals are the strings of every template and of the package's code that look like keys.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("templates: %v, %v", names, err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range regexp.MustCompile(`{{[^}]*}}`).FindAllString(string(raw), -1) {
			for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(action, -1) {
				found[m[1]] = true
			}
		}
	}
	for _, dir := range []string{".", "../web", "../console", "../selfservice"} { // the rooms that say something by a key
		for _, text := range goStrings(t, dir) {
			found[text] = true
		}
	}
	maps.DeleteFunc(found, func(text string, _ bool) bool { return !keyForm.MatchString(text) })
	return found
}

// goStrings are the string literals of a room, but of its tests.
func goStrings(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, file := range parseRoom(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
			return true
		})
	}
	return out
}

// parseRoom reads the Go files of a room, but its tests.
func parseRoom(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	return out
}

// usedIn reports whether a template or code can ask for a key.
func usedIn(found map[string]bool, key string) bool {
	if found[key] {
		return true
	}
	for part := range found {
		if strings.HasSuffix(part, ".") && strings.HasPrefix(key, part) {
			return true
		}
	}
	// Put together of three: "error." + kind + ".title".
	return slices.Contains(codeKeys(), key)
}

// codeKeys are the keys that Go code puts together and that must be there.
func codeKeys() []string {
	var keys []string
	for _, kind := range errorKinds() {
		for _, part := range []string{"title", "text", "todo"} {
			keys = append(keys, errorText(ErrorPage{Kind: kind}, part).key)
		}
	}
	for _, scope := range append(plainScopes(), "custom:scope") {
		for _, part := range []string{"title", "text"} {
			keys = append(keys, scopeText(ScopeLine{Name: scope}, part).key)
		}
	}
	for month := 1; month <= 12; month++ {
		keys = append(keys, fmt.Sprintf("date.month.%02d", month), fmt.Sprintf("date.mon.%02d", month))
	}
	for _, button := range []string{"refresh", "introspect", "userinfo", "logout"} {
		keys = append(keys, "demo."+button)
	}
	for _, problem := range InspectProblems() {
		keys = append(keys, "inspect.problem."+problem)
	}
	for _, n := range []FormNotice{NoticeStaleForm, NoticeSessionBack, NoticeChanged} {
		keys = append(keys, "form.notice."+string(n))
	}
	return keys
}

// areas are the files of a language and their keys.
func areas(t *testing.T, tag string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	names, err := fs.Glob(messageFiles, "messages/"+tag+"/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		messages, err := readArea(name)
		if err != nil {
			t.Fatal(err)
		}
		area := strings.TrimSuffix(filepath.Base(name), ".json")
		for _, m := range messages {
			out[area] = append(out[area], m.ID)
			if m.Other == "" {
				t.Errorf("%s: %s is empty", name, m.ID)
			}
		}
	}
	return out
}

// TestCatalogues holds the catalogues to each other and to what asks for them.
func TestCatalogues(t *testing.T) {
	english, found := areas(t, "en"), literals(t)
	all := slices.Concat(slices.Collect(maps.Values(english))...)
	for text := range found {
		isKey := !strings.HasSuffix(text, ".") && slices.ContainsFunc(all, func(k string) bool {
			section, _, _ := strings.Cut(k, ".")
			return strings.HasPrefix(text, section+".")
		})
		if isKey && !slices.Contains(all, text) && !slices.Contains(notKeys(), text) {
			t.Errorf("the message %s is asked for, and English lacks it", text)
		}
	}
	for _, key := range codeKeys() {
		if !slices.Contains(all, key) {
			t.Errorf("English lacks %s", key)
		}
	}
	for area, keys := range english {
		for _, key := range keys {
			if area != "faults" && !strings.HasPrefix(key, "field.") && !usedIn(found, key) {
				t.Errorf("%s: nothing uses %s", area, key)
			}
		}
	}
	for _, l := range languages()[1:] {
		checkTranslation(t, l.tag, english)
	}
	for _, area := range untranslated() {
		if english[area] == nil {
			t.Errorf("no area is called %s", area)
		}
	}
}

// notKeys are strings of the code that look like keys and are none.
func notKeys() []string { return []string{"app.css", "console.css", "auth.js", "admin.js"} }

func checkTranslation(t *testing.T, tag string, english map[string][]string) {
	t.Helper()
	have := areas(t, tag)
	for area, keys := range english {
		if slices.Contains(untranslated(), area) {
			continue
		}
		for _, key := range keys {
			if !slices.Contains(have[area], key) {
				t.Errorf("%s/%s lacks %s", tag, area, key)
			}
		}
	}
	for area, keys := range have {
		for _, key := range keys {
			if !slices.Contains(english[area], key) {
				t.Errorf("%s/%s has %s, which English has not", tag, area, key)
			}
		}
	}
}

func TestEveryTranslationKeepsThePlaceholders(t *testing.T) {
	english := placeholders(t, "en")
	for _, l := range languages()[1:] {
		for id, want := range placeholders(t, l.tag) {
			if !slices.Equal(want, english[id]) {
				t.Errorf("%s: %s has %v, English %v", l.tag, id, want, english[id])
			}
		}
	}
}

// placeholders returns the placeholders of every message, of the form "other".
func placeholders(t *testing.T, tag string) map[string][]string {
	t.Helper()
	messages, err := readMessages(tag)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`{{\.(\w+)}}`)
	out := map[string][]string{}
	for _, m := range messages {
		found := form.FindAllString(m.Other, -1)
		slices.Sort(found)
		out[m.ID] = slices.Compact(found)
	}
	return out
}

func TestPluralForms(t *testing.T) {
	cats, err := loadCatalogues(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag   string
		count int
		want  string
	}{
		{"en", 1, "Wait 1 minute,"},
		{"en", 5, "Wait 5 minutes,"},
		{"de", 1, "1 Minute "},
		{"de", 2, "2 Minuten "},
		{"ar", 1, "دقيقة واحدة"},
		{"ar", 2, "دقيقتين"},
		{"ar", 3, "3 دقائق"},
		{"ar", 11, "11 دقيقة"},
		{"ar", 100, "100 دقيقة"},
		{pseudoTag, 1, "1 mîñûţé,"},
		{pseudoTag, 2, "2 mîñûţéš,"},
	} {
		said, err := cats.speaker(languageInfo{tag: c.tag}).say(text{key: "notice.throttled", count: c.count, counted: true})
		if err != nil {
			t.Errorf("%s %d: %v", c.tag, c.count, err)
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s %d: %q lacks %q", c.tag, c.count, said, c.want)
		}
	}
}

func TestPseudoLocaleIsLongerAndKeepsPlaceholders(t *testing.T) {
	for _, s := range []string{"Sign in", "Keep me signed in on this device", "to continue to {{.App}} at {{.Host}}"} {
		long := pseudo(s)
		plain := regexp.MustCompile(`{{[^}]*}}`).ReplaceAllString(s, "")
		if grown := len([]rune(long)) - len([]rune(s)); float64(grown) < 0.4*float64(len(plain)) {
			t.Errorf("%q grew by %d only: %q", s, grown, long)
		}
		for _, p := range regexp.MustCompile(`{{[^}]*}}`).FindAllString(s, -1) {
			if !strings.Contains(long, p) {
				t.Errorf("%q lost %s", long, p)
			}
		}
	}
}

func TestMissingKeyIsAnErrorNotAnEmptyPage(t *testing.T) {
	cats, err := loadCatalogues(false)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := cats.speaker(languages()[0]).say(text{key: "no.such.key"}); err == nil {
		t.Fatalf("said %q", said)
	}
}
